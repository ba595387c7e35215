#include "net/tls_stream.hpp"

#include "core/sync.hpp"
#include "messages/net.hpp"

#include <boost/asio/this_coro.hpp>

#include <functional>

namespace watari::net {

namespace {

using std::chrono_literals::operator""s;

constexpr std::size_t read_chunk = 17U << 10; ///< a whole record
constexpr std::size_t write_slice = 64U << 10;
/// How long a peer is waited for that is told why we will not go on, or that we end.
constexpr std::chrono::seconds farewell_max = 2s;
constexpr std::size_t ignored_bytes_max = 1U << 20;

/// Set while a coroutine is at work; whoever waits for its end is woken, however it ends.
class Busy
{
public:
    Busy(bool& flag, Signal& ended) : flag_(flag), ended_(ended) { flag_ = true; }
    Busy(const Busy&) = delete;
    Busy& operator=(const Busy&) = delete;
    ~Busy()
    {
        flag_ = false;
        ended_.notify_all();
    }

private:
    bool& flag_;
    Signal& ended_;
};

using Step = std::function<std::optional<std::size_t>(TlsSession&)>;

std::span<const std::byte> bytes_of(std::string_view text)
{
    return std::as_bytes(std::span{text.data(), text.size()});
}

} // namespace

struct TlsStream::State {
    State(std::unique_ptr<Stream> its_raw, Clock& its_clock, TlsStreamSetup setup)
        : raw(std::move(its_raw)),
          clock(its_clock),
          session(*setup.context, std::move(setup.expectation)),
          handshake_timeout(setup.handshake_timeout),
          answer_to_plain(std::move(setup.answer_to_plain))
    {
    }

    std::unique_ptr<Stream> raw;
    Clock& clock;
    TlsSession session;
    std::chrono::seconds handshake_timeout;
    std::string answer_to_plain;
    std::optional<Executor> executor; ///< of the loop, once something ran there
    std::optional<Error> broken;      ///< the session failed: neither direction goes on
    std::optional<Error> cut;         ///< a record was written in part: nothing can follow it
    bool handshaking = false;
    bool ready = false;
    bool closed = false;
    bool flushing = false;
    bool pulling = false;
    Signal handshake_ended;
    Signal flushed;
    Signal pulled;

    using Shared = std::shared_ptr<State>;

    void check_open() const;
    Error timed_out(bool writing) const;
    Error handshake_timed_out() const
    {
        return {ErrorKind::timed_out,
                message::tls_handshake_timed_out{.endpoint = raw->peer().text()}};
    }

