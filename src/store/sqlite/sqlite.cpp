#include "store/sqlite/sqlite.hpp"

#include "core/pool.hpp"
#include "messages/store.hpp"
#include "store/migrations.hpp"
#include "store/sqlite/lock_file.hpp"
#include "store/sqlite/writer.hpp"

#include <cerrno>
#include <cstring>
#include <deque>
#include <mutex>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace watari::store::sqlite {

namespace {

void rethrow_failure(const Job& job)
{
    if (job.failure) {
        std::rethrow_exception(job.failure);
    }
}

/// Jobs that wait for the writing thread.
class Queue
{
public:
    explicit Queue(std::size_t limit) : limit_(limit) {}

    /// Throws exhausted.
    void push(Job& job)
    {
        const std::lock_guard lock{mutex_};
        if (jobs_.size() >= limit_) {
            throw Error{ErrorKind::exhausted,
                        message::store_queue_full{.limit = std::to_string(limit_)}};
        }
        jobs_.push_back(&job);
    }

    std::vector<Job*> take(std::size_t most)
    {
        const std::lock_guard lock{mutex_};
        const auto end = jobs_.begin() + static_cast<std::ptrdiff_t>(std::min(most, jobs_.size()));
        std::vector<Job*> taken(jobs_.begin(), end);
        jobs_.erase(jobs_.begin(), end);
        return taken;
    }

private:
    std::size_t limit_;
    std::mutex mutex_;
    std::deque<Job*> jobs_;
};

class ThreadedStore final : public Store
{
public:
    ThreadedStore(const std::filesystem::path& path, std::unique_ptr<LockFile> lock,
                  std::unique_ptr<Connection> writer, const Clock& clock, const Options& options)
        : lock_(std::move(lock)),
          connection_(std::move(writer)),
          clock_(clock),
          group_max_(std::max<std::size_t>(options.group_max, 1)),
          queue_(options.queue_max),
          writer_(*connection_, options.on_commit)
    {
        const auto readers = std::max<std::size_t>(options.readers, 1);
        for (std::size_t i = 0; i < readers; ++i) {
            free_readers_.push_back(
                std::make_unique<Connection>(path, Connection::Options{.vfs = options.vfs}));
        }
        write_thread_ = thread_pool(1);
        read_threads_ = thread_pool(readers);
    }

    std::uint64_t commits() const noexcept override { return writer_.commits(); }

protected:
    Task<> run_transaction(Work work) override
    {
        Job job{.work = std::move(work), .now = clock_.now()};
        queue_.push(job);
        // Whoever gets the thread first commits for all who wait; the others find their job done.
        co_await write_thread_->run([&] {
            while (!job.done) {
                commit_waiting();
            }
        });
        rethrow_failure(job);
    }

    Task<> run_read(Work work) override
    {
        Job job{.work = std::move(work), .now = clock_.now()};
        co_await read_threads_->run([&] { read_now(job); });
        rethrow_failure(job);
    }

private:
    void commit_waiting()
    {
        const auto group = queue_.take(group_max_);
        writer_.run(group);
        for (Job* job : group) {
            job->done = true;
        }
    }

    void read_now(Job& job)
    {
        std::unique_ptr<Connection> reader;
        {
            const std::lock_guard lock{readers_mutex_};
            reader = std::move(free_readers_.back()); // as many as threads: one is always free
            free_readers_.pop_back();
        }
        sqlite::run_read(*reader, job);
        const std::lock_guard lock{readers_mutex_};
        free_readers_.push_back(std::move(reader));
    }

    std::unique_ptr<LockFile> lock_;
    std::unique_ptr<Connection> connection_;
    const Clock& clock_;
    std::size_t group_max_;
    Queue queue_;
    Writer writer_;
    std::mutex readers_mutex_;
    std::vector<std::unique_ptr<Connection>> free_readers_;
    std::unique_ptr<Pool> read_threads_;
    std::unique_ptr<Pool> write_thread_;
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

    std::uint64_t commits() const noexcept override { return writer_.commits(); }

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
        sqlite::run_read(*connection_, job);
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
