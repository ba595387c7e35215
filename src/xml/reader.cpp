#include "xml/reader.hpp"

#include "core/error.hpp"
#include "messages/xml.hpp"
#include "xml/builder.hpp"
#include "xml/characters.hpp"

#include <algorithm>
#include <limits>
#include <string>

namespace watari::xml {

namespace {

constexpr std::string_view white_space = " \t\r\n";
constexpr std::string_view xml_namespace = "http://www.w3.org/XML/1998/namespace";
constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

/// libxml2 compares every pair of attributes of one element, so a single huge tag costs quadratic
/// time before any callback sees it. No peer we know writes tags of more than a few kilobytes.
constexpr std::size_t tag_bytes_max = 64U << 10;

[[noreturn]] void fail_at(std::string_view text, std::size_t offset, std::string why)
{
    const std::string_view before = text.substr(0, offset);
    const auto line = std::ranges::count(before, '\n') + 1;
    const auto last_break = before.rfind('\n');
    const auto column = last_break == std::string_view::npos ? offset + 1 : offset - last_break;
    throw Error{ErrorKind::invalid, message::xml_malformed{.column = std::to_string(column),
                                                           .line = std::to_string(line),
                                                           .why = std::move(why)}};
}

[[noreturn]] void fail_too_large(std::string what, std::size_t limit)
{
    throw Error{ErrorKind::invalid,
                message::xml_too_large{.limit = std::to_string(limit), .what = std::move(what)}};
}

/// Whether the bytes are UTF-16, told by the mark or, as XML allows no other beginning, by the
/// first '<'.
std::optional<bool> utf16_big_endian(std::string_view bytes)
{
    using namespace std::string_view_literals;
    if (bytes.starts_with("\xFF\xFE"sv) || bytes.starts_with("<\0"sv)) {
        return false;
    }
    if (bytes.starts_with("\xFE\xFF"sv) || bytes.starts_with("\0<"sv)) {
        return true;
    }
    return std::nullopt;
}

/// Where the tag that begins at `open` ends ('>' outside quotes), looking no further than it may
/// reach.
bool tag_is_short(std::string_view text, std::size_t open)
{
    char quote = 0;
    const std::size_t end = std::min(text.size(), open + tag_bytes_max);
    for (std::size_t at = open + 1; at < end; ++at) {
        const char c = text[at];
        if (quote != 0) {
            quote = c == quote ? 0 : quote;
        } else if (c == '"' || c == '\'') {
            quote = c;
        } else if (c == '>') {
            return true;
        }
    }
    return end == text.size();
}

/// A tag contains one '<' only, so only a stretch without any can belong to a huge one: blocks that
/// hold a '<' are passed over at the cost of finding it.
void refuse_huge_tags(std::string_view text)
{
    constexpr std::size_t block = tag_bytes_max;
    std::size_t open = 0; // the last '<' so far; the first character but white space is one
    bool checked = true;
    for (std::size_t at = 0; at + block <= text.size(); at += block) {
        const auto last = text.substr(at, block).rfind('<');
        if (last != std::string_view::npos) {
            open = at + last;
            checked = false;
            continue;
        }
        const bool tag = !checked && text[open + 1] != '!' && text[open + 1] != '?';
        checked = true;
        if (tag && !tag_is_short(text, open)) {
            fail_too_large("tag", tag_bytes_max);
        }
    }
}

} // namespace

std::optional<std::string_view> Element::attribute(std::string_view ns,
                                                   std::string_view name) const noexcept
{
    for (const Attribute& attribute : attributes_) {
        if (attribute.name == name && attribute.ns == ns) {
            return attribute.value;
        }
    }
    return std::nullopt;
}

std::string_view Element::trimmed_text() const noexcept
{
    const auto first = text_.find_first_not_of(white_space);
    if (first == std::string_view::npos) {
        return {};
    }
    return text_.substr(first, text_.find_last_not_of(white_space) - first + 1);
}

const Element* Element::child(std::string_view ns, std::string_view name) const noexcept
{
    for (const Element& child : children()) {
        if (child.is(ns, name)) {
            return &child;
        }
    }
    return nullptr;
}

const Element* Element::next_same() const noexcept
{
    for (const Element* at = next_; at != nullptr; at = at->next_) {
        if (at->is(ns_, name_)) {
            return at;
        }
    }
    return nullptr;
}

std::optional<std::string_view> Element::namespace_of(std::string_view prefix) const noexcept
{
    for (const Element* at = this; at != nullptr; at = at->parent_) {
        for (const Binding& binding : at->bindings_) {
            if (binding.prefix == prefix) {
                return binding.uri.empty() ? std::nullopt : std::optional{binding.uri};
            }
        }
    }
    return prefix == "xml" ? std::optional{xml_namespace} : std::nullopt;
}

Document::Document(std::unique_ptr<Arena> arena) : arena_(std::move(arena)) {}
Document::Document(Document&&) noexcept = default;
Document& Document::operator=(Document&&) noexcept = default;
Document::~Document() = default;

const Element& Document::root() const noexcept
{
    return *arena_->root;
}

Document Document::parse(std::string_view bytes, const Limits& limits)
{
    const std::size_t bytes_max =
        std::min<std::size_t>(limits.bytes_max, std::numeric_limits<int>::max() / 2);
    if (bytes.size() > bytes_max) {
        fail_too_large("document", bytes_max);
    }
    std::optional<std::string> converted;
    if (const auto big_endian = utf16_big_endian(bytes)) {
        converted = utf8_from_utf16(bytes, *big_endian);
        if (!converted) {
            fail_at({}, 0, "the UTF-16 text ends or breaks inside a character");
        }
        bytes = *converted;
    }
    if (bytes.starts_with(byte_order_mark)) {
        bytes.remove_prefix(byte_order_mark.size());
    }
    if (const auto nul = bytes.find('\0'); nul != std::string_view::npos) {
        fail_at(bytes, nul, "a NUL character");
    }
    const auto first = bytes.find_first_not_of(white_space);
    if (first == std::string_view::npos || bytes[first] != '<') {
        fail_at(bytes, std::min(first, bytes.size()), "not XML: there is no root element");
    }
    refuse_huge_tags(bytes);

    auto arena = std::make_unique<Arena>(bytes.size());
    Builder{*arena, limits}.build(bytes);
    return Document{std::move(arena)};
}

} // namespace watari::xml
