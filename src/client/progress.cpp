#include "client/progress.hpp"

#include "client/text_width.hpp"
#include "messages/cli.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace watari::client {

namespace {

bool is_finished(std::string_view state) noexcept
{
    return state == "done" || state == "undone" || state == "skipped" || state == "failed";
}

bool is_held_up(const contract::Operation& operation) noexcept
{
    return (operation.state == "waiting" || operation.state == "blocked") && operation.error;
}

/// Why the operation does not go on now; empty when it does.
std::string held_up_line(const contract::Operation& operation, Language language)
{
    if (!is_held_up(operation)) {
        return "";
    }
    return "  " + render(message::cli_held_up{.state = operation.state,
                                              .why = printable(operation.error->title)},
                         language);
}

/// The same where a step shows its error already.
std::string held_up_line_below_steps(const contract::Operation& operation, Language language)
{
    const bool is_shown = std::ranges::any_of(operation.steps, [](const contract::Step& step) {
        return step.error && step.state != "done";
    });
    return is_held_up(operation) && is_shown
               ? "  " + render(message::cli_held_up_as_shown{.state = operation.state}, language)
               : held_up_line(operation, language);
}

} // namespace

void Progress::show(const contract::Operation& operation)
{
    is_lost_ = false;
    if (!in_place_) {
        print_finished(operation);
        auto line = held_up_line(operation, style_.language);
        if (!line.empty() && line != held_up_) {
            write_(line + "\n");
            held_up_ = std::move(line);
        }
        return;
    }
    auto lines = step_lines(operation, style_);
    auto line = held_up_line_below_steps(operation, style_.language);
    if (!line.empty()) {
        line = style_.columns == 0 ? line : shortened(line, style_.columns - 1);
        lines.push_back(toned(line, Tone::busy, style_.colours));
    }
    redraw(lines);
}

void Progress::lost()
{
    if (is_lost_) {
        return;
    }
    is_lost_ = true;
    const auto line = "  " + render(message::cli_server_lost{}, style_.language);
    if (!in_place_) {
        write_(line + "\n");
        return;
    }
    auto lines = drawn_;
    lines.push_back(toned(style_.columns == 0 ? line : shortened(line, style_.columns - 1),
                          Tone::busy, style_.colours));
    redraw(lines);
}

void Progress::end(const contract::Operation& operation)
{
    if (!in_place_) {
        print_finished(operation);
    }
    write_(ending_text(operation, style_));
}

/// Goes back to the first line and writes only what changed, so that nothing flickers.
void Progress::redraw(const std::vector<std::string>& lines)
{
    if (lines == drawn_) {
        return;
    }
    std::string output = drawn_.empty() ? "" : fmt::format("\x1b[{}A", drawn_.size());
    for (std::size_t i = 0; i < lines.size(); ++i) {
        const bool same = i < drawn_.size() && drawn_[i] == lines[i];
        output += same ? "\n" : "\r\x1b[2K" + lines[i] + "\n";
    }
    if (drawn_.size() > lines.size()) {
        output += "\x1b[J";
    }
    write_(output);
    drawn_ = lines;
}

void Progress::print_finished(const contract::Operation& operation)
{
    for (const auto& step : operation.steps) {
        if (is_finished(step.state) && printed_.insert(step.id + "/" + step.state).second) {
            write_(step_line(operation, step, style_) + "\n");
            if (step.state == "failed" && step.error) {
                write_("      " + printable(*step.error) + "\n");
            }
        }
    }
}

} // namespace watari::client
