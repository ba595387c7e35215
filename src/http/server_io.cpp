#include "http/server_io.hpp"

#include "http/server.hpp"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

namespace watari::http {

namespace {

using std::chrono_literals::operator""s;

constexpr std::size_t read_chunk = 16U << 10;
constexpr std::size_t write_slice = 256U << 10;
constexpr std::chrono::seconds linger_max = 2s;
constexpr std::size_t linger_bytes_max = 4U << 20;

std::span<const std::byte> bytes_of(std::string_view text)
{
    return std::as_bytes(std::span{text.data(), text.size()});
}

} // namespace

Task<> write_slices(net::Stream& stream, std::string_view bytes, Clock& clock,
                    std::chrono::seconds timeout)
{
    while (!bytes.empty()) {
        const auto slice = bytes.substr(0, write_slice);
        co_await stream.write_all(bytes_of(slice), Deadline::after(clock, timeout));
        bytes.remove_prefix(slice.size());
    }
}

Task<> linger(net::Stream& stream, Clock& clock)
{
    const auto deadline = Deadline::after(clock, linger_max);
    std::vector<std::byte> ignored(read_chunk);
    std::size_t total = 0;
    while (total < linger_bytes_max) {
        const auto size = co_await stream.read_some(ignored, deadline);
        if (size == 0) {
            co_return;
        }
        total += size;
    }
}

std::string https_expected_answer()
{
    constexpr std::string_view text = "This port speaks TLS: use https.\n";
    return fmt::format("HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\n"
                       "Content-Length: {}\r\nConnection: close\r\n\r\n{}",
                       text.size(), text);
}

StreamWriter::StreamWriter(net::Stream& stream, Clock& clock, std::chrono::seconds timeout,
                           bool chunked)
    : stream_(stream), clock_(clock), timeout_(timeout), chunked_(chunked)
{
}

Task<> StreamWriter::write(std::string_view bytes)
{
    if (bytes.empty()) { // an empty chunk would end the body
        co_return;
    }
    std::string chunk;
    if (chunked_) {
        chunk = fmt::format("{:x}\r\n", bytes.size());
    }
    chunk.append(bytes);
    if (chunked_) {
        chunk.append("\r\n");
    }
    co_await write_slices(stream_, chunk, clock_, timeout_);
}

Task<> StreamWriter::finish()
{
    if (chunked_) {
        co_await write_slices(stream_, "0\r\n\r\n", clock_, timeout_);
    }
}

} // namespace watari::http
