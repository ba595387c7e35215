#include "hyperv/v2/acts.hpp"
#include "hyperv/v2/network.hpp"
#include "hyperv/wmi/vm.hpp"
#include "messages/hyperv.hpp"

#include <map>

#include <fmt/format.h>

namespace watari::hyperv::v2 {

namespace {

using Service = schema::v2::Msvm_VirtualSystemManagementService;
using Add = Service::AddResourceSettings;
using Resource = Machine::Resource;
using Medium = Machine::Medium;
using Nic = Machine::Nic;

Task<Done> add(Act& act, HostVmId vm, std::vector<std::string> settings)
{
    schema::Call<Add> call;
    call.set(Add::AffectedConfiguration, wmi::settings_path<Dialect::Classes>(vm))
        .set(Add::ResourceSettings, settings);
    co_return co_await act.change(call);
}

std::string scsi_controller()
{
    schema::Object<Resource> controller;
    controller.set(Resource::ResourceType, resource_type::scsi_controller)
        .set(Resource::ResourceSubType, std::string{sub_type::scsi_controller});
    return controller.cim_xml();
}

std::string drive(const std::string& controller, unsigned position)
{
    schema::Object<Resource> settings;
    settings.set(Resource::ResourceType, resource_type::disk_drive)
        .set(Resource::ResourceSubType, std::string{sub_type::disk_drive})
        .set(Resource::Parent, wmi::by_instance_id<Resource>(controller).text())
        .set(Resource::AddressOnParent, fmt::format("{}", position));
    return settings.cim_xml();
}

std::string medium(const std::string& drive_id, const HostPath& path)
{
    schema::Object<Medium> settings;
    settings.set(Medium::ResourceType, resource_type::storage_extent)
        .set(Medium::ResourceSubType, std::string{sub_type::virtual_hard_disk})
        .set(Medium::Parent, wmi::by_instance_id<Resource>(drive_id).text())
        .set(Medium::HostResource, std::vector<std::string>{path});
    return settings.cim_xml();
}

/// The work on one VM: what is asked, what the host has, step by step.
class Additions
{
public:
    Additions(Act& act, VmRef vm, std::vector<DiskAttachment> disks,
              std::vector<NicAttachment> nics)
        : act_(act), vm_(std::move(vm)), disks_(std::move(disks)), nics_(std::move(nics))
    {
    }

    Task<> run()
    {
        co_await read();
        wmi::require_free_slots(machine_.name(), machine_.disks(), disks_);
        co_await add_controllers();
        co_await add_drives_and_nics();
        co_await add_media_and_connections();
        co_await set_vlans();
        if (!has_changed_) {
            co_return;
        }
        co_await read();
        if (lacks_vlan()) { // hosts lose it at times [code: os-win]
            co_await set_vlans();
            co_await read();
        }
        require_all();
    }

private:
    bool is_attached(const DiskAttachment& disk) const
    {
        return wmi::is_attached(machine_.disks(), disk);
    }

    Task<> add_controllers()
    {
        const std::size_t present = machine_.scsi_controllers().size();
        const std::size_t missing = wmi::missing_controllers(present, disks_);
        if (missing == 0) {
            co_return;
        }
        const auto done = co_await change(std::vector<std::string>(missing, scsi_controller()));
        const auto added = wmi::results(done, Add::ResultingResourceSettings);
        if (missing != 1 || added.size() != 1 || present != 0) {
            co_await read(); // their numbers follow from all ids
            co_return;
        }
        schema::Object<Resource> controller;
        controller.set(Resource::InstanceID, added.front().key("InstanceID").value_or(""))
            .set(Resource::ResourceType, resource_type::scsi_controller);
        machine_.add(controller.instance());
    }

    std::string controller_of(const DiskAttachment& disk) const
    {
        return wmi::require_controller(machine_.name(), disk.slot,
                                       machine_.controller_of(vm_.guid, disk.slot));
    }

    std::string drive_of(const DiskAttachment& disk) const
    {
        return wmi::drive_id(controller_of(disk), disk.slot.position);
    }

    std::optional<VmNic> find(const NicAttachment& nic) const
    {
        return wmi::find_nic(machine_.network_adapters(), nic);
    }

    Task<> add_drives_and_nics()
    {
        std::vector<std::string> settings;
        std::size_t new_nics = 0;
        for (const auto& disk : disks_) {
            if (!is_attached(disk) && !machine_.has_resource(drive_of(disk))) {
                settings.push_back(drive(controller_of(disk), disk.slot.position));
            }
        }
        for (const auto& nic : nics_) {
            if (const auto present = find(nic)) {
                nic_ids_.insert_or_assign(nic.channel, present->settings_id);
            } else {
                settings.push_back(wmi::nic_settings<Nic>(nic, sub_type::nic).cim_xml());
                ++new_nics;
            }
        }
        if (settings.empty()) {
            co_return;
        }
        const std::size_t sent = settings.size();
        const auto done = co_await change(std::move(settings));
        if (!take_results(wmi::results(done, Add::ResultingResourceSettings), sent, new_nics)) {
            co_await read();
            take_ids();
        }
    }

