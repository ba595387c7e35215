#include "tests/driver/world.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include <fmt/format.h>

/// Counts the requests of every act, holds them to the budgets, and keeps docs/requests.md true.
namespace watari::test {

using namespace hyperv;

namespace {

struct Measured {
    std::string act;
    Counts counts;
};

/// Every act once, in an order in which each finds what it needs.
class Measurement
{
public:
    explicit Measurement(World& world) : world_(world) {}

    std::vector<Measured> run()
    {
        for (int i = 0; i < 3; ++i) {
            world_.provision(world_.spec(fmt::format("neighbour{}", i)));
        }
        world_.take_counts();
        create_and_start();
        change();
        read();
        remove();
        return std::move(measured_);
    }

private:
    void note(std::string act) { measured_.push_back({std::move(act), world_.take_counts()}); }

    void create_and_start()
    {
        auto& driver = world_.driver();
        world_.run(driver.create_disk(world_.disk(spec_), world_.context()));
        note("create a new disk");
        vm_ =
            world_.ref(spec_, world_.run(driver.define_vm(spec_, std::nullopt, world_.context())));
        note("define a VM");
        world_.run(driver.add_devices(vm_, world_.disks(spec_), world_.nics(), world_.context()));
        note("add a disk and a NIC with VLAN");
        world_.run(driver.start(vm_, world_.context()));
        note("start");
        Counts all;
        for (const auto& part : measured_) {
            all.reads += part.counts.reads;
            all.changes += part.counts.changes;
            all.polls += part.counts.polls;
        }
        measured_.push_back({"**create with disk, NIC and VLAN, start**", all});
    }

    void change()
    {
        auto& driver = world_.driver();
        world_.run(driver.turn_off(vm_, world_.context()));
        note("turn off");
        world_.run(driver.set_resources(vm_, ByteSize::mib(4096), 4, world_.context()));
        note("**change memory and processors**");
        world_.run(driver.set_memory(vm_, ByteSize::mib(1024), world_.context()));
        note("change memory");
        world_.run(driver.grow_disk({.path = world_.disk(spec_).path,
                                     .size = ByteSize::gib(60),
                                     .recorded = world_.disk(spec_).size},
                                    world_.context()));
        note("**grow a disk**");
        world_.run(driver.grow_disk({.path = world_.disk(spec_).path, .size = ByteSize::gib(70)},
                                    world_.context()));
        note("grow a disk whose size is not recorded");
        NewDisk copy = world_.disk(world_.spec("copy"));
        world_.run(driver.create_disk({.path = "D:\\Images\\base.vhd", .size = ByteSize::gib(10)},
                                      world_.context()));
        world_.take_counts();
        copy.copy_of = "D:\\Images\\base.vhd";
        world_.run(driver.create_disk(copy, world_.context()));
        note("make a full copy of an image, grown");
    }

    void read()
    {
        auto& driver = world_.driver();
        world_.run(driver.list_vms(world_.context()));
        note("**list VMs**");
        world_.run(driver.inventory({}, world_.context()));
        note("**full inventory**");
        const std::vector<HostPath> paths{world_.disk(spec_).path};
        world_.run(driver.inventory(paths, world_.context()));
        note("full inventory with one disk file");
        world_.run(driver.find_vm(vm_.guid, world_.context()));
        note("read one VM");
        world_.run(driver.host_facts(world_.context()));
        note("read host facts");
    }

    void remove()
    {
        auto& driver = world_.driver();
        world_.run(driver.delete_vm(vm_, false, world_.context()));
        world_.run(driver.delete_disk(world_.disk(spec_).path, spec_.mark.vm, world_.context()));
        note("**delete with one disk file**");
    }

    World& world_;
    VmSpec spec_ = world_.spec();
    VmRef vm_;
    std::vector<Measured> measured_;
};

std::vector<Measured> measure(const Row& row, bool conservative)
{
    World world{row};
    if (conservative) {
        world.be_conservative();
    }
    return Measurement{world}.run();
}

const Counts& counts_of(const std::vector<Measured>& all, std::string_view act)
{
    for (const auto& one : all) {
        if (one.act == act) {
            return one.counts;
        }
    }
    throw std::runtime_error{std::string{act}};
}

std::string document()
{
    std::string text =
        "# Requests of each act\n\n"
        "HTTP requests to one host, made by `tests/driver/budgets_test.cpp`, which "
        "fails when this page is stale. In each cell: "
        "with every unverified switch in its default position / with each in its "
        "conservative position. Polls of host jobs and "
        "handshakes are not counted. Three other VMs are on the host; the VM has one "
        "disk and one NIC in a VLAN.\n\n| act |";
    std::vector<std::pair<std::vector<Measured>, std::vector<Measured>>> columns;
    std::string rule = "\n| --- |";
    for (const auto& row : rows()) {
        text += fmt::format(" {} on {} |", to_string(row.ns), watari::to_string(row.generation));
        rule += " --- |";
        columns.emplace_back(measure(row, false), measure(row, true));
    }
    text += rule + "\n";
    for (std::size_t act = 0; act < columns.front().first.size(); ++act) {
        text += fmt::format("| {} |", columns.front().first[act].act);
        for (const auto& [normal, conservative] : columns) {
            text += fmt::format(" {} / {} |", normal[act].counts.requests(),
                                conservative[act].counts.requests());
        }
        text += "\n";
    }
    return text;
}

} // namespace

class Budgets : public testing::TestWithParam<Row>
{
};

INSTANTIATE_TEST_SUITE_P(Matrix, Budgets, testing::ValuesIn(rows()),
                         [](const auto& row) { return row.param.name(); });

TEST_P(Budgets, are_kept)
{
    const bool is_v2 = GetParam().ns == Namespace::v2;
    const auto all = measure(GetParam(), false);
    EXPECT_LE(counts_of(all, "**list VMs**").requests(), is_v2 ? 2U : 3U);
    EXPECT_LE(counts_of(all, "**full inventory**").requests(), 8U);
    EXPECT_LE(counts_of(all, "full inventory with one disk file").requests(), 9U);
    EXPECT_LE(counts_of(all, "**create with disk, NIC and VLAN, start**").requests(),
              is_v2 ? 12U : 16U);
    const auto extra = counts_of(all, "make a full copy of an image, grown").requests() -
                       counts_of(all, "create a new disk").requests();
    EXPECT_LE(extra, 2U);
    EXPECT_LE(counts_of(all, "**change memory and processors**").requests(), is_v2 ? 3U : 4U);
    EXPECT_LE(counts_of(all, "**grow a disk**").requests(), is_v2 ? 3U : 4U);
    EXPECT_LE(counts_of(all, "**delete with one disk file**").requests(), is_v2 ? 5U : 7U);
}

TEST(Requests, are_published_as_they_are)
{
    const auto fresh = document();
    const std::filesystem::path page =
        std::filesystem::path{WATARI_SOURCE_DIR} / "docs" / "requests.md";
    std::ifstream file{page};
    std::stringstream present;
    present << file.rdbuf();
    const std::filesystem::path made = std::filesystem::path{testing::TempDir()} / "requests.md";
    std::ofstream{made} << fresh;
    EXPECT_EQ(present.str(), fresh) << "stale: cp " << made.string() << " " << page.string();
}

} // namespace watari::test
