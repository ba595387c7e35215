#pragma once

#include "hyperv/ownership.hpp"
#include "hyperv/wmi/act.hpp"
#include "hyperv/wmi/nics.hpp"
#include "hyperv/wmi/slots.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

namespace watari::hyperv::wmi {

/// Takes `instance` if it is of this very class.
template <class Class>
bool take_as(std::vector<schema::Object<Class>>& all, const cim::Instance& instance)
{
    if (!cim::same_name(instance.class_name(), Class::class_name)) {
        return false;
    }
    all.emplace_back(instance);
    return true;
}

template <class Class>
bool take_as(std::optional<schema::Object<Class>>& one, const cim::Instance& instance)
{
    if (!cim::same_name(instance.class_name(), Class::class_name)) {
        return false;
    }
    one.emplace(instance);
    return true;
}

/// The settings of one VM as the host shows them, by class, as far as both namespaces have them. A
/// driver's Machine adds media, connections and VLANs.
template <class Classes>
struct BasicMachine {
    using Settings = Classes::Msvm_VirtualSystemSettingData;
    using Memory = Classes::Msvm_MemorySettingData;
    using Processor = Classes::Msvm_ProcessorSettingData;
    using Resource = Classes::Msvm_ResourceAllocationSettingData;
    using Nic = Classes::Msvm_SyntheticEthernetPortSettingData;
    using LegacyNic = Classes::Msvm_EmulatedEthernetPortSettingData;

    std::optional<schema::Object<Settings>> settings = {};
    std::optional<schema::Object<Memory>> memory = {};
    std::optional<schema::Object<Processor>> processor = {};
    std::vector<schema::Object<Resource>> resources = {}; ///< controllers and drives
    std::vector<schema::Object<Nic>> nics = {};
    std::vector<schema::Object<LegacyNic>> legacy_nics = {};

    /// Takes an instance of one of the classes above.
    bool take(const cim::Instance& instance)
    {
        return take_as(settings, instance) || take_as(memory, instance) ||
               take_as(processor, instance) || take_as(resources, instance) ||
               take_as(nics, instance) || take_as(legacy_nics, instance);
    }

    std::string name() const
    {
        return settings ? settings->get(Settings::ElementName).value_or("") : "";
    }

    std::optional<ByteSize> memory_size() const
    {
        const auto mib = memory ? memory->get(Memory::VirtualQuantity) : std::nullopt;
        return mib ? std::optional{ByteSize::mib(*mib)} : std::nullopt;
    }

    std::optional<unsigned> processors() const
    {
        const auto count = processor ? processor->get(Processor::VirtualQuantity) : std::nullopt;
        return count ? std::optional{static_cast<unsigned>(*count)} : std::nullopt;
    }

    bool has_static_memory() const
    {
        return memory && memory->get(Memory::DynamicMemoryEnabled) == false;
    }

    /// InstanceIDs of the SCSI controllers in the order in which they are numbered.
    std::vector<std::string> scsi_controllers() const
    {
        std::vector<std::string> ids;
        for (const auto& resource : resources) {
            if (resource.get(Resource::ResourceType) == resource_type::scsi_controller) {
                ids.push_back(resource.get(Resource::InstanceID).value_or(""));
            }
        }
        std::ranges::sort(ids, {}, [](const std::string& id) { return cim::folded(id); });
        return ids;
    }

    /// InstanceID of the controller of a slot; nullopt: there is none.
    std::optional<std::string> controller_of(const HostVmId& vm, const Slot& slot) const
    {
        if (slot.controller == ControllerType::scsi) {
            const auto all = scsi_controllers();
            return slot.controller_number < all.size() ? std::optional{all[slot.controller_number]}
                                                       : std::nullopt;
        }
        return resource_id(ide_controller_id(vm, slot.controller_number));
    }

    bool has_resource(std::string_view instance_id) const
    {
        return resource_id(instance_id).has_value();
    }

private:
    /// As the host spells it.
    std::optional<std::string> resource_id(std::string_view wanted) const
    {
        for (const auto& resource : resources) {
            if (auto id = resource.get(Resource::InstanceID); id && cim::same_name(*id, wanted)) {
                return id;
            }
        }
        return std::nullopt;
    }
};

} // namespace watari::hyperv::wmi
