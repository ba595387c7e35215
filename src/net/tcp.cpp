#include "net/tcp.hpp"

#include "core/sync.hpp"
#include "messages/core.hpp"
#include "messages/net.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <sys/resource.h>

namespace watari::net {

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using ErrorCode = boost::system::error_code;

PeerSays words_of(const ErrorCode& failure)
{
    return {.code = static_cast<std::uint32_t>(failure.value()), .text = failure.message()};
}

Error out_of_descriptors()
{
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    const std::string most = std::to_string(limit.rlim_cur);
    return Error{ErrorKind::exhausted,
                 message::too_many_open_files{.limit = most, .requested = "1", .used = most}};
}

/// What a failed connect, read or write means.
Error error_of(const ErrorCode& failure, const Endpoint& endpoint)
{
    const std::string text = endpoint.text();
    if (failure == asio::error::connection_refused) {
        return {ErrorKind::unavailable, message::connection_refused{.endpoint = text},
                words_of(failure)};
    }
    if (failure == asio::error::connection_reset || failure == asio::error::broken_pipe ||
        failure == asio::error::connection_aborted || failure == asio::error::eof) {
        return {ErrorKind::unavailable, message::connection_reset{.endpoint = text},
                words_of(failure)};
    }
    if (failure == asio::error::host_unreachable || failure == asio::error::network_unreachable ||
        failure == asio::error::network_down) {
        return {ErrorKind::unavailable, message::host_unreachable{.endpoint = text},
                words_of(failure)};
    }
    if (failure ==
        asio::error::timed_out) { // the kernel gave up before our deadline: nothing answered
        return {ErrorKind::unavailable, message::host_unreachable{.endpoint = text},
                words_of(failure)};
    }
    if (failure == asio::error::no_descriptors) {
        return out_of_descriptors();
    }
    return {ErrorKind::unavailable, message::network_failed{.endpoint = text}, words_of(failure)};
}

Error listen_error_of(const ErrorCode& failure, const Endpoint& endpoint)
{
    const std::string text = endpoint.text();
    if (failure == asio::error::address_in_use) {
        return {ErrorKind::conflict, message::port_in_use{.endpoint = text}, words_of(failure)};
    }
    if (failure == asio::error::access_denied) {
        return {ErrorKind::denied, message::listen_denied{.endpoint = text}, words_of(failure)};
    }
    if (failure == boost::system::errc::address_not_available) {
        return {ErrorKind::invalid, message::address_not_available{.endpoint = text},
                words_of(failure)};
    }
    return error_of(failure, endpoint);
}

Endpoint endpoint_of(const tcp::endpoint& address)
{
    return {.address = address.address().to_string(), .port = address.port()};
}

/// Cancels what waits on `socket` at the deadline; gone before the socket is.
class Expiry
{
public:
    template <class Socket>
    Expiry(Clock& clock, Deadline deadline, Socket& socket)
    {
        if (deadline.at() != SteadyTime::max()) {
            timer_ = clock.call_at(deadline.at(), [this, &socket] {
                expired_ = true;
                ErrorCode ignored;
                socket.cancel(ignored);
            });
        }
    }
    Expiry(const Expiry&) = delete;
    Expiry& operator=(const Expiry&) = delete;

    bool expired() const noexcept { return expired_; }

private:
    bool expired_ = false;
    std::unique_ptr<Timer> timer_;
};

class TcpStream final : public Stream
{
public:
    TcpStream(tcp::socket socket, Clock& clock) : socket_(std::move(socket)), clock_(clock)
    {
        ErrorCode ignored;
        const auto remote = socket_.remote_endpoint(ignored);
        peer_ = endpoint_of(remote);
        socket_.set_option(tcp::no_delay{true}, ignored);
        socket_.non_blocking(true, ignored);
    }

    Task<std::size_t> read_some(std::span<std::byte> into, Deadline deadline) override
    {
        const auto buffer = asio::buffer(into.data(), into.size());
        for (;;) {
            check_open();
            ErrorCode failure;
            std::size_t size =
                socket_.read_some(buffer, failure); // no timer when bytes are there already
            bool expired = false;
            if (failure == asio::error::would_block) {
                if (deadline.passed(clock_)) {
                    throw timed_out_reading();
                }
                const Expiry expiry{clock_, deadline, socket_};
                size = co_await socket_.async_read_some(
                    buffer, asio::redirect_error(asio::use_awaitable, failure));
                expired = expiry.expired();
            }
            if (!failure) {
                co_return size;
            }
            if (failure == asio::error::eof) {
                co_return 0;
            }
            const auto caller = co_await asio::this_coro::cancellation_state;
            settle(failure, expired, caller, timed_out_reading());
        }
    }

