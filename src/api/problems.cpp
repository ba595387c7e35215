#include "api/problems.hpp"

#include "core/known_fault.hpp"
#include "faults/kinds.hpp"
#include "provisioning/placement.hpp"

#include <boost/json.hpp>

namespace watari::api {

namespace {

/// What data/faults knows of it.
void add_advice(const Error& error, Language language, contract::Problem& problem)
{
    const KnownFault* known = known_fault_of(error.message());
    if (known == nullptr) {
        return;
    }
    const Advice advice = advice_on(error.message(), language);
    if (!advice.cause.empty()) {
        problem.cause = advice.cause;
    }
    problem.remedy = advice.remedy;
    problem.fault = std::string{known->name};
    if (error.kind() == ErrorKind::exhausted) {
        problem.retryable = known->is_retryable;
    }
}

} // namespace

int status_of(const Error& error) noexcept
{
    constexpr int method_not_allowed = 405;
    return error.code() == "method_not_allowed" ? method_not_allowed
                                                : error_kinds::http_status(error.kind());
}

contract::Problem problem_of(const Error& error, Language language, const std::string& request_id)
{
    contract::Problem problem;
    problem.type = "urn:watari:error:" + error.code();
    problem.title = render(error.message(), language);
    problem.status = status_of(error);
    problem.detail = render(error, language);
    problem.code = error.code();
    problem.kind = std::string{to_string(error.kind())};
    if (!request_id.empty()) {
        problem.request_id = request_id;
    }
    problem.retryable = is_retryable(error.kind()) || error.kind() == ErrorKind::exhausted;
    add_advice(error, language, problem);
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
