#include "hyperv/v1/acts.hpp"
#include "hyperv/v1/network.hpp"
#include "hyperv/v1/uplinks.hpp"
#include "hyperv/wmi/vm.hpp"
#include "messages/hyperv.hpp"

#include <map>

#include <fmt/format.h>

namespace watari::hyperv::v1 {

namespace {

using Service = schema::v1::Msvm_VirtualSystemManagementService;
using Add = Service::AddVirtualSystemResources;
using Resource = Machine::Resource;

Task<Done> add(Act& act, HostVmId vm, std::vector<std::string> settings)
{
    schema::Call<Add> call;
    call.set(Add::TargetSystem, wmi::system_path<Dialect::Classes>(vm))
        .set(Add::ResourceSettingData, settings);
    co_return co_await act.change(call);
}

std::string scsi_controller(const Uuid& channel)
{
    schema::Object<Resource> controller;
    controller.set(Resource::ResourceType, resource_type::scsi_controller)
        .set(Resource::ResourceSubType, std::string{sub_type::scsi_controller})
        .set(Resource::VirtualSystemIdentifiers, std::vector<std::string>{channel.braced()});
    return controller.cim_xml();
}

std::string drive(const std::string& controller, unsigned position)
{
    schema::Object<Resource> settings;
    settings.set(Resource::ResourceType, resource_type::disk_drive)
        .set(Resource::ResourceSubType, std::string{sub_type::disk_drive})
        .set(Resource::Parent, wmi::by_instance_id<Resource>(controller).text())
        .set(Resource::Address, fmt::format("{}", position)); // v2 says AddressOnParent
    return settings.cim_xml();
}

std::string medium(const std::string& drive_id, const HostPath& path)
{
    schema::Object<Resource> settings;
    settings.set(Resource::ResourceType, resource_type::storage_extent)
        .set(Resource::ResourceSubType, std::string{sub_type::virtual_hard_disk})
        .set(Resource::Parent, wmi::by_instance_id<Resource>(drive_id).text())
        .set(Resource::Connection, std::vector<std::string>{path}); // v2 says HostResource
    return settings.cim_xml();
}

/// The work on one VM: what is asked, what the host has, step by step.
class Additions
{
public:
    Additions(Act& act, Uplinks& uplinks, VmRef vm, std::vector<DiskAttachment> disks,
              std::vector<NicAttachment> nics)
        : act_(act),
          uplinks_(uplinks),
          vm_(std::move(vm)),
          disks_(std::move(disks)),
          nics_(std::move(nics))
    {
    }

    Task<> run()
    {
        co_await read();
        wmi::require_free_slots(machine_.name(), machine_.disks(), disks_);
        for (const auto& nic : nics_) {
            if (nic.vlan && !nic.switch_id.empty()) {
                co_await require_vlan_attached(act_, uplinks_, nic.switch_id, *nic.vlan);
            }
        }
        co_await add_controllers();
        for (const auto& nic : nics_) {
            co_await prepare_port(nic);
        }
        co_await add_drives_and_nics();
        co_await add_media();
        if (has_changed_) {
            co_await read();
        }
        co_await require_all();
    }

private:
    /// The VM, with the VLANs of the ports its NICs have or will have.
    Task<> read()
    {
        std::vector<std::string> ports;
        for (const auto& nic : nics_) {
            if (!nic.switch_id.empty()) {
                const auto at = ports_.find(nic.channel);
                ports.push_back(at == ports_.end() ? port_name(nic.channel) : at->second.name);
            }
        }
        auto machine = co_await read_machine(act_, vm_.guid, std::move(ports));
        if (!machine) {
            wmi::throw_not_on_host(act_, vm_.guid);
        }
        wmi::prove_own<Dialect>(vm_, *machine);
        machine_ = std::move(*machine);
    }

    bool is_attached(const DiskAttachment& disk) const
    {
        return wmi::is_attached(machine_.disks(), disk);
    }

