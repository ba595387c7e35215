#pragma once

#include "hyperv/connect/connect.hpp"
#include "store/records/host.hpp"

#include <optional>
#include <string>
#include <vector>

namespace watari::fleet {

/// What a probe found, as the host's record keeps it (columns facts and capabilities, JSON).
void record_probe(store::HostRecord& record, const hyperv::Probe& probe);
/// nullopt when the host was never probed.
std::optional<hyperv::Probe> recorded_probe(const store::HostRecord& record);

void record_facts(store::HostRecord& record, const hyperv::HostFacts& facts,
                  std::size_t foreign_vms);
/// The addresses of every NIC some VM of the host has, 12 upper-case digits each.
void record_macs(store::HostRecord& record, std::vector<std::string> macs);
/// In order; empty before the first inventory.
std::vector<std::string> recorded_macs(const store::HostRecord& record);
/// Empty lists when the host was never reached.
hyperv::HostFacts recorded_facts(const store::HostRecord& record);
std::size_t recorded_foreign_vms(const store::HostRecord& record);

} // namespace watari::fleet
