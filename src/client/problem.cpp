#include "client/problem.hpp"

#include "client/text_width.hpp"

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

} // namespace

ClientProblem::ClientProblem(contract::Problem problem)
    : Error(kind_of(problem),
            Message{.code = problem.code, .arguments = {{"title", problem.title}}}),
      problem_(std::move(problem))
{
}

ExitCode exit_code_of(const Error& error) noexcept
{
    switch (error.kind()) {
    case ErrorKind::invalid:
        return ExitCode::usage;
    case ErrorKind::not_found:
        return ExitCode::not_found;
    case ErrorKind::denied:
    case ErrorKind::unauthenticated:
        return ExitCode::not_allowed;
    case ErrorKind::conflict:
        return ExitCode::conflict;
    case ErrorKind::exhausted:
        return ExitCode::capacity;
    case ErrorKind::unsupported:
    case ErrorKind::unavailable:
    case ErrorKind::timed_out:
    case ErrorKind::outcome_unknown:
    case ErrorKind::cancelled:
    case ErrorKind::internal:
        return ExitCode::failed;
    }
    return ExitCode::failed;
}

std::string text_of(const contract::Problem& problem)
{
    std::string text = printable(problem.detail.value_or(problem.title));
    for (const auto& wrong : problem.errors) {
        text += "\n  " + place_of(wrong.pointer) + printable(wrong.detail);
    }
    return text;
}

std::string text_of(const Error& error, Language language)
{
    if (const auto* problem = dynamic_cast<const ClientProblem*>(&error)) {
        return text_of(problem->problem());
    }
    return printable(render(error, language));
}

} // namespace watari::client
