#include "net/memory.hpp"

#include "core/sync.hpp"
#include "messages/core.hpp"
#include "messages/net.hpp"

#include <cstring>
#include <deque>
#include <map>
#include <vector>

namespace watari::net {

namespace {

/// A writer waits when this much lies unread, as with a full TCP window.
constexpr std::size_t unread_max = 256U << 10;
constexpr std::size_t chunk_max = 64U << 10;
constexpr std::size_t backlog_max = 1024;
constexpr std::uint16_t first_free_port = 49152;

struct Chunk {
    SteadyTime arrives;
    std::string bytes;
};

/// One direction of a connection.
struct Pipe {
    std::deque<Chunk> chunks;
    std::size_t taken = 0;  ///< of the first chunk
    std::size_t unread = 0; ///< bytes in all chunks
    bool ended = false;     ///< the writer has closed
    bool abandoned = false; ///< the reader has closed
    Signal to_reader;
    Signal to_writer;

    void wake()
    {
        to_reader.notify_all();
        to_writer.notify_all();
    }
};

struct Connection {
    Endpoint ends[2]; ///< 0: who connected, 1: who accepted
    Pipe pipes[2];    ///< pipes[i] is written by end i
    bool cut = false;

    void cut_now()
    {
        cut = true;
        for (Pipe& pipe : pipes) {
            pipe.wake();
        }
    }
};

[[noreturn]] void throw_reset(const Endpoint& peer)
{
    throw Error{ErrorKind::unavailable, message::connection_reset{.endpoint = peer.text()}};
}

class MemoryStream final : public Stream
{
public:
    MemoryStream(std::shared_ptr<Connection> connection, int side, Clock& clock,
                 std::shared_ptr<const std::chrono::nanoseconds> latency)
        : connection_(std::move(connection)),
          side_(side),
          clock_(clock),
          latency_(std::move(latency))
    {
    }
    ~MemoryStream() override { close_end(*connection_, side_); }

    Task<std::size_t> read_some(std::span<std::byte> into, Deadline deadline) override
    {
        return read(connection_, side_, clock_, into, deadline);
    }

    Task<> write_all(std::span<const std::byte> bytes, Deadline deadline) override
    {
        return write(connection_, side_, clock_, latency_, bytes, deadline);
    }

    void close() noexcept override { close_end(*connection_, side_); }

    bool stale() noexcept override
    {
        const Pipe& pipe = connection_->pipes[1 - side_];
        return connection_->cut || connection_->pipes[side_].ended ||
               (pipe.chunks.empty() ? pipe.ended : pipe.chunks.front().arrives <= clock_.steady());
    }

    Endpoint peer() const override { return connection_->ends[1 - side_]; }

private:
    static void close_end(Connection& connection, int side) noexcept
    {
        if (!connection.pipes[side].ended) {
            connection.pipes[side].ended = true;
            connection.pipes[1 - side].abandoned = true;
            connection.pipes[0].wake();
            connection.pipes[1].wake();
        }
    }

    static void check_open(const Connection& connection, int side)
    {
        const Endpoint& peer = connection.ends[1 - side];
        if (connection.pipes[side].ended) {
            throw Error{ErrorKind::unavailable,
                        message::connection_closed{.endpoint = peer.text()}};
        }
        if (connection.cut) {
            throw_reset(peer);
        }
    }

    // Static with shared ownership: a stream may be destroyed while its coroutine waits.
    static Task<std::size_t> read(std::shared_ptr<Connection> connection, int side, Clock& clock,
                                  std::span<std::byte> into, Deadline deadline)
    {
        Pipe& pipe = connection->pipes[1 - side];
        for (;;) {
            check_open(*connection, side);
            const auto arrives =
                pipe.chunks.empty() ? SteadyTime::max() : pipe.chunks.front().arrives;
            if (arrives <= clock.steady()) {
                co_return take(pipe, into, clock.steady());
            }
            if (pipe.chunks.empty() && pipe.ended) {
                co_return 0;
            }
            if (deadline.passed(clock)) {
                throw Error{ErrorKind::timed_out,
                            message::read_timed_out{.endpoint = connection->ends[1 - side].text()}};
            }
            co_await pipe.to_reader.wait(clock, deadline.sooner(Deadline{arrives}));
        }
    }

