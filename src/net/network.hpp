#pragma once

#include "core/clock.hpp"
#include "core/task.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace watari::net {

struct Endpoint {
    std::string address; ///< IP address or name
    std::uint16_t port = 0;

    std::string text() const; ///< "127.0.0.1:5985", "[::1]:5985"
    friend auto operator<=>(const Endpoint&, const Endpoint&) = default;
};

/// Whether this machine alone is behind an address: 127.0.0.0/8, ::1, localhost.
bool is_loopback(std::string_view address) noexcept;

/// "host:port" or "[v6]:port"; nullopt when it is neither.
std::optional<Endpoint> endpoint_from(std::string_view text);

/// How a connection is protected. Plain: nothing set.
struct Security {
    bool encrypted = false;
    std::string protocol;         ///< "TLS 1.2", "TLS 1.3"
    std::string server_end_point; ///< channel binding (RFC 5929): the hash alone, raw bytes
    std::string peer_fingerprint; ///< SHA-256 of the peer's certificate, "AB:CD:…"; empty: none
    std::string peer_subject;     ///< of the peer's certificate, RFC 2253
};

/// One connection. At most one read and one write at a time. Destroying it closes it.
class Stream
{
public:
    virtual ~Stream() = default;
    /// Bytes read; 0 at the orderly end. Throws: timed_out, unavailable (reset), cancelled.
    virtual Task<std::size_t> read_some(std::span<std::byte> into, Deadline deadline) = 0;
    /// Writes everything. Throws: timed_out, unavailable, cancelled.
    virtual Task<> write_all(std::span<const std::byte> bytes, Deadline deadline) = 0;
    /// Half-closes or drops at once; later reads and writes throw unavailable.
    virtual void close() noexcept = 0;
    /// True when the peer has closed or has sent bytes nobody asked for: not fit for another
    /// request.
    virtual bool stale() noexcept = 0;
    virtual Endpoint peer() const = 0;
    /// Known once the handshake is over: a server's after the first byte was read.
    virtual Security security() const { return {}; }
};

class Listener
{
public:
    virtual ~Listener() = default;
    /// Throws cancelled after close().
    virtual Task<std::unique_ptr<Stream>> accept() = 0;
    virtual Endpoint local() const = 0;
    virtual void close() noexcept = 0;
};

/// Makes connections; the seam between real TCP and the simulated network. Bound to one loop.
class Network
{
public:
    virtual ~Network() = default;
    /// Throws: unavailable (refused, unreachable, no such name: message::connection_refused, …),
    /// timed_out.
    virtual Task<std::unique_ptr<Stream>> connect(const Endpoint& to, Deadline deadline) = 0;
    /// Port 0 picks a free one. Throws: conflict (port in use: message::port_in_use), denied.
    virtual std::unique_ptr<Listener> listen(const Endpoint& at) = 0;
};

} // namespace watari::net
