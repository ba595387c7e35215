#include "xml/pretty.hpp"

#include <algorithm>

namespace watari::xml {

namespace {

constexpr std::size_t indent_bytes = 2;
constexpr std::size_t depth_shown_max = 64;

bool is_blank(std::string_view text) noexcept
{
    return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

/// Where the tag or section that begins at the front ends; npos: it is cut off.
std::size_t end_of_markup(std::string_view text) noexcept
{
    const auto after = [&](std::string_view mark) {
        const auto at = text.find(mark);
        return at == std::string_view::npos ? at : at + mark.size();
    };
    if (text.starts_with("<!--")) {
        return after("-->");
    }
    if (text.starts_with("<![CDATA[")) {
        return after("]]>");
    }
    char quote = 0;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const char c = text[at];
        if (quote == 0 && (c == '"' || c == '\'')) {
            quote = c;
        } else if (c == quote) {
            quote = 0;
        } else if (quote == 0 && c == '>') {
            return at + 1;
        }
    }
    return std::string_view::npos;
}

class Printer
{
public:
    std::string print(std::string_view text)
    {
        while (!text.empty()) {
            const auto tag = std::min(text.find('<'), text.size());
            add_text(text.substr(0, tag));
            text.remove_prefix(tag);
            if (text.empty()) {
                break;
            }
            const auto end = end_of_markup(text);
            if (end == std::string_view::npos) {
                new_line();
                out_ += text;
                break;
            }
            add_markup(text.substr(0, end));
            text.remove_prefix(end);
        }
        return std::move(out_);
    }

private:
    void new_line()
    {
        if (!out_.empty()) {
            out_ += '\n';
        }
        out_.append(std::min(depth_, depth_shown_max) * indent_bytes, ' ');
    }

    void add_text(std::string_view text)
    {
        if (!is_blank(text)) {
            out_ += text;
            has_text_ = true;
        }
    }

    void add_markup(std::string_view markup)
    {
        if (markup.starts_with("<![CDATA[")) {
            out_ += markup;
            has_text_ = true;
            return;
        }
        if (markup.starts_with("</")) {
            depth_ -= depth_ > 0 ? 1 : 0;
            // The end of an element with text or without anything stands where its content does.
            if (!just_opened_ && !has_text_) {
                new_line();
            }
            out_ += markup;
            just_opened_ = has_text_ = false;
            return;
        }
        if (!has_text_) {
            new_line();
        }
        out_ += markup;
        const bool opens =
            !markup.ends_with("/>") && !markup.starts_with("<?") && !markup.starts_with("<!");
        depth_ += opens ? 1 : 0;
        just_opened_ = opens;
        has_text_ = false;
    }

    std::string out_;
    std::size_t depth_ = 0;
    bool just_opened_ = false;
    bool has_text_ = false; ///< since the last tag
};

} // namespace

std::string pretty(std::string_view text)
{
    return Printer{}.print(text);
}

} // namespace watari::xml
