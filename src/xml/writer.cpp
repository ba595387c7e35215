#include "xml/writer.hpp"

#include "xml/characters.hpp"

#include <cassert>

namespace watari::xml {

namespace {

enum class Place { text, attribute, cdata };

/// What stands for an ASCII character at this place; empty when it stands for itself.
std::string_view replacement(char c, Place place)
{
    switch (c) {
    case '&':
        return place == Place::cdata ? "" : "&amp;";
    case '<':
        return place == Place::cdata ? "" : "&lt;";
    case '>':
        return place == Place::cdata ? "" : "&gt;";
    case '"':
        return place == Place::attribute ? "&quot;" : "";
    case '\t':
        return place == Place::attribute ? "&#9;" : "";
    case '\n':
        return place == Place::attribute ? "&#10;" : "";
    case '\r': // a reader turns a bare one into a line feed
        return place == Place::cdata ? "]]>&#13;<![CDATA[" : "&#13;";
    default:
        return static_cast<unsigned char>(c) < 0x20 ? "?" : "";
    }
}

bool is_plain(char c)
{
    const auto byte = static_cast<unsigned char>(c);
    return byte >= 0x20 && byte < 0x80 && c != '&' && c != '<' && c != '>' && c != '"';
}

void append_escaped(std::string& out, std::string_view text, Place place)
{
    std::size_t done = 0;
    std::size_t at = 0;
    while (at < text.size()) {
        if (is_plain(text[at])) {
            ++at;
            continue;
        }
        const bool ascii = static_cast<unsigned char>(text[at]) < 0x80;
        const std::size_t length = ascii ? 1 : allowed_character(text.substr(at));
        const std::string_view instead = ascii         ? replacement(text[at], place)
                                         : length == 0 ? "?"
                                                       : std::string_view{};
        if (!instead.empty()) {
            out.append(text, done, at - done);
            out.append(instead);
            done = at + (length == 0 ? 1 : length);
        }
        at += length == 0 ? 1 : length;
    }
    out.append(text, done, text.size() - done);
}

} // namespace

Writer& Writer::open(std::string_view name)
{
    assert(!name.empty());
    end_tag_head();
    out_ += '<';
    out_ += name;
    open_.emplace_back(name);
    in_tag_ = true;
    return *this;
}

Writer& Writer::attribute(std::string_view name, std::string_view value)
{
    assert(in_tag_);
    out_ += ' ';
    out_ += name;
    out_ += "=\"";
    append_escaped(out_, value, Place::attribute);
    out_ += '"';
    return *this;
}

Writer& Writer::text(std::string_view text)
{
    end_tag_head();
    append_escaped(out_, text, Place::text);
    return *this;
}

Writer& Writer::cdata(std::string_view text)
{
    static constexpr std::string_view end = "]]>";
    end_tag_head();
    out_ += "<![CDATA[";
    for (auto at = text.find(end); at != std::string_view::npos; at = text.find(end)) {
        append_escaped(out_, text.substr(0, at), Place::cdata);
        out_ += "]]]]><![CDATA[>";
        text.remove_prefix(at + end.size());
    }
    append_escaped(out_, text, Place::cdata);
    out_ += end;
    return *this;
}

Writer& Writer::raw(std::string_view xml)
{
    end_tag_head();
    out_ += xml;
    return *this;
}

Writer& Writer::close()
{
    assert(!open_.empty());
    if (in_tag_) {
        out_ += "/>";
        in_tag_ = false;
    } else {
        out_ += "</";
        out_ += open_.back();
        out_ += '>';
    }
    open_.pop_back();
    return *this;
}

Writer& Writer::element(std::string_view name, std::string_view text)
{
    return open(name).text(text).close();
}

Writer& Writer::empty_element(std::string_view name)
{
    return open(name).close();
}

std::string Writer::take()
{
    assert(open_.empty());
    return std::move(out_);
}

void Writer::end_tag_head()
{
    if (in_tag_) {
        out_ += '>';
        in_tag_ = false;
    }
}

std::string escape_text(std::string_view text)
{
    std::string out;
    append_escaped(out, text, Place::text);
    return out;
}

std::string escape_attribute(std::string_view text)
{
    std::string out;
    append_escaped(out, text, Place::attribute);
    return out;
}

std::string only_allowed(std::string text)
{
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t length = allowed_character(std::string_view{text}.substr(at));
        if (length == 0) {
            text[at] = '?';
        }
        at += length == 0 ? 1 : length;
    }
    return text;
}

} // namespace watari::xml
