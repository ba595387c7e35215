#include "sim/host/v2/shapes.hpp"

#include <fmt/format.h>

#include <utility>

namespace watari::sim::host::v2 {

namespace {

void add_service(Repository& repository, Host& host, std::string class_name, std::string name,
                 Methods methods)
{
    ClassProvider provider;
    provider.produce = [&host, class_name, name](const Demand&, const Sink& sink) {
        cim::Instance row{class_name};
        put(row, "CreationClassName", class_name);
        put(row, "Name", name);
        put(row, "SystemCreationClassName", "Msvm_ComputerSystem");
        put(row, "SystemName", host.name());
        put(row, "Caption", name);
        put(row, "Description", name);
        put(row, "ElementName", name);
        put(row, "EnabledState", 5);
        put(row, "EnabledDefault", 2);
        put(row, "HealthState", 5);
        put(row, "OperationalStatus", numbers({2}));
        put(row, "StatusDescriptions", texts({"OK"}));
        put(row, "Started", true);
        put(row, "StartMode", "Automatic");
        put(row, "Status", "OK");
        if (class_name == "Msvm_VirtualSystemMigrationService") {
            put(row, "ActiveVirtualSystemMigrationCount", cim::Value::Array{cim::Value{0}});
            put(row, "ActiveStorageMigrationCount", cim::Value::Array{cim::Value{0}});
        }
        sink(std::move(row));
    };
    provider.methods = std::move(methods);
    repository.add(class_name, std::move(provider));
}

cim::Instance service_settings(const Host& host)
{
    cim::Instance row{"Msvm_VirtualSystemManagementServiceSettingData"};
    put(row, "InstanceID", "Microsoft:" + host.name());
    put(row, "DefaultExternalDataRoot", host.default_configuration_root());
    put(row, "DefaultVirtualHardDiskPath", host.default_disk_root());
    put(row, "MinimumMacAddress", host.dynamic_mac_prefix() + "00");
    put(row, "MaximumMacAddress", host.dynamic_mac_prefix() + "FF");
    put(row, "NumaSpanningEnabled", true);
    put(row, "EnhancedSessionModeEnabled", false);
    put(row, "PrimaryOwnerName", "Administrators");
    put(row, "PrimaryOwnerContact", "");
    put(row, "HbaLunTimeout", 30);
    put(row, "DefaultVirtualHardDiskCachingMode", 0);
    put(row, "HypervisorRootSchedulerEnabled", false);
    return row;
}

void add_capabilities(Repository& repository, Host& host)
{
    repository.add("Msvm_VirtualSystemManagementCapabilities",
                   {.produce = [](const Demand&, const Sink& sink) {
                       cim::Instance row{"Msvm_VirtualSystemManagementCapabilities"};
                       put(row, "InstanceID", "Microsoft:VirtualSystemManagementCapabilities");
                       put(row, "Caption", "Virtual System Management Capabilities");
                       put(row, "ElementNameEditSupported", true);
                       put(row, "MaxElementNameLen", 256);
                       put(row, "RequestedStatesSupported", numbers({2, 3, 4, 6, 9, 10, 11}));
                       put(row, "IndicationsSupported", numbers({2, 3, 4}));
                       sink(std::move(row));
                   }});
    repository.add("Msvm_VirtualSystemMigrationCapabilities",
                   {.produce = [](const Demand&, const Sink& sink) {
                       cim::Instance row{"Msvm_VirtualSystemMigrationCapabilities"};
                       put(row, "InstanceID", "Microsoft:MigrationCapabilities");
                       put(row, "Caption", "Migration Capabilities");
                       put(row, "ElementName", "Migration Capabilities");
                       put(row, "DestinationHostFormatsSupported", numbers({2, 3, 4}));
                       put(row, "SynchronousMethodsSupported", numbers({2, 32768}));
                       put(row, "AsynchronousMethodsSupported", numbers({2, 32768}));
                       sink(std::move(row));
                   }});
    repository.add("Msvm_VirtualSystemMigrationServiceSettingData",
                   {.produce = [&host](const Demand&, const Sink& sink) {
                       cim::Instance row{"Msvm_VirtualSystemMigrationServiceSettingData"};
                       put(row, "InstanceID", "Microsoft:" + host.name());
                       put(row, "EnableVirtualSystemMigration", false);
                       put(row, "MaximumActiveVirtualSystemMigration", 2);
                       put(row, "MaximumActiveStorageMigration", 2);
                       put(row, "AuthenticationType", 0);
                       put(row, "EnableCompression", true);
                       put(row, "EnableSmbTransport", false);
                       sink(std::move(row));
                   }});
}

} // namespace

void add_services(Repository& repository, Host& host)
{
    add_service(repository, host, "Msvm_VirtualSystemManagementService", "vmms",
                management_methods(repository, host));
    add_service(repository, host, "Msvm_ImageManagementService", "vhdsvc",
                image_methods(repository, host));
    add_service(repository, host, "Msvm_VirtualSystemSnapshotService", "vssnapsvc",
                checkpoint_methods(repository, host));
    add_service(repository, host, "Msvm_VirtualEthernetSwitchManagementService", "nvspwmi",
                switch_methods(repository, host));
    add_service(repository, host, "Msvm_VirtualSystemMigrationService", "migrationwmi", {});
    add_service(repository, host, "Msvm_SecurityService", "securitysvc", {});
    repository.add(
        "Msvm_VirtualSystemManagementServiceSettingData",
        {.produce = [&host](const Demand&, const Sink& sink) { sink(service_settings(host)); }});
    add_capabilities(repository, host);
}

} // namespace watari::sim::host::v2
