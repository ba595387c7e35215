#include "provisioning/create_vm_steps.hpp"
#include "provisioning/machines.hpp"
#include "provisioning/placement.hpp"
#include "provisioning/wishes.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <any>

namespace watari::provisioning::creating {

using store::Transaction;
using store::VmRecord;

namespace {

/// What the place is decided from, as it was in memory when the step began.
using Known = std::shared_ptr<const Snapshot>;

/// 00155D…00 to …FF of every host is given to VMs nobody addressed, and somebody may have set an
/// address of ours by hand: those we take lie outside and were seen nowhere.
bool is_used(const Snapshot& snapshot, const std::string& mac)
{
    return std::ranges::any_of(snapshot.hosts, [&](const auto& host) {
        return (!host->mac_minimum.empty() && mac >= host->mac_minimum &&
                mac <= host->mac_maximum) ||
               std::ranges::binary_search(host->macs, mac);
    });
}

void take_address(Transaction& transaction, StepContext& step, VmRecord& vm,
                  const Snapshot& snapshot)
{
    if (!vm.network) {
        return;
    }
    const auto taken = [&](const std::string& mac) { return is_used(snapshot, mac); };
    const auto id = fresh_id<store::AddressId>(step);
    vm.mac = store::allocate_address(transaction, id, *vm.network, vm.id, taken).mac;
}

} // namespace

Task<> look_around(Services& services, StepContext& step)
{
    step.scratch() = co_await services.inventory.latest();
}

void commit_place(Transaction& transaction, StepContext& step)
{
    const auto& known = std::any_cast<const Known&>(step.scratch());
    auto vm = vm_of(transaction, step);
    const Decision decision{known, wish_of(transaction, vm, step.input())};
    auto record = to_json(decision);
    if (!decision.found()) {
        note(step, "placement", std::move(record));
        throw NoPlace{decision};
    }
    const auto reservation = fresh_id<store::ReservationId>(step);
    const auto place = take_place(transaction, decision, reservation, vm.id);
    const auto& wish = decision.wish();
    vm.host = place.host->id;
    vm.storage = place.where().id;
    vm.disk_format = disk_format_of(*place.host, wish);
    vm.disk_path = place.where().path + "\\" + vm.id.value().lower() + "-0." + *vm.disk_format;
    take_address(transaction, step, vm, *known);
    store::update(transaction, vm);
    record.as_object()["chosen"] = place.host->name;
    note(step, "placement", std::move(record));
    note(step, "host", boost::json::value(place.host->name));
    note(step, "switch", boost::json::value(switch_of(*place.host, wish)));
    note(step, "image_path", boost::json::value(image_path_of(*place.host, wish)));
    step.set_host(place.host->id);
}

} // namespace watari::provisioning::creating
