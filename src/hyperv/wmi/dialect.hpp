#pragma once

#include "hyperv/wmi/act.hpp"
#include "hyperv/wmi/values.hpp"

#include <concepts>
#include <optional>
#include <string_view>

namespace watari::hyperv::wmi {

/// What a driver says in its own way, for the code here to say the rest. Each driver has one struct
/// of this shape (hyperv/v1/dialect.hpp, hyperv/v2/dialect.hpp); the functions here that are
/// templates take it as `D`, so that every class, property and method they name is checked against
/// the schema of both namespaces.
///
/// `Classes`  schema::v1::Classes or schema::v2::Classes
/// `Machine`  the settings of one VM: a BasicMachine<Classes> with what only this namespace has
/// `Images`   disk files: see IsImageService
template <class D>
concept IsDialect = requires(Act& act, HostVmId vm, std::string_view text) {
    typename D::Classes;
    typename D::Machine;
    typename D::Images;
    typename D::Switch; // the class of virtual switches
    { D::ns } -> std::convertible_to<Namespace>;
    { D::power_state(std::uint16_t{}) } -> std::same_as<PowerState>;
    // Whether a VM of this name is our VM of this id although no notes say so yet.
    { D::is_birth_name(VmId{}, text) } -> std::same_as<bool>;
    // The instance that tells where the VM's configuration is.
    { D::folder_source(vm) } -> std::same_as<cim::ObjectPath>;
    // Everything the host shows of the VM; nullopt: there is no such VM.
    { D::read_machine(act, vm) } -> std::same_as<Task<std::optional<typename D::Machine>>>;
    // The same with what its NICs are connected to.
    { D::read_with_networks(act, vm) } -> std::same_as<Task<std::optional<typename D::Machine>>>;
    // The guest's shutdown component; nullopt: it has none now.
    { D::shutdown_component(act, vm) } -> std::same_as<Task<std::optional<cim::ObjectPath>>>;
    { D::destroy(act, vm) } -> std::same_as<Task<Done>>;
    // Sends the changes in one request; checks nothing.
    {
        D::modify_resources(act, vm, std::optional<ByteSize>{}, std::optional<unsigned>{}, true)
    } -> std::same_as<Task<Done>>;
};

} // namespace watari::hyperv::wmi
