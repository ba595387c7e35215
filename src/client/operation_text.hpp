#pragma once

#include "client/table.hpp"
#include "contract/contract.hpp"
#include "core/catalogue.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace watari::client {

struct TextStyle {
    Language language = Language::en;
    bool colours = false;
    std::size_t columns = 0; ///< width of the terminal; 0: lines are never cut
};

/// "420 ms", "3.4 s", "2 min 5 s".
std::string duration_text(std::int64_t milliseconds, Language language);

Tone tone_of_state(std::string_view state) noexcept;

/// Before a step, or a hop on the way to a host.
struct Mark {
    std::string_view sign;
    Tone tone;
};
Mark mark_of(std::string_view state) noexcept;

/// One line per step, aligned with the others: mark, title, time, requests; a second line with what
/// went wrong.
std::vector<std::string> step_lines(const contract::Operation& operation, const TextStyle& style);
/// Only the line of `step`, aligned with the others.
std::string step_line(const contract::Operation& operation, const contract::Step& step,
                      const TextStyle& style);

/// How it ended: state, host and namespace, requests of the budget, and the error when there is
/// one.
std::string ending_text(const contract::Operation& operation, const TextStyle& style);

/// Every candidate host with what it has free and why not it.
std::string placement_text(const contract::Placement& placement, const TextStyle& style);

/// Everything about an operation.
std::string operation_text(const contract::Operation& operation, const TextStyle& style);

/// What an order would do: host, why not the others, steps, budget, refusals.
std::string work_plan_text(const contract::WorkPlan& plan, const TextStyle& style);

} // namespace watari::client
