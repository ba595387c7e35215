#pragma once

#include "bench/bench.hpp"
#include "core/random.hpp"
#include "fleet/host_facts.hpp"
#include "store/records/host.hpp"
#include "store/records/image.hpp"
#include "store/records/network.hpp"
#include "store/records/plan.hpp"
#include "store/records/project.hpp"
#include "store/records/reservation.hpp"
#include "store/records/vm.hpp"
#include "store/sqlite/sqlite.hpp"

#include <fmt/format.h>

/// Rows as a site at work has them.
namespace watari::bench {

/// Makes records of one site; ids and numbers are the same for the same seed.
class Site
{
public:
    Site(const Clock& clock, Random& random) : clock_(clock), random_(random) {}

    template <class Id>
    Id id()
    {
        return store::new_id<Id>(std::chrono::system_clock::time_point{clock_.now()}, random_);
    }

    /// Project `default`, plan `small`, network `customers`.
    void found(store::Transaction& transaction)
    {
        project = store::insert(transaction, store::ProjectRecord{.id = id<store::ProjectId>(),
                                                                  .name = "default"})
                      .id;
        store::PlanRecord plan{
            .id = id<store::PlanId>(), .name = "small", .processors = 2, .memory_mib = 2048};
        plan.disk_bytes = ByteSize::gib(40);
        store::insert(transaction, plan);
        store::NetworkRecord record{.id = id<store::NetworkId>(),
                                    .name = "customers",
                                    .switch_name = "Customers",
                                    .vlan = 42};
        record.mac_prefix = "02155D";
        network = store::insert(transaction, record).id;
    }

    /// A 2012 R2 host that was probed, with one storage and the network; nothing listens at its
    /// address.
    store::HostRecord add_host(store::Transaction& transaction, std::size_t number)
    {
        store::HostRecord host{.id = id<store::HostId>(),
                               .name = fmt::format("hv{:04}", number),
                               .address = "127.0.0.1"};
        host.port = 9; // discard: refuses
        host.user = "Administrator";
        hyperv::Probe probe;
        probe.ns = hyperv::Namespace::v2;
        probe.computer_name = host.name;
        probe.os_version = "6.3.9600";
        probe.stack = "3.0";
        probe.generation = Generation::ws2012r2;
        probe.evidence = "made up for a measurement";
        for (const auto capability :
             {hyperv::Capability::vhdx, hyperv::Capability::differencing_from_image,
              hyperv::Capability::vm_generation_2, hyperv::Capability::shutdown_by_state_change}) {
            probe.capabilities.set(capability, true, probe.evidence);
        }
        fleet::record_probe(host, probe);
        hyperv::HostFacts facts;
        facts.computer_name = host.name;
        facts.memory_total = ByteSize::gib(4096);
        facts.memory_free = ByteSize::gib(4000 - number % 500);
        facts.logical_processors = 64;
        facts.volumes = {{"D:", ByteSize::gib(1 << 20), ByteSize::gib((1 << 20) - number % 1000)}};
        facts.switches = {{"C0FFEE00-0000-0000-0000-000000000001", "Customers"}};
        facts.mac_minimum = "00155D010000";
        facts.mac_maximum = "00155D0100FF";
        fleet::record_facts(host, facts, 0);
        host.state = store::HostState::ready;
        host.observe = false;
        host.memory_reserve = ByteSize::gib(2);
        host.last_seen = transaction.now();
        host = store::insert(transaction, host);
        store::StorageRecord storage{
            .id = id<store::StorageId>(), .host = host.id, .name = "watari", .path = "D:\\watari"};
        storage.volume_size = facts.volumes.front().size;
        storage.volume_free = facts.volumes.front().free;
        storages.push_back(store::insert(transaction, storage).id);
        store::NetworkBindingRecord binding{
            .id = id<store::BindingId>(), .network = network, .host = host.id};
        binding.switch_id = facts.switches.front().id;
        binding.switch_name = facts.switches.front().name;
        store::insert(transaction, binding);
        hosts.push_back(host.id);
        return host;
    }

    /// A running VM on a host, with its reservation.
    store::VmRecord add_vm(store::Transaction& transaction, std::size_t number)
    {
        const std::size_t place = number % hosts.size();
        store::VmRecord vm{
            .id = id<store::VmId>(), .project = project, .name = fmt::format("desk-{:06}", number)};
        vm.wanted_processors = 2;
        vm.wanted_memory_mib = 2048;
        vm.wanted_disk_bytes = ByteSize::gib(40);
        vm.host = hosts.at(place);
        vm.host_guid = Uuid::random(random_);
        vm.storage = storages.at(place);
        vm.disk_path = "D:\\watari\\" + vm.id.value().lower() + "-0.vhdx";
        vm.disk_format = "vhdx";
        vm.lifecycle = store::Lifecycle::ready;
        vm.observed_power = store::ObservedPower::running;
        vm.observed_at = transaction.now();
        vm = store::insert(transaction, vm);
        store::ReservationRecord reservation{
            .id = id<store::ReservationId>(), .vm = vm.id, .host = hosts.at(place)};
        reservation.storage = storages.at(place);
        reservation.memory = ByteSize::gib(2);
        reservation.storage_bytes = ByteSize::gib(42);
        reservation.processors = 2;
        store::insert(transaction, reservation);
        return vm;
    }

    store::ProjectId project;
    store::NetworkId network;
    std::vector<store::HostId> hosts;
    std::vector<store::StorageId> storages;

private:
    const Clock& clock_;
    Random& random_;
};

} // namespace watari::bench
