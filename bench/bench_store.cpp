// Durable state changes through the store, and the same statements through sqlite3's C API.
//
// usage: bench_store FOLDER
#include "bench/bench.hpp"
#include "core/random.hpp"
#include "core/sync.hpp"
#include "store/records/event.hpp"
#include "store/records/operation.hpp"
#include "store/records/project.hpp"
#include "store/sqlite/sqlite.hpp"
#include "store/value_cells.hpp"

#include <fmt/format.h>
#include <sqlite3.h>

#include <map>
#include <memory>
#include <stdexcept>

namespace {

using namespace watari;
using namespace watari::bench;
using namespace watari::store;

constexpr std::size_t operation_count = 2'000; // as many changes wait at a time
constexpr std::size_t changes_per_operation = 10;
constexpr std::size_t changes = operation_count * changes_per_operation;
constexpr std::size_t alone_count = 1'000;

struct Work {
    OperationRecord operation;
    StepRecord step;
};

Work new_work(Clock& clock, Random& random)
{
    Work work;
    work.operation.id =
        new_id<OperationId>(std::chrono::system_clock::time_point{clock.now()}, random);
    work.operation.kind = "create_vm";
    work.operation.actor = "admin";
    work.operation.request_id = Uuid::random(random).lower();
    work.operation.input = {{"host", Uuid::random(random).lower()}, {"disk_format", "vhdx"}};
    work.step.operation = work.operation.id;
    work.step.step = "define";
    work.step.result = {{"guid", Uuid::random(random).lower()}};
    return work;
}

/// What the engine makes durable when a step ends.
void change(Transaction& transaction, Work& work)
{
    work.operation.state = OperationState::running;
    work.operation.started = transaction.now();
    ++work.operation.attempts;
    work.step.state = StepState::done;
    work.step.started = transaction.now();
    work.step.ended = transaction.now();
    ++work.step.attempts;
    work.operation = update(transaction, work.operation);
    update_step(transaction, work.step);
    append(transaction,
           EventRecord{.kind = "step.done",
                       .subject_kind = "operation",
                       .subject = work.operation.id.value(),
                       .operation = work.operation.id,
                       .data = boost::json::object{{"step", work.step.step}, {"state", "done"}}});
}

/// Keeps what change() would have run, so that the peer runs exactly that.
class Recorder final : public Transaction
{
public:
    struct Call {
        std::size_t sql;
        std::vector<Value> values;
    };

    explicit Recorder(WallTime now) : now_(now) {}

    std::uint64_t execute(std::string_view sql, std::span<const Param> params) override
    {
        const auto place = statements_.emplace(std::string{sql}, statements_.size()).first->second;
        Call call{.sql = place, .values = {}};
        for (const auto& param : params) {
            call.values.push_back(param.value());
        }
        calls.push_back(std::move(call));
        return 1;
    }
    Rows query(std::string_view sql, std::span<const Param> params) override
    {
        execute(sql, params);
        static const auto names =
            std::make_shared<const std::vector<std::string>>(std::vector<std::string>{"sequence"});
        return {store::Row{names, {Value{std::int64_t{1}}}}};
    }
    WallTime now() const override { return now_; }
    void after_commit(std::function<void()>) override {}

    std::vector<std::string> statements() const
    {
        std::vector<std::string> list(statements_.size());
        for (const auto& [sql, place] : statements_) {
            list[place] = sql;
        }
        return list;
    }

