#include "sim/host/v2/namespace.hpp"

#include "sim/host/v2/shapes.hpp"

namespace watari::sim::host::v2 {

std::unique_ptr<Repository> make_repository(Host& host)
{
    const schema::Catalogue* catalogue =
        schema::Catalogue::of(host.generation(), schema::v2_namespace);
    if (catalogue == nullptr) {
        return nullptr;
    }
    auto repository = std::make_unique<Repository>(host, *catalogue);
    add_systems(*repository, host);
    add_settings(*repository, host);
    add_devices(*repository, host);
    add_associations(*repository, host);
    add_services(*repository, host);
    add_summary(*repository, host);
    add_jobs(*repository, host);
    add_networks(*repository, host);
    add_templates(*repository, host);
    return repository;
}

} // namespace watari::sim::host::v2
