#include "client/problem.hpp"

#include "client/text_width.hpp"
#include "core/known_fault.hpp"
#include "faults/kinds.hpp"

namespace watari::client {

namespace {

ErrorKind kind_from_status(std::int64_t status) noexcept
{
    switch (status) {
    case 401:
        return ErrorKind::unauthenticated;
    case 403:
        return ErrorKind::denied;
    case 404:
        return ErrorKind::not_found;
    case 409:
    case 412:
        return ErrorKind::conflict;
    case 422:
        return ErrorKind::unsupported;
    case 429:
        return ErrorKind::exhausted;
    case 503:
        return ErrorKind::unavailable;
    default:
        return status >= 400 && status < 500 ? ErrorKind::invalid : ErrorKind::internal;
    }
}

ErrorKind kind_of(const contract::Problem& problem) noexcept
{
    return error_kind_from(problem.kind.value_or("")).value_or(kind_from_status(problem.status));
}

/// "/vlan" as a person calls it: "vlan: ". What is said of hosts names them by itself.
std::string place_of(std::string_view pointer)
{
    if (pointer.empty() || pointer.starts_with("host:")) {
        return "";
    }
    pointer.remove_prefix(pointer.starts_with('/') ? 1 : 0);
    return printable(pointer) + ": ";
}

/// Why, and what to do about it: a line each.
std::string advice_text(std::string_view cause, std::string_view remedy)
{
    std::string text;
    if (!cause.empty()) {
        text += "\n  " + printable(cause);
    }
    if (!remedy.empty()) {
        text += "\n  → " + printable(remedy);
    }
    return text;
}

} // namespace

ClientProblem::ClientProblem(contract::Problem problem)
    : Error(kind_of(problem),
            Message{.code = problem.code, .arguments = {{"title", problem.title}}}),
      problem_(std::move(problem))
{
}

ExitCode exit_code_of(const Error& error) noexcept
{
    return static_cast<ExitCode>(error_kinds::exit_code(error.kind()));
}

std::string text_of(const contract::Problem& problem)
{
    std::string text = printable(problem.detail.value_or(problem.title));
    for (const auto& wrong : problem.errors) {
        text += "\n  " + place_of(wrong.pointer) + printable(wrong.detail);
    }
    return text + advice_text(problem.cause.value_or(""), problem.remedy.value_or(""));
}

std::string text_of(const Error& error, Language language)
{
    if (const auto* problem = dynamic_cast<const ClientProblem*>(&error)) {
        return text_of(problem->problem());
    }
    const Advice advice = advice_on(error.message(), language);
    return printable(render(error, language)) + advice_text(advice.cause, advice.remedy);
}

} // namespace watari::client
