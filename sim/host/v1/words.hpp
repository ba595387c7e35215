#pragma once

#include "sim/engine/vm.hpp"
#include "sim/engine/words.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

/// The engine's words in the numbers and names of root\virtualization.
namespace watari::sim::host::v1 {

/// How this namespace shows one kind of device.
struct DeviceWords {
    DeviceKind kind;
    std::string_view settings_class;
    std::uint16_t type = 0; ///< ResourceType
    std::string_view subtype = {};
    std::string_view other_type = {};
    std::string_view name = {}; ///< ElementName on an English host
    std::string_view live_class = {};
};

/// nullptr: the namespace does not show such devices (a NIC's connection is a property of the NIC
/// here).
const DeviceWords* words_of(DeviceKind kind) noexcept;
const DeviceWords* words_of_subtype(std::string_view subtype) noexcept;

/// Msvm_ComputerSystem.EnabledState.
std::uint16_t enabled_state(VmState state) noexcept;
/// Msvm_ComputerSystem.RequestedState from the number the engine keeps.
std::uint16_t requested_state(std::uint16_t engine_number) noexcept;
/// What RequestStateChange's number asks for; nullopt: nothing this host does.
std::optional<Power> power_of(std::uint64_t requested_state) noexcept;

std::uint16_t to_number(StartupAction action) noexcept;
std::uint16_t to_number(ShutdownAction action) noexcept;
std::uint16_t to_number(RecoveryAction action) noexcept;
/// Throw refuse(32773).
StartupAction startup_action(std::uint64_t number);
ShutdownAction shutdown_action(std::uint64_t number);
RecoveryAction recovery_action(std::uint64_t number);

/// v1's methods answer numbers only: an HRESULT of the engine as the return code documented for it.
std::uint32_t return_code(std::uint32_t number) noexcept;

} // namespace watari::sim::host::v1