    Task<> write_all(std::span<const std::byte> bytes, Deadline deadline) override
    {
        while (!bytes.empty()) {
            check_open();
            const auto buffer = asio::buffer(bytes.data(), bytes.size());
            ErrorCode failure;
            std::size_t size = socket_.write_some(buffer, failure);
            bool expired = false;
            if (failure == asio::error::would_block) {
                if (deadline.passed(clock_)) {
                    throw timed_out_writing();
                }
                const Expiry expiry{clock_, deadline, socket_};
                size = co_await socket_.async_write_some(
                    buffer, asio::redirect_error(asio::use_awaitable, failure));
                expired = expiry.expired();
            }
            if (failure) {
                const auto caller = co_await asio::this_coro::cancellation_state;
                settle(failure, expired, caller, timed_out_writing());
            } else {
                bytes = bytes.subspan(size);
            }
        }
    }

    void close() noexcept override
    {
        ErrorCode ignored;
        socket_.close(ignored);
    }

    bool stale() noexcept override
    {
        if (!socket_.is_open()) {
            return true;
        }
        std::byte peeked{};
        ErrorCode failure;
        socket_.receive(asio::buffer(&peeked, 1), tcp::socket::message_peek, failure);
        return failure != asio::error::would_block;
    }

    Endpoint peer() const override { return peer_; }

private:
    void check_open() const
    {
        if (!socket_.is_open()) {
            throw Error{ErrorKind::unavailable,
                        message::connection_closed{.endpoint = peer_.text()}};
        }
    }

    /// Throws what the failure means; returns when the operation is to be tried again (only the
    /// other direction's deadline had cancelled the socket).
    void settle(const ErrorCode& failure, bool expired, const asio::cancellation_state& caller,
                const Error& timed_out) const
    {
        if (failure != asio::error::operation_aborted) {
            throw error_of(failure, peer_);
        }
        check_open();
        if (expired) {
            throw timed_out;
        }
        if (caller.cancelled() != asio::cancellation_type::none) {
            throw Error{ErrorKind::cancelled, message::cancelled{}};
        }
    }

    Error timed_out_reading() const
    {
        return {ErrorKind::timed_out, message::read_timed_out{.endpoint = peer_.text()}};
    }
    Error timed_out_writing() const
    {
        return {ErrorKind::timed_out, message::write_timed_out{.endpoint = peer_.text()}};
    }

    tcp::socket socket_;
    Clock& clock_;
    Endpoint peer_;
};

class TcpListener final : public Listener
{
public:
    TcpListener(tcp::acceptor acceptor, Clock& clock)
        : acceptor_(std::move(acceptor)),
          clock_(clock),
          local_(endpoint_of(acceptor_.local_endpoint()))
    {
    }

    Task<std::unique_ptr<Stream>> accept() override
    {
        for (;;) {
            if (!acceptor_.is_open()) {
                throw Error{ErrorKind::cancelled, message::cancelled{}};
            }
            ErrorCode failure;
            auto socket =
                co_await acceptor_.async_accept(asio::redirect_error(asio::use_awaitable, failure));
            if (!failure) {
                co_return std::make_unique<TcpStream>(std::move(socket), clock_);
            }
            if (failure == asio::error::operation_aborted) {
                throw Error{ErrorKind::cancelled, message::cancelled{}};
            }
            if (failure != asio::error::connection_aborted) { // gone before it was accepted
                throw error_of(failure, local_);
            }
        }
    }

    Endpoint local() const override { return local_; }

    void close() noexcept override
    {
        ErrorCode ignored;
        acceptor_.close(ignored);
    }

private:
    tcp::acceptor acceptor_;
    Clock& clock_;
    Endpoint local_;
};

/// Shared with the resolver's handler: getaddrinfo cannot be interrupted and may outlive who asked.
struct Resolution {
    explicit Resolution(const Executor& executor) : resolver(executor) {}

    tcp::resolver resolver;
    std::vector<tcp::endpoint> found;
    ErrorCode failure;
    bool ended = false;
    Signal done;
};

class TcpNetwork final : public Network
{
public:
    TcpNetwork(Executor executor, Clock& clock) : executor_(std::move(executor)), clock_(clock) {}

