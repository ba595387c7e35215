#pragma once

#include "store/sqlite/connection.hpp"
#include "store/sqlite/sqlite.hpp"

#include <atomic>
#include <cstdint>
#include <exception>
#include <functional>
#include <vector>

namespace watari::store::sqlite {

/// One function on its way through a thread; lives in the coroutine that awaits it.
struct Job {
    std::function<void(Transaction&)> work;
    WallTime now;
    bool done = false;
    std::exception_ptr failure = {};
    std::vector<std::function<void()>> after_commit = {};
};

/// Runs functions on the writing connection, as many as wait in one COMMIT.
class Writer
{
public:
    Writer(Connection& connection, std::function<void(CommitPoint)> on_commit)
        : connection_(connection), on_commit_(std::move(on_commit))
    {
    }

    /// Fills in each job's failure.
    void run(const std::vector<Job*>& group);
    /// COMMITs that ended, well or not; also read by other threads.
    std::uint64_t commits() const noexcept { return commits_; }

private:
    void run_alone(Job& job);
    /// False when the transaction was lost before its COMMIT was tried.
    bool run_together(const std::vector<Job*>& group);
    void run_in_savepoint(Job& job);
    void commit();
    void tell(CommitPoint point);
    void roll_back() noexcept;

    Connection& connection_;
    std::function<void(CommitPoint)> on_commit_;
    std::atomic<std::uint64_t> commits_ = 0;
};

/// Runs one function on a snapshot and fills in its failure.
void run_read(Connection& connection, Job& job);

} // namespace watari::store::sqlite
