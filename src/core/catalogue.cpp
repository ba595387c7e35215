#include "core/catalogue.hpp"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

namespace watari {

std::string render(const Message& message, Language language)
{
    const auto entries = catalogue(language);
    const auto found = std::ranges::lower_bound(entries, message.code, {}, &CatalogueEntry::code);
    if (found == entries.end() || found->code != message.code) {
        std::string text = message.code;
        for (const auto& [name, value] : message.arguments) {
            text += fmt::format(" {}={}", name, value);
        }
        return text;
    }
    std::string text;
    std::string_view rest = found->text;
    while (!rest.empty()) {
        const auto open = rest.find('{');
        const auto close = open == std::string_view::npos ? open : rest.find('}', open);
        if (close == std::string_view::npos) {
            break;
        }
        const auto name = rest.substr(open + 1, close - open - 1);
        const auto argument = std::ranges::find(
            message.arguments, name, [](const auto& pair) { return std::string_view{pair.first}; });
        text += rest.substr(0, open);
        text += argument == message.arguments.end()
                    ? std::string{rest.substr(open, close - open + 1)}
                    : argument->second;
        rest.remove_prefix(close + 1);
    }
    return text += rest;
}

std::string render(const Error& error, Language language)
{
    std::string text = render(error.message(), language);
    if (error.peer().code || !error.peer().text.empty()) {
        text += " [";
        if (const auto code = error.peer().code) { // HRESULTs are known by their hexadecimal form
            text += *code < 0x10000 ? fmt::format("{}", *code)
                                    : fmt::format("{} (0x{:08X})", *code, *code);
        }
        if (!error.peer().text.empty()) {
            text += (error.peer().code ? ": " : "") + error.peer().text;
        }
        text += "]";
    }
    if (!error.frames().empty()) {
        text += fmt::format(" ({})", fmt::join(error.frames(), ": "));
    }
    return text;
}

Language language_from(std::string_view accept_language)
{
    while (!accept_language.empty()) {
        const auto comma = accept_language.find(',');
        auto item = accept_language.substr(0, comma);
        while (item.starts_with(' ')) {
            item.remove_prefix(1);
        }
        std::string primary;
        for (const char c : item.substr(0, item.find_first_of("-;_ "))) {
            primary += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
        }
        if (primary == "ja") {
            return Language::ja;
        }
        if (primary == "en") {
            return Language::en;
        }
        accept_language.remove_prefix(comma == std::string_view::npos ? accept_language.size()
                                                                      : comma + 1);
    }
    return Language::en;
}

} // namespace watari
