#include "http/server.hpp"

#include "core/log.hpp"
#include "core/sync.hpp"
#include "http/codec.hpp"
#include "http/http_date.hpp"
#include "http/server_io.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

#include <list>
#include <optional>
#include <vector>

namespace watari::http {

namespace {

using std::chrono_literals::operator""ms;

constexpr std::size_t read_chunk = 16U << 10;
constexpr std::size_t refusals_max = 64;
/// Head and body go out in one write below this.
constexpr std::size_t joined_max = 64U << 10;

/// One accepted connection.
struct Live {
    explicit Live(std::unique_ptr<net::Stream> its_stream) : stream(std::move(its_stream)) {}

    std::unique_ptr<net::Stream> stream;
    boost::asio::cancellation_signal cancel;
    bool busy = false; ///< a request is being received or answered
};

} // namespace

struct Server::State {
    Executor executor;
    Clock& clock;
    std::unique_ptr<net::Listener> listener;
    Handler handler;
    ServerOptions options;
    std::list<std::shared_ptr<Live>> live;
    std::size_t refusals = 0;
    bool stopping = false;
    Signal left; ///< a connection ended

    bool full() const { return live.size() >= options.connections_max; }
    void drop_all();
    void drop_idle();

    static void spawn_connection(const std::shared_ptr<State>& self,
                                 std::unique_ptr<net::Stream> stream);
    static Task<> accept_all(std::shared_ptr<State> self);
    static Task<> serve(std::shared_ptr<State> self, std::shared_ptr<Live> connection);
    static Task<> refuse(std::shared_ptr<State> self, std::unique_ptr<net::Stream> stream);
    Task<> serve_requests(Live& connection);
    Task<bool> receive(Live& connection, RequestReader& reader);
    Task<bool> serve_one(Live& connection, AdmissionGuard* guard, ReceivedRequest received);
    Task<Response> answer(Request request, Caller caller, AdmissionGuard* guard);
    Task<Response> handle(Request request, Caller caller);
    Task<> send(Live& connection, Response response, ResponseHead head, bool head_only);
    Task<> send_status(net::Stream& stream, int status);
};

namespace {

/// Forgets the connection however its coroutine ends, also when the loop is destroyed under it.
template <class State>
struct Leaving {
    State& state;
    std::shared_ptr<Live> connection;

