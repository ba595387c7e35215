#include "client/operation_text.hpp"

#include "client/problem.hpp"
#include "client/text_width.hpp"
#include "core/byte_size.hpp"
#include "core/clock.hpp"
#include "messages/cli.hpp"

#include <algorithm>
#include <array>
#include <sstream>
#include <string_view>

#include <fmt/format.h>

namespace watari::client {

namespace {

std::size_t title_width(const contract::Operation& operation)
{
    std::size_t width = 0;
    for (const auto& step : operation.steps) {
        width = std::max(width, display_width(printable(step.title)));
    }
    return width;
}

/// Time, requests, tries: what is known of it.
std::string figures_of(const contract::Step& step, Language language)
{
    const auto text = [language](const Message& message) { return render(message, language); };
    std::string result = step.milliseconds
                             ? padded(duration_text(*step.milliseconds, language), 9, true)
                             : std::string(9, ' ');
    if (step.state == "running" && step.percent) {
        result = padded(fmt::format("{} %", *step.percent), 9, true);
    }
    if (step.requests.value_or(0) > 0) {
        result += "  " + text(message::cli_requests{.count = std::to_string(*step.requests)});
    }
    if (step.attempts > 1) {
        result += "  " + text(message::cli_attempts{.count = std::to_string(step.attempts)});
    }
    result.erase(result.find_last_not_of(' ') + 1);
    return result;
}

std::string cut(std::string line, const TextStyle& style)
{
    return style.columns == 0 ? line : shortened(line, style.columns - 1);
}

std::string line_of(const contract::Step& step, std::size_t width, const TextStyle& style)
{
    const auto mark = mark_of(step.state);
    const auto figures = figures_of(step, style.language);
    auto rest = " " + (figures.empty() ? printable(step.title)
                                       : padded(printable(step.title), width + 2) + figures);
    TextStyle narrower = style;
    narrower.columns = style.columns > 3 ? style.columns - 3 : 0;
    rest = cut(std::move(rest), narrower);
    return "  " + toned(mark.sign, mark.tone, style.colours) +
           (mark.tone == Tone::dim ? toned(rest, Tone::dim, style.colours) : rest);
}

/// The whole text, under its step.
void add_error_lines(const std::string& error, const TextStyle& style,
                     std::vector<std::string>& lines)
{
    constexpr std::size_t indent = 6;
    const std::size_t columns = style.columns == 0 ? 0 : style.columns - 1;
    std::istringstream text{std::string(indent, ' ') + wrapped(printable(error), columns, indent)};
    for (std::string line; std::getline(text, line);) {
        lines.push_back(toned(cut(line, style), Tone::bad, style.colours));
    }
}

std::string size_text(std::int64_t bytes)
{
    return ByteSize::bytes(static_cast<std::uint64_t>(std::max<std::int64_t>(bytes, 0))).human();
}

std::optional<std::int64_t> total_milliseconds(const contract::Operation& operation)
{
    const auto from = wall_time_from(operation.created);
    const auto to = operation.ended ? wall_time_from(*operation.ended) : std::nullopt;
    if (!from || !to) {
        return std::nullopt;
    }
    return std::chrono::duration_cast<std::chrono::milliseconds>(*to - *from).count();
}

std::string requests_text(const contract::Operation& operation, Language language)
{
    std::string text;
    const auto polls = operation.host_job_polls.value_or(0);
    const auto requests = operation.requests.value_or(0);
    if (operation.requests_budget &&
        operation.state == "succeeded") { // the budget is of the act, not of undoing it
        text = render(
            message::cli_requests_of_budget{.count = std::to_string(requests),
                                            .budget = std::to_string(*operation.requests_budget)},
            language);
    } else if (requests > 0) {
        text = render(message::cli_requests{.count = std::to_string(requests)}, language);
    }
    if (!text.empty() && polls > 0) {
        text += render(message::cli_and_polls{.count = std::to_string(polls)}, language);
    }
    return text;
}

} // namespace

Mark mark_of(std::string_view state) noexcept
{
    if (state == "done" || state == "passed") {
        return {"✓", Tone::good};
    }
    if (state == "failed") {
        return {"✗", Tone::bad};
    }
    if (state == "running") {
        return {"…", Tone::busy};
    }
    if (state == "warning") {
        return {"!", Tone::busy};
    }
    if (state == "undoing" || state == "undone") {
        return {"↩", Tone::busy};
    }
    return {state == "skipped" ? "-" : "·", Tone::dim};
}

std::string duration_text(std::int64_t milliseconds, Language language)
{
    if (milliseconds < 1000) {
        return fmt::format("{} ms", milliseconds);
    }
    if (milliseconds < 60'000) {
        return fmt::format("{}.{} s", milliseconds / 1000, milliseconds % 1000 / 100);
    }
    const auto seconds = milliseconds / 1000;
    return render(message::cli_minutes_seconds{.minutes = std::to_string(seconds / 60),
                                               .seconds = std::to_string(seconds % 60)},
                  language);
}

Tone tone_of_state(std::string_view state) noexcept
{
    constexpr std::array<std::string_view, 4> good{"succeeded", "ready", "running", "done"};
    constexpr std::array<std::string_view, 6> bad{"failed",  "unreachable",    "refused",
                                                  "missing", "ownership_lost", "blocked"};
    constexpr std::array<std::string_view, 4> quiet{"off", "deleted", "unknown", "cancelled"};
    if (std::ranges::find(good, state) != good.end()) {
        return Tone::good;
    }
    if (std::ranges::find(bad, state) != bad.end()) {
        return Tone::bad;
    }
    return std::ranges::find(quiet, state) != quiet.end() ? Tone::dim : Tone::busy;
}

std::string step_line(const contract::Operation& operation, const contract::Step& step,
                      const TextStyle& style)
{
    return line_of(step, title_width(operation), style);
}

std::vector<std::string> step_lines(const contract::Operation& operation, const TextStyle& style)
{
    std::vector<std::string> lines;
    const auto width = title_width(operation);
    for (const auto& step : operation.steps) {
        lines.push_back(line_of(step, width, style));
        if (step.error && step.state != "done") {
            add_error_lines(*step.error, style, lines);
        }
    }
    return lines;
}

std::string ending_text(const contract::Operation& operation, const TextStyle& style)
{
    const auto text = [&](const Message& message) { return render(message, style.language); };
    const bool succeeded = operation.state == "succeeded";
    std::string first = operation.kind;
    if (operation.resource_name) {
        first += " " + printable(*operation.resource_name);
    }
    const auto taken = total_milliseconds(operation);
    std::string result =
        toned(succeeded ? "✓ " : "✗ ", succeeded ? Tone::good : Tone::bad, style.colours);
    if (succeeded) {
        result += text(message::cli_ended_well{.what = first});
    } else if (operation.state == "cancelled") {
        result += text(message::cli_ended_cancelled{.what = first});
    } else {
        result += text(message::cli_ended_badly{.what = first});
    }
    result += taken ? " (" + duration_text(*taken, style.language) + ")\n" : "\n";
    if (operation.error) {
        result +=
            "  " +
            toned(wrapped(text_of(*operation.error), style.columns, 2), Tone::bad, style.colours) +
            "\n";
    }
    if (operation.host_name) {
        result += "  " +
                  text(message::cli_on_host{.host = printable(*operation.host_name),
                                            .ns = operation.namespace_.value_or("-")}) +
                  "\n";
    }
    if (const auto requests = requests_text(operation, style.language); !requests.empty()) {
        result += "  " + requests + "\n";
    }
    return result;
}

std::string placement_text(const contract::Placement& placement, const TextStyle& style)
{
    const auto text = [&](const Message& message) { return render(message, style.language); };
    Table table{{{""},
                 {text(message::cli_col_host{})},
                 {text(message::cli_col_memory_free{}), true},
                 {text(message::cli_col_storage_free{}), true},
                 {text(message::cli_col_why_not{})}}};
    for (const auto& candidate : placement.candidates) {
        const bool is_chosen = placement.chosen == candidate.host;
        table.add({is_chosen ? Cell{"→", Tone::good} : Cell{""},
                   {candidate.host, candidate.fits ? Tone::good : Tone::plain},
                   {size_text(candidate.memory_free_mib * 1024 * 1024)},
                   {size_text(candidate.storage_free_bytes)},
                   {candidate.why_not.empty() ? "" : candidate.why_not.front(), Tone::bad}});
        for (std::size_t i = 1; i < candidate.why_not.size(); ++i) { // a line for each
            table.add({{""}, {""}, {""}, {""}, {candidate.why_not[i], Tone::bad}});
        }
    }
    return table.text(style.colours);
}

std::string operation_text(const contract::Operation& operation, const TextStyle& style)
{
    const auto text = [&](const Message& message) { return render(message, style.language); };
    Table facts{{{""}, {""}}};
    const auto fact = [&](const Message& label, const std::optional<std::string>& value,
                          Tone tone = Tone::plain) {
        if (value && !value->empty()) {
            facts.add({{text(label), Tone::dim}, {*value, tone}});
        }
    };
    fact(message::cli_col_operation{}, operation.id);
    fact(message::cli_col_kind{}, operation.kind);
    fact(message::cli_col_state{}, operation.state, tone_of_state(operation.state));
    fact(message::cli_col_resource{}, operation.resource_name);
    fact(message::cli_col_host{}, operation.host_name);
    fact(message::cli_col_namespace{}, operation.namespace_);
    fact(message::cli_col_actor{}, operation.actor);
    fact(message::cli_col_reason{}, operation.reason);
    fact(message::cli_col_created{}, operation.created);
    fact(message::cli_col_ended{}, operation.ended);
    fact(message::cli_col_next_try{}, operation.next_try);
    if (operation.error) {
        fact(message::cli_col_error{}, operation.error->detail.value_or(operation.error->title),
             Tone::bad);
    }
    std::string result = facts.text(style.colours) + "\n";
    for (const auto& line : step_lines(operation, style)) {
        result += line + "\n";
    }
    if (const auto requests = requests_text(operation, style.language); !requests.empty()) {
        result += "  " + requests + "\n";
    }
    if (operation.placement) {
        result += "\n" + placement_text(*operation.placement, style);
    }
    return result;
}

std::string work_plan_text(const contract::WorkPlan& plan, const TextStyle& style)
{
    const auto text = [&](const Message& message) { return render(message, style.language); };
    std::string result;
    if (plan.host) {
        result += text(message::cli_plan_host{.host = printable(*plan.host),
                                              .ns = plan.namespace_.value_or("-")}) +
                  "\n\n";
    }
    if (!plan.placement.candidates.empty()) {
        result += placement_text(plan.placement, style) + "\n";
    }
    if (!plan.steps.empty()) {
        result += text(message::cli_plan_steps{}) + "\n";
        for (const auto& step : plan.steps) {
            result += "  · " + printable(step.title);
            result +=
                step.requests
                    ? "  " + text(message::cli_requests{.count = std::to_string(*step.requests)}) +
                          "\n"
                    : "\n";
        }
    }
    if (plan.requests_budget) {
        result +=
            text(message::cli_plan_budget{.budget = std::to_string(*plan.requests_budget)}) + "\n";
    }
    if (!plan.refusals.empty()) {
        result += "\n" + toned(text(message::cli_plan_refused{}), Tone::bad, style.colours) + "\n";
        for (const auto& refusal : plan.refusals) {
            result += "  " + toned("✗", Tone::bad, style.colours) + " " + text_of(refusal) + "\n";
        }
    }
    return result;
}

} // namespace watari::client
