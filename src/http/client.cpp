#include "http/client.hpp"

#include "core/sync.hpp"
#include "http/codec.hpp"
#include "messages/http.hpp"
#include "messages/net.hpp"

#include <list>
#include <optional>

namespace watari::http {

namespace {

constexpr std::size_t read_chunk = 64U << 10;
/// Head and body go out in one write below this.
constexpr std::size_t joined_max = 64U << 10;

std::span<const std::byte> bytes_of(std::string_view text)
{
    return std::as_bytes(std::span{text.data(), text.size()});
}

/// How far an exchange came, for whoever judges its failure.
struct Progress {
    bool sent = false;     ///< a byte of the request may have left
    bool answered = false; ///< a byte of the answer came
    bool died = false;     ///< the connection ended, as opposed to being slow or talking nonsense
};

struct Answered {
    Response response;
    bool may_go_elsewhere = false; ///< 401, and a new connection may do better
};

/// When a request has to leave, and when its answer has to be there.
struct Schedule {
    Deadline start_by;
    Deadline answer_by;
};

struct Counted {
    explicit Counted(std::size_t& its_count) : count(its_count) { ++count; }
    Counted(const Counted&) = delete;
    Counted& operator=(const Counted&) = delete;
    ~Counted() { --count; }

    std::size_t& count;
};

} // namespace

class Client::Connection
{
public:
    std::unique_ptr<net::Stream> stream;
    std::unique_ptr<ConnectionGuard> guard;
    std::unique_ptr<Timer> expiry; ///< while idle
    SteadyTime idle_since{};
    bool fit = true; ///< for another request
};

struct Client::State : std::enable_shared_from_this<Client::State> {
    State(net::Network& its_network, Clock& its_clock, net::Endpoint its_server,
          ClientOptions its_options)
        : tls(its_options.tls ? net::tls_network(its_network, its_clock, *its_options.tls)
                              : nullptr),
          network(tls ? *tls : its_network),
          clock(its_clock),
          server(std::move(its_server)),
          options(std::move(its_options)),
          permits(options.connections_max)
    {
    }

    std::unique_ptr<net::Network> tls;
    net::Network& network;
    Clock& clock;
    net::Endpoint server;
    ClientOptions options;
    Semaphore permits;
    std::size_t waiting = 0;
    std::list<std::unique_ptr<Connection>> idle; ///< last used first
    bool closed = false;

    static Task<Response> send(std::shared_ptr<State> self, Request request, Schedule schedule,
                               Repeat repeat);
    Task<Semaphore::Permit> wait_for_turn(Deadline deadline);
    std::unique_ptr<Connection> take_idle();
    void keep(std::unique_ptr<Connection> connection);
    Task<std::unique_ptr<Connection>> open(Deadline deadline);
    Task<Answered> exchange(std::unique_ptr<Connection> connection, const Request& request,
                            Deadline deadline, Progress& progress);
    Task<Response> round_trip(Connection& connection, const Request& request, Deadline deadline,
                              Progress& progress);
    Task<std::optional<Error>> write(Connection& connection, const Request& request,
                                     Deadline deadline, Progress& progress);
    Error judged(const Error& error, const Request& request, Progress& progress) const;
    Error closed_connection() const
    {
        return {ErrorKind::unavailable, message::connection_closed{.endpoint = server.text()}};
    }

    class Handshake;
};

/// The guard's way to its own connection before any caller's request.
class Client::State::Handshake final : public Exchange
{
public:
    Handshake(State& state, Connection& connection) : state_(state), connection_(connection) {}

