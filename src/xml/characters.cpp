#include "xml/characters.hpp"

#include <cstdint>

namespace watari::xml {

namespace {

constexpr char32_t replacement_start = 0xFFFE; // U+FFFE and U+FFFF are not characters

std::uint8_t byte(std::string_view text, std::size_t at) noexcept
{
    return static_cast<std::uint8_t>(text[at]);
}

void append_utf8(std::string& out, char32_t c)
{
    if (c < 0x80) {
        out += static_cast<char>(c);
    } else if (c < 0x800) {
        out += static_cast<char>(0xC0 | (c >> 6));
        out += static_cast<char>(0x80 | (c & 0x3F));
    } else if (c < 0x10000) {
        out += static_cast<char>(0xE0 | (c >> 12));
        out += static_cast<char>(0x80 | ((c >> 6) & 0x3F));
        out += static_cast<char>(0x80 | (c & 0x3F));
    } else {
        out += static_cast<char>(0xF0 | (c >> 18));
        out += static_cast<char>(0x80 | ((c >> 12) & 0x3F));
        out += static_cast<char>(0x80 | ((c >> 6) & 0x3F));
        out += static_cast<char>(0x80 | (c & 0x3F));
    }
}

} // namespace

std::size_t allowed_character(std::string_view text) noexcept
{
    const std::uint8_t first = byte(text, 0);
    if (first < 0x80) {
        return first >= 0x20 || first == '\t' || first == '\n' || first == '\r' ? 1 : 0;
    }
    const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
    if (first < 0xC2 || first > 0xF4 || text.size() < length) {
        return 0;
    }
    char32_t c = first & (0x7FU >> length);
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte(text, i) & 0xC0U) != 0x80) {
            return 0;
        }
        c = (c << 6) | (byte(text, i) & 0x3FU);
    }
    const bool shortest =
        length == 2 || (length == 3 && c >= 0x800) || (length == 4 && c >= 0x10000);
    const bool surrogate = c >= 0xD800 && c < 0xE000;
    const bool excluded = c == replacement_start || c == replacement_start + 1 || c > 0x10FFFF;
    return shortest && !surrogate && !excluded ? length : 0;
}

std::optional<std::string> utf8_from_utf16(std::string_view bytes, bool big_endian)
{
    if (bytes.size() % 2 != 0) {
        return std::nullopt;
    }
    const auto unit = [&](std::size_t at) {
        const auto high = byte(bytes, big_endian ? at : at + 1);
        const auto low = byte(bytes, big_endian ? at + 1 : at);
        return static_cast<char32_t>((high << 8) | low);
    };
    std::string out;
    out.reserve(bytes.size());
    for (std::size_t at = 0; at < bytes.size(); at += 2) {
        char32_t c = unit(at);
        if (c >= 0xD800 && c < 0xE000) {
            const bool leads = c < 0xDC00 && at + 2 < bytes.size();
            const char32_t second = leads ? unit(at + 2) : 0;
            if (second < 0xDC00 || second >= 0xE000) {
                return std::nullopt;
            }
            c = 0x10000 + ((c - 0xD800) << 10) + (second - 0xDC00);
            at += 2;
        }
        append_utf8(out, c);
    }
    return out;
}

} // namespace watari::xml