    std::vector<Call> calls;

private:
    WallTime now_;
    std::map<std::string, std::size_t> statements_;
};

Task<std::vector<Work>> furnish(Store& store, Clock& clock, Random& random)
{
    std::vector<Work> all;
    for (std::size_t i = 0; i < operation_count; ++i) {
        all.push_back(new_work(clock, random));
    }
    co_await store.transact([&](Transaction& transaction) {
        for (auto& work : all) {
            work.operation = insert(transaction, work.operation);
            insert_step(transaction, work.step);
        }
    });
    co_return all;
}

Task<> change_often(Store& store, Work& work, std::size_t& left, Signal& done)
{
    for (std::size_t i = 0; i < changes_per_operation; ++i) {
        co_await store.transact([&](Transaction& transaction) { change(transaction, work); });
    }
    if (--left == 0) {
        done.notify_all();
    }
}

Task<double> change_all(Store& store, Clock& clock, Executor executor, std::vector<Work>& all)
{
    std::size_t left = all.size();
    Signal done;
    const Stopwatch watch;
    for (auto& work : all) {
        spawn(executor, change_often(store, work, left, done), "change");
    }
    while (left > 0) {
        co_await done.wait(clock, Deadline::never());
    }
    co_return watch.seconds();
}

Task<std::vector<double>> change_alone(Store& store, Work& work)
{
    std::vector<double> took;
    for (std::size_t i = 0; i < alone_count; ++i) {
        const Stopwatch watch;
        co_await store.transact([&](Transaction& transaction) { change(transaction, work); });
        took.push_back(watch.seconds() * 1000);
    }
    co_return took;
}

void check(int code, sqlite3* database)
{
    if (code != SQLITE_OK && code != SQLITE_DONE && code != SQLITE_ROW) {
        throw std::runtime_error{sqlite3_errmsg(database)};
    }
}

void bind(sqlite3_stmt* statement, const std::vector<Value>& values)
{
    int place = 0;
    for (const auto& value : values) {
        ++place;
        if (const auto* number = std::get_if<std::int64_t>(&value)) {
            sqlite3_bind_int64(statement, place, *number);
        } else if (const auto* text = std::get_if<std::string>(&value)) {
            sqlite3_bind_text64(statement, place, text->data(), text->size(), SQLITE_STATIC,
                                SQLITE_UTF8);
        } else {
            sqlite3_bind_null(statement, place);
        }
    }
}

/// The peer: prepared statements and bound values, in transactions of the same sizes. Nothing else.
double run_bare(const std::filesystem::path& path, const Recorder& recorded,
                const std::vector<std::size_t>& groups)
{
    sqlite3* database = nullptr;
    check(sqlite3_open(path.c_str(), &database), database);
    const auto run = [&](const char* sql) {
        check(sqlite3_exec(database, sql, nullptr, nullptr, nullptr), database);
    };
    for (const char* pragma : {"PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL",
                               "PRAGMA foreign_keys = ON", "PRAGMA temp_store = MEMORY",
                               "PRAGMA cache_size = -16384", "PRAGMA wal_autocheckpoint = 4000"}) {
        run(pragma);
    }
    std::vector<sqlite3_stmt*> statements;
    for (const auto& sql : recorded.statements()) {
        statements.push_back(nullptr);
        check(sqlite3_prepare_v3(database, sql.c_str(), -1, SQLITE_PREPARE_PERSISTENT,
                                 &statements.back(), nullptr),
              database);
    }
    constexpr std::size_t calls_per_change = 3;
    const Stopwatch watch;
    auto call = recorded.calls.begin();
    for (const std::size_t group : groups) {
        run("BEGIN IMMEDIATE");
        for (std::size_t i = 0; i < group * calls_per_change; ++i, ++call) {
            sqlite3_stmt* statement = statements[call->sql];
            bind(statement, call->values);
            for (int code = SQLITE_ROW; code == SQLITE_ROW;) {
                code = sqlite3_step(statement);
                check(code, database);
            }
            sqlite3_reset(statement);
        }
        run("COMMIT");
    }
    const double seconds = watch.seconds();
    for (sqlite3_stmt* statement : statements) {
        sqlite3_finalize(statement);
    }
    sqlite3_close(database);
    return seconds;
}

/// The changes in the order the peer makes them: every operation once, then again.
Recorder record(std::vector<Work> all, Clock& clock)
{
    Recorder recorder{clock.now()};
    for (std::size_t i = 0; i < changes_per_operation; ++i) {
        for (auto& work : all) {
            change(recorder, work);
        }
    }
    return recorder;
}

struct Round {
    double ours = 0;
    double bare = 0;
    double group = 0;
    double alone_p50 = 0;
    double alone_p99 = 0;
};

Round measure(const std::filesystem::path& where)
{
    const Folder folder{where};
    boost::asio::io_context loop{1};
    const auto clock = system_clock(loop.get_executor());
    const auto random = seeded_random(1);
    // The number of changes each COMMIT made durable; counted on the store's own thread.
    std::size_t waiting = 0;
    std::vector<std::size_t> groups;
    sqlite::Options options;
    bool counting = false;
    options.on_commit = [&](sqlite::CommitPoint point) {
        if (point == sqlite::CommitPoint::after && counting) {
            groups.push_back(std::exchange(waiting, 0));
        }
    };
    Round round;
    auto peer = std::vector<Work>{};
    {
        const auto store = sqlite::open(folder / "ours.db", *clock, options);
        auto all = run(loop, furnish(*store, *clock, *random));
        peer = all;
        counting = true;
        round.ours = run(loop, change_all(*store, *clock, loop.get_executor(), all));
        counting = false;
        const auto alone = run(loop, change_alone(*store, all.front()));
        round.alone_p50 = median(alone);
        round.alone_p99 = quantile(alone, 0.99);
    }
    // How many a COMMIT held follows from the number of them: all operations wait all the time.
    const std::size_t commits = groups.size();
    std::vector<std::size_t> sizes(commits, changes / commits);
    for (std::size_t i = 0; i < changes % commits; ++i) {
        ++sizes[i];
    }
    round.group = static_cast<double>(changes) / static_cast<double>(commits);
    {
        const auto store = sqlite::open(folder / "bare.db", *clock, {.inline_on_loop = true});
        run(loop, store->transact([&](Transaction& transaction) {
            for (auto& work : peer) {
                work.operation = insert(transaction, work.operation);
                insert_step(transaction, work.step);
            }
        }));
    }
    round.bare = run_bare(folder / "bare.db", record(peer, *clock), sizes);
    return round;
}

void report(const std::vector<Round>& rounds)
{
    const auto middle = [&](auto of) {
        std::vector<double> values;
        for (const auto& round : rounds) {
            values.push_back(of(round));
        }
        return median(values);
    };
    const double ours = middle([](const Round& round) { return changes / round.ours; });
    const double bare = middle([](const Round& round) { return changes / round.bare; });
    const double share = middle([](const Round& round) { return 100 * round.bare / round.ours; });
    const double group = middle([](const Round& round) { return round.group; });
    const double p50 = middle([](const Round& round) { return round.alone_p50; });
    const double p99 = middle([](const Round& round) { return round.alone_p99; });
    print({.row = "durable state changes, grouped, SQLite",
           .goal = ">= 15000",
           .measured = ours,
           .unit = "1/s",
           .how = fmt::format(
               "operation row + step row + event, {} waiting at a time, {} in all, fsynced",
               operation_count, changes),
           .met = ours >= 15'000,
           .details = {{"changes_per_commit", group}}});
    print({.row = "durable state changes against bare sqlite3",
           .goal = ">= 60",
           .measured = share,
           .unit = "%",
           .how = "the same statements and values through sqlite3's C API in transactions of the "
                  "same size, same run",
           .met = share >= 60,
           .details = {{"bare_per_second", bare}}});
    print({.row = "durable state change, one in flight, p99",
           .goal = "< 5",
           .measured = p99,
           .unit = "ms",
           .how = fmt::format("{} changes one after another, fsynced", alone_count),
           .met = p99 < 5,
           .details = {{"p50_ms", p50}}});
}

} // namespace

int main(int argc, char** argv)
{
    std::vector<Round> rounds;
    for (int i = 0; i < 5; ++i) {
        rounds.push_back(measure(work_folder(argc, argv)));
    }
    report(rounds);
}
