#pragma once

#include "core/clock.hpp"
#include "http/message.hpp"
#include "net/network.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <variant>

namespace watari::http {

/// Who sent a request: the connection's peer and, after authentication, its account.
struct Caller {
    net::Endpoint peer;
    std::string account; ///< empty: nobody
};

/// What authentication does on one accepted connection.
class AdmissionGuard
{
public:
    virtual ~AdmissionGuard() = default;
    /// Either answers itself (401, a handshake leg) or lets the request through, opened and with
    /// `caller.account` set.
    virtual std::optional<Response> admit(Request& request, Caller& caller) = 0;
    virtual void protect(Response& response) = 0;
};

/// Called when a connection's first request is complete.
using MakeAdmissionGuard =
    std::function<std::unique_ptr<AdmissionGuard>(const net::Security& security)>;

struct ServerOptions {
    std::size_t connections_max = 1024;
    std::size_t request_bytes_max = 1U << 20; ///< larger: 413 without body, connection closed
    std::size_t header_bytes_max = 64U << 10;
    std::chrono::seconds header_timeout{30};
    std::chrono::seconds idle_timeout{120};
    std::chrono::seconds write_timeout{60};
    std::string server_name = "watari";
    MakeAdmissionGuard make_guard = {}; ///< null: everybody is admitted
};

/// What a server of https tells a client that speaks plain HTTP to it
/// (net::TlsServerOptions::answer_to_plain).
std::string https_expected_answer();

using Handler = std::function<Task<Response>(Request, Caller)>;

/// Serves one listener until stopped. HTTP/1.1 with keep-alive; a handler that throws gives 500 and
/// a log line.
class Server
{
public:
    Server(Executor executor, Clock& clock, std::unique_ptr<net::Listener> listener,
           Handler handler, ServerOptions options);
    /// Drops what is still open.
    ~Server();

    void start();
    net::Endpoint local() const;
    std::size_t connections() const noexcept;
    /// Accepts nothing new and waits for running requests until the deadline, then drops them.
    Task<> drain(Deadline deadline);

private:
    struct State;
    std::shared_ptr<State> state_;
};

} // namespace watari::http
