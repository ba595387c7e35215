#include "hyperv/connect/probe.hpp"

#include "core/error.hpp"
#include "messages/hyperv.hpp"
#include "wsman/client/metadata.hpp"

#include <fmt/format.h>

#include <functional>

namespace watari::hyperv {

namespace {

constexpr std::string_view v1_ns = "root/virtualization";
constexpr std::string_view v2_ns = "root/virtualization/v2";
constexpr std::string_view service_class = "Msvm_VirtualSystemManagementService";
constexpr std::string_view settings_class = "Msvm_VirtualSystemSettingData";

/// The one instance of the service class, listed because a Get needs the host's own name as a key.
/// `root\virtualization` itself opens on hosts without v1, as the parent of v2: only the class
/// tells.
Task<std::optional<cim::Instance>> find_service(wsman::Session& session, Namespace ns,
                                                Deadline deadline)
{
    try {
        auto found = co_await session.enumerate(ns_name(ns), service_class, deadline);
        if (!found.empty()) {
            co_return std::move(found.front());
        }
    } catch (const Error& error) {
        if (error.kind() != ErrorKind::unsupported && error.kind() != ErrorKind::not_found) {
            throw;
        }
    }
    co_return std::nullopt;
}

Task<cim::Instance> choose_namespace(wsman::Session& session, const HostAddress& address,
                                     Probe& probe, Deadline deadline)
{
    for (const Namespace ns : namespaces_of(address.ns)) {
        if (auto service = co_await find_service(session, ns, deadline)) {
            probe.ns = ns;
            co_return std::move(*service);
        }
    }
    throw no_namespace(address);
}

/// The properties of settings on this host, and how they became known.
struct SettingsSeen {
    std::function<bool(std::string_view property)> has = {}; ///< null: nobody knows
    std::string by = {};
};

/// As the class declares them, so that no instance is built. nullopt: hosts of Stack 2.0, and
/// others that do not say.
Task<std::optional<SettingsSeen>> read_declaration(wsman::Session& session, std::string_view stack,
                                                   Deadline deadline)
{
    if (is_stack_2(stack)) {
        co_return std::nullopt;
    }
    try {
        auto declared = co_await wsman::get_class(session, v2_ns, settings_class, deadline,
                                                  {.qualifiers = false});
        co_return SettingsSeen{.has =
                                   [declared](std::string_view property) {
                                       return declared->find_property(property) != nullptr;
                                   },
                               .by = fmt::format("the class {}", settings_class)};
    } catch (const Error& error) {
        if (error.kind() != ErrorKind::unsupported && error.kind() != ErrorKind::not_found &&
            error.kind() != ErrorKind::invalid && error.kind() != ErrorKind::denied) {
            throw;
        }
    }
    co_return std::nullopt;
}

/// The template, or where it is not found (its id is seen in one client only) any VM's.
Task<std::optional<cim::Instance>> find_settings(wsman::Session& session, Deadline deadline)
{
    const cim::ObjectPath path{
        std::string{v2_ns},
        std::string{settings_class},
        {{"InstanceID", cim::Value{"Microsoft:Definition\\VirtualSystem\\Default"}}}};
    try {
        co_return co_await session.get(path, deadline);
    } catch (const Error& error) {
        if (error.kind() != ErrorKind::not_found && error.kind() != ErrorKind::invalid &&
            error.kind() != ErrorKind::unsupported) {
            throw;
        }
    }
    std::optional<cim::Instance> any;
    co_await session.stream(
        v2_ns, fmt::format("select * from {}", settings_class),
        [&any](std::vector<cim::Instance> batch) {
            if (!batch.empty()) {
                any = std::move(batch.front());
            }
            return !any.has_value();
        },
        deadline);
    co_return any;
}

Task<SettingsSeen> look_at_settings(wsman::Session& session, std::string_view stack,
                                    Deadline deadline)
{
    if (auto declared = co_await read_declaration(session, stack, deadline)) {
        co_return std::move(*declared);
    }
    const auto found = co_await find_settings(session, deadline);
    if (!found) {
        co_return SettingsSeen{.by = fmt::format("no instance of {} to look at", settings_class)};
    }
    co_return SettingsSeen{.has =
                               [instance = *found](std::string_view property) {
                                   return instance.find(property) != nullptr;
                               },
                           .by = std::string{settings_class}};
}

/// What later schemas added to settings tells what the host can do; nothing is concluded from its
/// name. Source: generations.md, fresh-vm.md 1.9.
void read_v2_capabilities(Capabilities& capabilities, const SettingsSeen& settings)
{
    const std::string by_service = fmt::format("{} of {} answered", service_class, v2_ns);
    capabilities.set(Capability::vhdx, true, by_service);
    capabilities.set(Capability::differencing_from_image, true, by_service);
    const auto set_by = [&](std::string_view property, std::initializer_list<Capability> shown) {
        const bool present = settings.has && settings.has(property);
        const auto by = settings.has ? fmt::format("{} {} {}", settings.by,
                                                   present ? "carries" : "lacks", property)
                                     : settings.by;
        for (const Capability capability : shown) {
            capabilities.set(capability, present, by);
        }
    };
    set_by("VirtualSystemSubType", {Capability::vm_generation_2, Capability::grow_online});
    set_by("UserSnapshotType", {Capability::runtime_memory, Capability::configuration_versions,
                                Capability::shutdown_by_state_change});
}

void read_v1_capabilities(Capabilities& capabilities)
{
    const std::string by = fmt::format("{} has only {}", "the host", v1_ns);
    for (const Capability capability :
         {Capability::vhdx, Capability::vm_generation_2, Capability::grow_online,
          Capability::runtime_memory, Capability::configuration_versions,
          Capability::shutdown_by_state_change, Capability::differencing_from_image}) {
        capabilities.set(capability, false, by);
    }
}

} // namespace

bool is_stack_2(std::string_view stack) noexcept
{
    return stack.starts_with("2.") || stack.starts_with("1.");
}

std::string_view ns_name(Namespace ns) noexcept
{
    return ns == Namespace::v1 ? v1_ns : v2_ns;
}

std::vector<Namespace> namespaces_of(NamespaceChoice choice)
{
    switch (choice) {
    case NamespaceChoice::automatic:
        return {Namespace::v2, Namespace::v1};
    case NamespaceChoice::v1:
        return {Namespace::v1};
    case NamespaceChoice::v2:
        return {Namespace::v2};
    }
    return {};
}

Error no_namespace(const HostAddress& address)
{
    const auto namespaces = namespaces_of(address.ns);
    if (namespaces.size() == 1) {
        return {ErrorKind::unsupported,
                message::namespace_not_there{.host = address.endpoint.text(),
                                             .ns = std::string{ns_name(namespaces.front())}}};
    }
    return {ErrorKind::unsupported, message::no_hyperv_namespace{.host = address.endpoint.text()}};
}

Task<Probe> probe_host(http::Client& client, Clock& clock, Random& random,
                       const HostAddress& address, OnRequest on_request, Deadline deadline)
{
    wsman::SessionOptions options{.on_request = std::move(on_request),
                                  .observation = address.observation};
    options.types_of = [](std::string_view) -> const cim::TypeSource& { return cim::untyped(); };
    wsman::Session session{client, clock, random, std::move(options)};

    Probe probe;
    const wsman::Identity identity = co_await session.identify(deadline);
    probe.os_version = identity.os_version;
    probe.stack = identity.stack;
    probe.generation = generation_of_version(identity.os_version);

    const cim::Instance service = co_await choose_namespace(session, address, probe, deadline);
    probe.computer_name = service["SystemName"].text();
    probe.evidence = fmt::format("{} is in {}", service_class, ns_name(probe.ns));
    if (probe.ns == Namespace::v2) {
        read_v2_capabilities(probe.capabilities,
                             co_await look_at_settings(session, probe.stack, deadline));
    } else {
        read_v1_capabilities(probe.capabilities);
    }
    probe.capabilities.set(Capability::class_metadata, !is_stack_2(probe.stack),
                           "WS-Management stack " + probe.stack);
    co_return probe;
}

} // namespace watari::hyperv
