#include "client/text_width.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <utility>

namespace watari::client {

namespace {

constexpr char32_t broken = 0xFFFD;

struct Range {
    char32_t first;
    char32_t last;
};

/// Blocks of wide and fullwidth characters (Unicode UAX #11, W and F), whole blocks where only a
/// few code points differ.
constexpr std::array<Range, 15> wide{{{0x1100, 0x115F},
                                      {0x2E80, 0x303E},
                                      {0x3041, 0x33FF},
                                      {0x3400, 0x4DBF},
                                      {0x4E00, 0x9FFF},
                                      {0xA000, 0xA4CF},
                                      {0xA960, 0xA97F},
                                      {0xAC00, 0xD7A3},
                                      {0xF900, 0xFAFF},
                                      {0xFE30, 0xFE6F},
                                      {0xFF00, 0xFF60},
                                      {0xFFE0, 0xFFE6},
                                      {0x1F300, 0x1F64F},
                                      {0x1F900, 0x1F9FF},
                                      {0x20000, 0x3FFFD}}};

constexpr std::array<Range, 6> zero{{{0x0300, 0x036F},
                                     {0x200B, 0x200F},
                                     {0x202A, 0x202E},
                                     {0x20D0, 0x20FF},
                                     {0x3099, 0x309A},
                                     {0xFE00, 0xFE0F}}};

bool is_in(std::span<const Range> ranges, char32_t code) noexcept
{
    return std::ranges::any_of(
        ranges, [code](Range range) { return code >= range.first && code <= range.last; });
}

/// The first character and how many bytes it takes; `broken` and one byte when it is none.
std::pair<char32_t, std::size_t> next(std::string_view text) noexcept
{
    const auto lead = static_cast<std::uint8_t>(text.front());
    if (lead < 0x80) {
        return {lead, 1};
    }
    const std::size_t length = lead >= 0xF0 && lead < 0xF5   ? 4
                               : lead >= 0xE0 && lead < 0xF0 ? 3
                               : lead >= 0xC2 && lead < 0xE0 ? 2
                                                             : 0;
    if (length == 0 || text.size() < length) {
        return {broken, 1};
    }
    char32_t code = lead & (0xFFU >> (length + 1));
    for (std::size_t i = 1; i < length; ++i) {
        const auto byte = static_cast<std::uint8_t>(text[i]);
        if ((byte & 0xC0U) != 0x80) {
            return {broken, 1};
        }
        code = (code << 6U) | (byte & 0x3FU);
    }
    constexpr std::array<char32_t, 5> smallest{0, 0, 0x80, 0x800, 0x10000};
    const bool is_surrogate = code >= 0xD800 && code <= 0xDFFF;
    return code < smallest[length] || code > 0x10FFFF || is_surrogate
               ? std::pair{broken, std::size_t{1}}
               : std::pair{code, length};
}

/// Punctuation that must not begin a line.
bool is_closing(char32_t code) noexcept
{
    constexpr std::u32string_view closing = U"、。，．）」』】〉》：；？！ー";
    return closing.find(code) != std::u32string_view::npos;
}

std::size_t width_of(char32_t code) noexcept
{
    if (is_in(zero, code)) {
        return 0;
    }
    return is_in(wide, code) ? 2 : 1;
}

} // namespace

std::size_t display_width(std::string_view text) noexcept
{
    std::size_t width = 0;
    while (!text.empty()) {
        const auto [code, length] = next(text);
        width += width_of(code);
        text.remove_prefix(length);
    }
    return width;
}

std::string printable(std::string_view text)
{
    std::string result;
    while (!text.empty()) {
        const auto [code, length] = next(text);
        const bool is_control =
            code < 0x20 || (code >= 0x7F && code < 0xA0) || (code >= 0x202A && code <= 0x202E);
        if (is_control || (code == broken && length == 1)) {
            result += '?';
        } else {
            result += text.substr(0, length);
        }
        text.remove_prefix(length);
    }
    return result;
}

std::string shortened(std::string_view text, std::size_t columns)
{
    if (display_width(text) <= columns) {
        return std::string{text};
    }
    std::string result;
    std::size_t width = 0;
    while (!text.empty()) {
        const auto [code, length] = next(text);
        if (width + width_of(code) + 1 > columns) {
            break;
        }
        width += width_of(code);
        result += text.substr(0, length);
        text.remove_prefix(length);
    }
    return columns == 0 ? result : result + "…";
}

std::string padded(std::string_view text, std::size_t columns, bool right)
{
    const auto width = display_width(text);
    const std::string spaces(width < columns ? columns - width : 0, ' ');
    return right ? spaces + std::string{text} : std::string{text} + spaces;
}

std::string wrapped(std::string_view text, std::size_t columns, std::size_t indent)
{
    if (columns < indent + 20) {
        return std::string{text};
    }
    const std::string next_line = "\n" + std::string(indent, ' ');
    std::string result;
    std::string piece; // cannot be broken
    std::size_t used = indent;
    const auto flush = [&] {
        const auto width = display_width(piece);
        if (used + width > columns && used > indent) {
            result += next_line;
            used = indent;
            piece.erase(0, piece.find_first_not_of(' '));
        }
        result += piece;
        used += display_width(piece);
        piece.clear();
    };
    while (!text.empty()) {
        const auto [code, length] = next(text);
        if (code == '\n') {
            flush();
            result += next_line;
            used = indent;
        } else {
            if (code == ' ' || (width_of(code) == 2 && !is_closing(code))) {
                flush();
            }
            piece += text.substr(0, length);
        }
        text.remove_prefix(length);
    }
    flush();
    return result;
}

} // namespace watari::client
