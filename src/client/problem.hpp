#pragma once

#include "contract/contract.hpp"
#include "core/catalogue.hpp"

#include <string>

namespace watari::client {

/// What the server refused, in its own words, which it gave in the language asked for.
class ClientProblem : public Error
{
public:
    explicit ClientProblem(contract::Problem problem);
    const contract::Problem& problem() const noexcept { return problem_; }

private:
    contract::Problem problem_;
};

/// The process's exit codes; scripts rely on them. Those of errors follow from their kind
/// (data/faults/kinds.json).
enum class ExitCode {
    ok = 0,
    failed = 1,
    usage = 2,
    not_found = 3,
    not_allowed = 4,
    conflict = 5,
    capacity = 6,
    wait_timed_out = 7,
    operation_failed = 8,
};

ExitCode exit_code_of(const Error& error) noexcept;

/// What a person reads about a failure: one line, then a line for each wrong field, then why it
/// happened and what to do about it ("→ …").
std::string text_of(const Error& error, Language language);
std::string text_of(const contract::Problem& problem);

} // namespace watari::client
