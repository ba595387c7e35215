#include "api/problems.hpp"

#include "provisioning/placement.hpp"

#include <boost/json.hpp>

namespace watari::api {

int status_of(const Error& error) noexcept
{
    switch (error.kind()) {
    case ErrorKind::invalid:
        return 400;
    case ErrorKind::unauthenticated:
        return 401;
    case ErrorKind::denied:
        return 403;
    case ErrorKind::not_found:
        return 404;
    case ErrorKind::conflict:
        return 409;
    case ErrorKind::unsupported:
        return error.code() == "method_not_allowed" ? 405 : 422;
    case ErrorKind::exhausted:
        return 429;
    case ErrorKind::unavailable:
    case ErrorKind::timed_out:
    case ErrorKind::outcome_unknown:
    case ErrorKind::cancelled:
        return 503;
    case ErrorKind::internal:
        return 500;
    }
    return 500;
}

contract::Problem problem_of(const Error& error, Language language, const std::string& request_id)
{
    contract::Problem problem;
    problem.type = "about:blank";
    problem.title = render(error.message(), language);
    problem.status = status_of(error);
    problem.detail = render(error, language);
    problem.code = error.code();
    problem.kind = std::string{to_string(error.kind())};
    if (!request_id.empty()) {
        problem.request_id = request_id;
    }
    problem.retryable = is_retryable(error.kind()) || error.kind() == ErrorKind::exhausted;
    if (error.peer().code) {
        problem.peer_code = *error.peer().code;
    }
    if (!error.peer().text.empty()) {
        problem.peer_text = error.peer().text;
    }
    if (const auto* invalid = dynamic_cast<const contract::InvalidRequest*>(&error)) {
        for (const auto& wrong : invalid->problems()) {
            problem.errors.push_back({.pointer = wrong.pointer,
                                      .code = wrong.message.code,
                                      .detail = render(wrong.message, language)});
        }
    }
    if (const auto* no_place = dynamic_cast<const provisioning::NoPlace*>(&error)) {
        for (const auto& [host, refusal] : no_place->refusals()) {
            problem.errors.push_back({.pointer = "host:" + host,
                                      .code = refusal.code,
                                      .detail = render(refusal, language)});
        }
    }
    return problem;
}

http::Response problem_response(const Error& error, Language language,
                                const std::string& request_id)
{
    http::Response response;
    response.status = status_of(error);
    response.headers.add("Content-Type", "application/problem+json");
    response.headers.add("Content-Language", language == Language::ja ? "ja" : "en");
    if (error.kind() == ErrorKind::unauthenticated) {
        response.headers.add("WWW-Authenticate", "Bearer");
    }
    response.body = boost::json::serialize(encode(problem_of(error, language, request_id)));
    return response;
}

} // namespace watari::api
