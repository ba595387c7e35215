#include "wsman/client/channel.hpp"

#include "core/uuid.hpp"
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

/// A second Pull would skip a batch if the host had answered the first, so only requests that give
/// the same twice are repeated.
http::Repeat repeat_of(const RequestBody& body, Effect effect)
{
    const bool moves_on =
        std::holds_alternative<Pull>(body) || std::holds_alternative<Release>(body);
    return effect == Effect::reads && !moves_on ? http::Repeat::if_connection_was_stale
                                                : http::Repeat::never;
}

/// At most `limit`; whole seconds when there are any, so that the host's own time-out comes before
/// ours.
std::chrono::milliseconds operation_timeout(std::chrono::nanoseconds left,
                                            std::chrono::seconds limit)
{
    using namespace std::chrono;
    if (left >= limit) {
        return limit;
    }
    return left >= 2s ? milliseconds{floor<seconds>(left)}
                      : std::max(floor<milliseconds>(left), milliseconds{1});
}

/// What `thrown` means for what was asked: of a read nothing was changed, of a change nobody knows.
std::exception_ptr judged(std::exception_ptr thrown, Effect effect, bool late)
{
    try {
        std::rethrow_exception(std::move(thrown));
    } catch (const Error& error) {
        if (error.kind() == ErrorKind::outcome_unknown && effect == Effect::reads) {
            return std::make_exception_ptr(
                error.with_kind(late ? ErrorKind::timed_out : ErrorKind::unavailable));
        }
        const Message bad_answer = message::wsman_bad_answer{};
        if (error.code() == bad_answer.code && effect == Effect::changes) {
            return std::make_exception_ptr(error.with_kind(ErrorKind::outcome_unknown));
        }
        return std::current_exception();
    } catch (...) {
        return std::current_exception();
    }
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

RequestHeader Channel::header_for(const RequestBody& body, const Asked& asked,
                                  const std::string& class_name, Deadline deadline) const
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
    header.operation_timeout = operation_timeout(deadline.left(clock_), options_.operation_timeout);
    header.locale = options_.locale;
    header.data_locale = options_.locale;
    header.session_id = session_id_;
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

void Channel::record(const Asked& asked, SteadyTime began, bool failed) const
{
    if (options_.on_request) {
        options_.on_request({.action = asked.action,
                             .class_name = asked.class_name,
                             .effect = asked.effect,
                             .failed = failed,
                             .took = clock_.steady() - began});
    }
}

Task<Response> Channel::exchange(RequestBody body, std::string class_name,
                                 std::vector<Selector> selectors, const Asked& asked,
                                 Deadline deadline)
{
    require_may_send(options_.observation.get(), body, class_name);
    if (deadline.passed(clock_)) {
        throw Error{ErrorKind::timed_out, message::wsman_timed_out{.action = asked.action,
                                                                   .class_name = asked.class_name}};
    }
    Request request{header_for(body, asked, class_name, deadline), std::move(body)};
    request.header.selectors = std::move(selectors);
    const auto timeout = *request.header.operation_timeout;
    const Deadline answer_by = deadline.sooner(Deadline::after(clock_, timeout + network_delay));

    http::Request message{.method = "POST", .target = std::string{path}};
    message.headers.set("Content-Type", std::string{names::content_type});
    message.body = encode(request);

    const SteadyTime began = clock_.steady();
    ++requests_;
    std::optional<Response> response;
    std::exception_ptr failure;
    try {
        const http::Response answer = co_await client_.send(std::move(message), answer_by,
                                                            repeat_of(request.body, asked.effect));
        response = read(answer, asked, request.header.message_id);
    } catch (...) {
        failure = judged(std::current_exception(), asked.effect, answer_by.passed(clock_));
    }
    record(asked, began, failure || std::holds_alternative<Fault>(response->body));
    if (failure) {
        std::rethrow_exception(failure);
    }
    co_return std::move(*response);
}

} // namespace watari::wsman
