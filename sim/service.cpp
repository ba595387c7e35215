#include "sim/service.hpp"

#include "sim/admission.hpp"
#include "sim/passage.hpp"
#include "sim/soap_faults.hpp"

#include <utility>

namespace watari::sim {

namespace {

/// Sealing puts a frame around the envelope, which alone the quota is for.
constexpr std::size_t frame_bytes_max = 2048;
constexpr std::uint32_t request_not_supported = 50; ///< ERROR_NOT_SUPPORTED

bool is_identify_without_account(const http::Request& request, const http::Caller& caller)
{
    return caller.account.empty() && request.headers.get("WSMANIDENTIFY").has_value();
}

/// Answered before anything of the request is read; nullopt: it is read.
std::optional<http::Response> objection_to(const Service::State& state,
                                           const http::Request& request)
{
    if (!state.host.is_up()) {
        return dropped();
    }
    if (!cim::same_name(request.target, "/wsman")) {
        return status_only(404);
    }
    if (request.method != "POST") {
        return status_only(405);
    }
    if (request.body.size() > state.operations.quotas().envelope_bytes) {
        http::Response response = status_only(413);
        response.close_after = true;
        return response;
    }
    return std::nullopt;
}

/// Hosts refuse chunked requests of shells; of WMI's nobody knows (wsman.md 1.2).
bool is_refused_for_its_chunks(const Service::State& state, const http::Request& request)
{
    return request.headers.get("Transfer-Encoding") &&
           state.host.profile().is("chunked_requests", "refused");
}

} // namespace

Service::State::State(Host& its_host, Random& random, ServiceOptions its_options, Clock& its_wire)
    : host(its_host),
      wire(its_wire),
      options(std::move(its_options)),
      operations(host, random, options, wire),
      faults(random)
{
    if (options.authentication.schemes.empty()) {
        options.authentication = {.make_scheme = auth::basic_server(options.accounts),
                                  .schemes = {Scheme::basic}};
    }
}

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

void Service::follow_power(bool down)
{
    state_->operations.forget();
    if (!down) {
        state_->ready_at = state_->wire.steady() + std::exchange(state_->start_delay, {});
    }
}

bool Service::takes_certificates() const noexcept
{
    return state_->options.authentication.offers(Scheme::certificate);
}

Task<http::Response> Service::handle(http::Request request, http::Caller caller)
{
    const std::shared_ptr<State> state = state_;
    if (auto objection = objection_to(*state, request)) {
        co_return std::move(*objection);
    }
    Passage passage = begin(*state, request, caller);
    if (is_refused_for_its_chunks(*state, request)) {
        co_return finish(*state, passage,
                         answer_with(*state, passage,
                                     soap::receiver("wsman:InternalError", request_not_supported,
                                                    "The request is not supported.")));
    }
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
    co_await wait_for_events(state, passage);
    http::Response response = perform(*state, passage);
    if (state->options.spend_time) {
        const auto turn = state->operations.at_work().begin(passage.account);
        co_await state->wire.sleep_for(std::chrono::microseconds{
            static_cast<std::int64_t>(passage.logged.host_seconds * 1e6)});
    }
    co_return finish(*state, passage, std::move(response));
}

Task<> wait_for_events(std::shared_ptr<Service::State> state, const Passage& passage)
{
    const wsman::Request& request = passage.decoded.request;
    const Deadline end = Deadline::after(
        state->wire, std::min<std::chrono::milliseconds>(request.header.operation_timeout.value_or(
                                                             state->operations.quotas().timeout),
                                                         state->operations.quotas().timeout));
    while (!passage.decoded.refusal && !end.passed(state->wire)) {
        const auto pause = state->operations.event_pause(request, passage.account);
        if (!pause) {
            co_return;
        }
        co_await state->wire.sleep_for(
            std::min<std::chrono::nanoseconds>(*pause, end.left(state->wire)));
    }
}

std::unique_ptr<http::Server> Service::serve(Executor executor,
                                             std::unique_ptr<net::Listener> listener)
{
    http::ServerOptions options;
    options.connections_max = state_->operations.quotas().connections;
    options.request_bytes_max = state_->operations.quotas().envelope_bytes + frame_bytes_max;
    options.server_name = "Microsoft-HTTPAPI/2.0";
    AdmissionOptions rules{
        .allow_unencrypted = state_->options.allow_unencrypted,
        .profile = &state_->host.profile(),
        .is_ready = [state = state_] { return state->wire.steady() >= state->ready_at; }};
    if (!state_->options.anonymous) {
        rules.make_scheme = state_->options.authentication.make_scheme;
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
