#include "store/records/event.hpp"
#include "store/records/host.hpp"
#include "store/records/host_change.hpp"
#include "store/records/idempotency.hpp"
#include "store/records/image.hpp"
#include "store/records/network.hpp"
#include "store/records/operation.hpp"
#include "store/records/plan.hpp"
#include "store/records/project.hpp"
#include "store/records/reservation.hpp"
#include "store/records/setting.hpp"
#include "store/records/vm.hpp"
#include "store/testing/scene.hpp"
#include "store/testing/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include <sys/stat.h>

namespace watari::store {
namespace {

using testing::Scene;
using testing::TemporaryFolder;
using std::chrono_literals::operator""h;
using std::chrono_literals::operator""s;

template <class Function>
std::string code_of(Function function)
{
    try {
        function();
    } catch (const Error& error) {
        return error.code();
    }
    return "nothing was thrown";
}

/// A project, a host with a storage, and a network.
struct Site : Scene {
    ProjectId project = id<ProjectId>();
    HostId host = id<HostId>();
    StorageId storage = id<StorageId>();
    NetworkId network = id<NetworkId>();

    Site()
    {
        transact([&](Transaction& tx) {
            insert(tx, ProjectRecord{.id = project, .name = "p"});
            insert(tx,
                   HostRecord{.id = host, .name = "h", .address = "192.0.2.1", .user = "admin"});
            insert(tx,
                   StorageRecord{.id = storage, .host = host, .name = "d", .path = "D:\\watari"});
            insert(tx, NetworkRecord{.id = network, .name = "lan", .mac_prefix = "00155DAA01"});
        });
    }

