#include "sim/operations.hpp"

#include "sim/soap_faults.hpp"
#include "wsman/codec/names.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace watari::sim {

namespace {

cim::Value value_of(const wsman::Selector& selector)
{
    if (const auto* path = std::get_if<cim::ObjectPath>(&selector.value)) {
        return cim::Value{*path};
    }
    return cim::Value{std::get<std::string>(selector.value)};
}

const std::string* text_of(const wsman::Selector& selector)
{
    return std::get_if<std::string>(&selector.value);
}

void check_duplicates(const std::vector<wsman::Selector>& selectors)
{
    for (std::size_t at = 0; at < selectors.size(); ++at) {
        for (std::size_t other = at + 1; other < selectors.size(); ++other) {
            if (cim::same_name(selectors[at].name, selectors[other].name)) {
                soap::refuse(soap::sender("wsman:InvalidSelectors", 2150858847,
                                          "A selector is given twice.", "DuplicateSelectors"));
            }
        }
    }
}

} // namespace

Repository& Operations::addressed_namespace(const wsman::ResourceName& resource)
{
    if (Repository* repository = find_namespace(resource.ns)) {
        return *repository;
    }
    // Without its classes root\virtualization still opens from 2012 R2 on, as the parent of v2.
    if (cim::same_name(resource.ns, schema::v1_namespace) &&
        host_.generation() > Generation::ws2012 &&
        host_.profile().is("v1_namespace_gone", "invalid_class")) {
        throw RepositoryFault{
            FaultKind::no_such_class,
            fmt::format("The class {} does not exist in {}.", resource.class_name, resource.ns)};
    }
    soap::refuse(soap::no_such_namespace(resource.ns, host_.generation()));
}

cim::ObjectPath Operations::target(const wsman::Request& request,
                                   const wsman::ResourceName& resource,
                                   const Repository& repository) const
{
    const schema::ClassInfo* info = repository.catalogue().find(resource.class_name);
    if (info == nullptr) {
        throw RepositoryFault{
            FaultKind::no_such_class,
            fmt::format("The class {} does not exist in {}.", resource.class_name, resource.ns)};
    }
    const auto& selectors = request.header.selectors;
    check_duplicates(selectors);
    std::vector<cim::ObjectPath::Key> keys;
    for (const wsman::Selector& selector : selectors) {
        if (cim::same_name(selector.name, wsman::names::namespace_selector)) {
            const std::string* given = text_of(selector);
            if (given == nullptr || !cim::same_name(*given, resource.ns)) {
                soap::refuse(soap::receiver("wsman:InternalError", 2150859067,
                                            "The namespace selector differs from the resource."));
            }
            continue;
        }
        const auto key = std::ranges::find_if(info->keys, [&](const std::string& name) {
            return cim::same_name(name, selector.name);
        });
        if (key == info->keys.end()) {
            soap::refuse(soap::sender("wsman:InvalidSelectors", 2150858843,
                                      fmt::format("{} is no key of {}.", selector.name, info->name),
                                      "UnexpectedSelectors"));
        }
        keys.emplace_back(*key, value_of(selector));
    }
    const bool is_invoke = std::holds_alternative<wsman::Invoke>(request.body);
    const bool is_service =
        info->find_property("CreationClassName") != nullptr && info->name.ends_with("Service");
    if (keys.size() < info->keys.size() && !(is_invoke && (is_service || keys.empty()))) {
        // A real host answered so to Name alone for Msvm_ComputerSystem.
        soap::refuse(soap::no_such_instance(host_.generation()));
    }
    return cim::ObjectPath{resource.ns, info->name, std::move(keys)};
}

} // namespace watari::sim
