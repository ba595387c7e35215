#pragma once

#include "core/clock.hpp"
#include "http/message.hpp"
#include "net/network.hpp"
#include "net/tls.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace watari::http {

/// One request and its answer on one connection, as a ConnectionGuard uses it during a handshake.
class Exchange
{
public:
    virtual ~Exchange() = default;
    virtual Task<Response> send(Request request, Deadline deadline) = 0;
};

/// What authentication does on one connection (auth gives these; http knows no scheme).
class ConnectionGuard
{
public:
    virtual ~ConnectionGuard() = default;
    /// Once per connection, before the first request: handshake legs. May be nothing.
    virtual Task<> establish(Exchange& exchange, Deadline deadline) = 0;
    /// Adds Authorization, or seals the body.
    virtual void protect(Request& request) = 0;
    /// Opens a sealed body; throws when it does not open (the connection is then dropped).
    virtual void unprotect(Response& response) = 0;
    /// A request was answered with 401, which servers do before anything else: it was not done.
    /// True: what was agreed on this connection is lost, and a new connection may send it again.
    /// False: the credentials are refused.
    virtual bool refused() = 0;
};

/// `security` is that of the connection, handshake over.
using MakeConnectionGuard =
    std::function<std::unique_ptr<ConnectionGuard>(const net::Security& security)>;

struct ClientOptions {
    std::size_t connections_max = 2; ///< wsman.md 9: 1 by default on Stack 2.0, 2–4 at most
    std::size_t waiting_max =
        256; ///< further requests fail with exhausted (message::http_queue_full)
    std::size_t response_bytes_max = 64U << 20;
    std::size_t header_bytes_max = 64U << 10;
    std::chrono::seconds idle_max{30}; ///< an idle connection older than this is not used again
    std::optional<net::TlsClientOptions> tls = {}; ///< absent: plain
    MakeConnectionGuard make_guard = {};           ///< null: none
};

/// Whether a request may be sent a second time when a kept-alive connection turns out dead.
enum class Repeat { never, if_connection_was_stale };

/// A pool of keep-alive connections to one server; one request at a time on each.
class Client
{
public:
    Client(net::Network& network, Clock& clock, net::Endpoint server, ClientOptions options);
    ~Client();

    /// Throws what tls_network names; unavailable (nothing was sent), outcome_unknown (the request
    /// may have reached the server and no answer came: cut, garbage (message::http_bad_answer), or
    /// deadline passed after sending), timed_out (deadline or `start_by` before sending),
    /// exhausted, cancelled. A kept-alive connection that forgot who we are is replaced once, for
    /// any request.
    Task<Response> send(Request request, Deadline deadline, Repeat repeat = Repeat::never,
                        Deadline start_by = Deadline::never());
    void close_idle();
    const net::Endpoint& server() const noexcept;

private:
    class Connection;
    struct State;
    std::shared_ptr<State> state_;
};

} // namespace watari::http
