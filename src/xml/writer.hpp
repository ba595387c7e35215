#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace watari::xml {

/// Writes one XML document into a string. Names are given as written ("s:Envelope"); declaring
/// prefixes is the caller's work (`attribute("xmlns:s", uri)`). Text and attribute values are
/// escaped; characters that XML 1.0 forbids become '?' as Windows hosts do (wsman.md 3.1).
class Writer
{
public:
    Writer& open(std::string_view name);
    /// Only directly after open() or another attribute().
    Writer& attribute(std::string_view name, std::string_view value);
    Writer& text(std::string_view text);
    /// Text inside CDATA; "]]>" is split.
    Writer& cdata(std::string_view text);
    /// Bytes that are XML already.
    Writer& raw(std::string_view xml);
    /// Closes the element opened last; an element without content is written as <name/>.
    Writer& close();
    /// open + text + close.
    Writer& element(std::string_view name, std::string_view text);
    Writer& empty_element(std::string_view name);

    std::size_t depth() const noexcept { return open_.size(); }
    std::size_t size() const noexcept { return out_.size(); }
    /// The document; every element must be closed.
    std::string take();

private:
    void end_tag_head();

    std::string out_;
    std::vector<std::string> open_;
    bool in_tag_ = false;
};

/// `&`, `<`, `>` and, in attributes, `"` and white space other than blanks escaped.
std::string escape_text(std::string_view text);
std::string escape_attribute(std::string_view text);
/// The text with '?' for what XML 1.0 forbids and for bytes that are not UTF-8; nothing is escaped.
std::string only_allowed(std::string text);

} // namespace watari::xml
