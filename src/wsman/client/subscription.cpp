#include "wsman/client/subscription.hpp"

#include "cim/wql.hpp"
#include "core/log.hpp"
#include "messages/wsman.hpp"
#include "wsman/client/channel.hpp"
#include "wsman/codec/names.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace watari::wsman {

namespace {

constexpr std::chrono::minutes lifetime{10};
constexpr std::uint32_t batch = 100;
constexpr std::chrono::milliseconds shortest_wait{500};

Asked asked_for(std::string action, std::string_view ns)
{
    Asked asked{.action = std::move(action)};
    asked.ns = ns;
    asked.class_name = "*";
    return asked;
}

Event event_from(const cim::Instance& instance)
{
    const auto embedded = [&](std::string_view name) {
        const cim::Instance* one = instance[name].embedded();
        return one != nullptr ? *one : cim::Instance{};
    };
    return {instance.class_name(), embedded("PreviousInstance"), embedded("TargetInstance")};
}

/// The host gives up before we do, so that nothing it has is lost on the way.
std::chrono::milliseconds patience(std::chrono::nanoseconds left)
{
    using namespace std::chrono;
    constexpr seconds margin{2};
    constexpr seconds most{60};
    return std::min<milliseconds>(
        most, floor<milliseconds>(left > 2 * margin ? left - margin : left / 2));
}

bool is_quiet(const Response& response)
{
    const auto* fault = std::get_if<Fault>(&response.body);
    return fault != nullptr && fault->code == codes::timed_out;
}

} // namespace

Task<std::unique_ptr<Subscription>> Subscription::open(Session& session, std::string_view ns,
                                                       std::string_view class_name,
                                                       std::chrono::seconds within,
                                                       Deadline deadline)
{
    const Asked asked = asked_for("Subscribe", ns);
    RequestBody body = Subscribe{
        .mode = std::string{names::delivery_pull},
        .filter = Filter{std::string{names::dialect_wql},
                         fmt::format("SELECT * FROM __InstanceModificationEvent WITHIN {} WHERE "
                                     "TargetInstance ISA {}",
                                     within.count(), cim::wql::literal(class_name))},
        .heartbeats = session.channel().options().operation_timeout,
        .expires = lifetime};
    Response response =
        co_await session.channel().exchange(std::move(body), "*", {}, asked, deadline);
    const auto* fault = std::get_if<Fault>(&response.body);
    if (fault != nullptr &&
        (fault->subcode == "wsa:ActionNotSupported" || fault->subcode.starts_with("wse:"))) {
        throw Error{ErrorKind::unsupported, message::wmi_no_events{.ns = std::string{ns}},
                    PeerSays{.code = fault->code, .text = fault->message}};
    }
    auto answer = expect<SubscribeResponse>(std::move(response), asked);
    if (answer.context.empty()) {
        fail_answer(asked, "a subscription without a context to pull with");
    }
    co_return std::unique_ptr<Subscription>{new Subscription{
        session, std::string{ns}, std::move(answer.identifier), std::move(answer.context)}};
}

Task<std::vector<Event>> Subscription::next(Deadline deadline)
{
    Channel& channel = session_.channel();
    std::vector<Event> events;
    while (events.empty() && deadline.left(channel.clock()) > shortest_wait) {
        Asked asked = asked_for("Pull", ns_);
        asked.patience = patience(deadline.left(channel.clock()));
        RequestBody body = Pull{.context = context_, .max_elements = batch};
        Response response = co_await channel.exchange(std::move(body), "*", {}, asked, deadline);
        if (is_quiet(response)) {
            continue;
        }
        auto answer = expect<ItemsResponse>(std::move(response), asked);
        if (!answer.context.empty()) {
            context_ = answer.context;
        }
        for (const Item& item : answer.items) {
            if (item.instance) {
                events.push_back(event_from(*item.instance));
            }
        }
    }
    co_return events;
}

Task<> Subscription::close(Deadline deadline)
{
    const Asked asked = asked_for("Unsubscribe", ns_);
    try {
        co_await session_.channel().exchange(Unsubscribe{identifier_}, "*", {}, asked, deadline);
    } catch (const Error& error) {
        if (error.kind() == ErrorKind::cancelled) {
            throw;
        }
        log::debug("unsubscribe_failed", {{"error", error.what()}});
    }
}

} // namespace watari::wsman
