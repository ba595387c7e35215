#include "provisioning/placement.hpp"

#include "fleet/host_facts.hpp"
#include "store/records/project.hpp"
#include "store/testing/scene.hpp"

#include <boost/json.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace watari::provisioning {
namespace {

using store::Transaction;

/// A store with hosts of chosen sizes.
struct Placing : testing::Test {
    store::testing::Scene scene;

    store::HostId add_host(const std::string& name, ByteSize memory, ByteSize disk,
                           bool vhdx = true)
    {
        return scene.transact([&](Transaction& transaction) {
            store::HostRecord host{.id = scene.id<store::HostId>(),
                                   .name = name,
                                   .address = "10.0.0.1",
                                   .state = store::HostState::ready};
            host.memory_total = memory;
            host.memory_free = memory;
            host.processors = 8;
            hyperv::Probe probe;
            probe.capabilities.set(hyperv::Capability::vhdx, vhdx, "test");
            fleet::record_probe(host, probe);
            store::insert(transaction, host);
            store::insert(transaction, store::StorageRecord{.id = scene.id<store::StorageId>(),
                                                            .host = host.id,
                                                            .name = "d",
                                                            .path = "D:\\watari",
                                                            .volume_size = disk,
                                                            .volume_free = disk});
            return host.id;
        });
    }

    Decision decide(Wish wish)
    {
        return scene.read([&](Transaction& transaction) { return place(transaction, wish); });
    }

    static Wish wish(ByteSize memory = ByteSize::gib(2), ByteSize disk = ByteSize::gib(10))
    {
        Wish wanted;
        wanted.memory = memory;
        wanted.disk = disk;
        return wanted;
    }

    static std::vector<std::string> refusals_of(const Decision& decision, const std::string& host)
    {
        std::vector<std::string> codes;
        for (const auto& candidate : decision.candidates) {
            if (candidate.host_name == host) {
                std::ranges::transform(candidate.why_not, std::back_inserter(codes),
                                       &Message::code);
            }
        }
        return codes;
    }
};

TEST_F(Placing, takes_the_host_with_the_most_memory_and_storage_left)
{
    add_host("small", ByteSize::gib(8), ByteSize::tib(1));
    add_host("full_disk", ByteSize::gib(256), ByteSize::gib(20));
    add_host("roomy", ByteSize::gib(64), ByteSize::tib(1));
    const auto decision = decide(wish());
    ASSERT_NE(decision.chosen(), nullptr);
    EXPECT_EQ(decision.chosen()->host_name, "roomy");
    EXPECT_EQ(decision.candidates.size(), 3U);
}

TEST_F(Placing, says_why_every_host_was_refused)
{
    add_host("tiny", ByteSize::gib(1), ByteSize::gib(5));
    const auto decision = decide(wish());
    EXPECT_EQ(decision.chosen(), nullptr);
    EXPECT_THAT(refusals_of(decision, "tiny"),
                testing::ElementsAre("host_lacks_memory", "host_lacks_storage"));
    const NoPlace refusal{decision};
    EXPECT_EQ(refusal.kind(), ErrorKind::exhausted);
    EXPECT_EQ(refusal.refusals().size(), 2U);
}

TEST_F(Placing, refuses_vhdx_on_a_host_that_knows_vhd_only)
{
    add_host("old", ByteSize::gib(64), ByteSize::tib(1), false);
    auto wanted = wish();
    EXPECT_EQ(decide(wanted).chosen()->disk_format, "vhd");
    wanted.disk_format = "vhdx";
    const auto decision = decide(wanted);
    EXPECT_THAT(refusals_of(decision, "old"), testing::ElementsAre("host_lacks_vhdx"));
    EXPECT_EQ(NoPlace{decision}.kind(), ErrorKind::unsupported);
}

TEST_F(Placing, counts_what_is_promised_but_not_yet_used)
{
    const auto host = add_host("one", ByteSize::gib(8), ByteSize::tib(1));
    const auto wanted = wish(ByteSize::gib(3));
    for (int i = 0; i < 2; ++i) {
        scene.transact([&](Transaction& transaction) {
            const auto project = scene.id<store::ProjectId>();
            store::insert(transaction,
                          store::ProjectRecord{.id = project, .name = "p" + std::to_string(i)});
            const auto vm = scene.id<store::VmId>();
            store::insert(transaction, store::VmRecord{.id = vm, .project = project, .name = "vm"});
            const auto decision = place(transaction, wanted);
            ASSERT_NE(decision.chosen(), nullptr);
            EXPECT_EQ(decision.chosen()->host, host);
            reserve_place(transaction, scene.id<store::ReservationId>(), vm, *decision.chosen(),
                          wanted);
        });
    }
    EXPECT_THAT(refusals_of(decide(wanted), "one"), testing::ElementsAre("host_lacks_memory"));
}

TEST_F(Placing, leaves_hosts_alone_that_do_not_answer_or_take_no_vms)
{
    const auto host = add_host("away", ByteSize::gib(64), ByteSize::tib(1));
    scene.transact([&](Transaction& transaction) {
        auto record = store::get<store::HostRecord>(transaction, host);
        record.state = store::HostState::unreachable;
        record.schedulable = false;
        store::update(transaction, record);
    });
    EXPECT_THAT(refusals_of(decide(wish()), "away"),
                testing::ElementsAre("host_not_ready", "host_takes_no_vms"));
}

TEST_F(Placing, an_empty_fleet_is_said_to_be_empty)
{
    EXPECT_EQ(NoPlace{decide(wish())}.code(), "no_host_enrolled");
}

TEST_F(Placing, the_decision_reads_back_as_json)
{
    add_host("one", ByteSize::gib(8), ByteSize::tib(1));
    const auto json = to_json(decide(wish()));
    EXPECT_EQ(json.at("chosen").as_string(), "one");
    EXPECT_EQ(json.at("candidates").as_array().size(), 1U);
}

} // namespace
} // namespace watari::provisioning
