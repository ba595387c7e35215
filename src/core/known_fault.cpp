#include "core/known_fault.hpp"

#include <fmt/format.h>

namespace watari {

namespace {

constexpr std::string_view cause_argument = "cause";

std::string_view text_of(std::string_view code, Language language) noexcept
{
    const auto entries = catalogue(language);
    const auto found = std::ranges::lower_bound(entries, code, {}, &CatalogueEntry::code);
    return found != entries.end() && found->code == code ? found->text : std::string_view{};
}

std::string cause_key(std::string_view row)
{
    return fmt::format("{}.cause", row);
}

std::string remedy_key(std::string_view row)
{
    return fmt::format("{}.remedy", row);
}

std::string_view row_of(const Message& message) noexcept
{
    const auto cause =
        std::ranges::find(message.arguments, cause_argument,
                          [](const auto& argument) { return std::string_view{argument.first}; });
    return cause == message.arguments.end() ? std::string_view{message.code} : cause->second;
}

/// Empty where the catalogue has no such text.
std::string rendered(std::string code, const Message& message, Language language)
{
    return text_of(code, language).empty() ? std::string{}
                                           : render({std::move(code), message.arguments}, language);
}

} // namespace

const KnownFault* find_known_fault(std::string_view name) noexcept
{
    const auto rows = known_faults();
    const auto found = std::ranges::lower_bound(rows, name, {}, &KnownFault::name);
    return found != rows.end() && found->name == name ? &*found : nullptr;
}

Message message_of(const KnownFault& fault, FaultArguments arguments)
{
    const std::string texts = fmt::format("{} {} {}", text_of(fault.code, Language::en),
                                          text_of(cause_key(fault.name), Language::en),
                                          text_of(remedy_key(fault.name), Language::en));
    std::erase_if(arguments, [&](const auto& argument) {
        return !texts.contains(fmt::format("{{{}}}", argument.first));
    });
    if (fault.name != fault.code) {
        arguments.emplace_back(cause_argument, fault.name);
    }
    return {std::string{fault.code}, std::move(arguments)};
}

Advice advice_on(const Message& message, Language language)
{
    const std::string_view row = row_of(message);
    return {rendered(cause_key(row), message, language),
            rendered(remedy_key(row), message, language)};
}

const KnownFault* known_fault_of(const Message& message) noexcept
{
    return find_known_fault(row_of(message));
}

std::string explain(const Error& error, Language language)
{
    std::string text = render(error, language);
    const Advice advice = advice_on(error.message(), language);
    const std::string_view gap = language == Language::ja ? "" : " ";
    for (const auto& part : {advice.cause, advice.remedy}) {
        if (!part.empty()) {
            text += fmt::format("{}{}", gap, part);
        }
    }
    return text;
}

} // namespace watari