    ~Leaving()
    {
        connection->stream->close();
        state.live.remove(connection);
        state.left.notify_all();
    }
};

void log_failure(const Request& request, const net::Endpoint& peer, const std::exception& error)
{
    const std::string path =
        request.target.substr(0, request.target.find('?')); // queries may hold secrets
    log::error("http_request_failed", {{"peer", peer.text()},
                                       {"method", request.method},
                                       {"path", path},
                                       {"error", error.what()}});
}

} // namespace

void Server::State::drop_all()
{
    const auto dropped = live;
    for (const auto& connection : dropped) {
        connection->stream->close();
        // On the loop: emitted elsewhere, Asio would pass the signal on later, to a coroutine that
        // may have ended by then.
        boost::asio::dispatch(executor, [connection] {
            connection->cancel.emit(boost::asio::cancellation_type::terminal);
        });
    }
}

void Server::State::drop_idle()
{
    for (const auto& connection : live) {
        if (!connection->busy) {
            connection->stream->close();
        }
    }
}

Task<> Server::State::accept_all(std::shared_ptr<State> self)
{
    while (!self->stopping) {
        std::unique_ptr<net::Stream> stream;
        try {
            stream = co_await self->listener->accept();
        } catch (const Error& error) {
            if (error.kind() == ErrorKind::cancelled) {
                co_return;
            }
            log::warn("http_accept_failed", {{"error", error.what()}});
        }
        if (!stream) {
            co_await self->clock.sleep_for(100ms); // out of descriptors: some may come free
        } else if (!self->full()) {
            spawn_connection(self, std::move(stream));
        } else if (self->refusals < refusals_max) {
            spawn(self->executor, refuse(self, std::move(stream)), "http refusal");
        }
    }
}

void Server::State::spawn_connection(const std::shared_ptr<State>& self,
                                     std::unique_ptr<net::Stream> stream)
{
    auto connection = std::make_shared<Live>(std::move(stream));
    self->live.push_back(connection);
    const auto slot = connection->cancel.slot();
    // The slot is cleared after serve() has ended and dropped its copy: the handler keeps the
    // signal.
    boost::asio::co_spawn(
        self->executor, serve(self, connection),
        boost::asio::bind_cancellation_slot(slot, [connection](std::exception_ptr) {}));
}

Task<> Server::State::refuse(std::shared_ptr<State> self, std::unique_ptr<net::Stream> stream)
{
    ++self->refusals;
    try {
        co_await self->send_status(*stream, 503);
        co_await linger(*stream, self->clock);
    } catch (const Error& error) {
        log::debug("http_refusal_cut", {{"error", error.what()}});
    }
    --self->refusals;
}

Task<> Server::State::serve(std::shared_ptr<State> self, std::shared_ptr<Live> connection)
{
    const Leaving<State> leaving{*self, connection};
    try {
        co_await self->serve_requests(*connection);
    } catch (const Error& error) {
        const bool usual = error.kind() != ErrorKind::internal; // the client is gone, or too slow
        (usual ? log::debug : log::error)(
            "http_connection_ended",
            {{"peer", connection->stream->peer().text()}, {"error", error.what()}});
    } catch (const boost::system::system_error&) { // dropped by the server's end
        log::debug("http_connection_dropped", {{"peer", connection->stream->peer().text()}});
    } catch (const std::exception& error) {
        log::error("http_connection_failed",
                   {{"peer", connection->stream->peer().text()}, {"error", error.what()}});
    }
}

Task<> Server::State::serve_requests(Live& connection)
{
    RequestReader reader{{.header_bytes_max = options.header_bytes_max,
                          .body_bytes_max = options.request_bytes_max}};
    std::unique_ptr<AdmissionGuard> guard;
    while (!stopping || reader.begun()) {
        connection.busy = reader.begun();
        if (!co_await receive(connection, reader)) {
            co_return;
        }
        connection.busy = true;
        if (const auto status = reader.refused()) {
            co_await send_status(*connection.stream, *status);
            co_await linger(*connection.stream, clock);
            co_return;
        }
        if (!guard && options.make_guard) {
            guard = options.make_guard(connection.stream->security());
        }
        if (!co_await serve_one(connection, guard.get(), reader.take())) {
            co_return;
        }
    }
}

/// Reads until a request is complete or refused; false when the client ended or was too slow.
Task<bool> Server::State::receive(Live& connection, RequestReader& reader)
{
    std::vector<std::byte> buffer;
    auto deadline =
        Deadline::after(clock, reader.begun() ? options.header_timeout : options.idle_timeout);
    bool in_head = reader.begun();
    bool in_body = false;
    bool continued = false;
    bool slow = false;
    while (!reader.complete() && !reader.refused() && !slow) {
        if (reader.begun() && !in_head) {
            in_head = connection.busy = true;
            deadline = Deadline::after(clock, options.header_timeout);
        }
        if (reader.head_complete() && !in_body) {
            in_body = true;
            deadline = Deadline::after(clock, options.idle_timeout);
        }
        if (reader.wants_continue() && !std::exchange(continued, true)) {
            co_await write_slices(*connection.stream, "HTTP/1.1 100 Continue\r\n\r\n", clock,
                                  options.write_timeout);
        }
        buffer.resize(read_chunk);
        std::size_t size = 0;
        try {
            size = co_await connection.stream->read_some(buffer, deadline);
        } catch (const Error& error) {
            if (error.kind() != ErrorKind::timed_out) {
                throw;
            }
            slow = true;
        }
        if (size == 0 && !slow) {
            co_return false;
        }
        reader.feed({reinterpret_cast<const char*>(buffer.data()), size});
    }
    if (slow && reader.begun()) {
        co_await send_status(*connection.stream, 408);
        co_await linger(*connection.stream, clock);
    }
    co_return !slow;
}

/// False when the connection ends with this answer.
Task<bool> Server::State::serve_one(Live& connection, AdmissionGuard* guard,
                                    ReceivedRequest received)
{
    const bool head_only = received.request.method == "HEAD";
    Response response = co_await answer(std::move(received.request),
                                        {.peer = connection.stream->peer(), .account = {}}, guard);
    if (response.drop_connection) {
        co_return false;
    }
    ResponseHead head;
    head.body_bytes = response.body.size();
    head.server_name = options.server_name;
    head.date = http_date(clock.now());
    head.close = response.close_after || !received.keep_alive || stopping;
    head.keep_alive_named = !received.takes_chunks;
    if (response.status < 200 || response.status == 204 || response.status == 304) {
        head.framing = Framing::none;
    } else if (response.stream) {
        head.framing = received.takes_chunks ? Framing::chunked : Framing::until_close;
    }
    head.close = head.close || head.framing == Framing::until_close;
    const bool goes_on = !head.close;
    co_await send(connection, std::move(response), std::move(head), head_only);
    co_return goes_on;
}

Task<Response> Server::State::answer(Request request, Caller caller, AdmissionGuard* guard)
{
    if (guard == nullptr) {
        co_return co_await handle(std::move(request), std::move(caller));
    }
    std::optional<Response> response;
    try {
        response = guard->admit(request, caller);
    } catch (const Error& error) { // a sealed body that does not open (wsman.md 1.3: 400)
        log::warn("http_admission_failed", {{"peer", caller.peer.text()}, {"error", error.what()}});
        co_return Response{.status = 400, .close_after = true};
    }
    if (!response) {
        response = co_await handle(std::move(request), std::move(caller));
    }
    if (!response->stream && !response->drop_connection) {
        guard->protect(*response);
    }
    co_return std::move(*response);
}

Task<Response> Server::State::handle(Request request, Caller caller)
{
    Request described{.method = request.method, .target = request.target};
    const net::Endpoint peer = caller.peer;
    try {
        co_return co_await handler(std::move(request), std::move(caller));
    } catch (const Error& error) {
        if (error.kind() == ErrorKind::cancelled) {
            co_return Response{.drop_connection = true};
        }
        log_failure(described, peer, error);
    } catch (const boost::system::system_error& error) {
        if (error.code() == boost::asio::error::operation_aborted) {
            co_return Response{.drop_connection = true};
        }
        log_failure(described, peer, error);
    } catch (const std::exception& error) {
        log_failure(described, peer, error);
    }
    co_return Response{.status = 500};
}

Task<> Server::State::send(Live& connection, Response response, ResponseHead head, bool head_only)
{
    std::string text = response_head(response, head);
    if (head.framing == Framing::none || head_only) {
        co_await write_slices(*connection.stream, text, clock, options.write_timeout);
    } else if (response.stream) {
        co_await write_slices(*connection.stream, text, clock, options.write_timeout);
        StreamWriter writer{*connection.stream, clock, options.write_timeout,
                            head.framing == Framing::chunked};
        co_await response.stream(writer);
        co_await writer.finish();
    } else if (response.body.size() < joined_max) { // one write, one packet where it fits
        text += response.body;
        co_await write_slices(*connection.stream, text, clock, options.write_timeout);
    } else {
        co_await write_slices(*connection.stream, text, clock, options.write_timeout);
        co_await write_slices(*connection.stream, response.body, clock, options.write_timeout);
    }
}

/// An answer of the server itself, without body, after which the connection ends.
Task<> Server::State::send_status(net::Stream& stream, int status)
{
    const Response response{.status = status};
    const auto text = response_head(
        response,
        {.close = true, .server_name = options.server_name, .date = http_date(clock.now())});
    co_await write_slices(stream, text, clock, options.write_timeout);
}

Server::Server(Executor executor, Clock& clock, std::unique_ptr<net::Listener> listener,
               Handler handler, ServerOptions options)
    : state_(std::make_shared<State>(std::move(executor), clock, std::move(listener),
                                     std::move(handler), std::move(options)))
{
}

Server::~Server()
{
    state_->stopping = true;
    state_->listener->close();
    state_->drop_all();
}

void Server::start()
{
    spawn(state_->executor, State::accept_all(state_), "http accept");
}

net::Endpoint Server::local() const
{
    return state_->listener->local();
}

std::size_t Server::connections() const noexcept
{
    return state_->live.size();
}

Task<> Server::drain(Deadline deadline)
{
    const auto state = state_;
    state->stopping = true;
    state->listener->close();
    state->drop_idle();
    bool in_time = true;
    while (!state->live.empty() && in_time) {
        in_time = co_await state->left.wait(state->clock, deadline);
    }
    state->drop_all();
}

} // namespace watari::http
