#include "sim/passage.hpp"

#include "wsman/codec/codec.hpp"

#include <fmt/format.h>

#include <array>
#include <utility>

namespace watari::sim {

namespace {

constexpr std::string_view soap_content_type = "application/soap+xml;charset=UTF-8";
constexpr std::string_view utf16_content_type = "application/soap+xml;charset=UTF-16";

std::string operation_name(const wsman::RequestBody& body)
{
    static constexpr std::array names{"Identify", "Get",       "Put",         "Create",
                                      "Delete",   "Enumerate", "Pull",        "Release",
                                      "Invoke",   "Subscribe", "Unsubscribe", "Renew"};
    return names.at(body.index());
}

/// A method that only reads does not count as a change.
bool is_changing(const wsman::RequestBody& body)
{
    if (const auto* call = std::get_if<wsman::Invoke>(&body)) {
        return !call->method.starts_with("Get") && !call->method.starts_with("Validate") &&
               !call->method.starts_with("Check");
    }
    return std::holds_alternative<wsman::Put>(body) ||
           std::holds_alternative<wsman::Create>(body) ||
           std::holds_alternative<wsman::Delete>(body);
}

/// The class a WQL text asks for, for the log and fault rules.
std::string class_of_query(const std::string& query)
{
    const std::string folded = cim::folded(query);
    const auto from = folded.find(" from ");
    const auto brace = folded.find('{');
    std::size_t begin = from != std::string::npos    ? from + 6
                        : brace == std::string::npos ? query.size()
                                                     : brace + 1;
    while (begin < query.size() && query[begin] == ' ') {
        ++begin;
    }
    return query.substr(begin, query.find_first_of(" .}=", begin) - begin);
}

std::string outcome_of(const wsman::ResponseBody& body)
{
    if (const auto* fault = std::get_if<wsman::Fault>(&body)) {
        return fmt::format("fault {} {}", fault->subcode, fault->code);
    }
    if (const auto* answer = std::get_if<wsman::InvokeResponse>(&body)) {
        return fmt::format("return {}",
                           answer->output["ReturnValue"].unsigned_integer().value_or(0));
    }
    return "ok";
}

/// Little endian without mark (UNVERIFIED, wsman.md 14.12); the text is ours and well-formed.
std::string utf16_from(std::string_view utf8)
{
    std::string bytes;
    bytes.reserve(2 * utf8.size());
    const auto add = [&](std::uint32_t unit) {
        bytes += static_cast<char>(unit & 0xFFU);
        bytes += static_cast<char>(unit >> 8U);
    };
    for (std::size_t at = 0; at < utf8.size();) {
        const auto first = static_cast<unsigned char>(utf8[at]);
        const std::size_t size = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
        std::uint32_t point = size == 1 ? first : first & (0xFFU >> (size + 1));
        for (std::size_t next = at + 1; next < std::min(at + size, utf8.size()); ++next) {
            point = point << 6U | (static_cast<unsigned char>(utf8[next]) & 0x3FU);
        }
        at += size;
        if (point >= 0x10000) {
            point -= 0x10000;
            add(0xD800U | point >> 10U);
            point = 0xDC00U | (point & 0x3FFU);
        }
        add(point);
    }
    return bytes;
}

http::Response soap_response(const Service::State& state, const Passage& passage, Printed printed)
{
    http::Response response;
    response.status = printed.is_fault ? 500 : 200;
    if (passage.is_utf16 && state.host.profile().is("response_charset", "mirrors_request")) {
        response.headers.set("Content-Type", std::string{utf16_content_type});
        response.body = utf16_from(printed.bytes);
        return response;
    }
    response.headers.set("Content-Type", std::string{soap_content_type});
    response.body = std::move(printed.bytes);
    return response;
}

} // namespace

http::Response status_only(int status)
{
    http::Response response;
    response.status = status;
    return response;
}

http::Response dropped()
{
    http::Response response;
    response.drop_connection = true;
    return response;
}

Passage begin(Service::State& state, const http::Request& request, const http::Caller& caller)
{
    Passage passage{.account = caller.account.empty() ? "anonymous" : caller.account};
    passage.is_utf16 =
        cim::folded(request.headers.get("Content-Type").value_or("")).contains("charset=utf-16");
    passage.decoded =
        wsman::decode_request(request.body, [&](std::string_view ns) -> const cim::TypeSource& {
            return state.operations.types_of(ns);
        });
    const wsman::Request& decoded = passage.decoded.request;
    LoggedRequest& logged = passage.logged;
    logged.at = state.host.clock().now();
    logged.account = passage.account;
    logged.operation = operation_name(decoded.body);
    logged.changing = is_changing(decoded.body);
    logged.bytes_in = request.body.size();
    if (const auto resource = wsman::parse_resource_uri(decoded.header.resource_uri)) {
        logged.ns = resource->ns;
        logged.class_name = resource->class_name;
    }
    if (const auto* call = std::get_if<wsman::Invoke>(&decoded.body)) {
        logged.method = call->method;
    }
    if (const auto* wanted = std::get_if<wsman::Enumerate>(&decoded.body);
        wanted != nullptr && wanted->filter) {
        logged.query = wanted->filter->text;
        logged.class_name = class_of_query(logged.query);
    }
    return passage;
}

http::Response perform(Service::State& state, Passage& passage)
{
    wsman::ResponseBody body =
        passage.decoded.refusal
            ? wsman::ResponseBody{*passage.decoded.refusal}
            : state.operations.execute(passage.decoded.request, passage.account);
    LoggedRequest& logged = passage.logged;
    const std::uint64_t built = state.operations.take_instances_built();
    logged.instances += built;
    const auto cost = state.options.cost_request + state.options.cost_instance * built;
    logged.host_seconds += std::chrono::duration<double>(cost).count();
    return answer_with(state, passage, std::move(body));
}

http::Response answer_with(Service::State& state, Passage& passage, wsman::ResponseBody body)
{
    passage.logged.outcome = outcome_of(body);
    Printed printed = state.operations.encode(passage.decoded.request, std::move(body));
    http::Response response = soap_response(state, passage, std::move(printed));
    passage.logged.bytes_out = response.body.size();
    return response;
}

http::Response finish(Service::State& state, Passage& passage, http::Response response,
                      std::string outcome)
{
    if (!outcome.empty()) {
        passage.logged.outcome = std::move(outcome);
    }
    state.log.add(passage.logged);
    return response;
}

} // namespace watari::sim