    Task<Response> send(Request request, Deadline deadline) override
    {
        if (!connection_.fit) {
            throw state_.closed_connection();
        }
        Progress progress;
        co_return co_await state_.round_trip(connection_, request, deadline, progress);
    }

private:
    State& state_;
    Connection& connection_;
};

Task<Semaphore::Permit> Client::State::wait_for_turn(Deadline deadline)
{
    if (auto permit = permits.try_acquire()) {
        co_return std::move(*permit);
    }
    if (waiting >= options.waiting_max) {
        throw Error{ErrorKind::exhausted,
                    message::http_queue_full{.limit = std::to_string(options.waiting_max),
                                             .requested = "1",
                                             .server = server.text(),
                                             .used = std::to_string(waiting)}};
    }
    const Counted counted{waiting};
    co_return co_await permits.acquire(clock, deadline);
}

std::unique_ptr<Client::Connection> Client::State::take_idle()
{
    while (!idle.empty()) {
        auto connection = std::move(idle.front());
        idle.pop_front();
        connection->expiry.reset();
        if (clock.steady() - connection->idle_since <= options.idle_max &&
            !connection->stream->stale()) {
            return connection;
        }
    }
    return nullptr;
}

void Client::State::keep(std::unique_ptr<Connection> connection)
{
    if (!connection->fit || closed) {
        return;
    }
    connection->idle_since = clock.steady();
    // An idle connection counts against the host's quota (wsman.md 9): it is closed, not only
    // forgotten.
    connection->expiry =
        clock.call_at(connection->idle_since + options.idle_max, [weak = weak_from_this(),
                                                                  expired = connection.get()] {
            if (const auto self = weak.lock()) {
                self->idle.remove_if([&](const auto& other) { return other.get() == expired; });
            }
        });
    idle.push_front(std::move(connection));
}

Task<std::unique_ptr<Client::Connection>> Client::State::open(Deadline deadline)
{
    auto connection = std::make_unique<Connection>();
    connection->stream = co_await network.connect(server, deadline);
    if (!options.make_guard) {
        co_return connection;
    }
    connection->guard = options.make_guard(connection->stream->security());
    if (!connection->guard) {
        co_return connection;
    }
    Handshake handshake{*this, *connection};
    try {
        co_await connection->guard->establish(handshake, deadline);
    } catch (const Error& error) {
        if (error.kind() != ErrorKind::outcome_unknown) {
            throw;
        }
        throw error.with_kind(ErrorKind::unavailable); // of the caller's request nothing was sent
    }
    if (!connection->fit) {
        throw closed_connection();
    }
    co_return connection;
}

Task<std::optional<Error>> Client::State::write(Connection& connection, const Request& request,
                                                Deadline deadline, Progress& progress)
{
    std::string text = request_head(request, server.text());
    if (deadline.passed(clock)) {
        throw Error{ErrorKind::timed_out, message::http_too_late{.server = server.text()}};
    }
    const bool joined = request.body.size() < joined_max;
    if (joined) {
        text += request.body;
    }
    progress.sent = true;
    try {
        co_await connection.stream->write_all(bytes_of(text), deadline);
        if (!joined) {
            co_await connection.stream->write_all(bytes_of(request.body), deadline);
        }
    } catch (const Error& error) {
        if (error.kind() != ErrorKind::unavailable) {
            throw;
        }
        co_return error;
    }
    co_return std::nullopt;
}

/// Failures come out as the network and the reader name them.
Task<Response> Client::State::round_trip(Connection& connection, const Request& request,
                                         Deadline deadline, Progress& progress)
{
    connection.fit = false;
    const auto cut = co_await write(connection, request, deadline, progress);
    // A server that refuses early (413) may answer and close before it has read everything: its
    // answer counts.
    ResponseReader reader{{.header_bytes_max = options.header_bytes_max,
                           .body_bytes_max = options.response_bytes_max}};
    const auto buffer = std::make_unique_for_overwrite<std::byte[]>(read_chunk);
    while (!reader.complete()) {
        std::size_t size = 0;
        try {
            size = co_await connection.stream->read_some({buffer.get(), read_chunk}, deadline);
        } catch (const Error& error) {
            throw cut && error.kind() == ErrorKind::unavailable ? *cut : error;
        }
        if (size == 0) {
            progress.died = true;
            reader.end();
        } else {
            progress.answered = true;
            reader.feed({reinterpret_cast<const char*>(buffer.get()), size});
        }
    }
    connection.fit = reader.connection_reusable() && !cut;
    const auto wish = request.headers.get("Connection");
    if (wish && same_ignoring_case(*wish, "close")) {
        connection.fit = false;
    }
    co_return reader.take();
}

/// What a failure of an exchange means for the caller's request.
Error Client::State::judged(const Error& error, const Request& request, Progress& progress) const
{
    if (!progress.sent || error.kind() == ErrorKind::cancelled) {
        return error;
    }
    if (error.kind() == ErrorKind::unauthenticated && !progress.answered) {
        return error; // TLS 1.3 refuses a client certificate only now; what was sent was not heard
    }
    progress.died = progress.died || error.kind() == ErrorKind::unavailable;
    Error unknown = error.with_kind(ErrorKind::outcome_unknown);
    unknown.add_frame(request.method + " " + request.target.substr(0, request.target.find('?')) +
                      " at " + server.text());
    return unknown;
}

Task<Answered> Client::State::exchange(std::unique_ptr<Connection> connection,
                                       const Request& request, Deadline deadline,
                                       Progress& progress)
{
    ConnectionGuard* guard = connection->guard.get();
    Answered answered;
    Response& response = answered.response;
    try {
        if (guard == nullptr) {
            response = co_await round_trip(*connection, request, deadline, progress);
        } else {
            Request guarded = request; // the caller's stays as it is for a second connection
            guard->protect(guarded);
            response = co_await round_trip(*connection, guarded, deadline, progress);
            if (response.status == 401) {
                connection->fit = false; // its security context is gone (wsman.md 10.2)
                answered.may_go_elsewhere = guard->refused();
            } else {
                guard->unprotect(response);
            }
        }
    } catch (const Error& error) {
        throw judged(error, request, progress);
    }
    keep(std::move(connection));
    co_return answered;
}

Task<Response> Client::State::send(std::shared_ptr<State> self, Request request, Schedule schedule,
                                   Repeat repeat)
{
    const auto permit = co_await self->wait_for_turn(schedule.start_by);
    if (auto reused = self->take_idle()) {
        Progress progress;
        try {
            Answered answered =
                co_await self->exchange(std::move(reused), request, schedule.answer_by, progress);
            if (!answered.may_go_elsewhere) {
                co_return std::move(answered.response);
            }
        } catch (const Error&) {
            if (repeat == Repeat::never || progress.answered || !progress.died) {
                throw;
            }
        }
        self->idle.clear(); // whatever ended that one has likely ended the others
    }
    auto fresh = co_await self->open(schedule.start_by);
    Progress progress;
    Answered answered =
        co_await self->exchange(std::move(fresh), request, schedule.answer_by, progress);
    co_return std::move(answered.response);
}

Client::Client(net::Network& network, Clock& clock, net::Endpoint server, ClientOptions options)
    : state_(std::make_shared<State>(network, clock, std::move(server), std::move(options)))
{
}

Client::~Client()
{
    state_->closed = true;
    state_->idle.clear();
}

Task<Response> Client::send(Request request, Deadline deadline, Repeat repeat, Deadline start_by)
{
    return State::send(state_, std::move(request),
                       {.start_by = deadline.sooner(start_by), .answer_by = deadline}, repeat);
}

void Client::close_idle()
{
    state_->idle.clear();
}

const net::Endpoint& Client::server() const noexcept
{
    return state_->server;
}

} // namespace watari::http
