#include "tests/world/state.hpp"

#include "store/records/event.hpp"
#include "store/records/host.hpp"
#include "store/records/network.hpp"
#include "store/records/operation.hpp"
#include "store/records/reservation.hpp"
#include "store/records/vm.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace watari::world {

namespace {

using store::Transaction;

void replace_all(std::string& text, const std::string& from, const std::string& to)
{
    for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
        text.replace(at, from.size(), to);
    }
}

/// Ids of our VMs, their GUIDs on hosts and their MACs become their names.
std::string with_names(World& world, std::string text)
{
    const auto vms = world.read(
        [](Transaction& transaction) { return store::list<store::VmRecord>(transaction); });
    for (const auto& vm : vms) {
        const auto replace = [&](const Uuid& id, std::string_view what) {
            const std::string name = fmt::format("<{} {}>", what, vm.name);
            replace_all(text, id.lower(), name);
            replace_all(text, id.upper(), name);
        };
        replace(vm.id.value(), "id");
        if (vm.host_guid) {
            replace(*vm.host_guid, "guid");
        }
        if (vm.mac) { // which one is free depends on what the last inventory saw
            replace_all(text, *vm.mac, fmt::format("<mac {}>", vm.name));
        }
    }
    return text;
}

std::string sorted_lines(std::vector<std::string> lines)
{
    std::ranges::sort(lines);
    return fmt::format("{}\n", fmt::join(lines, "\n"));
}

void describe(const sim::Vm& vm, const std::string& host, std::vector<std::string>& lines)
{
    const sim::Settings& settings = vm.settings;
    const auto say = [&](std::string what) {
        lines.push_back(fmt::format("{} vm {}: {}", host, settings.name, std::move(what)));
    };
    say(fmt::format("state {}, memory {}, processors {}, startup {}, notes {}",
                    static_cast<int>(vm.state), settings.memory.startup_mib,
                    settings.processor.count, static_cast<int>(settings.startup_action),
                    settings.notes));
    for (const auto& device : settings.devices) {
        if (!device.path.empty()) {
            say("disk " + device.path);
        }
        if (!device.mac.empty()) {
            say(fmt::format("nic {} static {}", device.mac, device.static_mac));
        }
        if (device.network) {
            say(fmt::format("connected, vlan {}", sim::vlan_of(device).value_or(0)));
        }
    }
}

} // namespace

std::string host_state(World& world, std::size_t index)
{
    sim::Host& host = world.host(index).engine();
    const std::string& name = world.host_name(index);
    std::vector<std::string> lines;
    for (const auto& vm : host.vms()) {
        describe(*vm, name, lines);
    }
    for (const auto& file : host.storage().files()) {
        lines.push_back(fmt::format("{} file {}", name, file.path));
    }
    for (const auto& network : host.networks()) {
        for (const auto& port : network.ports) {
            lines.push_back(fmt::format("{} switch {} port kind {}{}", name, network.name,
                                        static_cast<int>(port.kind), port.vm ? " connected" : ""));
        }
    }
    return with_names(world, sorted_lines(std::move(lines)));
}

std::string stored_state(World& world)
{
    std::vector<std::string> lines = world.read([](Transaction& transaction) {
        std::vector<std::string> found;
        for (const auto& vm : store::list<store::VmRecord>(transaction)) {
            if (vm.lifecycle != store::Lifecycle::deleted) {
                found.push_back(fmt::format("record {}: {}, {} MiB, {} cpus, {} bytes, {}", vm.name,
                                            store::name_of(vm.lifecycle), vm.wanted_memory_mib,
                                            vm.wanted_processors, vm.wanted_disk_bytes.in_bytes(),
                                            vm.disk_path.value_or("-")));
            }
        }
        for (const auto& held : store::list<store::ReservationRecord>(transaction)) {
            found.push_back(fmt::format("reservation for {}: {} MiB, {} bytes, {} cpus",
                                        held.vm.value().lower(), held.memory.in_bytes() >> 20U,
                                        held.storage_bytes.in_bytes(), held.processors));
        }
        for (const auto& address : store::list<store::AddressRecord>(transaction)) {
            found.push_back(
                fmt::format("address {} of {}", address.mac, address.vm.value().lower()));
        }
        for (const auto& operation : store::unfinished_operations(transaction)) {
            found.push_back(fmt::format("open operation {}: {}", operation.kind,
                                        store::name_of(operation.state)));
        }
        return found;
    });
    return with_names(world, sorted_lines(std::move(lines)));
}

std::string whole_state(World& world)
{
    std::string text = stored_state(world);
    for (std::size_t index = 0; index < world.host_count(); ++index) {
        text += host_state(world, index);
    }
    return text;
}

std::string event_log(World& world)
{
    std::string text = world.read([](Transaction& transaction) {
        std::string found;
        for (const auto& event : store::events_after(transaction, 0, 1'000'000)) {
            found += fmt::format("{} {} {} {} {} {}\n", event.sequence, to_rfc3339(event.time),
                                 event.kind, event.subject_kind,
                                 event.subject ? event.subject->lower() : "-",
                                 json::serialize(event.data));
        }
        for (const auto& audit : store::audit_before(transaction, {}, 1'000'000)) {
            found += fmt::format("audit {} {} {} {} {}\n", audit.sequence, to_rfc3339(audit.time),
                                 audit.actor, audit.action, audit.outcome);
        }
        return found;
    });
    for (std::size_t index = 0; index < world.host_count(); ++index) {
        for (const auto& request : world.host(index).log().entries()) {
            text += fmt::format("{} {} {} {} {} {} {} -> {} ({} bytes)\n", world.host_name(index),
                                request.number, to_rfc3339(request.at), request.operation,
                                request.method, request.class_name, request.query, request.outcome,
                                request.bytes_out);
        }
    }
    return text;
}

} // namespace watari::world
