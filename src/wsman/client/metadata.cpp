#include "wsman/client/metadata.hpp"

#include "messages/wsman.hpp"
#include "wsman/client/channel.hpp"
#include "wsman/client/enumeration.hpp"
#include "wsman/codec/names.hpp"

#include <utility>

namespace watari::wsman {

namespace {

/// Selectors and options as clients of real hosts send them [C]; a host that is not told
/// IncludeInheritedElements may leave them out (UNVERIFIED).
Asked asked_for(std::string action, std::string_view ns, std::string_view class_name,
                const ClassDetail& detail)
{
    Asked asked{.action = std::move(action)};
    asked.ns = ns;
    asked.class_name = class_name;
    asked.object = class_name;
    asked.resource_uri = class_metadata_uri();
    asked.options = {{"IncludeInheritedElements", detail.inherited ? "true" : "false"},
                     {"IncludeQualifiers", detail.qualifiers ? "true" : "false"}};
    return asked;
}

std::vector<Selector> selectors_for(std::string_view ns, std::string_view class_name)
{
    std::vector<Selector> selectors{{std::string{names::namespace_selector}, std::string{ns}}};
    if (!class_name.empty()) {
        selectors.push_back({std::string{names::class_selector}, std::string{class_name}});
    }
    return selectors;
}

/// A host that knows nothing of class metadata says that there is no such resource; one that knows
/// also says why (the provider's number).
[[noreturn]] void throw_judged(const Error& error, const Asked& asked)
{
    const auto code = error.peer().code.value_or(0);
    if (code == codes::destination_unreachable || code == codes::bad_resource_uri ||
        code == codes::action_not_supported) {
        throw Error{ErrorKind::unsupported, message::wmi_no_class_metadata{.ns = asked.ns},
                    error.peer()};
    }
    if (code == codes::wmi_not_found || code == codes::wmi_invalid_class) {
        throw Error{ErrorKind::unsupported,
                    message::wmi_class_missing{.class_name = asked.class_name, .ns = asked.ns},
                    error.peer()};
    }
    throw error;
}

} // namespace

Task<SharedClass> get_class(Session& session, std::string_view ns, std::string_view class_name,
                            Deadline deadline, ClassDetail detail)
{
    const Asked asked = asked_for("Get", ns, class_name, detail);
    std::optional<Error> failure;
    try {
        Response response = co_await session.channel().exchange(
            Get{}, "*", selectors_for(ns, class_name), asked, deadline);
        co_return expect<ClassResponse>(std::move(response), asked).declaration;
    } catch (const Error& error) {
        failure = error;
    }
    throw_judged(*failure, asked);
}

Task<> enumerate_classes(Session& session, std::string_view ns, const TakeClasses& take,
                         Deadline deadline, ClassDetail detail)
{
    Listing listing{.ns = std::string{ns},
                    .resource_class = "*",
                    .selectors = selectors_for(ns, ""),
                    .asked = asked_for("Enumerate", ns, "", detail)};
    const Asked asked = listing.asked;
    const TakeItems take_items = [&take](std::vector<Item> items) {
        std::vector<SharedClass> classes;
        for (Item& item : items) {
            if (item.declaration) {
                classes.push_back(std::move(item.declaration));
            }
        }
        return classes.empty() || take(std::move(classes));
    };
    std::optional<Error> failure;
    try {
        co_await enumerate_items(session.channel(), std::move(listing), take_items, deadline);
    } catch (const Error& error) {
        failure = error;
    }
    if (failure) {
        throw_judged(*failure, asked);
    }
}

} // namespace watari::wsman
