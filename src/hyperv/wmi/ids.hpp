#pragma once

#include "cim/object_path.hpp"
#include "hyperv/words.hpp"

#include <optional>
#include <string>
#include <string_view>

/// InstanceIDs and paths that can be written down without asking, the same in both namespaces. A
/// predicted id is verified by the call that uses it. Source: call-sequences.md, fresh-vm.md 3
/// [recorded].
namespace watari::hyperv::wmi {

std::string settings_id(const HostVmId& vm); ///< Microsoft:<VM>
std::string memory_id(const HostVmId& vm);
std::string processor_id(const HostVmId& vm);
std::string ide_controller_id(const HostVmId& vm, unsigned number);
std::string drive_id(std::string_view controller, unsigned position); ///< <controller>\<s>\D

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

template <class Class>
cim::ObjectPath by_instance_id(std::string_view instance_id)
{
    return {std::string{Class::ns},
            std::string{Class::class_name},
            {{"InstanceID", cim::Value{instance_id}}}};
}

/// Of a class whose keys are CreationClassName and Name: a VM, a switch.
template <class Class>
cim::ObjectPath by_name(std::string_view name)
{
    return {std::string{Class::ns},
            std::string{Class::class_name},
            {{"CreationClassName", cim::Value{Class::class_name}}, {"Name", cim::Value{name}}}};
}

template <class Classes>
cim::ObjectPath system_path(const HostVmId& vm)
{
    return by_name<typename Classes::Msvm_ComputerSystem>(vm.value().upper());
}

template <class Classes>
cim::ObjectPath settings_path(const HostVmId& vm)
{
    return by_instance_id<typename Classes::Msvm_VirtualSystemSettingData>(settings_id(vm));
}

/// A service addressed by its class alone, as clients do [code].
template <class Service>
cim::ObjectPath service_path()
{
    return {std::string{Service::ns},
            std::string{Service::class_name},
            {{"CreationClassName", cim::Value{Service::class_name}}}};
}

} // namespace watari::hyperv::wmi