    /// Ids of what was just added, from the result references. False: they do not tell.
    bool take_results(const std::vector<cim::ObjectPath>& added, std::size_t sent,
                      std::size_t new_nics)
    {
        if (added.size() != sent || new_nics > 1) {
            return false; // with several NICs their order would be a guess
        }
        for (const auto& path : added) {
            const auto id = path.key("InstanceID").value_or("");
            if (cim::same_name(path.class_name(), Nic::class_name)) {
                for (const auto& nic : nics_) {
                    nic_ids_.try_emplace(nic.channel, id);
                }
            } else if (std::ranges::none_of(disks_, [&](const DiskAttachment& disk) {
                           return cim::same_name(drive_of(disk), id);
                       })) {
                return false; // not where it was predicted
            }
        }
        return nic_ids_.size() == nics_.size();
    }

    void take_ids()
    {
        for (const auto& nic : nics_) {
            if (const auto present = find(nic)) {
                nic_ids_.insert_or_assign(nic.channel, present->settings_id);
            }
        }
    }

    const std::string& id_of(const NicAttachment& nic) const
    {
        const auto at = nic_ids_.find(nic.channel);
        if (at == nic_ids_.end()) {
            wmi::throw_vm_not_as_asked(act_, machine_.name(), "NIC " + nic.name);
        }
        return at->second;
    }

    struct Missing {
        std::vector<std::string> settings = {};    ///< to add
        std::vector<NicAttachment> elsewhere = {}; ///< connected to another switch, or to none
    };

    Missing missing_media_and_connections() const
    {
        Missing missing;
        for (const auto& disk : disks_) {
            if (!is_attached(disk)) {
                missing.settings.push_back(medium(drive_of(disk), disk.path));
            }
        }
        for (const auto& nic : nics_) {
            if (nic.switch_id.empty()) {
                continue;
            }
            if (machine_.connection_of(id_of(nic)) == nullptr) {
                missing.settings.push_back(connection_settings(nic, id_of(nic)).cim_xml());
            } else if (const auto present = find(nic);
                       present && !wmi::is_connected(*present, nic)) {
                missing.elsewhere.push_back(nic);
            }
        }
        return missing;
    }

    /// False: the host refused, perhaps because a NIC brings its own connection (UNVERIFIED:
    /// unconnected_epasd).
    Task<bool> add_all(std::vector<std::string> settings)
    {
        try {
            co_await change(std::move(settings));
            co_return true;
        } catch (const Error& error) {
            if (nics_.empty() ||
                (error.kind() != ErrorKind::conflict && error.kind() != ErrorKind::invalid)) {
                throw;
            }
            refused_ = error;
        }
        co_return false;
    }

    Task<> add_media_and_connections()
    {
        Missing missing = missing_media_and_connections();
        act_.shared().held = {};
        if (!missing.settings.empty() && !co_await add_all(missing.settings)) {
            const std::size_t asked = missing.settings.size();
            co_await read();
            missing = missing_media_and_connections();
            if (missing.settings.size() == asked) {
                throw *refused_;
            }
            if (!missing.settings.empty()) {
                co_await change(std::move(missing.settings));
            }
        }
        for (const auto& nic : missing.elsewhere) {
            has_changed_ = true;
            co_await reconnect(act_, nic, id_of(nic));
        }
    }

    Task<> set_vlans()
    {
        for (const auto& nic : nics_) {
            if (nic.switch_id.empty()) {
                continue;
            }
            if (co_await set_vlan(act_, machine_, nic, id_of(nic))) {
                has_changed_ = true;
            }
        }
    }

    bool lacks_vlan() const
    {
        return std::ranges::any_of(nics_, [&](const NicAttachment& nic) {
            return difference(machine_, nic).starts_with("VLAN");
        });
    }

    void require_all() const
    {
        std::string what;
        for (const auto& disk : disks_) {
            if (!is_attached(disk)) {
                what = wmi::text_of(disk.slot);
            }
        }
        for (const auto& nic : nics_) {
            if (auto nic_lacks = difference(machine_, nic); !nic_lacks.empty()) {
                what = std::move(nic_lacks);
            }
        }
        if (!what.empty()) {
            wmi::throw_vm_not_as_asked(act_, machine_.name(), std::move(what));
        }
    }

    Task<Done> change(std::vector<std::string> settings)
    {
        has_changed_ = true;
        co_return co_await add(act_, vm_.guid, std::move(settings));
    }

    Task<> read()
    {
        machine_ = co_await wmi::get_machine<Dialect>(act_, vm_.guid);
        wmi::prove_own<Dialect>(vm_, machine_);
    }

    Act& act_;
    VmRef vm_;
    std::vector<DiskAttachment> disks_;
    std::vector<NicAttachment> nics_;
    Machine machine_;
    std::map<Uuid, std::string> nic_ids_; ///< by channel
    std::optional<Error> refused_;
    bool has_changed_ = false;
};

} // namespace

Task<> add_devices(Act& act, VmRef vm, std::vector<DiskAttachment> disks,
                   std::vector<NicAttachment> nics)
{
    Additions additions{act, std::move(vm), std::move(disks), std::move(nics)};
    co_await additions.run();
}

} // namespace watari::hyperv::v2
