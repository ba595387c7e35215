#include "store/sqlite/sqlite.hpp"

#include "messages/store.hpp"
#include "store/migrations.hpp"
#include "store/sqlite/connection.hpp"
#include "store/sqlite/lock_file.hpp"

#include <boost/asio/async_result.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <mutex>
#include <thread>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace watari::store::sqlite {

namespace {

/// One function on its way through a thread; lives in the coroutine that awaits it.
struct Job {
    std::function<void(Transaction&)> work;
    WallTime now;
    std::exception_ptr failure = {};
    std::function<void()> resume = {};
};

class SqliteTransaction final : public Transaction
{
public:
    SqliteTransaction(Connection& connection, WallTime now, bool may_write)
        : connection_(connection), now_(now), may_write_(may_write)
    {
    }

    using Transaction::execute;
    using Transaction::query;

    std::uint64_t execute(std::string_view sql, std::span<const Param> params) override
    {
        connection_.run(sql, params, may_write_);
        return connection_.changes();
    }
    Rows query(std::string_view sql, std::span<const Param> params) override
    {
        return connection_.run(sql, params, may_write_);
    }
    WallTime now() const override { return now_; }

private:
    Connection& connection_;
    WallTime now_;
    bool may_write_;
};

/// Jobs between loops and threads.
class Queue
{
public:
    explicit Queue(std::size_t limit) : limit_(limit) {}

    /// Throws exhausted or unavailable; otherwise the job will be resumed.
    void push(Job& job)
    {
        {
            const std::lock_guard lock{mutex_};
            if (closed_) {
                throw Error{ErrorKind::unavailable, message::store_closing{}};
            }
            if (jobs_.size() >= limit_) {
                throw Error{ErrorKind::exhausted,
                            message::store_queue_full{.limit = std::to_string(limit_)}};
            }
            jobs_.push_back(&job);
        }
        filled_.notify_one();
    }

    /// Waits for work; empty once closed and drained.
    std::vector<Job*> take(std::size_t most)
    {
        std::unique_lock lock{mutex_};
        filled_.wait(lock, [this] { return closed_ || !jobs_.empty(); });
        const auto end = jobs_.begin() + static_cast<std::ptrdiff_t>(std::min(most, jobs_.size()));
        std::vector<Job*> taken(jobs_.begin(), end);
        jobs_.erase(jobs_.begin(), end);
        return taken;
    }

    void close()
    {
        {
            const std::lock_guard lock{mutex_};
            closed_ = true;
        }
        filled_.notify_all();
    }

private:
    std::size_t limit_;
    std::mutex mutex_;
    std::condition_variable filled_;
    std::deque<Job*> jobs_;
    bool closed_ = false;
};

/// Puts the job into the queue and resumes the caller on its own loop when it is done.
Task<> pass_through(Queue& queue, Job& job)
{
    const auto home = co_await boost::asio::this_coro::executor;
    std::exception_ptr refused;
    co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<>, void()>(
        [&](auto handler) {
            auto shared = std::make_shared<decltype(handler)>(std::move(handler));
            auto keep_home_running =
                boost::asio::prefer(home, boost::asio::execution::outstanding_work.tracked);
            job.resume = [shared, keep_home_running] {
                boost::asio::post(keep_home_running, [shared] { std::move (*shared)(); });
            };
            try {
                queue.push(job);
            } catch (const Error&) {
                refused = std::current_exception();
                job.resume();
            }
        },
        boost::asio::use_awaitable);
    if (refused) {
        std::rethrow_exception(refused);
    }
}

/// Each waiting caller adds its own frames, so each gets its own copy.
std::exception_ptr copy_of(const std::exception_ptr& failure)
{
    try {
        std::rethrow_exception(failure);
    } catch (const Error& error) {
        return std::make_exception_ptr(Error{error});
    } catch (...) {
        return failure;
    }
}

/// Whether SQLite answered, so that a COMMIT surely changed nothing.
bool nothing_was_committed(const Error& error)
{
    const Message io_failed = message::store_io_failed{};
    return error.code() != io_failed.code;
}

/// Runs functions on the writing connection, as many as wait in one COMMIT.
class Writer
{
public:
    Writer(Connection& connection, std::function<void(CommitPoint)> on_commit)
        : connection_(connection), on_commit_(std::move(on_commit))
    {
    }

