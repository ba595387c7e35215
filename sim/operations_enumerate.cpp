#include "sim/operations.hpp"

#include "sim/soap_faults.hpp"
#include "wsman/codec/names.hpp"

#include <algorithm>
#include <utility>

namespace watari::sim {

namespace {

/// The selector dialect: equality of every selector (wsman.md 3.6).
bool has_selectors(const cim::Instance& instance, const std::vector<wsman::Selector>& selectors)
{
    return std::ranges::all_of(selectors, [&](const wsman::Selector& selector) {
        const std::string* wanted = std::get_if<std::string>(&selector.value);
        const cim::Value& have = instance[selector.name];
        return wanted != nullptr &&
               cim::same_name(*wanted, have.string() != nullptr ? *have.string() : have.text());
    });
}

} // namespace

std::vector<cim::Instance> Operations::instances(const wsman::Enumerate& wanted,
                                                 Repository& repository,
                                                 const wsman::ResourceName& resource)
{
    const bool is_all = resource.class_name == "*";
    if (!wanted.filter) {
        if (is_all) {
            soap::refuse(soap::sender("wsa:DestinationUnreachable", 2150858811,
                                      "A filter is needed to enumerate all classes.",
                                      "InvalidResourceURI"));
        }
        return repository.enumerate(resource.class_name);
    }
    if (wanted.filter->dialect == wsman::names::dialect_selector) {
        if (is_all) {
            soap::refuse(soap::sender("wsen:CannotProcessFilter", 2150858778,
                                      "A selector filter must address a class."));
        }
        std::vector<cim::Instance> found = repository.enumerate(resource.class_name);
        std::erase_if(found, [&](const cim::Instance& instance) {
            return !has_selectors(instance, wanted.filter->selectors);
        });
        return found;
    }
    const bool is_association = wanted.filter->dialect == wsman::names::dialect_association &&
                                host_.profile().is("association_dialect", "supported");
    if (wanted.filter->dialect != wsman::names::dialect_wql && (!is_association || !is_all)) {
        soap::refuse(soap::sender("wsen:FilterDialectRequestedUnavailable", 2150858777,
                                  "The filter dialect is not supported."));
    }
    if (!is_all) {
        soap::refuse(soap::sender("wsen:CannotProcessFilter", 2150859003,
                                  "A WQL query must address all classes of the namespace."));
    }
    return repository.query(wanted.filter->text);
}

wsman::ResponseBody Operations::enumerate(const wsman::Request& request,
                                          const wsman::Enumerate& wanted,
                                          const std::string& account)
{
    const auto resource = wsman::parse_resource_uri(request.header.resource_uri);
    if (!resource) {
        return soap::sender("wsa:DestinationUnreachable", 2150858811,
                            "The resource URI names no resource.", "InvalidResourceURI");
    }
    if (wanted.filter && find_namespace(resource->ns) == nullptr &&
        wanted.filter->dialect == wsman::names::dialect_wql &&
        !cim::same_name(resource->ns, schema::v1_namespace)) {
        // What clients probe the version with (wsman.md 12.32).
        return soap::of_wmi(
            soap::sender("wsen:CannotProcessFilter", 2150858778, "The namespace does not exist."),
            0x8004100E, 3, host_.generation());
    }
    Repository& repository = addressed_namespace(*resource);
    Enumeration enumeration{.account = account};
    const bool is_projection =
        wanted.filter && cim::folded(wanted.filter->text).find("select *") == std::string::npos &&
        cim::folded(wanted.filter->text).starts_with("select");
    if (is_projection && wanted.mode != wsman::EnumerationMode::objects) {
        return soap::sender("wsman:UnsupportedFeature", 2150858818, "The query gives no keys.",
                            "EnumerationMode");
    }
    for (cim::Instance& instance : instances(wanted, repository, *resource)) {
        wsman::Item item;
        if (wanted.mode != wsman::EnumerationMode::objects) {
            item.path = repository.path_of(instance).with_host({});
        }
        if (wanted.mode != wsman::EnumerationMode::references) {
            item.instance = std::move(instance);
        }
        enumeration.items.push_back(std::move(item));
    }
    return begin_enumeration(std::move(enumeration), wanted);
}

wsman::ResponseBody Operations::begin_enumeration(Enumeration enumeration,
                                                  const wsman::Enumerate& wanted)
{
    if (!wanted.optimize) {
        return wsman::ItemsResponse{.context = enumerations_.open(std::move(enumeration))};
    }
    const std::string context = enumerations_.open(std::move(enumeration));
    wsman::ItemsResponse answer =
        take(*enumerations_.find(context),
             std::min(wanted.max_elements.value_or(1), quotas_.batch_items));
    answer.context = context;
    return answer;
}

wsman::ItemsResponse Operations::take(Enumeration& enumeration, std::size_t count)
{
    wsman::ItemsResponse answer{.has_items = true};
    count = std::min(count, enumeration.left());
    const auto begin = enumeration.items.begin() + static_cast<std::ptrdiff_t>(enumeration.given);
    answer.items.assign(begin, begin + static_cast<std::ptrdiff_t>(count));
    answer.end_of_sequence = count == enumeration.left();
    return answer;
}

wsman::ResponseBody Operations::pull(const wsman::Pull& wanted, const std::string& account)
{
    Subscription* subscription = subscriptions_.find(wanted.context);
    if (subscription != nullptr && subscription->account == account) {
        return pull_events(*subscription, wanted);
    }
    Enumeration* enumeration = enumerations_.find(wanted.context);
    if (enumeration == nullptr || enumeration->account != account) {
        return soap::bad_context();
    }
    // Without MaxElements a host gives one item.
    wsman::ItemsResponse answer = take(
        *enumeration, std::min(std::max(1U, wanted.max_elements.value_or(1)), quotas_.batch_items));
    answer.is_pull = true;
    answer.context = wanted.context;
    return answer;
}

} // namespace watari::sim