    Task<> add_controllers()
    {
        std::vector<std::string> controllers(
            wmi::missing_controllers(machine_.scsi_controllers().size(), disks_));
        if (controllers.empty()) {
            co_return;
        }
        for (auto& controller : controllers) {
            controller = scsi_controller(Uuid::random(act_.random()));
        }
        co_await change(std::move(controllers));
        co_await read(); // their numbers follow from all ids
    }

    /// The port of a NIC, with its VLAN before anything is connected to it.
    Task<> prepare_port(NicAttachment nic)
    {
        if (nic.switch_id.empty()) {
            co_return;
        }
        MadePort made{.port = {}, .is_new = false};
        if (const auto present = wmi::find_nic(machine_.network_adapters(), nic)) {
            if (const auto port = port_of(machine_, present->settings_id);
                port && cim::same_name(port->switch_id, nic.switch_id)) {
                made.port = *port;
            }
        }
        if (made.port.name.empty()) {
            made = co_await make_port(act_, machine_, nic, vm_.mark);
            has_changed_ = true;
        }
        ports_.insert_or_assign(nic.channel, made.port);
        if (co_await set_vlan(act_, machine_, made, nic.vlan)) {
            has_changed_ = true;
        }
    }

    std::optional<Port> port_for(const NicAttachment& nic) const
    {
        const auto at = ports_.find(nic.channel);
        return at == ports_.end() ? std::nullopt : std::optional{at->second};
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

    Task<> add_drives_and_nics()
    {
        std::vector<std::string> settings;
        for (const auto& disk : disks_) {
            if (!is_attached(disk) && !machine_.has_resource(drive_of(disk))) {
                settings.push_back(drive(controller_of(disk), disk.slot.position));
            }
        }
        for (const auto& nic : nics_) {
            const auto present = wmi::find_nic(machine_.network_adapters(), nic);
            if (!present) {
                settings.push_back(nic_settings(nic, port_for(nic)).cim_xml());
            } else if (!wmi::is_connected(*present, nic)) {
                has_changed_ = true;
                co_await reconnect(act_, vm_.guid, present->settings_id, *port_for(nic));
            }
        }
        if (!settings.empty()) {
            co_await change(std::move(settings));
        }
    }

    Task<> add_media()
    {
        std::vector<std::string> settings;
        for (const auto& disk : disks_) {
            if (!is_attached(disk)) {
                settings.push_back(medium(drive_of(disk), disk.path));
            }
        }
        if (!settings.empty()) {
            act_.shared().held = {};
            co_await change(std::move(settings));
        }
    }

    Task<std::string> missing()
    {
        for (const auto& disk : disks_) {
            if (!is_attached(disk)) {
                co_return wmi::text_of(disk.slot);
            }
        }
        for (const auto& nic : nics_) {
            if (auto lacks = wmi::difference(wmi::find_nic(machine_.network_adapters(), nic), nic);
                !lacks.empty()) {
                co_return lacks;
            }
            if (const auto port = port_for(nic);
                port && co_await vlan_of(act_, machine_, *port) != nic.vlan) {
                co_return "VLAN of " + nic.name;
            }
        }
        co_return "";
    }

    Task<> require_all()
    {
        auto what = co_await missing();
        if (!what.empty()) {
            wmi::throw_vm_not_as_asked(act_, machine_.name(), std::move(what));
        }
    }

    Task<Done> change(std::vector<std::string> settings)
    {
        has_changed_ = true;
        co_return co_await add(act_, vm_.guid, std::move(settings));
    }

    Act& act_;
    Uplinks& uplinks_;
    VmRef vm_;
    std::vector<DiskAttachment> disks_;
    std::vector<NicAttachment> nics_;
    Machine machine_;
    std::map<Uuid, Port> ports_; ///< by channel
    bool has_changed_ = false;
};

} // namespace

Task<> add_devices(Act& act, Uplinks& uplinks, VmRef vm, std::vector<DiskAttachment> disks,
                   std::vector<NicAttachment> nics)
{
    Additions additions{act, uplinks, std::move(vm), std::move(disks), std::move(nics)};
    co_await additions.run();
}

} // namespace watari::hyperv::v1
