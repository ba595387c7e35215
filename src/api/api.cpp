#include "api/api.hpp"

#include "api/problems.hpp"
#include "api/router.hpp"
#include "core/log.hpp"
#include "messages/api.hpp"
#include "store/records/project.hpp"

#include <boost/json.hpp>

#include <algorithm>

namespace watari::api {

namespace {

constexpr std::string_view default_project = "default";

/// Body with members in order of name and no white space: the same request however it was written.
/// Nesting is bounded by the contract's decoder, which has its own limit.
boost::json::value canonical(const boost::json::value& json)
{
    if (const auto* object = json.if_object()) {
        std::vector<std::pair<std::string, boost::json::value>> members;
        for (const auto& member : *object) {
            members.emplace_back(std::string{member.key()}, canonical(member.value()));
        }
        std::ranges::sort(members, {}, &std::pair<std::string, boost::json::value>::first);
        boost::json::object sorted;
        for (auto& [name, value] : members) {
            sorted.emplace(name, std::move(value));
        }
        return sorted;
    }
    return json;
}

std::string hash_of(const http::Request& request)
{
    boost::system::error_code failure;
    const auto json = boost::json::parse(request.body, failure);
    const std::string body = failure ? request.body : boost::json::serialize(canonical(json));
    return sha256_hex(request.method + "\n" + request.target + "\n" + body);
}

/// What the caller sent if it is fit for logs and headers, else a new one.
std::string request_id_of(const http::Request& request, Clock& clock, Random& random)
{
    const auto given = request.headers.get("X-Request-Id").value_or("");
    const bool fit =
        !given.empty() && given.size() <= 100 && std::ranges::all_of(given, [](char c) {
            return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                   c == '-' || c == '_' || c == '.';
        });
    return fit ? std::string{given}
               : Uuid::ordered(std::chrono::system_clock::time_point{clock.now()}, random).lower();
}

store::ProjectId id_of_default_project(store::Transaction& transaction)
{
    return store::find_project_by_name(transaction, default_project).value().id;
}

} // namespace

Api::Api(Parts parts) : parts_(parts), resources_(std::move(parts)) {}

http::Handler Api::handler()
{
    return [this](http::Request request, http::Caller caller) {
        return serve(std::move(request), std::move(caller));
    };
}

Task<> Api::authenticate(const http::Request& request, Call& call)
{
    const auto authorization = request.headers.get("Authorization").value_or("");
    constexpr std::string_view scheme = "Bearer ";
    if (!authorization.starts_with(scheme)) {
        throw Error{ErrorKind::unauthenticated, message::token_missing{}};
    }
    const auto hash = sha256_hex(authorization.substr(scheme.size()));
    const auto known = default_project_; // its id never changes
    bool is_of_default_project = false;
    co_await parts_.store.read([&](store::Transaction& transaction) {
        const auto token = store::find_token_by_hash(transaction, hash);
        if (!token || token->revoked || (token->expires && *token->expires <= transaction.now())) {
            throw Error{ErrorKind::unauthenticated, message::token_refused{}};
        }
        call.token = token->id;
        call.actor = token->name;
        call.project = token->project ? *token->project
                       : known        ? *known
                                      : id_of_default_project(transaction);
        is_of_default_project = !token->project;
    });
    if (is_of_default_project) {
        default_project_ = call.project;
    }
}

Task<http::Response> Api::answer(const http::Request& request, Call& call)
{
    const auto target = parse_target(request.target);
    const auto match = match_route(request.method, target.path);
    if (!match.route->is_public) {
        co_await authenticate(request, call);
    }
    if (request.headers.get("Idempotency-Key")) {
        call.request_hash = hash_of(request);
    }
    contract::RawCall raw;
    raw.path = match.parameters;
    raw.query = target.query;
    raw.header = [&request](std::string_view name) -> std::optional<std::string> {
        const auto value = request.headers.get(name);
        return value ? std::optional{std::string{*value}} : std::nullopt;
    };
    raw.body = request.body;
    co_return co_await contract::dispatch<Task<http::Response>, Call>(
        resources_, match.route->operation, call, raw);
}

Task<http::Response> Api::serve(http::Request request, http::Caller)
{
    Call call;
    call.language = language_from(request.headers.get("Accept-Language").value_or(""));
    call.request_id = request_id_of(request, parts_.clock, parts_.random);
    std::unique_ptr<http::Response> response;
    try {
        response = std::make_unique<http::Response>(co_await answer(request, call));
    } catch (const Error& error) {
        if (error.kind() == ErrorKind::internal) {
            log::error("request_failed", {{"request", call.request_id}, {"error", error.what()}});
        }
        response = std::make_unique<http::Response>(
            problem_response(error, call.language, call.request_id));
    }
    response->headers.set("X-Request-Id", call.request_id);
    co_return std::move(*response);
}

} // namespace watari::api