    Task<std::unique_ptr<Stream>> connect(const Endpoint& to, Deadline deadline) override
    {
        const auto addresses = co_await resolve(to, deadline);
        std::optional<Error> failure;
        for (std::size_t i = 0; i < addresses.size(); ++i) {
            tcp::socket socket{executor_};
            failure = co_await try_connect(socket, addresses[i], to,
                                           share_of(deadline, addresses.size() - i));
            if (!failure) {
                co_return std::make_unique<TcpStream>(std::move(socket), clock_);
            }
        }
        throw *failure;
    }

    std::unique_ptr<Listener> listen(const Endpoint& at) override
    {
        ErrorCode failure;
        const auto address =
            asio::ip::make_address(at.address == "localhost" ? "127.0.0.1" : at.address, failure);
        if (failure) {
            throw Error{ErrorKind::invalid, message::listen_address_invalid{.address = at.address}};
        }
        const tcp::endpoint endpoint{address, at.port};
        tcp::acceptor acceptor{executor_};
        const auto check = [&] {
            if (failure) {
                throw listen_error_of(failure, at);
            }
        };
        acceptor.open(endpoint.protocol(), failure);
        check();
        acceptor.set_option(tcp::acceptor::reuse_address{true}, failure);
        check();
        acceptor.bind(endpoint, failure);
        check();
        acceptor.listen(tcp::acceptor::max_listen_connections, failure);
        check();
        return std::make_unique<TcpListener>(std::move(acceptor), clock_);
    }

private:
    /// A dead first address must not use up the time of the others.
    Deadline share_of(Deadline deadline, std::size_t addresses) const
    {
        if (addresses <= 1 || deadline.at() == SteadyTime::max()) {
            return deadline;
        }
        return Deadline::after(clock_, deadline.left(clock_) / static_cast<long>(addresses));
    }

    Task<std::optional<Error>> try_connect(tcp::socket& socket, const tcp::endpoint& address,
                                           const Endpoint& to, Deadline deadline)
    {
        const Error timed_out{ErrorKind::timed_out,
                              message::connect_timed_out{.endpoint = to.text()}};
        if (deadline.passed(clock_)) {
            co_return timed_out;
        }
        const Expiry expiry{clock_, deadline, socket};
        ErrorCode failure;
        co_await socket.async_connect(address, asio::redirect_error(asio::use_awaitable, failure));
        if (failure == asio::error::operation_aborted) {
            if (!expiry.expired()) {
                throw Error{ErrorKind::cancelled, message::cancelled{}};
            }
            co_return timed_out;
        }
        if (failure) {
            co_return error_of(failure, to);
        }
        co_return std::nullopt;
    }

    Task<std::vector<tcp::endpoint>> resolve(const Endpoint& to, Deadline deadline)
    {
        ErrorCode not_numeric;
        const auto address = asio::ip::make_address(to.address, not_numeric);
        if (!not_numeric) {
            co_return std::vector{tcp::endpoint{address, to.port}};
        }
        const auto resolution = std::make_shared<Resolution>(executor_);
        resolution->resolver.async_resolve(
            to.address, std::to_string(to.port), tcp::resolver::numeric_service,
            [resolution](ErrorCode failure, const tcp::resolver::results_type& results) {
                resolution->failure = failure;
                resolution->found.assign(results.begin(), results.end());
                resolution->ended = true;
                resolution->done.notify_all();
            });
        if (!co_await resolution->done.wait(clock_, deadline) && !resolution->ended) {
            throw Error{ErrorKind::timed_out, message::connect_timed_out{.endpoint = to.text()}};
        }
        const ErrorCode failure = resolution->failure;
        if (failure == asio::error::host_not_found || failure == asio::error::no_data) {
            throw Error{ErrorKind::unavailable, message::name_not_found{.name = to.address},
                        words_of(failure)};
        }
        if (failure || resolution->found.empty()) {
            throw Error{ErrorKind::unavailable, message::name_service_failed{.name = to.address},
                        words_of(failure)};
        }
        co_return resolution->found;
    }

    Executor executor_;
    Clock& clock_;
};

} // namespace

std::unique_ptr<Network> tcp_network(Executor executor, Clock& clock)
{
    return std::make_unique<TcpNetwork>(std::move(executor), clock);
}

} // namespace watari::net
