#pragma once

#include "core/byte_size.hpp"
#include "generations/generation.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace watari {

/// Whether a generation has a feature, as data/generations/generations.json says.
struct FeatureFact {
    enum class State { no, yes, partial, unknown };
    State state = State::unknown;
    std::string detail; ///< for partial: "clustered_only"
    std::string
        confidence; ///< documented, corroborated, inferred, conflicting, unverified, unknown

    explicit operator bool() const noexcept
    {
        return state == State::yes || state == State::partial;
    }
};

/// Limits per VM or host. nullopt: unknown or not applicable; 0: not available. VM generations 1
/// and 2 differ.
struct LimitFacts {
    std::optional<std::uint64_t> vcpu_gen1, vcpu_gen2;
    std::optional<ByteSize> memory_gen1, memory_gen2;
    std::optional<ByteSize> memory_min;
    ByteSize memory_alignment;
    std::uint64_t ide_controllers = 0, ide_disks = 0;
    std::uint64_t scsi_controllers = 0, disks_per_scsi_controller = 0;
    std::optional<std::uint64_t> synthetic_nics_gen1, synthetic_nics_gen2;
    std::uint64_t legacy_nics_gen1 = 0;
    std::uint64_t checkpoints = 0;
    std::optional<std::uint64_t> running_vms_per_host, logical_processors_per_host;
    ByteSize vhd_max, vhdx_max; ///< vhdx_max 0: the format does not exist there
};

/// What is known of a generation. It explains and predicts; a driver gates on evidence from the
/// host instead.
struct GenerationFacts {
    Generation generation{};
    std::vector<std::string> namespaces; ///< with '/', the preferred one last
    std::string default_config_version;
    std::vector<std::string> config_versions; ///< that the host runs, oldest first
    std::vector<std::string> migrate_in_only; ///< accepted from a migration and upgraded
    LimitFacts limits;
    std::map<std::string, std::string, std::less<>>
        limit_confidence;                                     ///< by the name in generations.json
    std::map<std::string, FeatureFact, std::less<>> features; ///< by id of feature_catalog
    std::map<std::string, std::string, std::less<>>
        defaults; ///< host defaults: disk_format, lm_auth, …; "" unknown

    bool has_namespace(std::string_view ns) const noexcept;
    /// An id the catalogue lacks is unknown.
    FeatureFact feature(std::string_view id) const;
    std::string_view confidence_of_limit(std::string_view name) const noexcept;
};

/// Parsed from the data inside the program on first use.
const GenerationFacts& facts(Generation generation);

} // namespace watari
