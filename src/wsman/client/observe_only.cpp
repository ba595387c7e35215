#include "wsman/client/observe_only.hpp"

#include "messages/wsman.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace watari::wsman {

namespace {

struct Method {
    std::string_view class_name;
    std::string_view name;
};

/// What the documented schemas describe as reading, of the classes that are asked here. A method
/// that is not here may change something: validating a disk opens it for writing, a thumbnail costs
/// the host work, GetCurrentWwpnFromGenerator is not known to leave the generator as it is.
constexpr std::array reading_methods{
    Method{"Msvm_VirtualSystemManagementService", "GetSummaryInformation"},
    Method{"Msvm_VirtualSystemManagementService", "GetDefinitionFileSummaryInformation"},
    Method{"Msvm_VirtualSystemManagementService", "GetSizeOfSystemFiles"},
    Method{"Msvm_ImageManagementService", "GetVirtualHardDiskInfo"},
    Method{"Msvm_ImageManagementService", "GetVirtualHardDiskSettingData"},
    Method{"Msvm_ImageManagementService", "GetVirtualHardDiskState"},
    Method{"Msvm_ConcreteJob", "GetError"},
    Method{"Msvm_ConcreteJob", "GetErrorEx"},
    Method{"Msvm_MigrationJob", "GetError"},
    Method{"Msvm_MigrationJob", "GetErrorEx"},
    Method{"Msvm_NetworkJob", "GetError"},
    Method{"Msvm_NetworkJob", "GetErrorEx"},
    Method{"Msvm_StorageJob", "GetError"},
    Method{"Msvm_StorageJob", "GetErrorEx"},
};

bool only_reads(const Invoke& invoke, std::string_view class_name) noexcept
{
    return std::ranges::any_of(reading_methods, [&](const Method& known) {
        return cim::same_name(known.class_name, class_name) && known.name == invoke.method;
    });
}

/// A kind of request that is added stands here or does not compile.
struct Judge {
    std::string_view class_name;

    bool operator()(const Identify&) const noexcept { return true; }
    bool operator()(const Get&) const noexcept { return true; }
    bool operator()(const Enumerate&) const noexcept { return true; }
    bool operator()(const Pull&) const noexcept { return true; }
    bool operator()(const Release&) const noexcept { return true; }
    bool operator()(const Put&) const noexcept { return false; }
    bool operator()(const Create&) const noexcept { return false; }
    bool operator()(const Delete&) const noexcept { return false; }
    bool operator()(const Invoke& invoke) const noexcept { return only_reads(invoke, class_name); }
    bool operator()(const Subscribe&) const noexcept { return false; } // the host keeps it
    bool operator()(const Unsubscribe&) const noexcept { return false; }
    bool operator()(const Renew&) const noexcept { return false; }
};

} // namespace

bool may_send(const RequestBody& body, std::string_view class_name) noexcept
{
    return std::visit(Judge{class_name}, body);
}

void require_may_send(const Observation* observation, const RequestBody& body,
                      std::string_view class_name)
{
    if (observation != nullptr && observation->is_on && !may_send(body, class_name)) {
        throw Error{ErrorKind::conflict, message::host_is_observed{.host = observation->host}};
    }
}

} // namespace watari::wsman
