#include "vhd/utf16.hpp"

namespace watari::vhd {

namespace {

constexpr char32_t replacement = 0xFFFD;

bool is_high(char32_t unit)
{
    return unit >= 0xD800 && unit < 0xDC00;
}
bool is_low(char32_t unit)
{
    return unit >= 0xDC00 && unit < 0xE000;
}

std::size_t length_of(unsigned char lead)
{
    if (lead < 0x80) {
        return 1;
    }
    if (lead >= 0xC2 && lead < 0xE0) {
        return 2;
    }
    if (lead >= 0xE0 && lead < 0xF0) {
        return 3;
    }
    return lead >= 0xF0 && lead < 0xF5 ? 4 : 0;
}

/// Takes one character off the front of `text`.
char32_t take_utf8(std::string_view& text)
{
    const auto lead = static_cast<unsigned char>(text.front());
    const std::size_t length = length_of(lead);
    if (length <= 1 || length > text.size()) {
        text.remove_prefix(1);
        return length == 1 ? lead : replacement;
    }
    char32_t value = lead & (0xFFU >> (length + 1));
    for (std::size_t i = 1; i < length; ++i) {
        const auto next = static_cast<unsigned char>(text[i]);
        if ((next & 0xC0U) != 0x80U) {
            text.remove_prefix(i);
            return replacement;
        }
        value = (value << 6) | (next & 0x3FU);
    }
    text.remove_prefix(length);
    constexpr std::array<char32_t, 5> smallest{0, 0, 0x80, 0x800, 0x10000};
    const bool good =
        value >= smallest[length] && value <= 0x10FFFF && !is_high(value) && !is_low(value);
    return good ? value : replacement;
}

void append_utf8(std::string& text, char32_t value)
{
    const auto put = [&text](char32_t byte) { text.push_back(static_cast<char>(byte)); };
    if (value < 0x80) {
        put(value);
    } else if (value < 0x800) {
        put(0xC0 | (value >> 6));
        put(0x80 | (value & 0x3F));
    } else if (value < 0x10000) {
        put(0xE0 | (value >> 12));
        put(0x80 | ((value >> 6) & 0x3F));
        put(0x80 | (value & 0x3F));
    } else {
        put(0xF0 | (value >> 18));
        put(0x80 | ((value >> 12) & 0x3F));
        put(0x80 | ((value >> 6) & 0x3F));
        put(0x80 | (value & 0x3F));
    }
}

void append_unit(Bytes& bytes, char32_t unit, Endian endian)
{
    const auto high = static_cast<std::uint8_t>(unit >> 8);
    const auto low = static_cast<std::uint8_t>(unit);
    bytes.push_back(endian == Endian::big ? high : low);
    bytes.push_back(endian == Endian::big ? low : high);
}

} // namespace

Bytes to_utf16(std::string_view text, Endian endian)
{
    Bytes bytes;
    while (!text.empty()) {
        const char32_t value = take_utf8(text);
        if (value < 0x10000) {
            append_unit(bytes, value, endian);
        } else {
            append_unit(bytes, 0xD800 + ((value - 0x10000) >> 10), endian);
            append_unit(bytes, 0xDC00 + ((value - 0x10000) & 0x3FF), endian);
        }
    }
    return bytes;
}

std::string from_utf16(ByteView bytes, Endian endian)
{
    const auto unit_at = [&](std::size_t i) -> char32_t {
        return endian == Endian::big ? get_big<std::uint16_t>(bytes, i)
                                     : get_little<std::uint16_t>(bytes, i);
    };
    std::string text;
    for (std::size_t i = 0; i + 1 < bytes.size(); i += 2) {
        char32_t value = unit_at(i);
        if (value == 0) {
            break;
        }
        if (is_high(value) && i + 3 < bytes.size() && is_low(unit_at(i + 2))) {
            value = 0x10000 + ((value - 0xD800) << 10) + (unit_at(i + 2) - 0xDC00);
            i += 2;
        }
        append_utf8(text, is_high(value) || is_low(value) ? replacement : value);
    }
    return text;
}

} // namespace watari::vhd
