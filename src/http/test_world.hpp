// For the tests of this module only: a server's or a client's counterpart on a simulated network.
#pragma once

#include "core/simulated_clock.hpp"
#include "http/client.hpp"
#include "http/server.hpp"
#include "net/memory.hpp"

#include <gtest/gtest.h>

namespace watari::http {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

using Failure = std::pair<ErrorKind, std::string>;

inline std::span<const std::byte> bytes_of(std::string_view text)
{
    return std::as_bytes(std::span{text.data(), text.size()});
}

struct World : testing::Test {
    boost::asio::io_context loop;
    SimulatedClock clock{loop};
    net::MemoryNetwork network{loop.get_executor(), clock};
    const net::Endpoint at{.address = "10.0.0.1", .port = 5985};

    Deadline in(std::chrono::nanoseconds time) const { return Deadline::after(clock, time); }

    template <class T>
    Failure failure_of(Task<T> task)
    {
        try {
            clock.run(std::move(task));
        } catch (const Error& error) {
            return {error.kind(), error.code()};
        }
        return {ErrorKind::internal, "nothing was thrown"};
    }

    std::unique_ptr<net::Stream> connect() { return clock.run(network.connect(at, in(10s))); }

    void write(net::Stream& stream, std::string_view text)
    {
        clock.run(stream.write_all(bytes_of(text), in(10s)));
    }

    /// Everything until the peer closes or is silent for `patience`.
    std::string read(net::Stream& stream, std::chrono::nanoseconds patience = 500ms)
    {
        std::string text;
        std::string piece(1U << 16, '\0');
        try {
            for (;;) {
                const auto size = clock.run(
                    stream.read_some(std::as_writable_bytes(std::span{piece}), in(patience)));
                if (size == 0) {
                    return text;
                }
                text.append(piece, 0, size);
            }
        } catch (const Error&) {
            return text;
        }
    }

    /// Whether the peer has closed, or does within `patience`.
    bool ends(net::Stream& stream, std::chrono::nanoseconds patience)
    {
        std::byte into{};
        try {
            return clock.run(stream.read_some({&into, 1}, in(patience))) == 0;
        } catch (const Error& error) {
            return error.kind() == ErrorKind::unavailable;
        }
    }
};

} // namespace watari::http
