#pragma once

#include "cim/dump.hpp"
#include "schema/catalogue.hpp"
#include "sim/metadata.hpp"
#include "sim/repository.hpp"

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace watari::sim {

/// One namespace of a dump: its own classes in place of the catalogue's.
struct LoadedNamespace {
    std::string ns;
    std::unique_ptr<const schema::Catalogue> catalogue;
    DeclarationsByName classes;
    std::map<std::string, std::vector<cim::Instance>, std::less<>> instances; ///< by folded class
};

/// What `watari wmi dump` wrote of a host. Served read-only.
struct LoadedHost {
    cim::DumpedHost said;
    std::vector<LoadedNamespace> namespaces;
};

/// Throws what cim::read_dump() throws.
std::shared_ptr<const LoadedHost> load_host(const std::filesystem::path& folder);

/// `loaded` outlives it.
std::unique_ptr<Repository> make_repository(Host& host, const LoadedNamespace& loaded);

/// Whose limits and faults the service has: by what the host said of itself.
Generation generation_of(const LoadedHost& loaded);

} // namespace watari::sim
