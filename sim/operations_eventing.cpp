#include "sim/loaded_host.hpp"
#include "sim/operations.hpp"
#include "sim/soap_faults.hpp"
#include "wsman/codec/names.hpp"

#include <algorithm>

namespace watari::sim {

namespace {

constexpr std::chrono::minutes subscription_default{10};
constexpr std::chrono::hours subscription_max{24};

} // namespace

const DeclarationsByName* Operations::declarations_of(std::string_view ns) const
{
    if (options_.loaded) {
        for (const LoadedNamespace& loaded : options_.loaded->namespaces) {
            if (cim::same_name(loaded.ns, ns)) {
                return &loaded.classes;
            }
        }
    }
    return nullptr;
}

wsman::ResponseBody Operations::metadata(const wsman::Request& request, const std::string& account)
{
    const auto* wanted = std::get_if<wsman::Enumerate>(&request.body);
    if (is_old_stack(host_.generation()) || host_.profile().is("class_metadata", "refused")) {
        // The plug-in of 2.0 does not know the URI (V49).
        return soap::sender("wsa:DestinationUnreachable", 2150858811,
                            "The resource URI names no resource.", "InvalidResourceURI");
    }
    if (wanted == nullptr && !std::holds_alternative<wsman::Get>(request.body)) {
        return soap::sender("wsa:ActionNotSupported", 2150858753,
                            "Class metadata can only be read.");
    }
    MetadataWish wish = metadata_wish(request.header);
    if (host_.profile().is("class_metadata_detail", "all")) {
        wish.qualifiers = wish.inherited = true;
    }
    Repository& repository = addressed_namespace({wish.ns, wish.class_name});
    if (wanted == nullptr && wish.class_name.empty()) {
        return soap::sender("wsman:InvalidSelectors", 2150858842, "The class is not named.",
                            "InsufficientSelectors");
    }
    auto classes = class_metadata(repository.catalogue(), declarations_of(repository.ns()), wish);
    if (classes.empty() && !wish.class_name.empty()) {
        // WMI answers "not found" to GetObject of a class; over WinRM UNVERIFIED.
        constexpr std::uint32_t wmi_not_found = 0x80041002;
        return soap::of_wmi(soap::sender("wsa:DestinationUnreachable", wmi_not_found,
                                         "The class " + wish.class_name + " does not exist."),
                            wmi_not_found, 6, host_.generation());
    }
    if (wanted == nullptr) {
        return wsman::ClassResponse{std::move(classes.front())};
    }
    if (wanted->filter || wanted->mode != wsman::EnumerationMode::objects) {
        return soap::sender("wsen:FilteringNotSupported", 2150858776,
                            "Classes are enumerated without filter and as such.");
    }
    Enumeration enumeration{.account = account};
    for (wsman::SharedClass& one : classes) {
        enumeration.items.push_back({{}, {}, std::move(one)});
    }
    return begin_enumeration(std::move(enumeration), *wanted);
}

wsman::ResponseBody Operations::subscribe(const wsman::Request& request,
                                          const wsman::Subscribe& wanted,
                                          const std::string& account)
{
    const auto resource = wsman::parse_resource_uri(request.header.resource_uri);
    if (is_old_stack(host_.generation()) || !resource || resource->class_name != "*" ||
        host_.profile().is("wmi_events", "refused")) {
        return soap::sender("wsa:ActionNotSupported", 2150858753, "The resource offers no events.");
    }
    Repository& repository = addressed_namespace(*resource);
    if (wanted.mode != wsman::names::delivery_pull) {
        return soap::sender("wse:DeliveryModeRequestedUnavailable", 2150858782,
                            "Events of WMI are only delivered when they are pulled.");
    }
    if (!wanted.filter || wanted.filter->dialect != wsman::names::dialect_wql) {
        return soap::sender("wse:FilteringRequestedUnavailable", 2150858786,
                            "Events of WMI are asked for by an event query in WQL.");
    }
    auto query = event_query_from(wanted.filter->text);
    if (!query || repository.catalogue().find(query->class_name) == nullptr) {
        return soap::of_wmi(soap::sender("wsen:CannotProcessFilter", 2150858778,
                                         "The event query is not supported."),
                            0x80041017, 15, host_.generation());
    }
    const auto expires = std::min<std::chrono::milliseconds>(
        wanted.expires.value_or(subscription_default), subscription_max);
    Subscription subscription{.account = account,
                              .ns = std::string{repository.ns()},
                              .query = std::move(*query),
                              .expires = wire_.steady() + expires};
    subscription.look(repository);
    const std::string context = subscriptions_.open(std::move(subscription));
    return wsman::SubscribeResponse{.manager = request.header.to,
                                    .identifier = subscriptions_.find(context)->identifier,
                                    .expires = expires,
                                    .context = context};
}

wsman::ResponseBody Operations::unsubscribe(const wsman::Unsubscribe& wanted,
                                            const std::string& account)
{
    if (subscriptions_.close(wanted.identifier, account)) {
        return wsman::EmptyResponse{};
    }
    return soap::sender("wsa:InvalidMessageInformationHeader", 2150858767,
                        "There is no such subscription.");
}

std::optional<std::chrono::milliseconds> Operations::event_pause(const wsman::Request& request,
                                                                 const std::string& account)
{
    const auto* wanted = std::get_if<wsman::Pull>(&request.body);
    Subscription* subscription = wanted != nullptr ? subscriptions_.find(wanted->context) : nullptr;
    if (subscription == nullptr || subscription->account != account ||
        !subscription->events.empty()) {
        return std::nullopt;
    }
    Repository* repository = find_namespace(subscription->ns);
    if (repository != nullptr) {
        subscription->look(*repository);
    }
    return subscription->events.empty() ? std::optional{subscription->query.within} : std::nullopt;
}

wsman::ResponseBody Operations::pull_events(Subscription& subscription, const wsman::Pull& wanted)
{
    if (subscription.events.empty()) {
        return soap::timed_out();
    }
    wsman::ItemsResponse answer = subscription.take(
        std::min<std::size_t>(std::max(1U, wanted.max_elements.value_or(1)), quotas_.batch_items));
    answer.context = wanted.context;
    return answer;
}

} // namespace watari::sim
