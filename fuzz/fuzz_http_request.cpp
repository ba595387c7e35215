// Any bytes in any slicing: no crash, no limit passed, and the same verdict as in one piece.
#include "http/codec.hpp"

#include <cstdint>
#include <cstdlib>

using namespace watari;

namespace {

constexpr http::Limits limits{.header_bytes_max = 2048, .body_bytes_max = 4096};

struct Verdict {
    int refused = 0;
    std::size_t requests = 0;
    std::size_t body_bytes = 0;
};

Verdict read(std::string_view bytes, std::size_t slice)
{
    http::RequestReader reader{limits};
    Verdict verdict;
    while (!bytes.empty() && !reader.refused()) {
        reader.feed(bytes.substr(0, slice));
        bytes.remove_prefix(std::min(slice, bytes.size()));
        while (reader.complete()) {
            const auto received = reader.take();
            if (received.request.body.size() > limits.body_bytes_max) {
                std::abort();
            }
            ++verdict.requests;
            verdict.body_bytes += received.request.body.size();
        }
    }
    verdict.refused = reader.refused().value_or(0);
    return verdict;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    if (size == 0) {
        return 0;
    }
    const std::string_view bytes{reinterpret_cast<const char*>(data + 1), size - 1};
    const auto whole = read(bytes, bytes.size() + 1);
    const auto sliced = read(bytes, 1U + data[0] % 16);
    if (whole.requests != sliced.requests || whole.body_bytes != sliced.body_bytes) {
        std::abort();
    }
    return 0;
}