    /// Everything that has arrived and fits.
    static std::size_t take(Pipe& pipe, std::span<std::byte> into, SteadyTime now)
    {
        std::size_t total = 0;
        while (total < into.size() && !pipe.chunks.empty() && pipe.chunks.front().arrives <= now) {
            Chunk& chunk = pipe.chunks.front();
            const auto size = std::min(into.size() - total, chunk.bytes.size() - pipe.taken);
            std::memcpy(into.data() + total, chunk.bytes.data() + pipe.taken, size);
            pipe.taken += size;
            total += size;
            if (pipe.taken == chunk.bytes.size()) {
                pipe.chunks.pop_front();
                pipe.taken = 0;
            }
        }
        pipe.unread -= total;
        pipe.to_writer.notify_one();
        return total;
    }

    static Task<> write(std::shared_ptr<Connection> connection, int side, Clock& clock,
                        std::shared_ptr<const std::chrono::nanoseconds> latency,
                        std::span<const std::byte> bytes, Deadline deadline)
    {
        Pipe& pipe = connection->pipes[side];
        const Endpoint peer = connection->ends[1 - side];
        while (!bytes.empty()) {
            check_open(*connection, side);
            if (pipe.abandoned) {
                throw_reset(peer);
            }
            if (deadline.passed(clock)) {
                throw Error{ErrorKind::timed_out,
                            message::write_timed_out{.endpoint = peer.text()}};
            }
            if (pipe.unread >= unread_max) {
                co_await pipe.to_writer.wait(clock, deadline);
                continue;
            }
            const auto size = std::min({bytes.size(), unread_max - pipe.unread, chunk_max});
            pipe.chunks.push_back(
                {.arrives = clock.steady() + *latency,
                 .bytes = std::string{reinterpret_cast<const char*>(bytes.data()), size}});
            pipe.unread += size;
            pipe.to_reader.notify_one();
            bytes = bytes.subspan(size);
        }
    }

    std::shared_ptr<Connection> connection_;
    int side_;
    Clock& clock_;
    std::shared_ptr<const std::chrono::nanoseconds> latency_;
};

struct Backlog {
    std::deque<std::unique_ptr<Stream>> waiting;
    bool closed = false;
    Signal arrived;
};

} // namespace

struct MemoryNetwork::State {
    explicit State(Clock& its_clock) : clock(its_clock) {}

    Clock& clock;
    std::shared_ptr<std::chrono::nanoseconds> latency =
        std::make_shared<std::chrono::nanoseconds>(0);
    std::map<Endpoint, std::shared_ptr<Backlog>> listening;
    std::vector<std::weak_ptr<Connection>> connections;
    std::set<std::string> down;
    std::set<std::string> black_holes;
    std::size_t sweep_at = 64;
    std::uint16_t next_port = first_free_port;
    bool closed = false;
    Signal changed; ///< a fault was switched

    std::uint16_t free_port()
    {
        next_port =
            next_port == 65535 ? first_free_port : static_cast<std::uint16_t>(next_port + 1);
        return next_port;
    }

    std::shared_ptr<Backlog> backlog_of(const Endpoint& to) const
    {
        for (const char* address : {to.address.c_str(), "0.0.0.0", "::"}) {
            const auto found = listening.find({.address = address, .port = to.port});
            if (found != listening.end()) {
                return found->second;
            }
        }
        return nullptr;
    }

    void remember(const std::shared_ptr<Connection>& connection)
    {
        if (connections.size() >= sweep_at) {
            std::erase_if(connections, [](const auto& other) { return other.expired(); });
            sweep_at = 2 * connections.size() + 64;
        }
        connections.push_back(connection);
    }

    void cut(const std::string* address)
    {
        std::erase_if(connections, [](const auto& connection) { return connection.expired(); });
        for (const auto& weak : connections) {
            if (const auto connection = weak.lock();
                connection && (address == nullptr || connection->ends[1].address == *address)) {
                connection->cut_now();
            }
        }
    }

    static Task<std::unique_ptr<Stream>> connect(std::shared_ptr<State> self, Endpoint to,
                                                 Deadline deadline);
};

namespace {

class MemoryListener final : public Listener
{
public:
    MemoryListener(Endpoint at, std::shared_ptr<Backlog> backlog, std::function<void()> forget)
        : at_(std::move(at)), backlog_(std::move(backlog)), forget_(std::move(forget))
    {
    }
    ~MemoryListener() override { MemoryListener::close(); }

    Task<std::unique_ptr<Stream>> accept() override { return accept_from(backlog_); }
    Endpoint local() const override { return at_; }

