#include "auth/multipart.hpp"

#include "auth/text.hpp"
#include "core/error.hpp"
#include "messages/auth.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>

namespace watari::auth {

namespace {

constexpr std::string_view media_type = "multipart/encrypted";
constexpr std::string_view boundary = "Encrypted Boundary";
constexpr std::string_view octets = "application/octet-stream";
constexpr std::string_view line_end = "\r\n";
constexpr std::size_t line_bytes_max = 512;
/// NTLM signs with 16 bytes, Kerberos with 60 (AES, SHA-1) to 76 (AES, SHA-384): nobody needs more.
constexpr std::size_t signature_bytes_max = 1024;
constexpr std::size_t length_field_bytes = 4;

[[noreturn]] void malformed(std::string why)
{
    throw Error{ErrorKind::invalid, message::sealed_body_malformed{.why = std::move(why)}};
}

[[noreturn]] void truncated()
{
    throw Error{ErrorKind::invalid, message::sealed_body_truncated{}};
}

[[noreturn]] void wrong_boundary()
{
    throw Error{ErrorKind::invalid, message::sealed_body_wrong_boundary{}};
}

std::string_view after(std::string_view text, char mark)
{
    const std::size_t at = text.find(mark);
    return at == std::string_view::npos ? std::string_view{} : text.substr(at + 1);
}

/// The value of `name` in `type/subtype;name=value;name="value"`; empty when it is not there.
std::string_view parameter(std::string_view content_type, std::string_view name)
{
    std::string_view rest = after(content_type, ';');
    while (rest.find('=') != std::string_view::npos) {
        const std::string_view key = trimmed(rest.substr(0, rest.find('=')));
        rest = trimmed(after(rest, '='));
        const bool quoted = rest.starts_with('"');
        if (quoted) {
            rest.remove_prefix(1);
        }
        const std::size_t end = std::min(rest.find(quoted ? '"' : ';'), rest.size());
        const std::string_view value = rest.substr(0, end);
        if (same_ignoring_case(key, name)) {
            return quoted ? value : trimmed(value);
        }
        rest = after(rest.substr(end), ';');
    }
    return {};
}

/// Reads lines from the front and the closing boundary from the back: what stands between is
/// binary and is never searched.
class Reader
{
public:
    explicit Reader(std::string_view bytes) : rest_(bytes) {}

    /// `--Encrypted Boundary`, with the space some endpoints write after the dashes.
    void delimiter()
    {
        if (!is_delimiter(line(), "")) {
            wrong_boundary();
        }
    }

    /// The value of a part header; the tab before it is optional (wsman.md 10.4).
    std::string_view header(std::string_view name)
    {
        const std::string_view text = trimmed(line());
        const std::size_t colon = text.find(':');
        if (colon == std::string_view::npos || text.substr(0, colon) != name) {
            malformed("the part header " + std::string{name} + " is missing");
        }
        return trimmed(text.substr(colon + 1));
    }

    void closing_delimiter()
    {
        if (!rest_.ends_with(line_end)) {
            truncated();
        }
        rest_.remove_suffix(line_end.size());
        for (const std::size_t space : {0, 1}) {
            const std::size_t size = 2 + space + boundary.size() + 2;
            if (rest_.size() >= size && is_delimiter(rest_.substr(rest_.size() - size), "--")) {
                rest_.remove_suffix(size);
                return;
            }
        }
        truncated();
    }

    std::string_view rest() const { return rest_; }

private:
    static bool is_delimiter(std::string_view text, std::string_view end)
    {
        if (!text.starts_with("--") || !text.ends_with(end) || text.size() < 2 + end.size()) {
            return false;
        }
        text.remove_prefix(2);
        text.remove_suffix(end.size());
        if (text.starts_with(' ')) {
            text.remove_prefix(1);
        }
        return text == boundary;
    }

