#include "hyperv/v1/ids.hpp"

#include "schema/v1.hpp"

#include <fmt/format.h>

namespace watari::hyperv::v1 {

std::string global_id(const HostVmId& vm)
{
    return wmi::settings_id(vm) + "\\Global";
}

std::string vlan_settings_id(std::string_view port)
{
    return fmt::format("Microsoft:{}\\Root", port);
}

std::string port_name(const Uuid& channel)
{
    return channel.upper();
}

cim::ObjectPath port_path(std::string_view switch_id, std::string_view port)
{
    using Port = schema::v1::Msvm_SwitchPort;
    return {std::string{Port::ns},
            std::string{Port::class_name},
            {{"CreationClassName", cim::Value{Port::class_name}},
             {"Name", cim::Value{port}},
             {"SystemCreationClassName", cim::Value{schema::v1::Msvm_VirtualSwitch::class_name}},
             {"SystemName", cim::Value{switch_id}}}};
}

} // namespace watari::hyperv::v1