    static Task<> become_ready(Shared self, Deadline deadline);
    static Task<> shake_hands(Shared self, Deadline deadline);
    static Task<std::size_t> drive(Shared self, Step step, Deadline deadline);
    static Task<> flush(Shared self, Deadline deadline);
    static Task<> pull(Shared self, Deadline deadline);
    static Task<> explain(Shared self);
    static Task<std::size_t> read(Shared self, std::span<std::byte> into, Deadline deadline);
    static Task<> write(Shared self, std::span<const std::byte> bytes, Deadline deadline);
    static Task<> farewell(Shared self);
};

void TlsStream::State::check_open() const
{
    if (closed) {
        throw Error{ErrorKind::unavailable,
                    message::connection_closed{.endpoint = raw->peer().text()}};
    }
    if (broken) {
        throw *broken;
    }
}

Error TlsStream::State::timed_out(bool writing) const
{
    const std::string endpoint = raw->peer().text();
    return writing ? Error{ErrorKind::timed_out, message::write_timed_out{.endpoint = endpoint}}
                   : Error{ErrorKind::timed_out, message::read_timed_out{.endpoint = endpoint}};
}

Task<> TlsStream::State::become_ready(Shared self, Deadline deadline)
{
    while (self->handshaking) { // a reader and a writer may both come first
        if (!co_await self->handshake_ended.wait(self->clock, deadline) && self->handshaking) {
            throw self->handshake_timed_out();
        }
    }
    self->check_open();
    if (self->ready) {
        co_return;
    }
    self->executor = co_await boost::asio::this_coro::executor;
    const Busy busy{self->handshaking, self->handshake_ended};
    std::optional<Error> failure;
    try {
        co_await shake_hands(
            self, deadline.sooner(Deadline::after(self->clock, self->handshake_timeout)));
    } catch (const Error& error) {
        failure = error;
    }
    if (!failure) {
        self->ready = true;
        co_return;
    }
    if (failure->kind() == ErrorKind::timed_out) {
        failure = self->handshake_timed_out();
    }
    self->broken = failure;
    throw *failure;
}

Task<> TlsStream::State::shake_hands(Shared self, Deadline deadline)
{
    co_await drive(self, [](TlsSession& session) { return session.handshake(); }, deadline);
    co_await flush(self, deadline);
}

/// Takes `step` until it is done, sending and receiving what it needs in between.
Task<std::size_t> TlsStream::State::drive(Shared self, Step step, Deadline deadline)
{
    for (;;) {
        self->check_open();
        std::optional<Error> failure;
        try {
            if (const auto done = step(self->session)) {
                co_return *done;
            }
        } catch (const Error& error) {
            failure = error;
        }
        if (failure) {
            self->broken = failure;
            co_await explain(self);
            throw *failure;
        }
        // Who is flushing sends ours, too; to wait for it would stop both directions when the peer
        // waits in the same way.
        if (!self->flushing && !self->cut && self->session.has_output()) {
            co_await flush(self, deadline);
        }
        co_await pull(self, deadline);
    }
}

/// Sends what the session has put out, up to now and by others.
Task<> TlsStream::State::flush(Shared self, Deadline deadline)
{
    while (self->flushing) {
        if (!co_await self->flushed.wait(self->clock, deadline) && self->flushing) {
            throw self->timed_out(true);
        }
    }
    if (self->cut) {
        throw *self->cut;
    }
    const Busy busy{self->flushing, self->flushed};
    while (self->session.has_output()) {
        const std::string bytes = self->session.take_output();
        self->cut = Error{ErrorKind::unavailable,
                          message::connection_closed{.endpoint = self->raw->peer().text()}};
        try {
            co_await self->raw->write_all(bytes_of(bytes), deadline);
        } catch (const Error& error) {
            if (error.kind() != ErrorKind::cancelled) {
                self->cut = error;
            }
            throw;
        }
        self->cut.reset();
    }
}

/// Receives something for the session; or waits until another coroutine has.
Task<> TlsStream::State::pull(Shared self, Deadline deadline)
{
    if (self->pulling) {
        if (!co_await self->pulled.wait(self->clock, deadline) && self->pulling) {
            throw self->timed_out(false);
        }
        co_return;
    }
    const Busy busy{self->pulling, self->pulled};
    const auto buffer = std::make_unique_for_overwrite<std::byte[]>(read_chunk);
    const auto size = co_await self->raw->read_some({buffer.get(), read_chunk}, deadline);
    if (size == 0) {
        self->session.end_input();
    } else {
        self->session.feed({buffer.get(), size});
    }
}

/// Tells the peer why we will not go on, as far as it listens.
Task<> TlsStream::State::explain(Shared self)
{
    const auto deadline = Deadline::after(self->clock, farewell_max);
    try {
        co_await flush(self, deadline);
        if (self->ready || self->session.role() == TlsRole::client) {
            co_return;
        }
        if (self->session.peer_is_plain() && !self->answer_to_plain.empty()) {
            co_await self->raw->write_all(bytes_of(self->answer_to_plain), deadline);
        }
        // Closing on bytes nobody has read would take our words back (a reset).
        std::vector<std::byte> ignored(read_chunk);
        for (std::size_t total = 0, size = 1; size > 0 && total < ignored_bytes_max;
             total += size) {
            size = co_await self->raw->read_some(ignored, deadline);
        }
    } catch (const Error& error) {
        if (error.kind() == ErrorKind::cancelled) {
            throw;
        }
    }
}

Task<std::size_t> TlsStream::State::read(Shared self, std::span<std::byte> into, Deadline deadline)
{
    co_await become_ready(self, deadline);
    co_return co_await drive(
        self, [into](TlsSession& session) { return session.read(into); }, deadline);
}

Task<> TlsStream::State::write(Shared self, std::span<const std::byte> bytes, Deadline deadline)
{
    co_await become_ready(self, deadline);
    while (!bytes.empty()) {
        const auto slice = bytes.first(std::min(bytes.size(), write_slice));
        if (deadline.passed(self->clock)) {
            throw self->timed_out(true);
        }
        const auto size = co_await drive(
            self, [slice](TlsSession& session) { return session.write(slice); }, deadline);
        co_await flush(self, deadline);
        bytes = bytes.subspan(size);
    }
}

Task<> TlsStream::State::farewell(Shared self)
{
    try {
        co_await flush(self, Deadline::after(self->clock, farewell_max));
    } catch (const Error&) { // gone already
    }
    self->raw->close();
}

TlsStream::TlsStream(std::unique_ptr<Stream> raw, Clock& clock, TlsStreamSetup setup)
    : state_(std::make_shared<State>(std::move(raw), clock, std::move(setup)))
{
}

TlsStream::~TlsStream()
{
    TlsStream::close();
}

Task<> TlsStream::handshake(Deadline deadline)
{
    return State::become_ready(state_, deadline);
}

Task<std::size_t> TlsStream::read_some(std::span<std::byte> into, Deadline deadline)
{
    return State::read(state_, into, deadline);
}

Task<> TlsStream::write_all(std::span<const std::byte> bytes, Deadline deadline)
{
    return State::write(state_, bytes, deadline);
}

void TlsStream::close() noexcept
{
    if (std::exchange(state_->closed, true)) {
        return;
    }
    // An end in the middle of what is being written is not an orderly one.
    if (state_->ready && !state_->broken && !state_->cut && !state_->flushing) {
        state_->session.finish();
        try {
            spawn(*state_->executor, State::farewell(state_), "end of a TLS connection");
            return;
        } catch (const std::exception&) { // no memory: without good-bye, then
        }
    }
    state_->raw->close();
}

bool TlsStream::stale() noexcept
{
    return state_->closed || state_->broken || state_->cut || state_->raw->stale() ||
           (state_->ready && state_->session.has_unasked_input());
}

Endpoint TlsStream::peer() const
{
    return state_->raw->peer();
}

Security TlsStream::security() const
{
    return state_->session.security();
}

} // namespace watari::net
