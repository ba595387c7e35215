#include "provisioning/rules.hpp"

#include "messages/provisioning.hpp"
#include "messages/wsman.hpp"

#include <algorithm>

namespace watari::provisioning {

namespace {

ByteSize less(ByteSize a, ByteSize b)
{
    return a > b ? a - b : ByteSize{};
}

double share(ByteSize left, ByteSize whole)
{
    return whole == ByteSize{}
               ? 0.0
               : static_cast<double>(left.in_bytes()) / static_cast<double>(whole.in_bytes());
}

Broken broken_if(bool broken, Rule rule)
{
    return broken ? bit(rule) : Broken{0};
}

/// The storage with the most room.
std::size_t best_storage(const HostView& host)
{
    const auto best = std::ranges::max_element(host.storages, {}, &HostView::Storage::free);
    return best == host.storages.end() ? 0 : static_cast<std::size_t>(best - host.storages.begin());
}

const store::ImageReplicaRecord* find_replica(const HostView& host, store::ImageId image)
{
    const auto found = std::ranges::find(host.replicas, image, &store::ImageReplicaRecord::image);
    return found == host.replicas.end() ? nullptr : &*found;
}

bool has_image(const HostView& host, store::ImageId image)
{
    const auto* replica = find_replica(host, image);
    return replica != nullptr && replica->verified;
}

const store::NetworkBindingRecord* find_binding(const HostView& host, store::NetworkId network)
{
    const auto found =
        std::ranges::find(host.bindings, network, &store::NetworkBindingRecord::network);
    return found == host.bindings.end() ? nullptr : &*found;
}

bool needs_vhdx(const Wish& wish)
{
    return wish.disk_format ? *wish.disk_format == "vhdx"
                            : wish.image && wish.image_format == "vhdx";
}

Message reason(Rule rule, const Seen& seen, const Wish& wish)
{
    switch (rule) {
    case Rule::ready:
        return message::host_not_ready{.host = seen.host, .state = seen.state};
    case Rule::takes_vms:
        return message::host_takes_no_vms{.host = seen.host};
    case Rule::memory:
        return message::host_lacks_memory{
            .host = seen.host, .free = seen.memory_free.human(), .needed = wish.memory.human()};
    case Rule::processors:
        return message::host_lacks_processors{.host = seen.host,
                                              .has = std::to_string(seen.processors),
                                              .needed = std::to_string(wish.processors)};
    case Rule::has_storage:
        return message::host_has_no_storage{.host = seen.host};
    case Rule::storage:
        return message::host_lacks_storage{.host = seen.host,
                                           .free = seen.storage_free.human(),
                                           .needed =
                                               storage_needed(wish.disk, wish.memory).human()};
    case Rule::image:
        return message::host_lacks_image{.host = seen.host, .image = wish.image_name};
    case Rule::differencing:
        return message::host_lacks_differencing{.host = seen.host};
    case Rule::vhdx:
        return message::host_lacks_vhdx{.host = seen.host};
    case Rule::network:
        return message::network_not_attached{.network = wish.network_name, .host = seen.host};
    case Rule::observed:
        return message::host_is_observed{.host = seen.host};
    }
    return {};
}

} // namespace

ByteSize storage_needed(ByteSize disk, ByteSize memory)
{
    return disk + memory;
}

std::string disk_format_of(const HostView& host, const Wish& wish)
{
    return wish.disk_format ? *wish.disk_format
           : wish.image     ? wish.image_format
           : host.vhdx      ? "vhdx"
                            : "vhd";
}

std::string switch_of(const HostView& host, const Wish& wish)
{
    const auto* binding = wish.network ? find_binding(host, *wish.network) : nullptr;
    return binding == nullptr ? std::string{} : binding->switch_id;
}

std::string image_path_of(const HostView& host, const Wish& wish)
{
    const auto* replica = wish.image ? find_replica(host, *wish.image) : nullptr;
    return replica == nullptr ? std::string{} : replica->path;
}

Verdict judge(const HostView& host, const Wish& wish)
{
    const auto needed = storage_needed(wish.disk, wish.memory);
    const auto index = best_storage(host);
    const auto* storage = host.storages.empty() ? nullptr : &host.storages[index];
    Verdict verdict{.storage = static_cast<std::uint16_t>(index)};
    verdict.broken = static_cast<Broken>(
        broken_if(host.state != store::HostState::ready, Rule::ready) |
        broken_if(!host.takes_vms, Rule::takes_vms) |
        broken_if(host.memory_free < wish.memory, Rule::memory) |
        broken_if(host.processors < wish.processors, Rule::processors) |
        broken_if(storage == nullptr, Rule::has_storage) |
        broken_if(storage != nullptr && storage->free < needed, Rule::storage) |
        broken_if(wish.image && !has_image(host, *wish.image), Rule::image) |
        broken_if(wish.disk_source == store::DiskSource::differencing && !host.differencing,
                  Rule::differencing) |
        broken_if(!host.vhdx && needs_vhdx(wish), Rule::vhdx) |
        broken_if(wish.network && find_binding(host, *wish.network) == nullptr, Rule::network) |
        broken_if(host.observed, Rule::observed));
    if (storage != nullptr) {
        verdict.score = std::min(share(less(host.memory_free, wish.memory), host.memory_total),
                                 share(less(storage->free, needed), storage->volume_size));
    }
    return verdict;
}

Seen seen_of(const HostView& host, const Verdict& verdict)
{
    return {.host = host.name,
            .state = std::string{store::name_of(host.state)},
            .memory_free = host.memory_free,
            .storage_free =
                host.storages.empty() ? ByteSize{} : host.storages[verdict.storage].free,
            .processors = host.processors};
}

std::vector<Message> reasons(Broken broken, const Seen& seen, const Wish& wish)
{
    std::vector<Message> all;
    for (unsigned number = 0; number <= static_cast<unsigned>(Rule::observed); ++number) {
        const auto rule = static_cast<Rule>(number);
        if ((broken & bit(rule)) != 0) {
            all.push_back(reason(rule, seen, wish));
        }
    }
    return all;
}

} // namespace watari::provisioning