    void close() noexcept override
    {
        if (auto forget = std::exchange(forget_, nullptr)) {
            forget();
            backlog_->closed = true;
            backlog_->waiting.clear();
            backlog_->arrived.notify_all();
        }
    }

private:
    static Task<std::unique_ptr<Stream>> accept_from(std::shared_ptr<Backlog> backlog)
    {
        while (!backlog->closed && backlog->waiting.empty()) {
            co_await backlog->arrived.wait();
        }
        if (backlog->closed) {
            throw Error{ErrorKind::cancelled, message::cancelled{}};
        }
        auto stream = std::move(backlog->waiting.front());
        backlog->waiting.pop_front();
        co_return stream;
    }

    Endpoint at_;
    std::shared_ptr<Backlog> backlog_;
    std::function<void()> forget_;
};

} // namespace

MemoryNetwork::MemoryNetwork(Executor, Clock& clock) : state_(std::make_shared<State>(clock)) {}

MemoryNetwork::~MemoryNetwork()
{
    state_->closed = true;
    state_->cut(nullptr);
    for (const auto& [at, backlog] : std::exchange(state_->listening, {})) {
        backlog->closed = true;
        backlog->waiting.clear();
        backlog->arrived.notify_all();
    }
    state_->changed.notify_all();
}

Task<std::unique_ptr<Stream>> MemoryNetwork::connect(const Endpoint& to, Deadline deadline)
{
    return State::connect(state_, to, deadline);
}

Task<std::unique_ptr<Stream>> MemoryNetwork::State::connect(std::shared_ptr<State> self,
                                                            Endpoint to, Deadline deadline)
{
    co_await yield_to_others();
    bool in_time = !deadline.passed(self->clock);
    if (in_time && self->latency->count() > 0) { // there and back again
        const Deadline answered = Deadline::after(self->clock, 2 * *self->latency);
        in_time = answered.at() <= deadline.at();
        co_await self->clock.sleep_until(answered.sooner(deadline).at());
    }
    while (in_time && self->black_holes.contains(to.address) && !self->closed) {
        in_time = co_await self->changed.wait(self->clock, deadline);
    }
    if (!in_time) {
        throw Error{ErrorKind::timed_out, message::connect_timed_out{.endpoint = to.text()}};
    }
    const auto backlog =
        self->closed || self->down.contains(to.address) ? nullptr : self->backlog_of(to);
    if (!backlog || backlog->waiting.size() >= backlog_max) {
        throw Error{ErrorKind::unavailable, message::connection_refused{.endpoint = to.text()}};
    }
    auto connection = std::make_shared<Connection>();
    connection->ends[0] = {.address = "127.0.0.1", .port = self->free_port()};
    connection->ends[1] = to;
    self->remember(connection);
    backlog->waiting.push_back(
        std::make_unique<MemoryStream>(connection, 1, self->clock, self->latency));
    backlog->arrived.notify_one();
    co_return std::make_unique<MemoryStream>(connection, 0, self->clock, self->latency);
}

std::unique_ptr<Listener> MemoryNetwork::listen(const Endpoint& at)
{
    Endpoint local = at;
    while (at.port == 0 && (local.port == 0 || state_->listening.contains(local))) {
        local.port = state_->free_port();
    }
    auto backlog = std::make_shared<Backlog>();
    if (!state_->listening.emplace(local, backlog).second) {
        throw Error{ErrorKind::conflict, message::port_in_use{.endpoint = local.text()}};
    }
    return std::make_unique<MemoryListener>(local, std::move(backlog),
                                            [weak = std::weak_ptr{state_}, local] {
                                                if (const auto state = weak.lock()) {
                                                    state->listening.erase(local);
                                                }
                                            });
}

void MemoryNetwork::set_latency(std::chrono::nanoseconds latency)
{
    *state_->latency = latency;
}

void MemoryNetwork::set_down(const std::string& address, bool down)
{
    if (down) {
        state_->down.insert(address);
        cut(address);
    } else {
        state_->down.erase(address);
    }
}

void MemoryNetwork::set_black_hole(const std::string& address, bool black_hole)
{
    if (black_hole) {
        state_->black_holes.insert(address);
        cut(address);
    } else {
        state_->black_holes.erase(address);
        state_->changed.notify_all();
    }
}

void MemoryNetwork::cut(const std::string& address)
{
    state_->cut(&address);
}

} // namespace watari::net
