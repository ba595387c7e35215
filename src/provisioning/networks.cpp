#include "provisioning/networks.hpp"

#include "fleet/host_facts.hpp"
#include "messages/provisioning.hpp"
#include "provisioning/workflows.hpp"
#include "store/records/plan.hpp"

#include <algorithm>

namespace watari::provisioning {

namespace {

void bind(store::Transaction& transaction, Random& random, const store::NetworkRecord& network,
          const store::HostRecord& host)
{
    const auto facts = fleet::recorded_facts(host);
    const auto found =
        std::ranges::find(facts.switches, network.switch_name, &hyperv::HostSwitch::name);
    if (found == facts.switches.end()) {
        return;
    }
    auto binding = store::find_binding(transaction, network.id, host.id);
    if (!binding) {
        const auto id = store::new_id<store::BindingId>(
            std::chrono::system_clock::time_point{transaction.now()}, random);
        store::insert(transaction, store::NetworkBindingRecord{.id = id,
                                                               .network = network.id,
                                                               .host = host.id,
                                                               .switch_id = found->id,
                                                               .switch_name = found->name});
    } else if (binding->switch_id != found->id) { // the switch was made anew under the same name
        binding->switch_id = found->id;
        store::update(transaction, *binding);
    }
}

} // namespace

void bind_networks_of_host(store::Transaction& transaction, Random& random,
                           const store::HostRecord& host)
{
    for (const auto& network : store::list<store::NetworkRecord>(transaction)) {
        bind(transaction, random, network, host);
    }
}

void bind_network(store::Transaction& transaction, Random& random,
                  const store::NetworkRecord& network)
{
    for (const auto& host : store::list<store::HostRecord>(transaction)) {
        bind(transaction, random, network, host);
    }
}

operations::Workflow add_network(Services&)
{
    const auto commit = [](store::Transaction& transaction, operations::StepContext& step) {
        const auto id = Uuid::parse(text_in(step.input(), "network").value()).value();
        bind_network(transaction, step.random(),
                     store::get<store::NetworkRecord>(transaction, store::NetworkId{id}));
    };
    return {.name = "add_network",
            .version = 1,
            .steps = {{.id = "bind", .title = message::step_bind_networks{}, .commit = commit}}};
}

/// The plan is recorded in the transaction that accepted the operation.
operations::Workflow add_plan(Services&)
{
    return {.name = "add_plan", .version = 1, .steps = {}};
}

} // namespace watari::provisioning
