// Any bytes as a sealed body: no crash, nothing thrown but Error{invalid}, views inside the body,
// and what was read is read again from what write_sealed() makes of it.
#include "auth/multipart.hpp"
#include "core/error.hpp"

#include <cstdint>
#include <cstdlib>
#include <optional>

using namespace watari;

namespace {

/// A line longer than this may pass the reader's limit once it is written with its tab.
constexpr std::size_t original_type_bytes = 256;

bool within(std::string_view part, const std::string& whole)
{
    return part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size();
}

std::optional<auth::Sealed> read(const auth::Body& body, std::string_view protocol)
{
    try {
        return auth::read_sealed(body, protocol);
    } catch (const Error& error) {
        if (error.kind() != ErrorKind::invalid) {
            std::abort();
        }
        return std::nullopt;
    }
}

void judge(const auth::Body& body, std::string_view protocol)
{
    const auto sealed = read(body, protocol);
    if (!sealed) {
        return;
    }
    if (!auth::is_sealed(body.content_type) || !within(sealed->data, body.bytes) ||
        !within(sealed->signature, body.bytes)) {
        std::abort();
    }
    if (sealed->original_type.size() > original_type_bytes) {
        return;
    }
    const auth::Body again = auth::write_sealed(*sealed);
    const auto reread = read(again, protocol);
    if (!reread || reread->data != sealed->data || reread->signature != sealed->signature ||
        reread->length != sealed->length || reread->original_type != sealed->original_type) {
        std::abort();
    }
}

} // namespace

/// The first line is the content type.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view input{reinterpret_cast<const char*>(data), size};
    const std::size_t end = input.find('\n');
    if (end == std::string_view::npos) {
        return 0;
    }
    const auth::Body body{.content_type = std::string{input.substr(0, end)},
                          .bytes = std::string{input.substr(end + 1)}};
    judge(body, auth::negotiate_sealed);
    judge(body, auth::kerberos_sealed);
    return 0;
}
