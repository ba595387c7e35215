#pragma once

#include "sim/host/owner.hpp"
#include "sim/repository.hpp"

#include <chrono>
#include <functional>
#include <string>
#include <string_view>

/// How the engine's truth looks in root\virtualization\v2: ids, paths, numbers. Source:
/// fresh-vm.md.
namespace watari::sim::host::v2 {

/// Sets a property; the repository gives it its declared type.
inline void put(cim::Instance& instance, std::string_view name, cim::Value value)
{
    const bool is_array = value.is_array();
    instance.append({.name = std::string{name},
                     .type = cim::Type::string,
                     .is_array = is_array,
                     .value = std::move(value)});
}

cim::Value texts(std::vector<std::string> values);
cim::Value numbers(std::initializer_list<std::uint64_t> values);
cim::Value moment(WallTime time);
cim::Value interval(std::chrono::microseconds length);
/// 1601-01-01: never.
cim::Value never();

/// "Microsoft:<OWNER>" or "Microsoft:<OWNER>\<device>".
std::string setting_id(const Uuid& owner, std::string_view device = {});

cim::ObjectPath object_path(const Host& host, std::string_view class_name,
                            std::vector<cim::ObjectPath::Key> keys);
cim::ObjectPath system_path(const Host& host, const Uuid& vm);
cim::ObjectPath host_path(const Host& host);
cim::ObjectPath settings_path(const Host& host, const Uuid& owner);
cim::ObjectPath device_settings_path(const Host& host, const Uuid& owner, const Device& device);
cim::ObjectPath switch_path(const Host& host, const Uuid& network);
cim::ObjectPath job_path(const Host& host, const Job& job);

/// DeviceID of a live device: the settings' id without the VM (fresh-vm.md 1.5).
std::string live_id(const Device& device);

/// Msvm_IDEController…; empty: the kind has no live device.
std::string_view live_class(DeviceKind kind) noexcept;
/// The settings class of a kind on this generation.
std::string_view settings_class(const Host& host, DeviceKind kind);
/// The feature type GUID of a class; empty: none.
std::string feature_type_id(std::string_view class_name);

/// A class with one instance per set of settings.
ClassProvider per_owner(Host& host, cim::Instance (*make)(const Host&, const Owner&));
/// A class with one instance per device of these kinds.
ClassProvider per_device(Host& host, std::vector<DeviceKind> kinds);

cim::Instance system_settings(const Host& host, const Owner& owner);
cim::Instance memory_settings(const Host& host, const Owner& owner);
cim::Instance processor_settings(const Host& host, const Owner& owner);
cim::Instance device_settings(Host& host, const Owner& owner, const Device& device);
cim::Instance feature_settings(const Owner& owner, const Device& connection,
                               const Feature& feature);

std::uint16_t enabled_state(VmState state) noexcept;

/// 4096 with the job's path.
MethodAnswer started(const Host& host, const Job& job);

/// Who fills which classes.
void add_systems(Repository& repository, Host& host);
void add_settings(Repository& repository, Host& host);
void add_devices(Repository& repository, Host& host);
void add_associations(Repository& repository, Host& host);
void add_management(Repository& repository, Host& host);
void add_summary(Repository& repository, Host& host);
void add_jobs(Repository& repository, Host& host);
void add_networks(Repository& repository, Host& host);
void add_services(Repository& repository, Host& host);
void add_templates(Repository& repository, Host& host);

using Methods = std::map<std::string, std::function<MethodAnswer(const MethodCall&)>, std::less<>>;
Methods management_methods(Repository& repository, Host& host);
Methods resource_methods(Repository& repository, Host& host);
Methods feature_methods(Repository& repository, Host& host);
Methods image_methods(Repository& repository, Host& host);
Methods checkpoint_methods(Repository& repository, Host& host);
Methods switch_methods(Repository& repository, Host& host);
MethodAnswer summary(Repository& repository, Host& host, const MethodCall& call);

} // namespace watari::sim::host::v2
