#pragma once

#include "cim/object_path.hpp"
#include "hyperv/words.hpp"

#include <optional>
#include <string>
#include <string_view>

/// InstanceIDs and paths of `root\virtualization` that can be written down without asking. A
/// predicted id is verified by the call that uses it. Source: call-sequences.md, fresh-vm.md 3
/// [recorded].
namespace watari::hyperv::v1 {

inline constexpr std::string_view hyperv_ns = "root/virtualization";

std::string settings_id(const HostVmId& vm); ///< Microsoft:<VM>
std::string global_id(const HostVmId& vm);   ///< Microsoft:<VM>\Global
std::string memory_id(const HostVmId& vm);
std::string processor_id(const HostVmId& vm);
std::string ide_controller_id(const HostVmId& vm, unsigned number);
std::string drive_id(std::string_view controller, unsigned position); ///< <controller>\<s>\D
std::string
vlan_settings_id(std::string_view port); ///< Microsoft:<port>\Root; which GUID it is was inferred
/// The port a NIC gets: named after the channel, so that a port whose creation was not answered is
/// found again.
std::string port_name(const Uuid& channel);

/// The VM (or checkpoint) at the front of an InstanceID; nullopt for templates and ids of other
/// things.
std::optional<Uuid> owner_of(std::string_view instance_id);
bool is_below(std::string_view instance_id,
              std::string_view ancestor);  ///< ancestor itself, or ancestor\…; case does not matter
bool is_ide(std::string_view instance_id); ///< of an IDE controller, its drives and media

/// Place of a medium or drive as its id tells: `Microsoft:<VM>\<controller>\<n>\<slot>\L`.
struct Place {
    std::string controller; ///< InstanceID of the controller
    unsigned position = 0;
};
std::optional<Place> place_of(std::string_view drive_or_medium);

cim::ObjectPath by_instance_id(std::string_view class_name, std::string_view instance_id);
cim::ObjectPath system_path(const HostVmId& vm);
cim::ObjectPath settings_path(const HostVmId& vm);
cim::ObjectPath port_path(std::string_view switch_id, std::string_view port);
cim::ObjectPath switch_path(std::string_view switch_id);
/// A service addressed by its class alone, as clients do [code].
template <class Service>
cim::ObjectPath service_path()
{
    return {std::string{Service::ns},
            std::string{Service::class_name},
            {{"CreationClassName", cim::Value{Service::class_name}}}};
}

} // namespace watari::hyperv::v1
