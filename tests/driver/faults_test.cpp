#include "tests/driver/world.hpp"

#include <gtest/gtest.h>

#include <fmt/format.h>

/// Every act with every one of its requests going wrong in every way, then again as the operation
/// engine would: an act whose outcome is unknown is looked at, and done again. In the end there is
/// exactly what was asked for.
namespace watari::test {

using namespace hyperv;

namespace {

/// One way from nothing to a running VM and back, each step told apart so that a fault can hit any
/// request of it.
class Journey
{
public:
    explicit Journey(World& world) : world_(world), spec_(world.spec()), nics_(world.nics()) {}

    /// Runs all acts; one that fails for a while or with unknown outcome is looked at and done
    /// again, as the engine does.
    void run()
    {
        again([this] {
            world_.run(world_.driver().create_disk(world_.disk(spec_), world_.context()));
        });
        again([this] { define(); });
        again([this] {
            world_.run(
                world_.driver().add_devices(ref(), world_.disks(spec_), nics_, world_.context()));
        });
        again([this] {
            world_.run(
                world_.driver().set_resources(ref(), ByteSize::mib(1024), 1, world_.context()));
        });
        again([this] {
            world_.run(world_.driver().grow_disk(
                {.path = world_.disk(spec_).path, .size = ByteSize::gib(50)}, world_.context()));
        });
        again([this] { world_.run(world_.driver().start(ref(), world_.context())); });
        check_running();
        again([this] { world_.run(world_.driver().turn_off(ref(), world_.context())); });
        again([this] { world_.run(world_.driver().delete_vm(ref(), true, world_.context())); });
        again([this] {
            world_.run(world_.driver().delete_disk(world_.disk(spec_).path, spec_.mark.vm,
                                                   world_.context()));
        });
        world_.settle();
        EXPECT_TRUE(world_.engine().vms().empty());
        again([this] {
            EXPECT_FALSE(
                world_.run(world_.driver().find_disk(world_.disk(spec_).path, world_.context())));
        });
    }

private:
    VmRef ref() const { return world_.ref(spec_, *guid_); }

    void define()
    {
        if (tried_) {
            const auto found =
                world_.run(world_.driver().find_by_mark(spec_.mark, world_.context()));
            ASSERT_LE(found.size(), 1U) << "a twin";
            if (!found.empty()) {
                guid_ = found.front().guid;
            }
        }
        tried_ = true;
        guid_ = world_.run(world_.driver().define_vm(spec_, guid_, world_.context()));
    }

    template <class Act>
    void again(Act act)
    {
        for (int attempt = 0; attempt < 4; ++attempt) {
            try {
                act();
                return;
            } catch (const Error& error) {
                last_ = error.what();
                EXPECT_NE(error.kind(), ErrorKind::internal) << last_;
            }
            world_.settle(); // longer than a lost request may still be under way
        }
        ADD_FAILURE() << "gave up: " << last_;
        throw std::runtime_error{last_};
    }

    void check_running()
    {
        ASSERT_EQ(world_.engine().vms().size(), 1U);
        const auto* vm = world_.find(*guid_);
        ASSERT_NE(vm, nullptr);
        EXPECT_EQ(vm->state, sim::VmState::running);
        EXPECT_EQ(vm->settings.name, spec_.name);
        EXPECT_EQ(mark_in(vm->settings.notes), spec_.mark);
        EXPECT_EQ(vm->settings.memory.startup_mib, 1024U);
        EXPECT_EQ(vm->settings.processor.count, 1U);
        EXPECT_EQ(count(*vm, sim::DeviceKind::disk_drive), 1);
        EXPECT_EQ(count(*vm, sim::DeviceKind::hard_disk), 1);
        EXPECT_EQ(count(*vm, sim::DeviceKind::synthetic_nic), 1);
        EXPECT_EQ(count(*vm, sim::DeviceKind::connection), 1);
        const auto* connection = vm->settings.first(sim::DeviceKind::connection);
        ASSERT_NE(connection, nullptr);
        EXPECT_EQ(sim::vlan_of(*connection), 42);
    }

    static long count(const sim::Vm& vm, sim::DeviceKind kind)
    {
        return std::ranges::count_if(
            vm.settings.devices, [&](const sim::Device& device) { return device.kind == kind; });
    }

