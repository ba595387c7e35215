#include "sim/host/v2/given.hpp"

#include <utility>

namespace watari::sim::host::v2 {

namespace {

cim::ObjectPath path_in(const MethodCall& call, std::string_view name)
{
    const auto paths = paths_of(call.input[name]);
    if (paths.empty()) {
        refuse(code::invalid_parameter, "A reference is missing");
    }
    return paths.front();
}

Host::Named checkpoint_in(Host& host, const MethodCall& call, std::string_view name)
{
    Host::Named at = named(host, path_in(call, name));
    if (at.checkpoint == nullptr) {
        refuse(code::invalid_parameter, "The path names no checkpoint");
    }
    return at;
}

} // namespace

Methods checkpoint_methods(Repository&, Host& host)
{
    Methods methods;
    methods["CreateSnapshot"] = [&host](const MethodCall& call) {
        return started(host,
                       host.create_checkpoint(*named(host, path_in(call, "AffectedSystem")).vm));
    };
    methods["ApplySnapshot"] = [&host](const MethodCall& call) {
        const Host::Named at = checkpoint_in(host, call, "Snapshot");
        return started(host, host.apply_checkpoint(*at.vm, at.checkpoint->id));
    };
    methods["DestroySnapshot"] = [&host](const MethodCall& call) {
        const Host::Named at = checkpoint_in(host, call, "AffectedSnapshot");
        return started(host, host.destroy_checkpoint(*at.vm, at.checkpoint->id, false));
    };
    methods["DestroySnapshotTree"] = [&host](const MethodCall& call) {
        const Host::Named at = checkpoint_in(host, call, "SnapshotSettingData");
        return started(host, host.destroy_checkpoint(*at.vm, at.checkpoint->id, true));
    };
    return methods;
}

} // namespace watari::sim::host::v2
