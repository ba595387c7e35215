#include "client/diagnosis_text.hpp"

#include "client/text_width.hpp"
#include "messages/cli.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace watari::client {

namespace {

/// What the host said, what to do, and what to run there.
std::string details_of(const contract::Hop& hop, const TextStyle& style)
{
    const auto text = [&style](const Message& message) { return render(message, style.language); };
    const auto line = [](std::string_view words) { return fmt::format("    {}\n", words); };
    std::string lines;
    if (hop.peer_text) {
        lines += line(text(message::cli_doctor_host_says{.text = printable(*hop.peer_text)}));
    } else if (hop.native_code) {
        lines += line(text(message::cli_doctor_code{.code = std::to_string(*hop.native_code)}));
    }
    if (hop.cause) {
        lines += line(printable(*hop.cause));
    }
    if (hop.remedy) {
        lines += line(printable(*hop.remedy));
    }
    if (!hop.commands.empty()) {
        lines += line(text(message::cli_doctor_run_there{}));
    }
    for (const auto& command : hop.commands) {
        if (command.hosts != "all") {
            lines += line("  # " + text(command.hosts == "ws2008r2sp1"
                                            ? Message(message::cli_doctor_on_2008_r2{})
                                            : Message(message::cli_doctor_on_later{})));
        }
        lines += line("  " + printable(command.text));
    }
    return lines;
}

} // namespace

std::string text_of(const contract::Diagnosis& diagnosis, const TextStyle& style)
{
    std::string text = fmt::format(
        "{}{}:{}  {}  {}\n",
        diagnosis.name == diagnosis.address ? "" : printable(diagnosis.name) + "  ",
        printable(diagnosis.address), diagnosis.port,
        diagnosis.tls ? diagnosis.scheme + ", TLS" : diagnosis.scheme, printable(diagnosis.user));
    std::size_t width = 0;
    for (const auto& hop : diagnosis.hops) {
        width = std::max(width, display_width(hop.title));
    }
    constexpr std::size_t time_width = 9;
    for (const auto& hop : diagnosis.hops) {
        const auto [sign, tone] = mark_of(hop.state);
        const bool is_skipped = hop.state == "skipped";
        const std::string time = is_skipped ? "" : duration_text(hop.took_ms, style.language);
        text += fmt::format(
            "{} {}{}  {}\n", toned(sign, tone, style.colours), padded(hop.title, width, false),
            padded(time, time_width, true),
            toned(printable(hop.seen), is_skipped ? Tone::dim : Tone::plain, style.colours));
        text += details_of(hop, style);
    }
    const Message ending = diagnosis.healthy ? Message(message::cli_doctor_healthy{})
                                             : Message(message::cli_doctor_not_healthy{});
    return text + render(ending, style.language) + "\n";
}

} // namespace watari::client
