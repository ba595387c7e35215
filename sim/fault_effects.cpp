#include "sim/passage.hpp"

#include "core/error.hpp"
#include "sim/soap_faults.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace watari::sim {

namespace {

/// The request that reaches the host after its connection is gone.
Task<> perform_later(std::shared_ptr<Service::State> state, Passage passage,
                     std::chrono::milliseconds delay)
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

/// From Stack 3.0 on the host's own limit is none for Pull.
std::chrono::milliseconds timeout_of(const Service::State& state, const wsman::Request& request)
{
    const auto limit = state.operations.quotas().timeout;
    const auto asked = request.header.operation_timeout.value_or(limit);
    const bool is_free =
        std::holds_alternative<wsman::Pull>(request.body) && !is_old_stack(state.host.generation());
    return is_free ? asked : std::min(asked, limit);
}

/// Waits as the rule wants; the answer when the request's time is over first.
Task<std::optional<http::Response>> delayed(std::shared_ptr<Service::State> state, FaultRule rule,
                                            Passage& passage)
{
    const auto turn = state->operations.at_work().begin(passage.account);
    const auto timeout = timeout_of(*state, passage.decoded.request);
    if (rule.delay < timeout) {
        co_await state->wire.sleep_for(rule.delay);
        co_return std::nullopt;
    }
    Passage late = passage;
    late.logged.fault_rule = "went on after its timeout";
    spawn(co_await boost::asio::this_coro::executor,
          perform_later(state, std::move(late), rule.delay), "a request longer than its timeout");
    co_await state->wire.sleep_for(timeout);
    co_return finish(*state, passage, answer_with(*state, passage, soap::timed_out()));
}

/// What comes in place of the request; nullopt: it happens.
Task<std::optional<http::Response>> instead(std::shared_ptr<Service::State> state, FaultRule rule,
                                            Passage& passage)
{
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
        spawn(co_await boost::asio::this_coro::executor,
              perform_later(state, std::move(late), rule.delay), "late execution of a request");
        co_return finish(*state, passage, dropped(), "dropped, runs later");
    }
    case FaultEffect::delay:
        co_return co_await delayed(std::move(state), std::move(rule), passage);
    default:
        co_return std::nullopt;
    }
}

void prepare(Service::State& state, const FaultRule& rule, Passage& passage)
{
    switch (rule.effect) {
    case FaultEffect::job_error:
        state.host.jobs().set_next_fault({.fail_code = rule.number, .fail_text = rule.text});
        break;
    case FaultEffect::job_hangs:
        state.host.jobs().set_next_fault({.never_ends = true});
        break;
    case FaultEffect::job_slow:
        state.host.jobs().set_next_fault({.slower = rule.factor});
        break;
    case FaultEffect::disk_full:
        state.host.fill_volume(rule.letter);
        break;
    case FaultEffect::duplicate:
        perform(state, passage);
        state.log.add(passage.logged);
        break;
    default:
        break;
    }
}

/// What becomes of the answer.
Task<http::Response> afterwards(std::shared_ptr<Service::State> state, FaultRule rule,
                                Passage& passage, http::Response response)
{
    const std::string& outcome = passage.logged.outcome;
    switch (rule.effect) {
    case FaultEffect::job_error:
    case FaultEffect::job_hangs:
    case FaultEffect::job_slow:
        state->host.jobs().take_fault();
        break;
    case FaultEffect::lost_answer:
        co_return finish(*state, passage, dropped(), outcome + ", answer lost");
    case FaultEffect::hang:
        static_cast<void>(finish(*state, passage, {}, outcome + ", no answer"));
        co_await state->wire.sleep_for(std::chrono::hours{1});
        co_return dropped();
    case FaultEffect::cut:
    case FaultEffect::garbage:
        co_return finish(*state, passage, damaged(rule.effect, std::move(response)),
                         outcome + ", answer damaged");
    case FaultEffect::host_restart:
        static_cast<void>(finish(*state, passage, {}, outcome + ", host restarts"));
        state->start_delay = rule.delay;
        state->host.reboot();
        co_return dropped();
    case FaultEffect::service_restart:
        static_cast<void>(finish(*state, passage, {}, outcome + ", service restarts"));
        state->start_delay = rule.delay;
        state->host.restart_service();
        co_return dropped();
    default:
        break;
    }
    co_return finish(*state, passage, std::move(response));
}

} // namespace

Task<http::Response> faulty(std::shared_ptr<Service::State> state, FaultRule rule, Passage passage)
{
    passage.logged.fault_rule = to_string(rule.effect);
    auto refusal = co_await instead(state, rule, passage);
    if (refusal) {
        co_return std::move(*refusal);
    }
    prepare(*state, rule, passage);
    http::Response response = perform(*state, passage);
    co_return co_await afterwards(std::move(state), std::move(rule), passage, std::move(response));
}

} // namespace watari::sim
