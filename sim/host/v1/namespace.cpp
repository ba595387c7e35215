#include "sim/host/v1/namespace.hpp"

#include "sim/host/v1/view.hpp"

namespace watari::sim::host::v1 {

std::unique_ptr<Repository> make_repository(Host& host)
{
    const schema::Catalogue* catalogue =
        schema::Catalogue::of(host.generation(), schema::v1_namespace);
    if (catalogue == nullptr) {
        return nullptr;
    }
    auto repository = std::make_unique<Repository>(host, *catalogue);
    const View view{host, *repository};
    add_systems(view);
    add_settings(view);
    add_devices(view);
    add_management(view);
    add_images(view);
    add_networks(view);
    add_jobs(view);
    add_pools(view);
    return repository;
}

} // namespace watari::sim::host::v1
