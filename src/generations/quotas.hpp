#pragma once

#include "generations/generation.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace watari {

/// What the WinRM service of a host grants unless its administrator changed it, as
/// data/profiles/quotas.json says with the evidence of each number.
struct ServiceQuotas {
    std::size_t envelope_bytes = 0;        ///< MaxEnvelopeSizekb
    std::chrono::milliseconds timeout{};   ///< MaxTimeoutms
    std::uint32_t batch_items = 0;         ///< MaxBatchItems
    std::uint32_t operations_per_user = 0; ///< running requests and open enumerations
    /// The same of the WMI plug-in; nullopt: it has none.
    std::optional<std::uint32_t> plugin_operations_per_user;
    std::chrono::milliseconds enumeration_timeout{}; ///< EnumerationTimeoutms
    std::size_t connections = 0;                     ///< MaxConnections
};

/// Parsed from the data inside the program on first use.
const ServiceQuotas& default_quotas(Generation generation);

} // namespace watari
