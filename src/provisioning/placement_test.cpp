#include "provisioning/placement.hpp"

#include "core/catalogue.hpp"
#include "fleet/host_facts.hpp"
#include "store/records/project.hpp"
#include "store/testing/scene.hpp"

#include <boost/json.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>

namespace watari::provisioning {
namespace {

using store::Transaction;

/// A store with hosts of chosen sizes.
struct Placing : testing::Test {
    store::testing::Scene scene;
    Inventory inventory{*scene.store};

    store::HostId add_host(const std::string& name, ByteSize memory, ByteSize disk,
                           bool vhdx = true)
    {
        scene.clock.advance(std::chrono::milliseconds{1}); // ids sort by time
        return scene.transact([&](Transaction& transaction) {
            store::HostRecord host{.id = scene.id<store::HostId>(),
                                   .name = name,
                                   .address = "10.0.0.1",
                                   .state = store::HostState::ready,
                                   .observe = false};
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

    Decision decide(Wish wish) { return {scene.clock.run(inventory.latest()), std::move(wish)}; }

    store::VmId add_vm()
    {
        return scene.transact([&](Transaction& transaction) {
            const auto project = scene.id<store::ProjectId>();
            store::insert(transaction,
                          store::ProjectRecord{.id = project, .name = project.value().lower()});
            return store::insert(transaction, store::VmRecord{.id = scene.id<store::VmId>(),
                                                              .project = project,
                                                              .name = "vm"})
                .id;
        });
    }

    /// Takes a place for a new VM from what `decision` proposes.
    Place take(const Decision& decision)
    {
        const auto vm = add_vm();
        return scene.transact([&](Transaction& transaction) {
            return take_place(transaction, decision, scene.id<store::ReservationId>(), vm);
        });
    }

    void change_host(store::HostId id, const std::function<void(store::HostRecord&)>& change)
    {
        scene.transact([&](Transaction& transaction) {
            auto record = store::get<store::HostRecord>(transaction, id);
            change(record);
            store::update(transaction, record);
        });
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
        for (const auto& candidate : decision.candidates()) {
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
    ASSERT_TRUE(decision.chosen());
    EXPECT_EQ(decision.chosen()->host->name, "roomy");
    EXPECT_EQ(decision.candidates().size(), 3U);
}

TEST_F(Placing, says_why_every_host_was_refused)
{
    add_host("tiny", ByteSize::gib(1), ByteSize::gib(5));
    const auto decision = decide(wish());
    EXPECT_FALSE(decision.chosen());
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
    EXPECT_EQ(disk_format_of(*decide(wanted).chosen()->host, wanted), "vhd");
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
        EXPECT_EQ(take(decide(wanted)).host->id, host);
    }
    EXPECT_THAT(refusals_of(decide(wanted), "one"), testing::ElementsAre("host_lacks_memory"));
}

TEST_F(Placing, leaves_hosts_alone_that_do_not_answer_or_take_no_vms)
{
    const auto host = add_host("away", ByteSize::gib(64), ByteSize::tib(1));
    change_host(host, [](store::HostRecord& record) {
        record.state = store::HostState::unreachable;
        record.schedulable = false;
    });
    EXPECT_THAT(refusals_of(decide(wish()), "away"),
                testing::ElementsAre("host_not_ready", "host_takes_no_vms"));
}

TEST_F(Placing, leaves_observed_hosts_alone_and_says_how_to_allow_changes)
{
    const auto first = add_host("first", ByteSize::gib(64), ByteSize::tib(1));
    const auto observe = [](store::HostRecord& record) { record.observe = true; };
    change_host(first, observe);
    const NoPlace one{decide(wish())};
    EXPECT_EQ(one.code(), "host_is_observed");
    EXPECT_EQ(one.kind(), ErrorKind::conflict);
    EXPECT_NE(render(one, Language::en).find("watari host allow-changes first"), std::string::npos);
    change_host(add_host("second", ByteSize::gib(64), ByteSize::tib(1)), observe);
    const NoPlace all{decide(wish())};
    EXPECT_EQ(all.code(), "only_observed_hosts");
    EXPECT_EQ(all.kind(), ErrorKind::conflict);
    EXPECT_EQ(all.refusals().size(), 2U);
    add_host("third", ByteSize::gib(64), ByteSize::tib(1));
    const auto decision = decide(wish());
    EXPECT_EQ(decision.chosen()->host->name, "third");
    EXPECT_THAT(refusals_of(decision, "first"), testing::ElementsAre("host_is_observed"));
    EXPECT_THAT(explain(to_json(decision)).candidates.back().why_not,
                testing::ElementsAre(testing::Field(&Message::code, "host_is_observed")));
}

TEST_F(Placing, an_empty_fleet_is_said_to_be_empty)
{
    EXPECT_EQ(NoPlace{decide(wish())}.code(), "no_host_enrolled");
}

TEST_F(Placing, a_kept_decision_explains_every_refusal_in_the_words_of_the_moment)
{
    add_host("one", ByteSize::gib(8), ByteSize::tib(1));
    add_host("old", ByteSize::gib(64), ByteSize::gib(5), false);
    const auto away = add_host("away", ByteSize::gib(1), ByteSize::tib(1));
    change_host(away, [](store::HostRecord& record) { record.state = store::HostState::refused; });
    auto wanted = wish();
    wanted.processors = 99;
    wanted.disk_format = "vhdx";
    wanted.network = scene.id<store::NetworkId>();
    wanted.network_name = "office";
    wanted.image = scene.id<store::ImageId>();
    wanted.image_name = "win";
    const auto decision = decide(wanted);
    const auto explained = explain(boost::json::parse(boost::json::serialize(to_json(decision))));
    EXPECT_FALSE(explained.chosen);
    auto expected = decision.candidates();
    ASSERT_EQ(explained.candidates.size(), expected.size());
    for (const auto& candidate : explained.candidates) {
        const auto same = std::ranges::find(expected, candidate.host_name, &Candidate::host_name);
        ASSERT_NE(same, expected.end());
        EXPECT_EQ(candidate.why_not, same->why_not);
        EXPECT_EQ(candidate.memory_free, same->memory_free);
        EXPECT_EQ(candidate.storage_path, same->storage_path);
    }
    EXPECT_TRUE(explain("not a record").candidates.empty());
}

TEST_F(Placing, knows_at_once_what_was_committed_and_reads_nothing_twice)
{
    const auto before = scene.clock.run(inventory.latest());
    EXPECT_TRUE(before->hosts.empty());
    const auto first = add_host("first", ByteSize::gib(8), ByteSize::tib(1));
    const auto second = add_host("second", ByteSize::gib(8), ByteSize::tib(1));
    const auto both = scene.clock.run(inventory.latest());
    ASSERT_EQ(both->hosts.size(), 2U);
    EXPECT_EQ(scene.clock.run(inventory.latest()), both) << "nothing changed";
    add_vm();
    EXPECT_EQ(scene.clock.run(inventory.latest()), both) << "no host changed";
    change_host(first, [](store::HostRecord& record) { record.schedulable = false; });
    const auto changed = scene.clock.run(inventory.latest());
    EXPECT_FALSE(changed->hosts[0]->takes_vms);
    EXPECT_EQ(changed->hosts[1], both->hosts[1]) << "only the host that changed is read";
    EXPECT_TRUE(both->hosts[0]->takes_vms) << "a snapshot never changes";
    scene.transact([&](Transaction& transaction) {
        for (const auto& storage : store::storages_of(transaction, second)) {
            store::remove<store::StorageRecord>(transaction, storage.id);
        }
    });
    EXPECT_TRUE(scene.clock.run(inventory.latest())->hosts[1]->storages.empty());
    scene.transact(
        [&](Transaction& transaction) { store::remove<store::HostRecord>(transaction, second); });
    EXPECT_EQ(scene.clock.run(inventory.latest())->hosts.size(), 1U);
}

TEST_F(Placing, sees_what_is_reserved_and_released)
{
    const auto host = add_host("one", ByteSize::gib(8), ByteSize::tib(1));
    const auto vm = add_vm();
    const auto wanted = wish(ByteSize::gib(5));
    const auto decision = decide(wanted);
    scene.transact([&](Transaction& transaction) {
        take_place(transaction, decision, scene.id<store::ReservationId>(), vm);
    });
    EXPECT_FALSE(decide(wanted).found());
    scene.transact([&](Transaction& transaction) { store::release(transaction, vm, host); });
    EXPECT_TRUE(decide(wanted).found());
}

TEST_F(Placing, two_storages_on_one_volume_share_its_room)
{
    const auto host = add_host("one", ByteSize::gib(64), ByteSize::gib(100));
    scene.transact([&](Transaction& transaction) {
        store::insert(transaction, store::StorageRecord{.id = scene.id<store::StorageId>(),
                                                        .host = host,
                                                        .name = "other",
                                                        .path = "d:\\other",
                                                        .volume_size = ByteSize::gib(100),
                                                        .volume_free = ByteSize::gib(100)});
    });
    const auto wanted = wish(ByteSize::gib(2), ByteSize::gib(58));
    const auto decision = decide(wanted);
    take(decision);
    EXPECT_FALSE(decide(wanted).found());
    EXPECT_THROW(take(decision), Error);
    const auto snapshot = scene.clock.run(inventory.latest());
    for (const auto& storage : snapshot->hosts.front()->storages) {
        EXPECT_EQ(storage.free, ByteSize::gib(40)) << storage.path;
    }
}

TEST_F(Placing, schedulers_with_old_memories_never_promise_more_than_there_is)
{
    constexpr std::size_t places = 3 * 4; // three hosts, four VMs each
    for (const auto* name : {"a", "b", "c"}) {
        add_host(name, ByteSize::gib(8), ByteSize::tib(1));
    }
    // Every scheduler decided before any of them acted.
    const std::vector<Decision> decisions(places + 3, decide(wish()));
    std::size_t taken = 0;
    for (const auto& decision : decisions) {
        try {
            take(decision);
            ++taken;
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), "placement_overtaken");
            EXPECT_EQ(error.kind(), ErrorKind::unavailable) << "it is placed again";
        }
    }
    EXPECT_EQ(taken, places);
    for (const auto& host : scene.clock.run(inventory.latest())->hosts) {
        EXPECT_EQ(scene.read([&](Transaction& transaction) {
            return store::host_usage(transaction, host->id).memory;
        }),
                  host->memory_limit);
    }
    EXPECT_EQ(NoPlace{decide(wish())}.kind(), ErrorKind::exhausted);
}

TEST_F(Placing, orders_that_decide_at_the_same_time_do_not_all_go_to_one_host)
{
    for (const auto* name : {"a", "b", "c", "d"}) {
        add_host(name, ByteSize::gib(64), ByteSize::tib(1));
    }
    const auto decision = decide(wish());
    std::map<std::string, int> vms;
    for (int i = 0; i < 8; ++i) {
        ++vms[take(decision).host->name];
    }
    EXPECT_EQ(vms, (std::map<std::string, int>{{"a", 2}, {"b", 2}, {"c", 2}, {"d", 2}}));
}

TEST_F(Placing, does_not_go_where_the_host_was_lost_after_the_decision)
{
    const auto roomy = add_host("roomy", ByteSize::gib(64), ByteSize::tib(1));
    add_host("small", ByteSize::gib(8), ByteSize::tib(1));
    const auto decision = decide(wish());
    ASSERT_EQ(decision.chosen()->host->name, "roomy");
    change_host(roomy,
                [](store::HostRecord& record) { record.state = store::HostState::unreachable; });
    EXPECT_EQ(take(decision).host->name, "small");
}

} // namespace
} // namespace watari::provisioning
