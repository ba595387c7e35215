#include "store/sqlite/writer.hpp"

#include "messages/store.hpp"

namespace watari::store::sqlite {

namespace {

class SqliteTransaction final : public Transaction
{
public:
    SqliteTransaction(Connection& connection, Job& job, bool may_write)
        : connection_(connection), job_(job), may_write_(may_write)
    {
        job_.after_commit.clear(); // it may have run before
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
    WallTime now() const override { return job_.now; }
    void after_commit(std::function<void()> then) override
    {
        job_.after_commit.push_back(std::move(then));
    }

private:
    Connection& connection_;
    Job& job_;
    bool may_write_;
};

void tell_committed(const Job& job)
{
    if (!job.failure) {
        for (const auto& then : job.after_commit) {
            then();
        }
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

} // namespace

void Writer::run(const std::vector<Job*>& group)
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

void Writer::run_alone(Job& job)
{
    try {
        connection_.run("BEGIN IMMEDIATE");
        SqliteTransaction transaction{connection_, job, true};
        job.work(transaction);
        commit();
        tell_committed(job);
    } catch (...) {
        job.failure = std::current_exception();
        roll_back();
    }
}

bool Writer::run_together(const std::vector<Job*>& group)
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
    for (const Job* job : group) {
        tell_committed(*job);
    }
    return true;
}

void Writer::run_in_savepoint(Job& job)
{
    connection_.run("SAVEPOINT job");
    try {
        SqliteTransaction transaction{connection_, job, true};
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

void Writer::commit()
{
    tell(CommitPoint::before);
    try {
        connection_.run("COMMIT");
        ++commits_;
    } catch (const Error& error) {
        ++commits_;
        throw nothing_was_committed(error) ? error : error.with_kind(ErrorKind::outcome_unknown);
    }
    tell(CommitPoint::after);
}

void Writer::tell(CommitPoint point)
{
    if (on_commit_) {
        on_commit_(point);
    }
}

void Writer::roll_back() noexcept
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

void run_read(Connection& connection, Job& job)
{
    try {
        connection.run("BEGIN");
        SqliteTransaction transaction{connection, job, false};
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

} // namespace watari::store::sqlite
