#include "tests/driver/world.hpp"

#include <fmt/format.h>

namespace watari::test {

using namespace hyperv;

std::string Row::name() const
{
    return fmt::format("{}_on_{}", hyperv::to_string(ns), watari::to_string(generation));
}

const std::vector<Row>& rows()
{
    static const std::vector<Row> all{
        {Generation::ws2008r2sp1, Namespace::v1},
        {Generation::ws2012, Namespace::v1},
        {Generation::ws2012, Namespace::v2},
        {Generation::ws2012r2, Namespace::v2},
    };
    return all;
}

World::World(Row row, std::map<std::string, std::string> switches) : row_(row)
{
    site_ = SiteId{Uuid::random(*random_)};
    sim::HostOptions options;
    options.engine.generation = row.generation;
    options.engine.switches = std::move(switches);
    options.service.accounts = {{.user = "Administrator", .password = auth::Secret{"watari-sim"}}};
    host_ = std::make_unique<sim::SimulatedHost>(loop_.get_executor(), clock_, options);
    for (auto& port : engine().networks().front().ports) { // what an operator does before: see
                                                           // network_vlan_not_attached
        if (port.kind == sim::SwitchPort::Kind::external) {
            port.endpoint_mode = 5;
            port.trunk = {42};
        }
    }
    host_->listen(network_, {"127.42.0.1", 5985});
    open();
}

World::~World() = default;

HostAddress World::address() const
{
    return {.endpoint = {"127.42.0.1", 5985},
            .user = "Administrator",
            .password = "watari-sim",
            .ns = row_.ns == Namespace::v1 ? NamespaceChoice::v1 : NamespaceChoice::v2};
}

void World::open()
{
    connection_ =
        run(connector_->open(address(), {}, Deadline::after(clock_, std::chrono::minutes{2})));
    host_->log().clear();
}

void World::be_conservative()
{
    std::vector<std::string> names;
    for (const auto& one : engine().profile().all()) {
        if (one.name != "v1_namespace_gone" && one.name != "v1_vlan_not_trunked") {
            names.push_back(one.name);
        }
    }
    for (const auto& name : names) {
        engine().profile().flip(name);
    }
}

CallContext World::context()
{
    CallContext context{.deadline = Deadline::after(clock_, std::chrono::minutes{10})};
    context.before_change = [this]() -> Task<> {
        ++announced_;
        return yield_to_others();
    };
    context.on_request = [this](RequestKind kind) {
        switch (kind) {
        case RequestKind::read:
            ++counts_.reads;
            break;
        case RequestKind::change:
            ++counts_.changes;
            break;
        case RequestKind::job_poll:
            ++counts_.polls;
            break;
        }
    };
    return context;
}

VmSpec World::spec(std::string name)
{
    VmSpec spec{.mark = {site_, VmId{Uuid::random(*random_)}},
                .name = std::move(name),
                .processors = 2,
                .memory = ByteSize::mib(2048)};
    spec.folder = fmt::format("D:\\VMs\\{}", spec.mark.vm.value().lower());
    return spec;
}

NewDisk World::disk(const VmSpec& spec) const
{
    return {.path = fmt::format("D:\\VMs\\{}-0.vhd", spec.mark.vm.value().lower()),
            .size = ByteSize::gib(40)};
}

std::vector<DiskAttachment> World::disks(const VmSpec& spec) const
{
    return {{.path = disk(spec).path, .slot = {ControllerType::ide, 0, 0}}};
}

std::vector<NicAttachment> World::nics()
{
    const auto mac = MacAddress::parse(fmt::format("02155D0000{:02X}", ++macs_));
    return {{.channel = Uuid::random(*random_),
             .mac = *mac,
             .switch_id = engine().networks().front().id.upper(),
             .vlan = 42}};
}

VmRef World::ref(const VmSpec& spec, HostVmId guid) const
{
    return {.guid = guid, .mark = spec.mark, .folder = spec.folder};
}

VmRef World::provision(const VmSpec& spec)
{
    run(driver().create_disk(disk(spec), context()));
    const auto guid = run(driver().define_vm(spec, std::nullopt, context()));
    const auto vm = ref(spec, guid);
    run(driver().add_devices(vm, disks(spec), nics(), context()));
    return vm;
}

sim::Vm* World::find(HostVmId guid)
{
    return engine().find_vm(guid.value());
}

} // namespace watari::test
