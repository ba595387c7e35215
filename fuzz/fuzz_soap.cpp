#include "core/error.hpp"
#include "wsman/codec/codec.hpp"

#include <cstdint>
#include <cstdlib>

using namespace watari;

namespace {

/// Requests never throw: whatever is wrong with them is a fault to answer with, and that fault can
/// be written and read.
void request(std::string_view bytes)
{
    const auto decoded = wsman::decode_request(bytes, cim::untyped());
    if (decoded.refusal) {
        const wsman::Response answer{.relates_to = decoded.request.header.message_id,
                                     .body = *decoded.refusal};
        wsman::decode_response(wsman::encode(answer, {}), cim::untyped());
    }
}

bool is_written_again(const wsman::Response& response)
{
    return std::holds_alternative<wsman::ItemsResponse>(response.body) ||
           std::holds_alternative<wsman::InstanceResponse>(response.body) ||
           std::holds_alternative<wsman::ClassResponse>(response.body);
}

/// What was read of an answer can be written and read again.
void response(std::string_view bytes)
{
    wsman::Response response;
    try {
        response = wsman::decode_response(bytes, cim::untyped());
    } catch (const Error& error) {
        if (error.kind() != ErrorKind::invalid) {
            std::abort();
        }
        return;
    }
    if (is_written_again(response)) {
        wsman::decode_response(wsman::encode(response, {.resource_uri = "urn:x"}), cim::untyped());
    }
}

} // namespace

/// Any bytes, read as a request and as an answer.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view bytes{reinterpret_cast<const char*>(data), size};
    request(bytes);
    response(bytes);
    return 0;
}
