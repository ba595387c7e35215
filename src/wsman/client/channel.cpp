#include "wsman/client/channel.hpp"

#include "core/uuid.hpp"
#include "messages/http.hpp"
#include "messages/wsman.hpp"
#include "wsman/client/observe_only.hpp"
#include "wsman/codec/codec.hpp"
#include "wsman/codec/names.hpp"

#include <algorithm>
#include <exception>
#include <utility>

namespace watari::wsman {

namespace {

constexpr std::string_view path = "/wsman";

/// What the answer may take beyond OperationTimeout before we give up on it (wsman.md 9, rule 5).
constexpr std::chrono::seconds network_delay{30};

/// How long a change may wait to be sent, all attempts together, and one of them. Whoever marks it
/// as sent before counts on the host being done with it soon after its OperationTimeout.
constexpr std::chrono::seconds change_waits_max{30};
constexpr std::chrono::seconds attempt_waits_max{10};

std::string_view action_of(const RequestBody& body)
{
    struct Namer {
        std::string_view operator()(const Identify&) const { return {}; }
        std::string_view operator()(const Get&) const { return names::get; }
        std::string_view operator()(const Put&) const { return names::put; }
        std::string_view operator()(const Create&) const { return names::create; }
        std::string_view operator()(const Delete&) const { return names::delete_; }
        std::string_view operator()(const Enumerate&) const { return names::enumerate; }
        std::string_view operator()(const Pull&) const { return names::pull; }
        std::string_view operator()(const Release&) const { return names::release; }
        std::string_view operator()(const Invoke&) const { return {}; }
        std::string_view operator()(const Subscribe&) const { return names::subscribe; }
        std::string_view operator()(const Unsubscribe&) const { return names::unsubscribe; }
        std::string_view operator()(const Renew&) const { return names::renew; }
    };
    return std::visit(Namer{}, body);
}

/// A second Pull would skip a batch if the host had answered the first: as with changes, only what
/// was not done is sent again.
Effect effect_when_repeated(const RequestBody& body, Effect effect)
{
    const bool moves_on =
        std::holds_alternative<Pull>(body) || std::holds_alternative<Release>(body);
    return moves_on ? Effect::changes : effect;
}

/// At most `limit`; whole seconds when there are any, so that the host's own time-out comes before
/// ours.
std::chrono::milliseconds operation_timeout(std::chrono::nanoseconds left,
                                            std::chrono::nanoseconds limit)
{
    using namespace std::chrono;
    left = std::min(left, limit);
    return left >= 2s ? milliseconds{floor<seconds>(left)}
                      : std::max(floor<milliseconds>(left), milliseconds{1});
}

bool is(const Error& error, const Message& message)
{
    return error.code() == message.code;
}

/// What `error` means for what was asked: of a read nothing was changed, of a change nobody knows.
Error judged(const Error& error, Effect effect, bool late)
{
    if (is(error, message::wsman_bad_answer{})) {
        return error.with_kind(effect == Effect::changes ? ErrorKind::outcome_unknown
                                                         : ErrorKind::invalid);
    }
    if (error.kind() != ErrorKind::outcome_unknown || effect == Effect::changes) {
        return error;
    }
    if (is(error, message::http_answer_too_large{})) {
        return error.with_kind(ErrorKind::exhausted); // and so it would be the next time
    }
    return error.with_kind(late ? ErrorKind::timed_out : ErrorKind::unavailable);
}

/// WinRM counts before it begins anything; a quota of WMI may end a method in its middle.
bool is_of_winrm(const Error& error)
{
    constexpr std::uint32_t family = 0x80338; // wsmerror.h
    return error.peer().code.value_or(0) >> 12U == family;
}

/// Why what failed with `error` may be sent again; nullopt: it may not.
std::optional<Trouble> trouble_of(const Error& error)
{
    if (is(error, message::wsman_quota{})) {
        return is_of_winrm(error) ? std::optional{Trouble::quota} : std::nullopt;
    }
    if (error.kind() != ErrorKind::unavailable || is(error, message::http_answer_is_tls{}) ||
        is(error, message::wsman_enumeration_lost{})) {
        return std::nullopt;
    }
    return is(error, message::wsman_service_busy{}) ? Trouble::busy : Trouble::passing;
}

} // namespace

void fail_answer(const Asked& asked, std::string why)
{
    throw Error{asked.effect == Effect::changes ? ErrorKind::outcome_unknown : ErrorKind::invalid,
                message::wsman_bad_answer{.why = std::move(why)}};
}

Channel::Channel(http::Client& client, Clock& clock, Random& random, SessionOptions options)
    : client_(client),
      clock_(clock),
      random_(random),
      options_(std::move(options)),
      session_id_("uuid:" + Uuid::random(random).upper()),
      max_envelope_size_(options_.max_envelope_size)
{
    if (options_.to.empty()) {
        options_.to = "http://" + client.server().text() + std::string{path};
    }
    options_.max_elements = std::max(options_.max_elements, 1U);
    if (!options_.quota) {
        options_.quota = std::make_shared<HostQuota>(clock);
    }
}

bool Channel::raise_envelope_size(std::uint64_t used) noexcept
{
    constexpr std::uint64_t factor = 4;
    if (used != max_envelope_size_) {
        return true; // raised since, for another request
    }
    if (max_envelope_size_ != options_.max_envelope_size) {
        return false;
    }
    max_envelope_size_ *= factor;
    return true;
}

/// When a request may leave, and how much of its time on the host is gone.
struct Channel::Window {
    Deadline deadline;
    Deadline start_by;
    SteadyTime opened;
    Effect effect; ///< when repeated
};

/// What came of sending a request once.
struct Channel::Attempt {
    std::optional<Answer> answer = {};
    std::optional<Error> error = {};     ///< in place of an answer
    std::exception_ptr other = {};       ///< likewise, and nothing of ours
    std::optional<Trouble> trouble = {}; ///< it may be made again
    bool failed = false;                 ///< or answered with a fault
};

Channel::Window Channel::window_for(Effect effect, Deadline deadline) const
{
    Window window{
        .deadline = deadline, .start_by = deadline, .opened = clock_.steady(), .effect = effect};
    if (effect == Effect::changes) {
        const std::chrono::nanoseconds half = options_.operation_timeout / 2;
        window.start_by = deadline.sooner(
            Deadline::after(clock_, std::min<std::chrono::nanoseconds>(half, change_waits_max)));
    }
    return window;
}

RequestHeader Channel::header_for(const RequestBody& body, const Asked& asked,
                                  const std::string& class_name,
                                  std::chrono::milliseconds timeout) const
{
    RequestHeader header;
    header.to = options_.to;
    header.resource_uri =
        asked.resource_uri.empty() ? resource_uri(asked.ns, class_name) : asked.resource_uri;
    header.action = std::holds_alternative<Invoke>(body)
                        ? header.resource_uri + "/" + std::get<Invoke>(body).method
                        : std::string{action_of(body)};
    header.message_id = "uuid:" + Uuid::random(random_).upper();
    header.max_envelope_size = max_envelope_size_;
    header.operation_timeout = timeout;
    header.locale = options_.locale;
    header.data_locale = options_.locale;
    header.session_id = session_id_;
    header.options = asked.options;
    return header;
}

Response Channel::read(const http::Response& answer, const Asked& asked,
                       const std::string& message_id) const
{
    const bool may_be_soap = answer.status == 200 || answer.status == 400 || answer.status == 500;
    if (!may_be_soap || (answer.body.empty() && answer.status != 200)) {
        throw http_error(answer.status, asked, std::string{path});
    }
    const cim::TypeSource& types = options_.types_of ? options_.types_of(asked.ns) : cim::untyped();
    Response response =
        decode_response(answer.body, types, asked.class_name == "*" ? "" : asked.class_name);
    if (!response.relates_to.empty() && !cim::same_name(response.relates_to, message_id)) {
        fail_answer(asked, "the answer belongs to another request");
    }
    return response;
}

void Channel::record(const Asked& asked, SteadyTime began, bool failed, int attempt) const
{
    if (options_.on_request) {
        options_.on_request({.action = asked.action,
                             .class_name = asked.class_name,
                             .effect = asked.effect,
                             .failed = failed,
                             .attempt = attempt,
                             .took = clock_.steady() - began});
    }
}

Task<Semaphore::Permit> Channel::enter(Deadline deadline)
{
    return options_.quota->enter(deadline);
}

Task<Response> Channel::exchange(RequestBody body, std::string class_name,
                                 std::vector<Selector> selectors, const Asked& asked,
                                 Deadline deadline)
{
    const Window window = window_for(effect_when_repeated(body, asked.effect), deadline);
    Request request{.header = {}, .body = std::move(body)};
    request.header.selectors = std::move(selectors);
    const auto place = co_await enter(window.start_by);
    Answer answer = co_await exchange_within(std::move(request), class_name, asked, window);
    co_return std::move(answer.response);
}

Task<Answer> Channel::exchange_inside(RequestBody body, std::string class_name,
                                      std::vector<Selector> selectors, const Asked& asked,
                                      Deadline deadline)
{
    const Window window = window_for(effect_when_repeated(body, asked.effect), deadline);
    Request request{.header = {}, .body = std::move(body)};
    request.header.selectors = std::move(selectors);
    co_return co_await exchange_within(std::move(request), class_name, asked, window);
}

Task<Answer> Channel::exchange_within(Request request, const std::string& class_name,
                                      const Asked& asked, Window window)
{
    Retry retry{clock_, random_, options_.retry};
    for (;;) {
        require_may_send(options_.observation.get(), request.body, class_name);
        if (window.deadline.passed(clock_)) {
            throw Error{
                ErrorKind::timed_out,
                message::wsman_timed_out{.action = asked.action, .class_name = asked.class_name}};
        }
        const SteadyTime began = clock_.steady();
        const int number = retry.attempt();
        Attempt attempt = co_await send_once(request, class_name, asked, window);
        record(asked, began, attempt.failed, number);
        const auto pause =
            attempt.trouble ? retry.next(*attempt.trouble, window.start_by) : std::nullopt;
        if (pause) {
            if (attempt.trouble == Trouble::quota) {
                options_.quota->rest(*pause);
            }
            co_await clock_.sleep_for(*pause);
        } else if (attempt.other) {
            std::rethrow_exception(attempt.other);
        } else if (attempt.error) {
            throw std::move(*attempt.error);
        } else {
            co_return std::move(*attempt.answer);
        }
    }
}

Task<Channel::Attempt> Channel::send_once(Request& request, const std::string& class_name,
                                          const Asked& asked, const Window& window)
{
    const bool changes = asked.effect == Effect::changes;
    // However often a change is tried, it ends on the host when the first attempt would have.
    const auto gone = std::chrono::floor<std::chrono::seconds>(clock_.steady() - window.opened);
    const std::chrono::nanoseconds limit =
        asked.patience ? *asked.patience : options_.operation_timeout;
    const auto timeout =
        operation_timeout(window.deadline.left(clock_), changes ? limit - gone : limit);
    auto selectors = std::move(request.header.selectors);
    request.header = header_for(request.body, asked, class_name, timeout);
    request.header.selectors = std::move(selectors);
    http::Request message{.method = "POST", .target = std::string{path}};
    message.headers.set("Content-Type", std::string{names::content_type});
    message.body = encode(request);

    const Deadline start_by =
        changes ? window.start_by.sooner(Deadline::after(clock_, attempt_waits_max))
                : window.start_by;
    const Deadline answer_by =
        window.deadline.sooner(Deadline::after(clock_, timeout + network_delay));
    const auto repeat = window.effect == Effect::reads ? http::Repeat::if_connection_was_stale
                                                       : http::Repeat::never;
    Asked strict = asked;
    strict.effect = window.effect;
    Attempt made;
    ++requests_;
    try {
        const http::Response answer =
            co_await client_.send(std::move(message), answer_by, repeat, start_by);
        made.answer.emplace(read(answer, strict, request.header.message_id), answer.body.size());
    } catch (const Error& error) {
        const bool late = answer_by.passed(clock_);
        const bool not_sent = error.kind() == ErrorKind::timed_out && changes && !late;
        made.trouble = not_sent ? Trouble::passing : trouble_of(judged(error, window.effect, late));
        made.error = judged(error, asked.effect, late);
    } catch (...) {
        made.other = std::current_exception();
    }
    const auto* fault = made.answer ? std::get_if<Fault>(&made.answer->response.body) : nullptr;
    if (fault != nullptr) {
        made.trouble = trouble_of(fault_error(*fault, strict));
    }
    made.failed = !made.answer || fault != nullptr;
    co_return made;
}

} // namespace watari::wsman
