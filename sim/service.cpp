#include "sim/service.hpp"

#include "sim/admission.hpp"
#include "sim/operations.hpp"
#include "sim/soap_faults.hpp"
#include "wsman/codec/codec.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace watari::sim {

namespace {

constexpr std::string_view soap_content_type = "application/soap+xml;charset=UTF-8";

std::string operation_name(const wsman::RequestBody& body)
{
    static constexpr std::array names{"Identify",  "Get",  "Put",     "Create", "Delete",
                                      "Enumerate", "Pull", "Release", "Invoke"};
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

http::Response soap_response(std::string bytes, bool is_fault)
{
    http::Response response;
    response.status = is_fault ? 500 : 200;
    response.headers.set("Content-Type", std::string{soap_content_type});
    response.body = std::move(bytes);
    return response;
}

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

} // namespace

struct Service::State : std::enable_shared_from_this<Service::State> {
    State(Host& host_, Random& random, ServiceOptions options_, Clock& wire_)
        : host(host_),
          wire(wire_),
          options(std::move(options_)),
          operations(host_, random, options, wire_),
          faults(random)
    {
    }

    Host& host;
    Clock& wire;
    ServiceOptions options;
    Operations operations;
    Faults faults;
    RequestLog log;
};

namespace {

/// One request on its way: what is logged of it.
struct Passage {
    wsman::DecodedRequest decoded;
    LoggedRequest logged;
    std::string account;
};

} // namespace

Service::Service(Host& host, Random& random, ServiceOptions options, Clock& wire)
    : state_(std::make_shared<State>(host, random, std::move(options), wire))
{
}

Service::~Service() = default;

Host& Service::host() noexcept
{
    return state_->host;
}

Faults& Service::faults() noexcept
{
    return state_->faults;
}

RequestLog& Service::log() noexcept
{
    return state_->log;
}

Repository* Service::find_namespace(std::string_view ns) noexcept
{
    return state_->operations.find_namespace(ns);
}

void Service::forget_sessions()
{
    state_->operations.forget();
}

namespace {

using State = Service::State;

Passage begin(State& state, const http::Request& request, const http::Caller& caller)
{
    Passage passage{.account = caller.account.empty() ? "anonymous" : caller.account};
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

/// Does the work and prints the answer.
http::Response perform(State& state, Passage& passage)
{
    wsman::ResponseBody body =
        passage.decoded.refusal
            ? wsman::ResponseBody{*passage.decoded.refusal}
            : state.operations.execute(passage.decoded.request, passage.account);
    LoggedRequest& logged = passage.logged;
    logged.outcome = outcome_of(body);
    const std::uint64_t built = state.operations.take_instances_built();
    logged.instances += built;
    const auto cost = state.options.cost_request + state.options.cost_instance * built;
    logged.host_seconds += std::chrono::duration<double>(cost).count();
    const bool is_fault = std::holds_alternative<wsman::Fault>(body);
    std::string bytes = state.operations.encode(passage.decoded.request, std::move(body));
    logged.bytes_out = bytes.size();
    return soap_response(std::move(bytes), is_fault);
}

http::Response answer_with(State& state, Passage& passage, wsman::ResponseBody body)
{
    passage.logged.outcome = outcome_of(body);
    const bool is_fault = std::holds_alternative<wsman::Fault>(body);
    std::string bytes = state.operations.encode(passage.decoded.request, std::move(body));
    passage.logged.bytes_out = bytes.size();
    return soap_response(std::move(bytes), is_fault);
}

http::Response finish(State& state, Passage& passage, http::Response response,
                      std::string outcome = {})
{
    if (!outcome.empty()) {
        passage.logged.outcome = std::move(outcome);
    }
    state.log.add(passage.logged);
    return response;
}

/// The request that reaches the host after its connection is gone.
Task<> perform_later(std::shared_ptr<State> state, Passage passage, std::chrono::milliseconds delay)
{
    co_await state->wire.sleep_for(delay);
    if (state->host.is_up()) {
        perform(*state, passage);
        state->log.add(passage.logged);
    }
}

wsman::ResponseBody wished_answer(const FaultRule& rule, const wsman::RequestBody& body)
{
    const auto* call = std::get_if<wsman::Invoke>(&body);
    if (rule.effect == FaultEffect::return_code && call != nullptr) {
        cim::Instance output;
        output.set("ReturnValue", cim::Type::uint32, rule.number);
        return wsman::InvokeResponse{.method = call->method, .output = std::move(output)};
    }
    wsman::Fault fault;
    fault.is_sender = false;
    fault.subcode = rule.subcode.empty() ? "wsman:InternalError" : rule.subcode;
    fault.code = rule.number != 0 ? rule.number : 0x80041001;
    fault.reason = fault.message =
        rule.text.empty() ? "The host fails by order of a fault rule." : rule.text;
    return fault;
}

Task<> write_half(std::string half, http::BodyWriter& writer)
{
    co_await writer.write(half);
    throw Error{ErrorKind::unavailable, {"host_refused", {{"text", "cut by a fault rule"}}}};
}

http::Response damaged(FaultEffect effect, http::Response response)
{
    if (effect == FaultEffect::garbage) {
        response.status = 200;
        response.body = "<html><body>Service Unavailable</body><<<";
        return response;
    }
    std::string half = response.body.substr(0, response.body.size() / 2);
    response.body.clear();
    response.stream = [half = std::move(half)](http::BodyWriter& writer) {
        return write_half(half, writer);
    };
    return response;
}

std::chrono::milliseconds timeout_of(const State& state, const wsman::Request& request)
{
    return std::min(request.header.operation_timeout.value_or(state.options.timeout_max),
                    state.options.timeout_max);
}

Task<http::Response> faulty(std::shared_ptr<State> state, FaultRule rule, Passage passage)
{
    passage.logged.fault_rule = to_string(rule.effect);
    const auto executor = co_await boost::asio::this_coro::executor;
    switch (rule.effect) {
    case FaultEffect::return_code:
    case FaultEffect::fault:
        co_return finish(
            *state, passage,
            answer_with(*state, passage, wished_answer(rule, passage.decoded.request.body)));
    case FaultEffect::http_status:
        co_return finish(*state, passage, status_only(static_cast<int>(rule.number)),
                         fmt::format("status {}", rule.number));
    case FaultEffect::lost_request:
        co_return finish(*state, passage, dropped(), "lost");
    case FaultEffect::swallow:
        static_cast<void>(finish(*state, passage, {}, "swallowed"));
        co_await state->wire.sleep_for(std::chrono::hours{1});
        co_return dropped();
    case FaultEffect::late_execution: {
        Passage late = passage;
        late.logged.fault_rule = "executed late";
        spawn(executor, perform_later(state, std::move(late), rule.delay),
              "late execution of a request");
        co_return finish(*state, passage, dropped(), "dropped, runs later");
    }
    case FaultEffect::delay: {
        const auto timeout = timeout_of(*state, passage.decoded.request);
        if (rule.delay >= timeout) {
            Passage late = passage;
            late.logged.fault_rule = "went on after its timeout";
            spawn(executor, perform_later(state, std::move(late), rule.delay),
                  "a request longer than its timeout");
            co_await state->wire.sleep_for(timeout);
            co_return finish(*state, passage, answer_with(*state, passage, soap::timed_out()));
        }
        co_await state->wire.sleep_for(rule.delay);
        break;
    }
    case FaultEffect::job_error:
        state->host.jobs().set_next_fault({.fail_code = rule.number, .fail_text = rule.text});
        break;
    case FaultEffect::job_hangs:
        state->host.jobs().set_next_fault({.never_ends = true});
        break;
    case FaultEffect::job_slow:
        state->host.jobs().set_next_fault({.slower = rule.factor});
        break;
    case FaultEffect::disk_full:
        state->host.fill_volume(rule.letter);
        break;
    case FaultEffect::duplicate: {
        perform(*state, passage);
        state->log.add(passage.logged);
        break;
    }
    default:
        break;
    }
    http::Response response = perform(*state, passage);
    if (rule.effect == FaultEffect::job_error || rule.effect == FaultEffect::job_hangs ||
        rule.effect == FaultEffect::job_slow) {
        state->host.jobs().take_fault();
    }
    switch (rule.effect) {
    case FaultEffect::lost_answer:
        co_return finish(*state, passage, dropped(), passage.logged.outcome + ", answer lost");
    case FaultEffect::hang:
        static_cast<void>(finish(*state, passage, {}, passage.logged.outcome + ", no answer"));
        co_await state->wire.sleep_for(std::chrono::hours{1});
        co_return dropped();
    case FaultEffect::cut:
    case FaultEffect::garbage:
        co_return finish(*state, passage, damaged(rule.effect, std::move(response)),
                         passage.logged.outcome + ", answer damaged");
    case FaultEffect::host_restart:
        static_cast<void>(finish(*state, passage, {}, passage.logged.outcome + ", host restarts"));
        state->host.reboot();
        co_return dropped();
    case FaultEffect::service_restart:
        static_cast<void>(
            finish(*state, passage, {}, passage.logged.outcome + ", service restarts"));
        state->operations.forget();
        state->host.restart_service();
        co_return dropped();
    default:
        co_return finish(*state, passage, std::move(response));
    }
}

bool is_identify_without_account(const http::Request& request, const http::Caller& caller)
{
    return caller.account.empty() && request.headers.get("WSMANIDENTIFY").has_value();
}

} // namespace

Task<http::Response> Service::handle(http::Request request, http::Caller caller)
{
    const std::shared_ptr<State> state = state_;
    if (!state->host.is_up()) {
        co_return dropped();
    }
    if (!cim::same_name(request.target, "/wsman")) {
        co_return status_only(404);
    }
    if (request.method != "POST") {
        co_return status_only(405);
    }
    if (request.body.size() > state->operations.envelope_bytes_max()) {
        http::Response response = status_only(413);
        response.close_after = true;
        co_return response;
    }
    Passage passage = begin(*state, request, caller);
    if (is_identify_without_account(request, caller)) {
        if (!std::holds_alternative<wsman::Identify>(passage.decoded.request.body)) {
            co_return finish(*state, passage, status_only(401), "status 401");
        }
        co_return finish(*state, passage,
                         answer_with(*state, passage, state->operations.identify(false)));
    }
    const auto rule = state->faults.match({.operation = passage.logged.operation,
                                           .method = passage.logged.method,
                                           .class_name = passage.logged.class_name});
    if (rule) {
        co_return co_await faulty(state, *rule, std::move(passage));
    }
    http::Response response = perform(*state, passage);
    if (state->options.spend_time) {
        co_await state->wire.sleep_for(std::chrono::microseconds{
            static_cast<std::int64_t>(passage.logged.host_seconds * 1e6)});
    }
    co_return finish(*state, passage, std::move(response));
}

std::unique_ptr<http::Server> Service::serve(Executor executor,
                                             std::unique_ptr<net::Listener> listener)
{
    http::ServerOptions options;
    // The quota is for the envelope; sealing adds a frame around it.
    constexpr std::size_t frame_bytes_max = 2048;
    options.request_bytes_max = state_->operations.envelope_bytes_max() + frame_bytes_max;
    options.server_name = "Microsoft-HTTPAPI/2.0";
    AdmissionOptions rules{.allow_unencrypted = state_->options.allow_unencrypted};
    if (!state_->options.anonymous) {
        rules.make_scheme = state_->options.authentication
                                ? state_->options.authentication
                                : auth::basic_server(state_->options.accounts);
    }
    options.make_guard = [rules = std::move(rules)](const net::Security& security) {
        return admission(rules, security);
    };
    auto server = std::make_unique<http::Server>(
        executor, state_->wire, std::move(listener),
        [this](http::Request request, http::Caller caller) {
            return handle(std::move(request), std::move(caller));
        },
        std::move(options));
    server->start();
    return server;
}

} // namespace watari::sim
