#include "client/table.hpp"

#include "client/text_width.hpp"

#include <algorithm>

namespace watari::client {

std::string toned(std::string_view text, Tone tone, bool colours)
{
    if (!colours || text.empty()) {
        return std::string{text};
    }
    const auto in = [text](std::string_view code) {
        return "\x1b[" + std::string{code} + "m" + std::string{text} + "\x1b[0m";
    };
    switch (tone) {
    case Tone::plain:
        return std::string{text};
    case Tone::good:
        return in("32");
    case Tone::busy:
        return in("33");
    case Tone::bad:
        return in("31");
    case Tone::dim:
        return in("2");
    }
    return std::string{text};
}

void Table::add(std::vector<Cell> row)
{
    row.resize(columns_.size());
    for (auto& cell : row) {
        cell.text = printable(cell.text);
    }
    rows_.push_back(std::move(row));
}

std::string Table::text(bool colours) const
{
    std::vector<std::size_t> widths;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        auto width = display_width(columns_[i].title);
        for (const auto& row : rows_) {
            width = std::max(width, display_width(row[i].text));
        }
        widths.push_back(width);
    }
    std::string result;
    const auto add_line = [&](const auto& text_of, const auto& tone_of) {
        std::string line;
        for (std::size_t i = 0; i < columns_.size(); ++i) {
            const std::string text = text_of(i);
            const std::string spaces(widths[i] - display_width(text), ' ');
            line += i == 0 ? "" : "  ";
            line += columns_[i].right ? spaces : "";
            line += toned(text, tone_of(i), colours);
            line += columns_[i].right ? "" : spaces;
        }
        line.erase(line.find_last_not_of(' ') + 1);
        result += line + "\n";
    };
    if (!std::ranges::all_of(columns_, &std::string::empty, &Column::title)) {
        add_line([&](std::size_t i) { return columns_[i].title; },
                 [](std::size_t) { return Tone::dim; });
    }
    for (const auto& row : rows_) {
        add_line([&](std::size_t i) { return row[i].text; },
                 [&](std::size_t i) { return row[i].tone; });
    }
    return result;
}

} // namespace watari::client