    std::string_view line()
    {
        const std::size_t end = rest_.substr(0, line_bytes_max).find(line_end);
        if (end == std::string_view::npos) {
            if (rest_.size() < line_bytes_max) {
                truncated();
            }
            malformed("a line has no end");
        }
        const std::string_view found = rest_.substr(0, end);
        rest_.remove_prefix(end + line_end.size());
        return found;
    }

    std::string_view rest_;
};

/// `type=application/soap+xml;charset=UTF-8;Length=1000`
void read_original(std::string_view value, Sealed& sealed)
{
    constexpr std::string_view type = "type=";
    constexpr std::string_view length = ";Length=";
    const std::size_t at = value.rfind(length);
    if (!value.starts_with(type) || at == std::string_view::npos) {
        malformed("OriginalContent names no type and length");
    }
    sealed.original_type = value.substr(type.size(), at - type.size());
    const std::string_view digits = value.substr(at + length.size());
    const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), sealed.length);
    if (read.ec != std::errc{} || read.ptr != digits.data() + digits.size()) {
        malformed("the length in OriginalContent is no number");
    }
}

void read_payload(std::string_view payload, Sealed& sealed)
{
    if (payload.size() < length_field_bytes) {
        truncated();
    }
    std::size_t size = 0;
    for (std::size_t i = 0; i < length_field_bytes; ++i) {
        size |= std::size_t{static_cast<unsigned char>(payload[i])} << (8 * i);
    }
    payload.remove_prefix(length_field_bytes);
    if (size == 0 || size > signature_bytes_max) {
        malformed("the signature is " + std::to_string(size) + " bytes long");
    }
    if (payload.size() <= size) {
        truncated();
    }
    sealed.signature = payload.substr(0, size);
    sealed.data = payload.substr(size);
}

} // namespace

bool is_sealed(std::string_view content_type)
{
    return same_ignoring_case(trimmed(content_type.substr(0, content_type.find(';'))), media_type);
}

Body write_sealed(const Sealed& sealed)
{
    Body body;
    body.content_type.append(media_type)
        .append(";protocol=\"")
        .append(sealed.protocol)
        .append("\";boundary=\"")
        .append(boundary)
        .append("\"");
    std::string& bytes = body.bytes;
    bytes.reserve(sealed.data.size() + sealed.signature.size() + line_bytes_max);
    bytes.append("--").append(boundary).append(line_end);
    bytes.append("\tContent-Type: ").append(sealed.protocol).append(line_end);
    bytes.append("\tOriginalContent: type=")
        .append(sealed.original_type)
        .append(";Length=")
        .append(std::to_string(sealed.length))
        .append(line_end);
    bytes.append("--").append(boundary).append(line_end);
    bytes.append("\tContent-Type: ").append(octets).append(line_end);
    for (std::size_t i = 0; i < length_field_bytes; ++i) {
        bytes += static_cast<char>(sealed.signature.size() >> (8 * i) & 0xFFU);
    }
    bytes.append(sealed.signature).append(sealed.data);
    bytes.append("--").append(boundary).append("--").append(line_end);
    return body;
}

Sealed read_sealed(const Body& body, std::string_view protocol)
{
    if (!is_sealed(body.content_type) || parameter(body.content_type, "protocol") != protocol) {
        malformed("the content type is not that of this connection: " +
                  body.content_type.substr(0, line_bytes_max));
    }
    if (parameter(body.content_type, "boundary") != boundary) {
        wrong_boundary();
    }
    Sealed sealed{.protocol = protocol};
    Reader reader{body.bytes};
    reader.delimiter();
    if (reader.header("Content-Type") != protocol) {
        malformed("the first part is of another protocol");
    }
    read_original(reader.header("OriginalContent"), sealed);
    reader.delimiter();
    if (reader.header("Content-Type") != octets) {
        malformed("the second part is no octet stream");
    }
    reader.closing_delimiter();
    read_payload(reader.rest(), sealed);
    return sealed;
}

} // namespace watari::auth
