// How records become rows; included by the .cpp files of this folder only.
#pragma once

#include "messages/store.hpp"
#include "store/records/host_change.hpp"
#include "store/records/record.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace watari::store {

/// Specialised per record: `name` (of the table), `kind` (for messages) and `columns(record,
/// visit)`, which calls `visit("column", record.member)` for every column in order. Optional:
/// `fixed`, the columns besides id and created that never change once inserted, and
/// `host(record)`, the host whose capacity or equipment the record is part of.
template <class Record>
struct Table;

template <class Record>
bool is_fixed(std::string_view column)
{
    if constexpr (requires { Table<Record>::fixed; }) {
        if (std::ranges::find(Table<Record>::fixed, column) != std::end(Table<Record>::fixed)) {
            return true;
        }
    }
    return column == "id" || column == "created";
}

template <class Record>
concept PartOfHost = requires(const Record& record) { Table<Record>::host(record); };

struct NameCollector {
    std::vector<std::string> names;

    template <class T>
    void operator()(std::string_view name, const T&)
    {
        names.emplace_back(name);
    }
};

struct ParamCollector {
    std::vector<Param> params;

    template <class T>
    void operator()(std::string_view, const T& member)
    {
        params.emplace_back(member);
    }
};

/// The values of the columns that may change, each at its own place; the others are left out.
template <class Record>
struct ChangeCollector {
    std::vector<Param> params;

    template <class T>
    void operator()(std::string_view name, const T& member)
    {
        params.push_back(is_fixed<Record>(name) ? Param{} : Param{member});
    }
};

class RowReader
{
public:
    explicit RowReader(const Row& row) : row_(row) {}

    template <class T>
    void operator()(std::string_view, T& member)
    {
        member = row_.get<T>(column_++);
    }

private:
    const Row& row_;
    std::size_t column_ = 0;
};

template <class Record>
std::vector<Param> params_of(const Record& record)
{
    ParamCollector collector;
    Table<Record>::columns(record, collector);
    return std::move(collector.params);
}

template <class Record>
std::vector<Param> changes_of(const Record& record)
{
    ChangeCollector<Record> collector;
    Table<Record>::columns(record, collector);
    return std::move(collector.params);
}

template <class Record>
Record record_from(const Row& row)
{
    Record record;
    Table<Record>::columns(record, RowReader{row});
    return record;
}

/// The statements of one table, put together once.
template <class Record>
struct Statements {
    std::vector<std::string> names;
    std::string insert;
    std::string select;     ///< SELECT … FROM table
    std::string set_clause; ///< b = $2, c = $3, … without the fixed columns
    std::string update;     ///< of one version of one row: the columns, then id and version

    static const Statements& get()
    {
        static const Statements made = make();
        return made;
    }

private:
    static Statements make()
    {
        NameCollector collector;
        Table<Record>::columns(Record{}, collector);
        std::vector<std::string> places;
        std::vector<std::string> assignments;
        for (std::size_t i = 0; i < collector.names.size(); ++i) {
            places.push_back(fmt::format("${}", i + 1));
            if (!is_fixed<Record>(collector.names[i])) {
                assignments.push_back(fmt::format("{} = ${}", collector.names[i], i + 1));
            }
        }
        const auto set_clause = fmt::format("{}", fmt::join(assignments, ", "));
        const auto columns = fmt::format("{}", fmt::join(collector.names, ", "));
        return {.names = collector.names,
                .insert = fmt::format("INSERT INTO {} ({}) VALUES ({})", Table<Record>::name,
                                      columns, fmt::join(places, ", ")),
                .select = fmt::format("SELECT {} FROM {}", columns, Table<Record>::name),
                .set_clause = set_clause,
                .update = fmt::format("UPDATE {} SET {} WHERE id = ${} AND version = ${}",
                                      Table<Record>::name, set_clause, collector.names.size() + 1,
                                      collector.names.size() + 2)};
    }
};

/// Rows by a condition of our own, such as "WHERE name = $1".
template <class Record>
std::vector<Record> select(Transaction& transaction, std::string_view condition,
                           std::initializer_list<Param> params)
{
    std::vector<Record> records;
    for (const auto& row : transaction.query(
             fmt::format("{} {}", Statements<Record>::get().select, condition), params)) {
        records.push_back(record_from<Record>(row));
    }
    return records;
}

template <class Record>
std::optional<Record> select_one(Transaction& transaction, std::string_view condition,
                                 std::initializer_list<Param> params)
{
    auto found = select<Record>(transaction, condition, params);
    return found.empty() ? std::nullopt : std::optional<Record>{std::move(found.front())};
}

