#include "store/sqlite/sqlite.hpp"

#include "core/sync.hpp"
#include "store/migrations.hpp"
#include "store/records/host.hpp"
#include "store/testing/scene.hpp"
#include "store/testing/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <fstream>
#include <mutex>

#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

namespace watari::store {
namespace {

using testing::CrashDisk;
using testing::Scene;
using testing::TemporaryFolder;

template <class Function>
Error error_of(Function function)
{
    try {
        function();
    } catch (const Error& error) {
        return error;
    }
    ADD_FAILURE() << "nothing was thrown";
    return Error{ErrorKind::internal, Message{}};
}

void set(Transaction& transaction, std::string_view name, std::string_view value)
{
    transaction.execute("INSERT INTO settings (name, value) VALUES ($1, $2)", {name, value});
}

std::int64_t settings_in(Transaction& transaction)
{
    return transaction.query("SELECT count(*) FROM settings")
        .at(0)
        .get<std::int64_t>(std::size_t{0});
}

TEST(SqliteStore, gives_back_every_type_as_it_was)
{
    Scene scene;
    const Blob bytes{std::byte{0}, std::byte{1}, std::byte{255}};
    const auto row = scene.read([&](Transaction& tx) {
        return tx
            .query("SELECT $1 AS a, $2 AS b, $3 AS c, $4 AS d, $5 AS e, $6 AS f",
                   {nullptr, std::int64_t{-5}, 2.5, "text\0with zero", bytes, true})
            .at(0);
    });
    EXPECT_EQ(row.get<std::optional<std::string>>("a"), std::nullopt);
    EXPECT_EQ(row.get<std::int64_t>("b"), -5);
    EXPECT_EQ(row.get<double>("c"), 2.5);
    EXPECT_EQ(row.get<std::string>(std::size_t{3}), "text");
    EXPECT_EQ(row.get<Blob>("e"), bytes);
    EXPECT_TRUE(row.get<bool>("f"));
    EXPECT_EQ(error_of([&] { row.get<std::int64_t>("c"); }).code(), "cell_unexpected");
    EXPECT_EQ(error_of([&] { row.get<std::uint64_t>("b"); }).code(), "value_out_of_range");
    EXPECT_EQ(error_of([&] { row.get<std::string>("z"); }).code(), "column_unknown");
    EXPECT_EQ(error_of([&] { row.cell(6); }).code(), "column_unknown");
}

TEST(SqliteStore, places_are_numbered_whatever_their_order)
{
    Scene scene;
    const auto row = scene.read([](Transaction& tx) {
        return tx.query("SELECT $2 AS two, $1 AS one, $2 AS again", {"1", "2"}).at(0);
    });
    EXPECT_EQ(row.get<std::string>("one"), "1");
    EXPECT_EQ(row.get<std::string>("two"), "2");
    EXPECT_EQ(row.get<std::string>("again"), "2");
    EXPECT_EQ(
        error_of([&] { scene.read([](Transaction& tx) { tx.query("SELECT $3", {"1"}); }); }).code(),
        "store_statement_failed");
    EXPECT_EQ(
        error_of([&] { scene.read([](Transaction& tx) { tx.query("SELECT ?", {"1"}); }); }).code(),
        "store_statement_failed");
}

TEST(SqliteStore, a_transaction_that_throws_changes_nothing)
{
    Scene scene;
    EXPECT_THROW(scene.transact([](Transaction& tx) {
        set(tx, "a", "1");
        throw std::runtime_error{"no"};
    }),
                 std::runtime_error);
    EXPECT_EQ(scene.read(settings_in), 0);
}

TEST(SqliteStore, tells_of_what_is_durable_and_of_nothing_else)
{
    Scene scene;
    std::vector<std::string> told;
    const auto write = [&](std::string what, bool fails) {
        scene.transact([&](Transaction& tx) {
            set(tx, what, "1");
            tx.after_commit([&told, what] { told.push_back(what); });
            EXPECT_EQ(std::ranges::count(told, what), 0) << "not durable yet";
            if (fails) {
                throw std::runtime_error{"no"};
            }
        });
    };
    const auto commits = scene.store->commits();
    write("first", false);
    EXPECT_EQ(told, std::vector<std::string>{"first"});
    EXPECT_GT(scene.store->commits(), commits);
    EXPECT_THROW(write("refused", true), std::runtime_error);
    scene.disk.fail_syncs(true);
    EXPECT_THROW(write("unsure", false), Error);
    scene.disk.fail_syncs(false);
    EXPECT_EQ(told, std::vector<std::string>{"first"});
}

TEST(SqliteStore, a_taken_key_is_a_conflict_that_the_function_may_handle)
{
    Scene scene;
    scene.transact([](Transaction& tx) {
        set(tx, "a", "1");
        EXPECT_EQ(error_of([&] { set(tx, "a", "2"); }).kind(), ErrorKind::conflict);
        set(tx, "b", "2");
    });
    EXPECT_EQ(scene.read(settings_in), 2);
}

TEST(SqliteStore, a_read_cannot_change_anything)
{
    Scene scene;
    EXPECT_EQ(error_of([&] { scene.read([](Transaction& tx) { set(tx, "a", "1"); }); }).code(),
              "store_read_only");
    EXPECT_EQ(error_of([&] {
                  scene.read([](Transaction& tx) {
                      tx.query(
                          "INSERT INTO settings (name, value) VALUES ('a', 'b') RETURNING name");
                  });
              }).code(),
              "store_read_only");
    EXPECT_EQ(scene.read(settings_in), 0);
}

TEST(SqliteStore, many_statements_do_not_exhaust_its_memory_of_them)
{
    Scene scene;
    scene.read([](Transaction& tx) {
        for (int i = 0; i < 600; ++i) {
            EXPECT_EQ(tx.query(fmt::format("SELECT {}", i)).at(0).get<int>(std::size_t{0}), i);
        }
    });
}

TEST(SqliteStore, the_file_is_private_and_in_write_ahead_mode)
{
    const TemporaryFolder folder;
    boost::asio::io_context loop;
    const auto clock = system_clock(loop.get_executor());
    std::ofstream{folder / "watari.db"}.close();
    ::chmod((folder / "watari.db").c_str(), 0644);
    const auto store = sqlite::open(folder / "watari.db", *clock);
    struct stat status{};
    ASSERT_EQ(::stat((folder / "watari.db").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600U);
    ASSERT_EQ(::stat((folder / "watari.db-wal").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600U);
}

TEST(SqliteStore, a_second_process_is_told_who_has_the_database)
{
    const TemporaryFolder folder;
    boost::asio::io_context loop;
    const auto clock = system_clock(loop.get_executor());
    auto store = sqlite::open(folder / "watari.db", *clock);
    const auto error = error_of([&] { sqlite::open(folder / "watari.db", *clock); });
    EXPECT_EQ(error.kind(), ErrorKind::unavailable);
    EXPECT_EQ(error.code(), "store_locked");
    EXPECT_NE(std::string{error.what()}.find((folder / "watari.db").string()), std::string::npos);
    EXPECT_NE(std::string{error.what()}.find(std::to_string(::getpid())), std::string::npos);
    store.reset();
    EXPECT_NO_THROW(sqlite::open(folder / "watari.db", *clock));
}

TEST(SqliteStore, a_folder_that_is_not_there_is_named)
{
    const TemporaryFolder folder;
    boost::asio::io_context loop;
    const auto clock = system_clock(loop.get_executor());
    EXPECT_EQ(error_of([&] { sqlite::open(folder / "none" / "watari.db", *clock); }).code(),
              "store_cannot_open");
}

TEST(SqliteStore, a_file_that_is_no_database_is_refused)
{
    const TemporaryFolder folder;
    boost::asio::io_context loop;
    const auto clock = system_clock(loop.get_executor());
    std::ofstream{folder / "watari.db"} << std::string(8192, 'x');
    EXPECT_EQ(error_of([&] { sqlite::open(folder / "watari.db", *clock); }).code(),
              "store_damaged");
}

TEST(SqliteStore, a_damaged_database_is_told_as_such)
{
    Scene scene;
    scene.store.reset();
    for (std::uint64_t page = 1; page < 40; ++page) {
        scene.disk.damage("watari.db", page * 4096, std::string(4096, '\xAB'));
    }
    EXPECT_EQ(error_of([&] {
                  scene.store = scene.open();
                  scene.transact([](Transaction& tx) { set(tx, "a", "1"); });
              }).code(),
              "store_damaged");
}

TEST(SqliteStore, a_full_disk_refuses_and_goes_on_when_there_is_room_again)
{
    Scene scene;
    scene.transact([](Transaction& tx) { set(tx, "a", "1"); });
    scene.disk.limit(0);
    const auto error = error_of(
        [&] { scene.transact([](Transaction& tx) { set(tx, "b", std::string(100'000, 'b')); }); });
    EXPECT_EQ(error.kind(), ErrorKind::exhausted);
    EXPECT_EQ(error.code(), "store_disk_full");
    EXPECT_EQ(scene.read(settings_in), 1);
    scene.disk.limit(UINT64_MAX);
    scene.transact([](Transaction& tx) { set(tx, "b", "1"); });
    EXPECT_EQ(scene.read(settings_in), 2);
}

TEST(SqliteStore, a_commit_that_the_disk_did_not_confirm_has_an_unknown_outcome)
{
    Scene scene;
    scene.disk.fail_syncs(true);
    EXPECT_EQ(error_of([&] { scene.transact([](Transaction& tx) { set(tx, "a", "1"); }); }).kind(),
              ErrorKind::outcome_unknown);
    scene.disk.fail_syncs(false);
    scene.transact([](Transaction& tx) { set(tx, "b", "1"); });
}

TEST(SqliteStore, what_was_committed_survives_a_loss_of_power_and_nothing_else)
{
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        SCOPED_TRACE(fmt::format("seed {}", seed));
        Scene scene;
        auto chance = seeded_random(seed);
        const auto commits = chance->below(20);
        const bool before = chance->below(2) == 0;
        std::uint64_t count = 0;
        scene.store.reset();
        scene.store = scene.open([&](sqlite::CommitPoint point) {
            if (point == (before ? sqlite::CommitPoint::before : sqlite::CommitPoint::after) &&
                count++ == commits) {
                scene.disk.lose_power(chance.get());
                throw std::runtime_error{"power"};
            }
        });
        std::int64_t confirmed = 0;
        try {
            for (int i = 0;; ++i) {
                scene.transact([&](Transaction& tx) {
                    set(tx, std::to_string(i), std::string(chance->below(9'000), 'x'));
                });
                ++confirmed;
            }
        } catch (const std::runtime_error&) {
        }
        EXPECT_THROW(scene.transact([](Transaction& tx) { set(tx, "late", ""); }), Error);
        scene.store.reset();
        scene.store = scene.open();
        EXPECT_EQ(scene.read(settings_in), confirmed + (before ? 0 : 1));
        EXPECT_EQ(scene.read([](Transaction& tx) {
            return tx.query("PRAGMA integrity_check").at(0).get<std::string>(std::size_t{0});
        }),
                  "ok");
    }
}

/// A threaded store whose first COMMIT waits until the test opens the gate.
class GatedStore
{
public:
    explicit GatedStore(sqlite::Options options = {})
    {
        options.on_commit = [this](sqlite::CommitPoint point) {
            if (point == sqlite::CommitPoint::after) {
                ++commits;
                return;
            }
            std::unique_lock lock{mutex_};
            opened_.wait(lock, [this] { return open_; });
        };
        store = sqlite::open(folder / "watari.db", *clock, options);
    }

    void open_gate()
    {
        const std::lock_guard lock{mutex_};
        open_ = true;
        opened_.notify_all();
    }

    TemporaryFolder folder;
    boost::asio::io_context loop;
    std::unique_ptr<Clock> clock = system_clock(loop.get_executor());
    std::atomic<int> commits = 0;
    std::unique_ptr<Store> store;

private:
    std::mutex mutex_;
    std::condition_variable opened_;
    bool open_ = false;
};

Task<> add_setting(Store& store, std::string name, int& done, int& conflicts)
{
    try {
        co_await store.transact([&](Transaction& tx) { set(tx, name, "1"); });
        ++done;
    } catch (const Error& error) {
        if (error.kind() != ErrorKind::conflict) {
            throw;
        }
        ++conflicts;
    }
}

TEST(SqliteStore, functions_that_wait_share_one_commit_and_fail_alone)
{
    GatedStore gated;
    int done = 0;
    int conflicts = 0;
    for (int i = 0; i < 500; ++i) {
        spawn(gated.loop.get_executor(),
              add_setting(*gated.store, std::to_string(i / 2), done, conflicts), "add");
    }
    // All have queued when the loop has nothing left to do at once; the writer waits at its first
    // COMMIT.
    gated.loop.poll();
    gated.open_gate();
    gated.loop.restart();
    gated.loop.run();
    EXPECT_EQ(done, 250);
    EXPECT_EQ(conflicts, 250);
    EXPECT_LE(gated.commits, 3);
}

TEST(SqliteStore, one_function_that_fills_the_disk_takes_no_other_with_it)
{
    GatedStore gated;
    int done = 0;
    int full = 0;
    spawn(
        gated.loop.get_executor(),
        [](Store& store) -> Task<> {
            co_await store.transact(
                [](Transaction& tx) { tx.query("PRAGMA max_page_count = 200"); });
        }(*gated.store),
        "limit");
    gated.loop.poll();
    gated.open_gate();
    gated.loop.restart();
    gated.loop.run();
    for (int i = 0; i < 20; ++i) {
        const std::size_t size = i % 5 == 4 ? 4'000'000 : 10;
        spawn(
            gated.loop.get_executor(),
            [](Store& store, int number, std::size_t bytes, int& ok, int& refused) -> Task<> {
                try {
                    co_await store.transact([&](Transaction& tx) {
                        set(tx, std::to_string(number), std::string(bytes, 'x'));
                    });
                    ++ok;
                } catch (const Error& error) {
                    EXPECT_EQ(error.code(), "store_disk_full");
                    ++refused;
                }
            }(*gated.store, i, size, done, full),
            "add");
    }
    gated.loop.restart();
    gated.loop.run();
    EXPECT_EQ(done, 16);
    EXPECT_EQ(full, 4);
}

TEST(SqliteStore, a_queue_that_is_full_refuses)
{
    GatedStore gated{{.queue_max = 10}};
    int done = 0;
    int refused = 0;
    for (int i = 0; i < 100; ++i) {
        spawn(
            gated.loop.get_executor(),
            [](Store& store, int number, int& ok, int& full) -> Task<> {
                try {
                    co_await store.transact(
                        [&](Transaction& tx) { set(tx, std::to_string(number), "1"); });
                    ++ok;
                } catch (const Error& error) {
                    EXPECT_EQ(error.code(), "store_queue_full");
                    ++full;
                }
            }(*gated.store, i, done, refused),
            "add");
    }
    gated.loop.poll();
    gated.open_gate();
    gated.loop.restart();
    gated.loop.run();
    EXPECT_EQ(done + refused, 100);
    EXPECT_GE(done, 10);
    EXPECT_GT(refused, 0);
}

TEST(SqliteStore, readers_see_a_snapshot_beside_the_writer)
{
    const TemporaryFolder folder;
    boost::asio::io_context loop;
    const auto clock = system_clock(loop.get_executor());
    const auto store = sqlite::open(folder / "watari.db", *clock);
    std::int64_t seen = -1;
    std::int64_t later = -1;
    spawn(
        loop.get_executor(),
        [](Store& used, std::int64_t& before, std::int64_t& after) -> Task<> {
            before = co_await used.read(settings_in);
            for (int i = 0; i < 50; ++i) {
                co_await used.transact([&](Transaction& tx) { set(tx, std::to_string(i), "1"); });
                EXPECT_EQ(co_await used.read(settings_in), i + 1);
            }
            after = co_await used.read(settings_in);
        }(*store, seen, later),
        "read");
    loop.run();
    EXPECT_EQ(seen, 0);
    EXPECT_EQ(later, 50);
}

TEST(Migrations, run_once_and_a_newer_database_is_refused)
{
    Scene scene;
    scene.store.reset();
    scene.store = scene.open();
    EXPECT_EQ(
        scene.read([](Transaction& tx) { return tx.query("SELECT * FROM schema_version").size(); }),
        static_cast<std::size_t>(newest_schema_version()));
    scene.transact([](Transaction& tx) {
        tx.execute("INSERT INTO schema_version (version, applied) VALUES (7, 'x')");
    });
    scene.store.reset();
    const auto error = error_of([&] { scene.open(); });
    EXPECT_EQ(error.kind(), ErrorKind::unsupported);
    EXPECT_EQ(error.code(), "store_newer");
}

TEST(Migrations, hosts_enrolled_before_there_was_a_choice_are_reached_by_basic)
{
    Scene scene;
    const auto old = scene.id<HostId>();
    const auto fresh = scene.id<HostId>();
    scene.transact([&](Transaction& tx) {
        insert(tx, HostRecord{.id = old, .name = "old", .observe = false});
        for (const auto* column :
             {"server_name", "tls_trust", "tls_ca_file", "tls_fingerprint", "scheme",
              "basic_in_the_clear", "keytab_file", "certificate_file", "key_file"}) {
            tx.execute(std::string{"ALTER TABLE hosts DROP COLUMN "} + column);
        }
        tx.execute("DELETE FROM schema_version WHERE version > 2");
    });
    scene.store.reset();
    scene.store = scene.open();
    scene.transact([&](Transaction& tx) {
        insert(tx, HostRecord{.id = fresh, .name = "fresh"});
        EXPECT_EQ(get<HostRecord>(tx, old).scheme, LogonScheme::basic);
        EXPECT_FALSE(get<HostRecord>(tx, old).observe) << "it was changed before";
        EXPECT_EQ(get<HostRecord>(tx, fresh).scheme, LogonScheme::ntlm);
        EXPECT_TRUE(get<HostRecord>(tx, fresh).observe);
    });
}

} // namespace
} // namespace watari::store
