#pragma once

#include <array>
#include <compare>
#include <optional>
#include <string_view>

namespace watari {

/// A host's Windows Server release as far as Hyper-V is concerned, oldest first. It explains
/// capabilities; it never decides them.
enum class Generation { ws2008r2sp1, ws2012, ws2012r2, vnext, ws2016, ws2019, ws2022, ws2025 };

inline constexpr std::array all_generations{
    Generation::ws2008r2sp1, Generation::ws2012, Generation::ws2012r2, Generation::vnext,
    Generation::ws2016,      Generation::ws2019, Generation::ws2022,   Generation::ws2025};

/// "ws2012r2"
std::string_view to_string(Generation generation) noexcept;
/// "Windows Server 2012 R2"
std::string_view full_name(Generation generation) noexcept;
std::optional<Generation> generation_from(std::string_view name) noexcept;
/// From an OS version such as "6.3.9600" (Identify, Win32_OperatingSystem.Version); nullopt when no
/// server release is known for it. Source: generations.json detection.version_rules.
std::optional<Generation> generation_of_version(std::string_view os_version) noexcept;
/// The release's own OS version, as Identify prints it.
std::string_view os_version(Generation generation) noexcept;
/// "2.0" (2008 R2) or "3.0".
std::string_view wsman_stack(Generation generation) noexcept;

} // namespace watari