template <class Record>
[[noreturn]] void throw_no_record(std::string_view name_or_id)
{
    throw Error{ErrorKind::not_found,
                message::record_not_found{.id = std::string{name_or_id},
                                          .kind = std::string{Table<Record>::kind}}};
}

/// Appends " WHERE …" for the comparisons to `sql` and their values to `params`.
template <class Record>
void add_conditions(const Selection& selection, std::string& sql, std::vector<Param>& params)
{
    static constexpr std::array<std::string_view, 6> operators{"=", "!=", "<", "<=", ">", ">="};
    const auto& names = Statements<Record>::get().names;
    std::string_view joint = " WHERE ";
    for (const auto& [column, op, value] : selection.all) {
        if (std::ranges::find(names, column) == names.end() ||
            std::ranges::find(operators, op) == operators.end()) {
            throw Error{ErrorKind::invalid,
                        message::column_unknown{.column = fmt::format("{} {}", column, op)}};
        }
        sql += joint;
        joint = " AND ";
        if (std::holds_alternative<std::monostate>(value.value())) {
            sql += fmt::format("{} IS {}NULL", column, op == "=" ? "" : "NOT ");
            continue;
        }
        params.push_back(value);
        const auto plain = fmt::format("{} {} ${}", column, op, params.size());
        sql += op == "!=" ? fmt::format("({} OR {} IS NULL)", plain, column) : plain;
    }
}

template <class Record>
Record RecordAccess<Record>::insert(Transaction& transaction, Record record)
{
    record.version = 1;
    record.created = transaction.now();
    record.updated = transaction.now();
    transaction.execute(Statements<Record>::get().insert, params_of(record));
    if constexpr (PartOfHost<Record>) {
        note_host_change(transaction, Table<Record>::host(record));
    }
    return record;
}

template <class Record>
std::optional<Record> RecordAccess<Record>::find(Transaction& transaction, const Uuid& id)
{
    return select_one<Record>(transaction, "WHERE id = $1", {id});
}

template <class Record>
Record RecordAccess<Record>::get(Transaction& transaction, const Uuid& id)
{
    auto found = find(transaction, id);
    if (!found) {
        throw_no_record<Record>(id.lower());
    }
    return std::move(*found);
}

template <class Record>
std::vector<Record> RecordAccess<Record>::list(Transaction& transaction, const Selection& selection)
{
    std::string sql = Statements<Record>::get().select;
    std::vector<Param> params;
    add_conditions<Record>(selection, sql, params);
    if (selection.after) {
        params.emplace_back(*selection.after);
        sql += fmt::format(" {} id {} ${}", selection.all.empty() ? "WHERE" : "AND",
                           selection.newest_first ? '<' : '>', params.size());
    }
    params.emplace_back(selection.limit);
    sql += fmt::format(" ORDER BY id {} LIMIT ${}", selection.newest_first ? "DESC" : "ASC",
                       params.size());
    std::vector<Record> records;
    for (const auto& row : transaction.query(sql, params)) {
        records.push_back(record_from<Record>(row));
    }
    return records;
}

template <class Record>
std::size_t RecordAccess<Record>::count(Transaction& transaction, const Selection& selection)
{
    std::string sql = fmt::format("SELECT count(*) FROM {}", Table<Record>::name);
    std::vector<Param> params;
    add_conditions<Record>(selection, sql, params);
    return transaction.query(sql, params).at(0).template get<std::size_t>(std::size_t{0});
}

template <class Record>
Record RecordAccess<Record>::update(Transaction& transaction, Record record)
{
    const auto expected = record.version;
    ++record.version;
    record.updated = transaction.now();
    auto params = changes_of(record);
    params.emplace_back(record.id);
    params.emplace_back(expected);
    if (transaction.execute(Statements<Record>::get().update, params) == 0) {
        get(transaction, record.id.value());
        throw Error{ErrorKind::conflict,
                    message::record_changed{.id = record.id.value().lower(),
                                            .kind = std::string{Table<Record>::kind}}};
    }
    if constexpr (PartOfHost<Record>) {
        note_host_change(transaction, Table<Record>::host(record));
    }
    return record;
}

template <class Record>
bool RecordAccess<Record>::remove(Transaction& transaction, const Uuid& id)
{
    if constexpr (PartOfHost<Record>) {
        if (const auto record = find(transaction, id)) {
            note_host_change(transaction, Table<Record>::host(*record));
        }
    }
    return transaction.execute(fmt::format("DELETE FROM {} WHERE id = $1", Table<Record>::name),
                               {id}) > 0;
}

} // namespace watari::store
