#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace watari::client {

enum class Tone { plain, good, busy, bad, dim };

/// `text` in the colour of its tone, when colours are wanted.
std::string toned(std::string_view text, Tone tone, bool colours);

struct Column {
    std::string title;
    bool right = false; ///< numbers
};

struct Cell {
    std::string text;
    Tone tone = Tone::plain;
};

/// Rows aligned by display width, so that Japanese stands in line too. Texts are made printable.
class Table
{
public:
    explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

    void add(std::vector<Cell> row);
    /// Title line unless every title is empty, then a line per row.
    std::string text(bool colours) const;

private:
    std::vector<Column> columns_;
    std::vector<std::vector<Cell>> rows_;
};

} // namespace watari::client