    World& world_;
    VmSpec spec_;
    std::vector<NicAttachment> nics_;
    std::optional<HostVmId> guid_;
    bool tried_ = false;
    std::string last_;
};

struct Trouble {
    std::string name;
    sim::FaultRule rule;
};

std::vector<Trouble> troubles()
{
    using sim::FaultEffect;
    const auto rule = [](FaultEffect effect) {
        return sim::FaultRule{.effect = effect, .delay = std::chrono::seconds{20}};
    };
    std::vector<Trouble> all{
        {"lost_request", rule(FaultEffect::lost_request)},
        {"lost_answer", rule(FaultEffect::lost_answer)},
        {"late_execution", rule(FaultEffect::late_execution)},
        {"cut", rule(FaultEffect::cut)},
        {"garbage", rule(FaultEffect::garbage)},
    };
    sim::FaultRule fault = rule(FaultEffect::fault);
    fault.number = 0x80041001; // WBEM_E_FAILED
    fault.subcode = "wsman:InternalError";
    all.push_back({"fault", fault});
    sim::FaultRule busy = rule(FaultEffect::http_status);
    busy.number = 503;
    all.push_back({"http_503", busy});
    return all;
}

/// The host forgets its jobs while that of the n-th change is waited for.
CallContext losing_the_job_of_change(World& world, int nth)
{
    auto context = world.context();
    context.on_request = [&world, nth, changes = std::make_shared<int>(0)](RequestKind kind) {
        *changes += kind == RequestKind::change ? 1 : 0;
        if (kind == RequestKind::job_poll && *changes == nth) {
            world.engine().jobs().clear();
        }
    };
    return context;
}

using RowAndTrouble = std::tuple<Row, Trouble>;

std::uint64_t requests_without_trouble(const Row& row)
{
    World world{row};
    Journey{world}.run();
    return world.host().log().total();
}

} // namespace

class Faults : public testing::TestWithParam<Row>
{
};

INSTANTIATE_TEST_SUITE_P(Matrix, Faults, testing::ValuesIn(rows()),
                         [](const auto& row) { return row.param.name(); });

class EveryRequest : public testing::TestWithParam<RowAndTrouble>
{
};

INSTANTIATE_TEST_SUITE_P(Matrix, EveryRequest,
                         testing::Combine(testing::ValuesIn(rows()), testing::ValuesIn(troubles())),
                         [](const auto& param) {
                             return std::get<0>(param.param).name() + "_" +
                                    std::get<1>(param.param).name;
                         });

TEST_P(EveryRequest, may_go_wrong_and_leaves_what_was_asked_for)
{
    const auto& [row, trouble] = GetParam();
    const auto requests = requests_without_trouble(row);
    for (std::uint64_t nth = 1; nth <= requests; ++nth) {
        SCOPED_TRACE(fmt::format("at request {}", nth));
        World world{row};
        auto rule = trouble.rule;
        rule.nth = nth;
        world.host().faults().add(rule);
        try {
            Journey{world}.run();
        } catch (const std::exception& error) {
            ADD_FAILURE() << error.what();
        }
        if (testing::Test::HasFailure()) {
            return;
        }
    }
}

TEST_P(Faults, of_host_jobs_are_told_or_overcome)
{
    using sim::FaultEffect;
    const std::vector<std::string> methods =
        GetParam().ns == Namespace::v2
            ? std::vector<std::string>{"CreateVirtualHardDisk", "ResizeVirtualHardDisk",
                                       "RequestStateChange", "DestroySystem"}
            : std::vector<std::string>{"CreateDynamicVirtualHardDisk", "ExpandVirtualHardDisk",
                                       "RequestStateChange", "DestroyVirtualSystem"};
    for (const auto& method : methods) {
        for (const auto effect : {FaultEffect::job_error, FaultEffect::job_slow,
                                  FaultEffect::return_code, FaultEffect::service_restart}) {
            SCOPED_TRACE(fmt::format("{}: effect {}", method, static_cast<int>(effect)));
            World world{GetParam()};
            world.host().faults().add(
                {.method = method, .nth = 1, .effect = effect, .number = 32768, .factor = 5.0});
            Journey{world}.run();
        }
    }
}

TEST_P(Faults, a_host_job_that_never_ends_is_an_unknown_outcome)
{
    World world{GetParam()};
    const auto vm = world.provision(world.spec());
    world.host().faults().add(
        {.method = "RequestStateChange", .nth = 1, .effect = sim::FaultEffect::job_hangs});
    const auto error = world.failure(world.driver().start(vm, world.context()));
    ASSERT_TRUE(error);
    EXPECT_EQ(error->kind(), ErrorKind::outcome_unknown);
    EXPECT_EQ(error->code(), "host_job_not_done");
}

TEST_P(Faults, tell_kind_and_remedy)
{
    const std::vector<std::pair<std::uint32_t, ErrorKind>> codes{
        {32769, ErrorKind::denied},      {32770, ErrorKind::unsupported},
        {32773, ErrorKind::invalid},     {32774, ErrorKind::conflict},
        {32777, ErrorKind::unavailable}, {32778, ErrorKind::exhausted},
        {32768, ErrorKind::conflict},    {32771, ErrorKind::outcome_unknown},
    };
    World world{GetParam()};
    const auto vm = world.provision(world.spec());
    for (const auto& [code, kind] : codes) {
        world.host().faults().fail_next("RequestStateChange", code);
        const auto error = world.failure(world.driver().start(vm, world.context()));
        ASSERT_TRUE(error) << code;
        EXPECT_EQ(error->kind(), kind) << error->what();
        EXPECT_EQ(error->peer().code, code);
    }
}

TEST_P(Faults, of_questions_leave_no_outcome_unknown)
{
    World world{GetParam()};
    for (const std::uint32_t code : {3U, 32771U, 32772U}) {
        world.host().faults().fail_next("GetSummaryInformation", code);
        const auto error = world.failure(world.driver().list_vms(world.context()));
        ASSERT_TRUE(error) << code;
        EXPECT_EQ(error->kind(), ErrorKind::timed_out) << error->what();
        EXPECT_EQ(error->peer().code, code);
    }
}

TEST_P(Faults, a_host_job_that_vanishes_is_an_unknown_outcome)
{
    const bool is_v2 = GetParam().ns == Namespace::v2;
    World world{GetParam()};
    const auto image = world.run(world.driver().create_disk(
        {.path = "D:\\Images\\base.vhd", .size = ByteSize::gib(10)}, world.context()));
    auto disk = world.disk(world.spec());
    disk.copy_of = image.path;
    world.host().faults().add({.method = is_v2 ? "ResizeVirtualHardDisk" : "ExpandVirtualHardDisk",
                               .nth = 1,
                               .effect = sim::FaultEffect::job_slow,
                               .factor = 100.0});
    const auto error =
        world.failure(world.driver().create_disk(disk, losing_the_job_of_change(world, 2)));
    ASSERT_TRUE(error);
    EXPECT_EQ(error->kind(), ErrorKind::outcome_unknown) << error->what();
    EXPECT_EQ(error->code(), "disk_not_as_asked");
}

TEST_P(Faults, that_interrupt_a_copy_never_let_it_pass_for_a_whole_one)
{
    World world{GetParam(), {{"partial_copy_left_behind", "yes"}}};
    const auto image = world.run(world.driver().create_disk(
        {.path = "D:\\Images\\base.vhd", .size = ByteSize::gib(40)}, world.context()));
    auto disk = world.disk(world.spec());
    disk.copy_of = image.path;
    auto error =
        world.failure(world.driver().create_disk(disk, losing_the_job_of_change(world, 1)));
    ASSERT_TRUE(error);
    EXPECT_EQ(error->kind(), ErrorKind::outcome_unknown) << error->what();
    EXPECT_EQ(error->code(), "host_job_lost");
    const auto left = world.run(world.driver().find_disk(disk.path, world.context()));
    ASSERT_TRUE(left);
    EXPECT_EQ(left->size, disk.size);
    error = world.failure(world.driver().create_disk(disk, world.context()));
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code(), "disk_exists");
}

TEST_P(Faults, a_guest_that_shuts_down_already_is_waited_for)
{
    World world{GetParam()};
    const auto vm = world.provision(world.spec());
    world.run(world.driver().start(vm, world.context()));
    world.settle();
    world.host().faults().fail_next("InitiateShutdown", 32782);
    const auto error = world.failure(world.driver().shut_down(vm, world.context()));
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code(), "guest_did_not_shut_down");
}

} // namespace watari::test