    /// Fills in each job's failure.
    void run(const std::vector<Job*>& group)
    {
        if (group.size() == 1) {
            run_alone(*group.front());
        } else if (!run_together(group)) {
            // One of them made SQLite give up the whole transaction: each for itself, so that it
            // alone fails.
            for (Job* job : group) {
                job->failure = nullptr;
                run_alone(*job);
            }
        }
    }

private:
    void run_alone(Job& job)
    {
        try {
            connection_.run("BEGIN IMMEDIATE");
            SqliteTransaction transaction{connection_, job.now, true};
            job.work(transaction);
            commit();
        } catch (...) {
            job.failure = std::current_exception();
            roll_back();
        }
    }

    /// False when the transaction was lost before its COMMIT was tried.
    bool run_together(const std::vector<Job*>& group)
    {
        try {
            connection_.run("BEGIN IMMEDIATE");
            for (Job* job : group) {
                run_in_savepoint(*job);
                if (!connection_.in_transaction()) {
                    return false;
                }
            }
        } catch (...) {
            roll_back();
            return false;
        }
        try {
            commit();
        } catch (...) {
            const auto failure = std::current_exception();
            roll_back();
            for (Job* job : group) {
                job->failure = copy_of(failure);
            }
        }
        return true;
    }

    void run_in_savepoint(Job& job)
    {
        connection_.run("SAVEPOINT job");
        try {
            SqliteTransaction transaction{connection_, job.now, true};
            job.work(transaction);
        } catch (...) {
            job.failure = std::current_exception();
            if (connection_.in_transaction()) {
                connection_.run("ROLLBACK TO job");
            }
        }
        if (connection_.in_transaction()) {
            connection_.run("RELEASE job");
        }
    }

    void commit()
    {
        tell(CommitPoint::before);
        try {
            connection_.run("COMMIT");
        } catch (const Error& error) {
            throw nothing_was_committed(error) ? error
                                               : error.with_kind(ErrorKind::outcome_unknown);
        }
        tell(CommitPoint::after);
    }

    void tell(CommitPoint point)
    {
        if (on_commit_) {
            on_commit_(point);
        }
    }

    void roll_back() noexcept
    {
        try {
            if (connection_.in_transaction()) {
                connection_.run("ROLLBACK");
            }
        } catch (const Error&) {
            // SQLite rolls back by itself when it cannot; the failure that brought us here is the
            // one to tell.
        }
    }

    Connection& connection_;
    std::function<void(CommitPoint)> on_commit_;
};

void run_read_on(Connection& connection, Job& job)
{
    try {
        connection.run("BEGIN");
        SqliteTransaction transaction{connection, job.now, false};
        job.work(transaction);
    } catch (...) {
        job.failure = std::current_exception();
    }
    try {
        if (connection.in_transaction()) {
            connection.run("COMMIT");
        }
    } catch (...) {
        job.failure = job.failure ? job.failure : std::current_exception();
    }
}

void rethrow_failure(const Job& job)
{
    if (job.failure) {
        std::rethrow_exception(job.failure);
    }
}

class ThreadedStore final : public Store
{
public:
    ThreadedStore(const std::filesystem::path& path, std::unique_ptr<LockFile> lock,
                  std::unique_ptr<Connection> writer, const Clock& clock, const Options& options)
        : lock_(std::move(lock)),
          connection_(std::move(writer)),
          clock_(clock),
          writes_(options.queue_max),
          reads_(options.queue_max),
          writer_(*connection_, options.on_commit)
    {
        for (std::size_t i = 0; i < std::max<std::size_t>(options.readers, 1); ++i) {
            readers_.push_back(
                std::make_unique<Connection>(path, Connection::Options{.vfs = options.vfs}));
        }
        threads_.emplace_back([this, most = std::max<std::size_t>(options.group_max, 1)] {
            write_until_closed(most);
        });
        for (const auto& reader : readers_) {
            threads_.emplace_back([this, &connection = *reader] { read_until_closed(connection); });
        }
    }

