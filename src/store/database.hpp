#pragma once

#include "core/task.hpp"
#include "store/value.hpp"

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace watari::store {

/// One row of an answer. Reading a cell as a type it does not hold throws internal.
class Row
{
public:
    using Names = std::shared_ptr<const std::vector<std::string>>;

    Row(Names names, std::vector<Value> values)
        : names_(std::move(names)), values_(std::move(values))
    {
    }

    template <class T>
    T get(std::size_t column) const
    {
        return Cell<T>::from(cell(column));
    }
    template <class T>
    T get(std::string_view column) const
    {
        return Cell<T>::from(cell(column));
    }

    std::size_t size() const noexcept { return values_.size(); }
    const Value& cell(std::size_t column) const;
    const Value& cell(std::string_view column) const;

private:
    Names names_;
    std::vector<Value> values_;
};

using Rows = std::vector<Row>;

/// What a function given to Store::transact or Store::read works with; valid only while that
/// function runs. Arguments are named $1, $2, … in the statement, which SQLite and PostgreSQL both
/// take.
class Transaction
{
public:
    virtual ~Transaction() = default;
    /// Gives the number of rows changed. A violated UNIQUE or foreign key throws conflict and takes
    /// back that statement only.
    virtual std::uint64_t execute(std::string_view sql, std::span<const Param> params) = 0;
    virtual Rows query(std::string_view sql, std::span<const Param> params) = 0;
    /// When transact was called; `created` and `updated` are this.
    virtual WallTime now() const = 0;
    /// Calls `then` once this is durable, and never when it is not, on the thread that commits and
    /// before whoever awaits the transaction goes on. It must be quick and must not throw.
    virtual void after_commit(std::function<void()> then) = 0;

    std::uint64_t execute(std::string_view sql, std::initializer_list<Param> params = {})
    {
        return execute(sql, std::span{params.begin(), params.size()});
    }
    Rows query(std::string_view sql, std::initializer_list<Param> params = {})
    {
        return query(sql, std::span{params.begin(), params.size()});
    }
};

/// Where everything durable lives: every invariant is enforced inside a transaction.
///
///     auto vm = co_await store.transact([&](Transaction& tx) { return insert(tx, VmRecord{.id =
///     id, .name = name}); });
class Store
{
public:
    virtual ~Store() = default;

    /// Runs `function(Transaction&)` on the database thread, all or nothing; returns when it is
    /// durable. What it throws takes its changes back and is rethrown here. It must not block or
    /// await, may run more than once (its last run counts), and shares nothing with the loop but
    /// what it captured while the caller awaits. Throws exhausted (queue or disk full), unavailable
    /// (locked, closing), internal (damaged).
    template <class Function>
    Task<std::invoke_result_t<Function, Transaction&>> transact(Function function)
    {
        return result_of(*this, &Store::run_transaction, std::move(function));
    }

    /// Runs `function(Transaction&)` on a snapshot, beside the writer; a change in it throws
    /// internal.
    template <class Function>
    Task<std::invoke_result_t<Function, Transaction&>> read(Function function)
    {
        return result_of(*this, &Store::run_read, std::move(function));
    }

    /// Rises with every COMMIT, before those who await it go on: while it stands still, nothing
    /// that was read has changed.
    virtual std::uint64_t commits() const noexcept = 0;

protected:
    using Work = std::function<void(Transaction&)>;

    virtual Task<> run_transaction(Work work) = 0;
    virtual Task<> run_read(Work work) = 0;

private:
    template <class Function>
    static Task<std::invoke_result_t<Function, Transaction&>>
    result_of(Store& store, Task<> (Store::*run)(Work), Function function)
    {
        using Result = std::invoke_result_t<Function, Transaction&>;
        if constexpr (std::is_void_v<Result>) {
            co_await (store.*run)([&function](Transaction& transaction) { function(transaction); });
        } else {
            std::optional<Result> result;
            co_await (store.*run)(
                [&](Transaction& transaction) { result.emplace(function(transaction)); });
            co_return std::move(*result);
        }
    }
};

} // namespace watari::store
