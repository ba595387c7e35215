#include "client/client.hpp"

#include "messages/cli.hpp"

#include <boost/json.hpp>

#include <algorithm>

namespace watari::client {

using contract::OperationId;

namespace {

constexpr std::chrono::seconds answer_timeout{60};
constexpr std::int64_t page_size = 500;

const contract::Route& route_of(contract::OperationId operation)
{
    return *std::ranges::find(contract::routes, operation, &contract::Route::operation);
}

std::string percent_encoded(std::string_view text)
{
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string result;
    for (const char c : text) {
        const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                              (c >= '0' && c <= '9') ||
                              std::string_view{"-._~"}.find(c) != std::string_view::npos;
        if (is_plain) {
            result += c;
        } else {
            const auto byte = static_cast<unsigned char>(c);
            result += {'%', digits[byte >> 4U], digits[byte & 0x0FU]};
        }
    }
    return result;
}

template <class T>
std::string json_of(const T& body)
{
    return boost::json::serialize(encode(body));
}

/// Throws unsupported when it is not what the contract promises.
template <class T>
T value_in(const std::string& json)
{
    boost::system::error_code failure;
    const auto parsed = boost::json::parse(json, failure);
    if (failure) {
        throw Error{ErrorKind::unsupported,
                    message::cli_answer_not_understood{.why = failure.message()}};
    }
    T value;
    contract::Reader reader;
    decode(parsed, value, reader);
    if (!reader.problems().empty()) {
        const auto& first = reader.problems().front();
        throw Error{ErrorKind::unsupported,
                    message::cli_answer_not_understood{.why = first.pointer + ": " +
                                                              render(first.message, Language::en)}};
    }
    return value;
}

} // namespace

Server server_from(std::string_view url)
{
    constexpr std::string_view plain = "http://";
    constexpr std::string_view secure = "https://";
    const std::string whole{url};
    const bool tls = url.starts_with(secure);
    if (tls || url.starts_with(plain)) {
        url.remove_prefix(tls ? secure.size() : plain.size());
    }
    while (url.ends_with('/')) {
        url.remove_suffix(1);
    }
    const bool is_plausible = !url.empty() && url.find_first_of("/?#@ ") == std::string_view::npos;
    auto server = is_plausible ? net::endpoint_from(url) : std::nullopt;
    if (is_plausible && !server) {
        server = net::endpoint_from(std::string{url} + (tls ? ":443" : ":80"));
    }
    if (!server) {
        throw Error{ErrorKind::invalid, message::cli_server_not_understood{.server = whole}};
    }
    return {.endpoint = *server, .tls = tls};
}

Client::Client(net::Network& network, Clock& clock, ClientSettings settings)
    : clock_(clock),
      settings_(std::move(settings)),
      http_(network, clock, settings_.server, {.tls = settings_.tls})
{
}

http::Request Client::request_of(const Call& call) const
{
    const auto& route = route_of(call.operation);
    std::string target{route.path};
    if (const auto open = target.find('{'); open != std::string::npos) {
        target.replace(open, target.find('}') - open + 1, percent_encoded(call.resource));
    }
    char separator = '?';
    for (const auto& [name, value] : call.query) {
        target += separator + percent_encoded(name) + "=" + percent_encoded(value);
        separator = '&';
    }
    http::Request request{.method = std::string{route.method},
                          .target = std::move(target),
                          .body = call.body.value_or("")};
    request.headers.add("Accept", "application/json, application/problem+json");
    request.headers.add("Accept-Language", settings_.language == Language::ja ? "ja" : "en");
    request.headers.add("User-Agent", "watari");
    if (!settings_.token.empty()) {
        request.headers.add("Authorization", "Bearer " + settings_.token);
    }
    if (call.body) {
        request.headers.add("Content-Type", "application/json");
    }
    if (!call.key.empty()) {
        request.headers.add("Idempotency-Key", call.key);
    }
    if (call.wait) {
        request.headers.add("Prefer", "wait=" + std::to_string(call.wait->count()));
    }
    return request;
}

Task<http::Response> Client::send_once(const http::Request& request, Deadline deadline,
                                       bool repeatable)
{
    try {
        co_return co_await http_.send(request, deadline,
                                      repeatable ? http::Repeat::if_connection_was_stale
                                                 : http::Repeat::never);
    } catch (const Error& error) {
        if (error.kind() == ErrorKind::unavailable && error.code() == "connection_refused") {
            throw Error{ErrorKind::unavailable,
                        message::cli_no_server{.address = settings_.server.text()}};
        }
        throw;
    }
}

Task<http::Response> Client::send(Call call)
{
    const auto request = request_of(call);
    const auto deadline =
        Deadline::after(clock_, answer_timeout + call.wait.value_or(std::chrono::seconds{0}));
    const bool repeatable = request.method == "GET" || !call.key.empty();
    try {
        co_return co_await send_once(request, deadline, repeatable);
    } catch (const Error& error) {
        if (error.kind() != ErrorKind::outcome_unknown || !repeatable) {
            throw;
        }
    }
    std::optional<Error> failure;
    try {
        co_return co_await send_once(request, Deadline::after(clock_, answer_timeout), repeatable);
    } catch (const Error& error) {
        failure = error;
    }
    if (call.key.empty() || failure->kind() == ErrorKind::cancelled) {
        throw Error{*failure};
    }
    throw Error{ErrorKind::outcome_unknown,
                message::cli_order_unanswered{.server = settings_.server.text(), .key = call.key}};
}

Error Client::refused(const http::Response& response) const
{
    return Error{ErrorKind::unsupported,
                 message::cli_not_our_server{.address = settings_.server.text(),
                                             .status = std::to_string(response.status)}};
}

template <class T>
Task<Answer<T>> Client::ask(Call call)
{
    auto response = co_await send(std::move(call));
    if (response.status >= 200 && response.status < 300) {
        auto value = value_in<T>(response.body);
        co_return Answer<T>{.value = std::move(value), .json = std::move(response.body)};
    }
    std::optional<contract::Problem> problem;
    try {
        problem = value_in<contract::Problem>(response.body);
    } catch (const Error&) {
        throw refused(response);
    }
    throw ClientProblem{std::move(*problem)};
}

template <class List>
Task<Answer<List>> Client::list(contract::OperationId operation, std::size_t limit)
{
    Answer<List> all;
    std::size_t pages = 0;
    do {
        const auto wanted =
            std::min(page_size, static_cast<std::int64_t>(limit - all.value.items.size()));
        Call call{.operation = operation, .query = {{"page_size", std::to_string(wanted)}}};
        if (all.value.next_page_token) {
            call.query.emplace_back("page_token", *all.value.next_page_token);
        }
        auto page = co_await ask<List>(std::move(call));
        std::ranges::move(page.value.items, std::back_inserter(all.value.items));
        all.value.next_page_token = std::move(page.value.next_page_token);
        all.json = std::move(page.json);
        ++pages;
    } while (all.value.next_page_token && all.value.items.size() < limit);
    if (pages > 1) {
        all.json = json_of(all.value);
    }
    co_return all;
}

Task<Answer<contract::Operation>> Client::order(Call call)
{
    return ask<contract::Operation>(std::move(call));
}

template <class Body>
Task<Answer<contract::Operation>> Client::order(contract::OperationId operation, const Body& body,
                                                std::string key, std::string resource)
{
    return order({.operation = operation,
                  .resource = std::move(resource),
                  .body = json_of(body),
                  .key = std::move(key)});
}

Task<Answer<contract::Operation>> Client::order(OperationId operation, std::string resource,
                                                std::string key)
{
    return order({.operation = operation, .resource = std::move(resource), .key = std::move(key)});
}

Task<Answer<contract::HostList>> Client::list_hosts(std::size_t limit)
{
    return list<contract::HostList>(OperationId::list_hosts, limit);
}

Task<Answer<contract::Host>> Client::get_host(std::string host)
{
    return ask<contract::Host>({.operation = OperationId::get_host, .resource = std::move(host)});
}

Task<Answer<contract::Operation>> Client::enroll_host(contract::EnrollHost body, std::string key)
{
    return order(OperationId::enroll_host, body, std::move(key));
}

Task<Answer<contract::Operation>> Client::update_host(std::string host, contract::UpdateHost body,
                                                      std::string key)
{
    return order(OperationId::update_host, body, std::move(key), std::move(host));
}

Task<Answer<contract::Operation>> Client::allow_changes(std::string host, std::string key)
{
    return order(OperationId::allow_changes, std::move(host), std::move(key));
}

Task<Answer<contract::Operation>> Client::observe_host(std::string host, std::string key)
{
    return order(OperationId::observe_host, std::move(host), std::move(key));
}

Task<Answer<contract::Diagnosis>> Client::diagnose_host(std::string host, bool with_exchange,
                                                        std::chrono::seconds time)
{
    Call call{.operation = OperationId::diagnose_host, .resource = std::move(host), .wait = time};
    if (with_exchange) {
        call.query = {{"exchange", "true"}};
    }
    return ask<contract::Diagnosis>(std::move(call));
}

Answer<contract::Diagnosis> Client::diagnosis_in(std::string json)
{
    auto value = value_in<contract::Diagnosis>(json);
    return {.value = std::move(value), .json = std::move(json)};
}

Task<Answer<contract::Operation>> Client::refresh_host(std::string host, std::string key)
{
    return order(OperationId::refresh_host, std::move(host), std::move(key));
}

Task<Answer<contract::Operation>> Client::remove_host(std::string host)
{
    return order({.operation = OperationId::remove_host, .resource = std::move(host)});
}

Task<Answer<contract::StorageList>> Client::list_storages(std::size_t limit)
{
    return list<contract::StorageList>(OperationId::list_storages, limit);
}

Task<Answer<contract::Operation>> Client::add_storage(contract::AddStorage body, std::string key)
{
    return order(OperationId::add_storage, body, std::move(key));
}

Task<Answer<contract::ImageList>> Client::list_images(std::size_t limit)
{
    return list<contract::ImageList>(OperationId::list_images, limit);
}

Task<Answer<contract::Image>> Client::get_image(std::string image)
{
    return ask<contract::Image>(
        {.operation = OperationId::get_image, .resource = std::move(image)});
}

Task<Answer<contract::Operation>> Client::add_image(contract::AddImage body, std::string key)
{
    return order(OperationId::add_image, body, std::move(key));
}

Task<Answer<contract::PlanList>> Client::list_plans(std::size_t limit)
{
    return list<contract::PlanList>(OperationId::list_plans, limit);
}

Task<Answer<contract::Operation>> Client::add_plan(contract::AddPlan body, std::string key)
{
    return order(OperationId::add_plan, body, std::move(key));
}

Task<Answer<contract::NetworkList>> Client::list_networks(std::size_t limit)
{
    return list<contract::NetworkList>(OperationId::list_networks, limit);
}

Task<Answer<contract::Operation>> Client::add_network(contract::AddNetwork body, std::string key)
{
    return order(OperationId::add_network, body, std::move(key));
}

Task<Answer<contract::VmList>> Client::list_vms(std::size_t limit)
{
    return list<contract::VmList>(OperationId::list_vms, limit);
}

Task<Answer<contract::Vm>> Client::get_vm(std::string vm)
{
    return ask<contract::Vm>({.operation = OperationId::get_vm, .resource = std::move(vm)});
}

Task<Answer<contract::Operation>> Client::create_vm(contract::CreateVm body, std::string key)
{
    return order(OperationId::create_vm, body, std::move(key));
}

Task<Answer<contract::WorkPlan>> Client::plan_vm(contract::CreateVm body)
{
    return ask<contract::WorkPlan>({.operation = OperationId::create_vm,
                                    .query = {{"validate_only", "true"}},
                                    .body = json_of(body)});
}

Task<Answer<contract::Operation>> Client::start_vm(std::string vm, std::string key)
{
    return order(OperationId::start_vm, std::move(vm), std::move(key));
}

Task<Answer<contract::Operation>> Client::stop_vm(std::string vm, contract::StopVm body,
                                                  std::string key)
{
    return order(OperationId::stop_vm, body, std::move(key), std::move(vm));
}

Task<Answer<contract::Operation>> Client::resize_vm(std::string vm, contract::ResizeVm body,
                                                    std::string key)
{
    return order(OperationId::resize_vm, body, std::move(key), std::move(vm));
}

Task<Answer<contract::Operation>> Client::delete_vm(std::string vm, bool force)
{
    Call call{.operation = OperationId::delete_vm, .resource = std::move(vm)};
    if (force) {
        call.query.emplace_back("force", "true");
    }
    return order(std::move(call));
}

Task<Answer<contract::OperationList>> Client::list_operations(std::size_t limit)
{
    return list<contract::OperationList>(OperationId::list_operations, limit);
}

Task<Answer<contract::Operation>> Client::get_operation(std::string operation,
                                                        std::optional<std::chrono::seconds> wait)
{
    return ask<contract::Operation>(
        {.operation = OperationId::get_operation, .resource = std::move(operation), .wait = wait});
}

Task<Answer<contract::Operation>> Client::cancel_operation(std::string operation)
{
    return ask<contract::Operation>(
        {.operation = OperationId::cancel_operation, .resource = std::move(operation)});
}

} // namespace watari::client