    ~ThreadedStore() override
    {
        writes_.close();
        reads_.close();
        for (auto& thread : threads_) {
            thread.join();
        }
    }

protected:
    Task<> run_transaction(Work work) override
    {
        Job job{.work = std::move(work), .now = clock_.now()};
        co_await pass_through(writes_, job);
        rethrow_failure(job);
    }

    Task<> run_read(Work work) override
    {
        Job job{.work = std::move(work), .now = clock_.now()};
        co_await pass_through(reads_, job);
        rethrow_failure(job);
    }

private:
    void write_until_closed(std::size_t most)
    {
        for (auto group = writes_.take(most); !group.empty(); group = writes_.take(most)) {
            writer_.run(group);
            for (Job* job : group) {
                // The job may be gone as soon as its owner runs.
                const auto resume = std::move(job->resume);
                resume();
            }
        }
    }

    void read_until_closed(Connection& connection)
    {
        for (auto jobs = reads_.take(1); !jobs.empty(); jobs = reads_.take(1)) {
            run_read_on(connection, *jobs.front());
            const auto resume = std::move(jobs.front()->resume);
            resume();
        }
    }

    std::unique_ptr<LockFile> lock_;
    std::unique_ptr<Connection> connection_;
    std::vector<std::unique_ptr<Connection>> readers_;
    const Clock& clock_;
    Queue writes_;
    Queue reads_;
    Writer writer_;
    std::vector<std::thread> threads_;
};

/// Everything on the caller's loop. Callers still wait their turn, so that others run in between as
/// with threads.
class InlineStore final : public Store
{
public:
    InlineStore(std::unique_ptr<LockFile> lock, std::unique_ptr<Connection> connection,
                const Clock& clock, const Options& options)
        : lock_(std::move(lock)),
          connection_(std::move(connection)),
          clock_(clock),
          writer_(*connection_, options.on_commit)
    {
    }

protected:
    Task<> run_transaction(Work work) override
    {
        Job job{.work = std::move(work), .now = clock_.now()};
        writer_.run({&job});
        co_await yield_to_others();
        rethrow_failure(job);
    }

    Task<> run_read(Work work) override
    {
        Job job{.work = std::move(work), .now = clock_.now()};
        run_read_on(*connection_, job);
        co_await yield_to_others();
        rethrow_failure(job);
    }

private:
    std::unique_ptr<LockFile> lock_;
    std::unique_ptr<Connection> connection_;
    const Clock& clock_;
    Writer writer_;
};

/// SQLite gives the files beside it the mode of this one.
void make_private(const std::filesystem::path& path)
{
    const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    const bool done = file >= 0 && ::fchmod(file, 0600) == 0;
    const int code = errno;
    if (file >= 0) {
        ::close(file);
    }
    if (!done) {
        throw Error{ErrorKind::unavailable,
                    message::store_cannot_open{.path = path.string()},
                    {.code = static_cast<std::uint32_t>(code), .text = std::strerror(code)}};
    }
}

void migrate_now(Connection& connection, const Clock& clock)
{
    Job job{.work = [](Transaction& transaction) { migrate(transaction, Dialect::sqlite); },
            .now = clock.now()};
    Writer{connection, {}}.run({&job});
    rethrow_failure(job);
}

} // namespace

std::unique_ptr<Store> open(const std::filesystem::path& path, const Clock& clock, Options options)
{
    std::unique_ptr<LockFile> lock;
    if (options.vfs.empty()) {
        lock = std::make_unique<LockFile>(path);
        make_private(path);
    }
    auto connection = std::make_unique<Connection>(
        path, Connection::Options{.vfs = options.vfs, .exclusive = options.inline_on_loop});
    migrate_now(*connection, clock);
    if (options.inline_on_loop) {
        return std::make_unique<InlineStore>(std::move(lock), std::move(connection), clock,
                                             options);
    }
    return std::make_unique<ThreadedStore>(path, std::move(lock), std::move(connection), clock,
                                           options);
}

} // namespace watari::store::sqlite