    VmRecord vm(std::string name)
    {
        return {.id = id<VmId>(),
                .project = project,
                .name = std::move(name),
                .wanted_processors = 2,
                .wanted_memory_mib = 2048,
                .wanted_disk_bytes = ByteSize::gib(40)};
    }
};

TEST(Records, come_back_as_they_were_with_every_field_set)
{
    Site site;
    const auto vm = site.transact([&](Transaction& tx) {
        return insert(tx, VmRecord{.id = site.id<VmId>(),
                                   .project = site.project,
                                   .name = "web-7",
                                   .plan = site.id<PlanId>(),
                                   .wanted_processors = 2,
                                   .wanted_memory_mib = 2048,
                                   .wanted_disk_bytes = ByteSize::gib(40),
                                   .wanted_power = WantedPower::off,
                                   .host = site.host,
                                   .host_guid = Uuid::random(*site.random),
                                   .storage = site.storage,
                                   .disk_path = "D:\\watari\\x.vhdx",
                                   .disk_format = "vhdx",
                                   .disk_source = DiskSource::differencing,
                                   .image = site.id<ImageId>(),
                                   .generation = 2,
                                   .network = site.network,
                                   .vlan = 12,
                                   .mac = "00155DAA0101",
                                   .lifecycle = Lifecycle::ownership_lost,
                                   .observed_power = ObservedPower::saving,
                                   .observed_processors = 1,
                                   .observed_memory_mib = 1,
                                   .observed_disk_bytes = ByteSize::gib(1),
                                   .observed_at = site.clock.now() + std::chrono::microseconds{5},
                                   .last_operation = site.id<OperationId>(),
                                   .deleted = site.clock.now()});
    });
    EXPECT_EQ(vm.version, 1);
    EXPECT_EQ(vm.created, site.clock.now());
    EXPECT_EQ(site.read([&](Transaction& tx) { return get<VmRecord>(tx, vm.id); }), vm);
    const auto host = site.transact([&](Transaction& tx) {
        return insert(tx,
                      HostRecord{.id = site.id<HostId>(),
                                 .name = "ホスト",
                                 .address = "::1",
                                 .port = 5986,
                                 .server_name = "hv1.corp.example",
                                 .tls = true,
                                 .tls_trust = TlsTrust::fingerprint,
                                 .tls_ca_file = "/etc/ca.pem",
                                 .tls_fingerprint = "ab:cd",
                                 .scheme = LogonScheme::certificate,
                                 .basic_in_the_clear = true,
                                 .user = "u",
                                 .keytab_file = "/etc/k",
                                 .certificate_file = "/etc/c.pem",
                                 .key_file = "/etc/c.key",
                                 .namespace_choice = NamespaceChoice::v1,
                                 .namespace_used = "v1",
                                 .generation = "ws2012",
                                 .os_version = "6.2.9200",
                                 .state = HostState::unsupported,
                                 .observe = false,
                                 .schedulable = false,
                                 .facts = boost::json::object{{"a", boost::json::array{1, "二"}}},
                                 .capabilities = boost::json::object{{"b", nullptr}},
                                 .memory_total = ByteSize::gib(64),
                                 .memory_free = ByteSize::gib(32),
                                 .memory_reserve = ByteSize::gib(2),
                                 .processors = 16,
                                 .last_seen = site.clock.now(),
                                 .last_error = boost::json::object{}});
    });
    EXPECT_EQ(site.read([&](Transaction& tx) { return get<HostRecord>(tx, host.id); }), host);
}

TEST(Records, of_every_kind_can_be_kept_and_found)
{
    Site site;
    site.transact([&](Transaction& tx) {
        const auto image = insert(tx, ImageRecord{.id = site.id<ImageId>(),
                                                  .name = "win",
                                                  .format = "vhdx",
                                                  .disk_bytes = ByteSize::gib(20)});
        insert(tx, ImageRecord{
                       .id = site.id<ImageId>(), .name = "win", .revision = 2, .format = "vhdx"});
        EXPECT_EQ(find_image_by_name(tx, "win")->revision, 2);
        const auto replica = insert(tx, ImageReplicaRecord{.id = site.id<ReplicaId>(),
                                                           .image = image.id,
                                                           .host = site.host,
                                                           .path = "D:\\i.vhdx"});
        EXPECT_EQ(find_replica(tx, image.id, site.host), replica);
        EXPECT_EQ(replicas_of(tx, image.id).size(), 1U);
        const auto plan =
            insert(tx, PlanRecord{.id = site.id<PlanId>(), .name = "m", .disk_may_grow = false});
        EXPECT_EQ(find_plan_by_name(tx, "m"), plan);
        const auto binding = insert(tx, NetworkBindingRecord{.id = site.id<BindingId>(),
                                                             .network = site.network,
                                                             .host = site.host,
                                                             .switch_id = "1",
                                                             .switch_name = "vs"});
        EXPECT_EQ(find_binding(tx, site.network, site.host), binding);
        EXPECT_EQ(bindings_of(tx, site.network).size(), 1U);
        const auto token = insert(
            tx,
            TokenRecord{.id = site.id<TokenId>(), .name = "t", .role = Role::admin, .hash = "h"});
        EXPECT_EQ(find_token_by_hash(tx, "h"), token);
        EXPECT_EQ(find_project_by_name(tx, "p")->id, site.project);
        EXPECT_EQ(get_host_by_name(tx, "h").id, site.host);
        EXPECT_EQ(storages_of(tx, site.host).size(), 1U);
        EXPECT_EQ(find_network_by_name(tx, "lan")->id, site.network);
    });
    EXPECT_EQ(code_of([&] { site.read([](Transaction& tx) { get_host_by_name(tx, "x"); }); }),
              "record_not_found");
}

TEST(Records, have_cheap_answers_to_what_lists_ask)
{
    Site site;
    site.transact([&](Transaction& tx) {
        auto host = get<HostRecord>(tx, site.host);
        host.namespace_used = "v2";
        update(tx, host);
        EXPECT_EQ(find_host_label(tx, site.host)->name, "h");
        EXPECT_EQ(find_host_label(tx, site.host)->namespace_used, "v2");
        EXPECT_FALSE(find_host_label(tx, site.id<HostId>()));

        auto vm = site.vm("a");
        vm.host = site.host;
        vm = insert(tx, vm);
        EXPECT_EQ(count_vms_of_host(tx, site.host), 1U);
        EXPECT_FALSE(operation_under_way(tx, vm.id));
        auto first = insert(
            tx, OperationRecord{.id = site.id<OperationId>(), .kind = "start_vm", .vm = vm.id});
        EXPECT_EQ(operation_under_way(tx, vm.id), first.id);
        first.ended = site.clock.now();
        update(tx, first);
        EXPECT_FALSE(operation_under_way(tx, vm.id));
        vm.lifecycle = Lifecycle::deleted;
        update(tx, vm);
        EXPECT_EQ(count_vms_of_host(tx, site.host), 0U);
    });
}

TEST(Records, are_changed_by_one_at_a_time)
{
    Site site;
    auto vm = site.transact([&](Transaction& tx) { return insert(tx, site.vm("a")); });
    site.clock.advance(1s);
    const auto changed = site.transact([&](Transaction& tx) {
        auto copy = vm;
        copy.name = "b";
        return update(tx, copy);
    });
    EXPECT_EQ(changed.version, 2);
    EXPECT_EQ(changed.updated, vm.updated + 1s);
    EXPECT_EQ(changed.created, vm.created);
    EXPECT_EQ(code_of([&] { site.transact([&](Transaction& tx) { update(tx, vm); }); }),
              "record_changed");
    vm.id = site.id<VmId>();
    EXPECT_EQ(code_of([&] { site.transact([&](Transaction& tx) { update(tx, vm); }); }),
              "record_not_found");
}

TEST(Records, keep_what_must_be_unique_unique)
{
    Site site;
    auto first = site.transact([&](Transaction& tx) {
        auto vm = site.vm("web1");
        vm.host = site.host;
        vm.disk_path = "D:\\watari\\A.vhdx";
        return insert(tx, vm);
    });
    EXPECT_EQ(
        code_of([&] { site.transact([&](Transaction& tx) { insert(tx, site.vm("web1")); }); }),
        "value_taken");
    auto same_disk = site.vm("web2");
    same_disk.host = site.host;
    same_disk.disk_path = "d:\\WATARI\\a.vhdx";
    EXPECT_EQ(code_of([&] { site.transact([&](Transaction& tx) { insert(tx, same_disk); }); }),
              "value_taken");
    EXPECT_EQ(code_of([&] {
                  site.transact([&](Transaction& tx) {
                      insert(tx, HostRecord{.id = site.id<HostId>(), .name = "h"});
                  });
              }),
              "value_taken");
    site.transact([&](Transaction& tx) {
        first.lifecycle = Lifecycle::deleted;
        update(tx, first);
        insert(tx, site.vm("web1"));
        insert(tx, same_disk);
        EXPECT_EQ(vms_of_host(tx, site.host).size(), 1U);
        EXPECT_NE(find_vm_by_name(tx, site.project, "web1")->id, first.id);
    });
}

TEST(Records, refuse_to_refer_to_nothing_and_to_lose_what_is_used)
{
    Site site;
    auto vm = site.vm("a");
    vm.project = site.id<ProjectId>();
    EXPECT_EQ(code_of([&] { site.transact([&](Transaction& tx) { insert(tx, vm); }); }),
              "reference_broken");
    EXPECT_EQ(code_of([&] {
                  site.transact([&](Transaction& tx) { remove<HostRecord>(tx, site.host); });
              }),
              "reference_broken");
    site.transact([&](Transaction& tx) {
        EXPECT_TRUE(remove<StorageRecord>(tx, site.storage));
        EXPECT_TRUE(remove<HostRecord>(tx, site.host));
        EXPECT_FALSE(remove<HostRecord>(tx, site.host));
    });
}

TEST(Records, are_selected_page_by_page)
{
    Site site;
    std::vector<VmId> ids;
    site.transact([&](Transaction& tx) {
        for (int i = 0; i < 10; ++i) {
            auto vm = site.vm(std::to_string(i));
            vm.wanted_processors = i % 2;
            vm.vlan = i < 5 ? std::optional<std::int64_t>{i} : std::nullopt;
            site.clock.advance(1s);
            vm.id = site.id<VmId>();
            ids.push_back(insert(tx, vm).id);
        }
    });
    site.read([&](Transaction& tx) {
        const Selection odd{.all = {{"wanted_processors", "=", 1}}, .limit = 2};
        auto page = list<VmRecord>(tx, odd);
        ASSERT_EQ(page.size(), 2U);
        EXPECT_EQ(page[1].id, ids[3]);
        Selection next = odd;
        next.after = page[1].id.value();
        EXPECT_EQ(list<VmRecord>(tx, next).front().id, ids[5]);
        EXPECT_EQ(count<VmRecord>(tx, odd), 5U);
        EXPECT_EQ(list<VmRecord>(tx, {.limit = 1, .newest_first = true}).front().id, ids[9]);
        EXPECT_EQ(list<VmRecord>(tx, {.after = ids[9].value(), .limit = 1, .newest_first = true})
                      .front()
                      .id,
                  ids[8]);
        EXPECT_EQ(count<VmRecord>(tx, {.all = {{"vlan", "=", nullptr}}}), 5U);
        EXPECT_EQ(count<VmRecord>(tx, {.all = {{"vlan", "!=", nullptr}}}), 5U);
        EXPECT_EQ(count<VmRecord>(tx, {.all = {{"vlan", "!=", 3}}}), 9U);
        EXPECT_EQ(count<VmRecord>(
                      tx, {.all = {{"vlan", ">=", 3}, {"lifecycle", "=", Lifecycle::creating}}}),
                  2U);
    });
    EXPECT_EQ(code_of([&] {
                  site.read(
                      [](Transaction& tx) { list<VmRecord>(tx, {.all = {{"1=1 --", "=", 1}}}); });
              }),
              "column_unknown");
    EXPECT_EQ(code_of([&] {
                  site.read([](Transaction& tx) {
                      list<VmRecord>(tx, {.all = {{"name", "LIKE", "a"}}});
                  });
              }),
              "column_unknown");
}

TEST(Quota, is_enforced_with_what_was_used_and_asked)
{
    Site site;
    site.transact([&](Transaction& tx) {
        auto project = get<ProjectRecord>(tx, site.project);
        project.quota_vms = 3;
        project.quota_memory = ByteSize::gib(5);
        update(tx, project);
        insert(tx, site.vm("a"));
        insert(tx, site.vm("b"));
        EXPECT_EQ(usage_of(tx, site.project).memory, ByteSize::gib(4));
        EXPECT_NO_THROW(check_quota(tx, site.project, {.vms = 1, .memory = ByteSize::gib(1)}));
        EXPECT_EQ(code_of([&] { check_quota(tx, site.project, {.vms = 2}); }), "quota_exceeded");
        EXPECT_EQ(code_of([&] { check_quota(tx, site.project, {.memory = ByteSize::gib(2)}); }),
                  "quota_exceeded");
    });
}

TEST(Reservation, never_exceeds_the_limits_and_judges_a_change_by_its_difference)
{
    Site site;
    site.transact([&](Transaction& tx) {
        const auto vm = insert(tx, site.vm("a"));
        const auto other = insert(tx, site.vm("b"));
        const CapacityLimits limits{
            .memory = ByteSize::gib(6), .storage_bytes = ByteSize::gib(100), .vms = 2};
        const auto wanted = [&](VmId of, std::uint64_t memory, std::uint64_t disk) {
            return ReservationRecord{.id = site.id<ReservationId>(),
                                     .vm = of,
                                     .host = site.host,
                                     .storage = site.storage,
                                     .memory = ByteSize::gib(memory),
                                     .storage_bytes = ByteSize::gib(disk)};
        };
        reserve(tx, wanted(vm.id, 4, 60), limits);
        reserve(tx, wanted(vm.id, 6, 60), limits);
        EXPECT_EQ(host_usage(tx, site.host).memory, ByteSize::gib(6));
        EXPECT_EQ(host_usage(tx, site.host).vms, 1);
        EXPECT_EQ(code_of([&] { reserve(tx, wanted(other.id, 1, 1), limits); }),
                  "capacity_exceeded");
        EXPECT_EQ(code_of([&] { reserve(tx, wanted(other.id, 0, 41), limits); }),
                  "capacity_exceeded");
        reserve(tx, wanted(other.id, 0, 40), limits);
        EXPECT_EQ(storage_usage(tx, site.storage), ByteSize::gib(100));
        EXPECT_TRUE(release(tx, vm.id, site.host));
        EXPECT_FALSE(release(tx, vm.id, site.host));
        EXPECT_EQ(find_reservation(tx, vm.id, site.host), std::nullopt);
    });
}

TEST(Reservation, of_two_storages_on_one_volume_are_summed)
{
    Site site;
    site.transact([&](Transaction& tx) {
        const auto add = [&](const char* path) {
            return insert(tx, StorageRecord{.id = site.id<StorageId>(),
                                            .host = site.host,
                                            .name = path,
                                            .path = path})
                .id;
        };
        const auto beside = add("d:\\other");
        const auto elsewhere = add("E:\\watari");
        const CapacityLimits limits{.storage_bytes = ByteSize::gib(100)};
        const auto wanted = [&](const char* vm, StorageId storage, std::uint64_t disk) {
            return ReservationRecord{.id = site.id<ReservationId>(),
                                     .vm = insert(tx, site.vm(vm)).id,
                                     .host = site.host,
                                     .storage = storage,
                                     .storage_bytes = ByteSize::gib(disk)};
        };
        reserve(tx, wanted("a", site.storage, 60), limits);
        EXPECT_EQ(code_of([&] { reserve(tx, wanted("b", beside, 41), limits); }),
                  "capacity_exceeded");
        reserve(tx, wanted("c", beside, 40), limits);
        reserve(tx, wanted("d", elsewhere, 100), limits);
        EXPECT_EQ(volume_usage(tx, site.storage), ByteSize::gib(100));
        EXPECT_EQ(volume_usage(tx, beside), ByteSize::gib(100));
        EXPECT_EQ(storage_usage(tx, beside), ByteSize::gib(40));
    });
}

TEST(Reservation, what_does_not_grow_is_not_judged)
{
    Site site;
    site.transact([&](Transaction& tx) {
        const auto vm = insert(tx, site.vm("a"));
        ReservationRecord wanted{.id = site.id<ReservationId>(),
                                 .vm = vm.id,
                                 .host = site.host,
                                 .storage = site.storage,
                                 .memory = ByteSize::gib(4),
                                 .storage_bytes = ByteSize::gib(60),
                                 .processors = 2};
        reserve(tx, wanted, {});
        const CapacityLimits filled{.memory = ByteSize::gib(3),
                                    .storage_bytes = ByteSize::gib(50),
                                    .processors = 4,
                                    .vms = 0};
        wanted.processors = 4;
        reserve(tx, wanted, filled);
        wanted.memory = ByteSize::gib(2);
        reserve(tx, wanted, filled);
        EXPECT_EQ(host_usage(tx, site.host).memory, ByteSize::gib(2));
        wanted.storage_bytes = ByteSize::gib(61);
        EXPECT_EQ(code_of([&] { reserve(tx, wanted, filled); }), "capacity_exceeded");
    });
}

TEST(HostChanges, tell_each_host_whose_capacity_or_equipment_changed_once)
{
    Site site;
    const auto after = [&](std::int64_t sequence) {
        return site.read([&](Transaction& tx) { return host_changes_after(tx, sequence); });
    };
    const auto start = after(0);
    EXPECT_EQ(start.hosts, std::vector<HostId>{site.host});
    const auto vm = site.transact([&](Transaction& tx) { return insert(tx, site.vm("web-1")); });
    EXPECT_TRUE(after(start.sequence).hosts.empty()) << "a VM without a place changes no host";
    site.transact([&](Transaction& tx) {
        reserve(tx, {.id = site.id<ReservationId>(), .vm = vm.id, .host = site.host}, {});
        update(tx, get<StorageRecord>(tx, site.storage));
    });
    const auto reserved = after(start.sequence);
    EXPECT_EQ(reserved.hosts, std::vector<HostId>{site.host});
    EXPECT_GT(reserved.sequence, start.sequence);
    EXPECT_TRUE(after(reserved.sequence).hosts.empty());
    site.transact([&](Transaction& tx) { release(tx, vm.id, site.host); });
    const auto released = after(reserved.sequence);
    EXPECT_EQ(released.hosts.size(), 1U);
    site.transact([&](Transaction& tx) { remove<StorageRecord>(tx, site.storage); });
    EXPECT_EQ(after(released.sequence).hosts.size(), 1U);
}

TEST(Operations, what_the_work_changes_is_saved_beside_a_request_to_cancel)
{
    Site site;
    auto operation = site.transact([&](Transaction& tx) {
        return insert(tx, OperationRecord{.id = site.id<OperationId>(), .kind = "build"});
    });
    site.transact([&](Transaction& tx) {
        auto asked = get<OperationRecord>(tx, operation.id);
        asked.cancel_requested = true;
        update(tx, asked);
    });
    operation.state = OperationState::waiting;
    operation.attempts = 3;
    operation.kind = "another"; // fixed
    const auto saved = site.transact([&](Transaction& tx) { return save_work(tx, operation); });
    EXPECT_TRUE(saved.cancel_requested);
    EXPECT_EQ(saved.version, 3);
    const auto read =
        site.read([&](Transaction& tx) { return get<OperationRecord>(tx, operation.id); });
    EXPECT_EQ(read.state, OperationState::waiting);
    EXPECT_EQ(read.attempts, 3);
    EXPECT_EQ(read.kind, "build");
    EXPECT_TRUE(read.cancel_requested);
    EXPECT_EQ(code_of([&] {
                  site.transact(
                      [&](Transaction& tx) { save_work(tx, {.id = site.id<OperationId>()}); });
              }),
              "record_not_found");
}

TEST(Address, is_given_once_and_the_pool_wraps_and_ends)
{
    Site site;
    site.transact([&](Transaction& tx) {
        const auto vm = insert(tx, site.vm("a"));
        const auto give = [&](const std::function<bool(const std::string&)>& seen = {}) {
            return allocate_address(tx, site.id<AddressId>(), site.network, vm.id, seen);
        };
        EXPECT_EQ(give().mac, "00155DAA0100");
        EXPECT_EQ(give([](const std::string& mac) { return mac == "00155DAA0101"; }).mac,
                  "00155DAA0102");
        for (int i = 3; i < 256; ++i) {
            give();
        }
        EXPECT_EQ(give().mac, "00155DAA0101");
        EXPECT_EQ(addresses_of(tx, vm.id).size(), 256U);
        EXPECT_EQ(code_of([&] { give(); }), "addresses_used_up");
        insert(tx, NetworkRecord{.id = site.id<NetworkId>(), .name = "x", .mac_prefix = "0015"});
        const auto bad = find_network_by_name(tx, "x")->id;
        EXPECT_EQ(code_of([&] { allocate_address(tx, site.id<AddressId>(), bad, vm.id); }),
                  "mac_prefix_wrong");
    });
}

TEST(Operations, keep_their_error_and_their_steps)
{
    Site site;
    const auto error = Error{ErrorKind::conflict,
                             Message{"disk_in_use", {{"path", "D:\\x"}}},
                             {.code = 0x80070020, .text = "使用中"}}
                           .in("attaching D:\\x");
    site.transact([&](Transaction& tx) {
        auto operation = insert(tx, OperationRecord{.id = site.id<OperationId>(),
                                                    .kind = "create_vm",
                                                    .error = StoredError::from(error)});
        StepRecord step{.operation = operation.id, .position = 1, .step = "define"};
        insert_step(tx, {.operation = operation.id, .position = 0, .step = "place"});
        insert_step(tx, step);
        step.state = StepState::failed;
        step.sent = site.clock.now();
        step.result = boost::json::object{{"guid", "x"}};
        step.error = StoredError::from(error);
        update_step(tx, step);
        EXPECT_EQ(steps_of(tx, operation.id).at(1), step);
        EXPECT_STREQ(get<OperationRecord>(tx, operation.id).error->to_error().what(), error.what());
        EXPECT_EQ(unfinished_operations(tx).size(), 1U);
        operation.ended = site.clock.now();
        update(tx, operation);
        EXPECT_TRUE(unfinished_operations(tx).empty());
        step.position = 9;
        EXPECT_EQ(code_of([&] { update_step(tx, step); }), "record_not_found");
    });
    EXPECT_EQ(code_of([] { StoredError::from_json(boost::json::object{{"kind", 1}}); }),
              "stored_error_unreadable");
}

TEST(Events, are_read_in_order_and_forgotten_by_age)
{
    Site site;
    site.transact([&](Transaction& tx) {
        for (int i = 0; i < 5; ++i) {
            append(tx,
                   EventRecord{.kind = std::to_string(i),
                               .project = i % 2 == 0 ? std::optional{site.project} : std::nullopt,
                               .subject_kind = "vm"});
        }
    });
    site.clock.advance(1h);
    site.transact([&](Transaction& tx) {
        append(tx, EventRecord{.kind = "5", .subject_kind = "vm"});
        append(tx, AuditRecord{
                       .actor = "a", .action = "x", .subject_kind = "vm", .outcome = "accepted"});
        append(tx, AuditRecord{.actor = "a",
                               .action = "y",
                               .project = site.project,
                               .subject_kind = "vm",
                               .outcome = "accepted"});
        EXPECT_EQ(audit_before(tx, {}, 10).front().action, "y");
        EXPECT_EQ(audit_before(tx, 2, 10).front().action, "x");
        EXPECT_EQ(audit_before(tx, {}, 10, site.project).size(), 1U);
        EXPECT_EQ(events_after(tx, 2, 2).front().kind, "2");
        EXPECT_EQ(events_after(tx, 0, 10, site.project).size(), 3U);
        EXPECT_EQ(newest_event(tx), 6);
        EXPECT_EQ(forget_events_before(tx, site.clock.now()), 5U);
        EXPECT_EQ(oldest_event(tx), 6);
    });
}

TEST(IdempotencyKeys, answer_again_until_they_expire)
{
    Site site;
    const IdempotencyRecord record{.token = site.id<TokenId>(),
                                   .key = "k",
                                   .request_hash = "h",
                                   .status = 202,
                                   .location = "/v1/operations/1",
                                   .body = "{}",
                                   .expires = site.clock.now() + 72h};
    site.transact([&](Transaction& tx) {
        insert_idempotency(tx, record);
        EXPECT_EQ(find_idempotency(tx, {}, record.token, "k")->location, record.location);
        EXPECT_EQ(find_idempotency(tx, site.project, record.token, "k"), std::nullopt);
        EXPECT_EQ(code_of([&] { insert_idempotency(tx, record); }), "value_taken");
        auto of_project = record;
        of_project.project = site.project;
        insert_idempotency(tx, of_project);
        EXPECT_EQ(find_idempotency(tx, site.project, record.token, "k")->project, site.project);
    });
    site.clock.advance(73h);
    site.transact([&](Transaction& tx) {
        EXPECT_EQ(find_idempotency(tx, {}, record.token, "k"), std::nullopt);
        auto again = record;
        again.expires = tx.now() + 72h;
        insert_idempotency(tx, again);
        EXPECT_EQ(forget_expired_idempotency(tx), 1U);
    });
}

TEST(Settings, keep_the_site_id_that_was_chosen_first)
{
    Site site;
    site.transact([&](Transaction& tx) {
        const auto first = Uuid::random(*site.random);
        EXPECT_EQ(site_id(tx, first), first);
        EXPECT_EQ(site_id(tx, Uuid::random(*site.random)), first);
        set_setting(tx, "a", "1");
        set_setting(tx, "a", "2");
        EXPECT_EQ(find_setting(tx, "a"), "2");
        EXPECT_EQ(find_setting(tx, "b"), std::nullopt);
    });
}

TEST(SecretBox, forgets_a_password_that_is_not_used_any_more)
{
    Site site;
    const TemporaryFolder folder;
    const auto box = open_secret_box(folder / "key");
    site.transact([&](Transaction& tx) { set_host_password(tx, *box, site.host, "p"); });
    site.transact([&](Transaction& tx) { forget_host_password(tx, site.host); });
    EXPECT_EQ(site.read([&](Transaction& tx) { return find_host_password(tx, *box, site.host); }),
              std::nullopt);
    EXPECT_EQ(code_of([&] {
                  site.transact(
                      [&](Transaction& tx) { forget_host_password(tx, site.id<HostId>()); });
              }),
              "record_not_found");
}

TEST(SecretBox, keeps_a_password_out_of_the_database_in_clear)
{
    const TemporaryFolder folder;
    const auto box = open_secret_box(folder / "key");
    const std::string password = "correct-horse-battery-staple";
    Site site;
    site.transact([&](Transaction& tx) { set_host_password(tx, *box, site.host, password); });
    EXPECT_EQ(site.disk.contents().find(password), std::string::npos);
    EXPECT_EQ(site.disk.contents().find("horse"), std::string::npos);
    const auto again = open_secret_box(folder / "key");
    EXPECT_EQ(site.read([&](Transaction& tx) { return find_host_password(tx, *again, site.host); }),
              password);
    site.transact([&](Transaction& tx) {
        // The row's own changes keep the secret; another row cannot use it.
        update(tx, get<HostRecord>(tx, site.host));
        EXPECT_EQ(find_host_password(tx, *box, site.host), password);
        const auto other = insert(tx, HostRecord{.id = site.id<HostId>(), .name = "other"});
        EXPECT_EQ(find_host_password(tx, *box, other.id), std::nullopt);
        tx.execute(
            "UPDATE hosts SET secret = (SELECT secret FROM hosts WHERE id = $1) WHERE id = $2",
            {site.host, other.id});
        EXPECT_EQ(code_of([&] { find_host_password(tx, *box, other.id); }), "secret_not_readable");
    });
    EXPECT_EQ(code_of([&] {
                  site.transact([&](Transaction& tx) {
                      set_host_password(tx, *box, site.id<HostId>(), "x");
                  });
              }),
              "record_not_found");
}

TEST(SecretBox, refuses_a_key_that_others_can_read_or_that_is_none)
{
    const TemporaryFolder folder;
    const auto box = open_secret_box(folder / "key");
    struct stat status{};
    ASSERT_EQ(::stat((folder / "key").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600U);
    EXPECT_EQ(box->open(box->seal("", "c"), "c"), "");
    EXPECT_EQ(code_of([&] { box->open(Blob(3), "c"); }), "secret_not_readable");
    EXPECT_EQ(code_of([&] { open_secret_box(folder / "other")->open(box->seal("s", "c"), "c"); }),
              "secret_not_readable");
    ::chmod((folder / "key").c_str(), 0640);
    EXPECT_EQ(code_of([&] { open_secret_box(folder / "key"); }), "key_file_readable");
    std::ofstream{folder / "short"} << "x";
    ::chmod((folder / "short").c_str(), 0600);
    EXPECT_EQ(code_of([&] { open_secret_box(folder / "short"); }), "key_file_wrong");
    EXPECT_EQ(code_of([&] { open_secret_box(folder / "none" / "key"); }), "store_cannot_open");
}

} // namespace
} // namespace watari::store
