// Any bytes in any slicing: no crash, no limit passed, nothing thrown but Error, and the same
// answer as in one piece.
#include "core/error.hpp"
#include "http/codec.hpp"

#include <cstdint>
#include <cstdlib>

using namespace watari;

namespace {

constexpr http::Limits limits{.header_bytes_max = 2048, .body_bytes_max = 4096};

/// Status and body; empty when it is no answer.
std::string read(std::string_view bytes, std::size_t slice)
{
    http::ResponseReader reader{limits};
    try {
        while (!bytes.empty() && !reader.complete()) {
            reader.feed(bytes.substr(0, slice));
            bytes.remove_prefix(std::min(slice, bytes.size()));
        }
        if (!reader.complete()) {
            reader.end();
        }
    } catch (const Error& error) {
        if (error.kind() != ErrorKind::outcome_unknown) {
            std::abort();
        }
        return {};
    }
    const auto response = reader.take();
    if (response.body.size() > limits.body_bytes_max) {
        std::abort();
    }
    return std::to_string(response.status) + " " + response.body;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    if (size == 0) {
        return 0;
    }
    const std::string_view bytes{reinterpret_cast<const char*>(data + 1), size - 1};
    if (read(bytes, bytes.size() + 1) != read(bytes, 1U + data[0] % 16)) {
        std::abort();
    }
    return 0;
}
