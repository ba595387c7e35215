#include "store/sqlite/connection.hpp"

#include "messages/store.hpp"

#include <charconv>

#include <fmt/format.h>
#include <sqlite3.h>

namespace watari::store::sqlite {

namespace {

constexpr std::size_t statements_max = 256;
constexpr int busy_timeout_ms = 5'000;

Value cell_of(sqlite3_stmt* statement, int column)
{
    switch (sqlite3_column_type(statement, column)) {
    case SQLITE_INTEGER:
        return static_cast<std::int64_t>(sqlite3_column_int64(statement, column));
    case SQLITE_FLOAT:
        return sqlite3_column_double(statement, column);
    case SQLITE_TEXT: {
        const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement, column));
        return std::string(text, static_cast<std::size_t>(sqlite3_column_bytes(statement, column)));
    }
    case SQLITE_BLOB: {
        const auto* bytes = static_cast<const std::byte*>(sqlite3_column_blob(statement, column));
        return Blob(bytes, bytes + sqlite3_column_bytes(statement, column));
    }
    default:
        return std::monostate{};
    }
}

/// "UNIQUE constraint failed: vms.project, vms.name" gives "vms.project, vms.name".
std::string columns_in(std::string_view text)
{
    const auto colon = text.find(": ");
    return std::string{colon == std::string_view::npos ? text : text.substr(colon + 2)};
}

} // namespace

void Connection::Finalize::operator()(sqlite3_stmt* statement) const
{
    sqlite3_finalize(statement);
}

void Connection::Close::operator()(sqlite3* database) const
{
    sqlite3_close_v2(database);
}

Connection::Connection(const std::filesystem::path& path, const Options& options)
    : path_(path.string())
{
    sqlite3* raw = nullptr;
    const int code = sqlite3_open_v2(
        path_.c_str(), &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
        options.vfs.empty() ? nullptr : options.vfs.c_str());
    database_.reset(raw);
    if (code != SQLITE_OK) {
        fail(code, "open");
    }
    sqlite3_extended_result_codes(raw, 1);
    sqlite3_busy_timeout(raw, busy_timeout_ms);
    if (options.exclusive) {
        run("PRAGMA locking_mode = EXCLUSIVE");
    }
    run("PRAGMA journal_mode = WAL");
    run("PRAGMA synchronous = FULL");
    run("PRAGMA foreign_keys = ON");
    run("PRAGMA temp_store = MEMORY");
    run("PRAGMA cache_size = -16384");
    run("PRAGMA wal_autocheckpoint = 4000");
}

Connection::~Connection() = default;

Rows Connection::run(std::string_view sql, std::span<const Param> params, bool may_write)
{
    Statement& statement = prepare(sql);
    if (!may_write && !statement.read_only) {
        throw Error{ErrorKind::internal, message::store_read_only{}};
    }
    bind(statement, params);
    return step(statement, sql);
}

std::uint64_t Connection::changes() const
{
    return static_cast<std::uint64_t>(sqlite3_changes64(database_.get()));
}

bool Connection::in_transaction() const
{
    return sqlite3_get_autocommit(database_.get()) == 0;
}

Connection::Statement& Connection::prepare(std::string_view sql)
{
    if (const auto known = statements_.find(sql); known != statements_.end()) {
        return known->second;
    }
    sqlite3_stmt* raw = nullptr;
    const int code = sqlite3_prepare_v3(database_.get(), sql.data(), static_cast<int>(sql.size()),
                                        SQLITE_PREPARE_PERSISTENT, &raw, nullptr);
    Statement made{
        .handle = std::unique_ptr<sqlite3_stmt, Finalize>{raw}, .params = {}, .names = {}};
    if (code != SQLITE_OK) {
        fail(code, sql);
    }
    for (int place = 1; place <= sqlite3_bind_parameter_count(raw); ++place) {
        const char* name = sqlite3_bind_parameter_name(raw, place);
        const std::string_view text = name == nullptr ? "" : name;
        std::size_t number = 0;
        if (!text.starts_with('$') ||
            std::from_chars(text.data() + 1, text.data() + text.size(), number).ec != std::errc{} ||
            number == 0) {
            fail(SQLITE_MISUSE, sql);
        }
        made.params.push_back(number - 1);
    }
    std::vector<std::string> names;
    for (int column = 0; column < sqlite3_column_count(raw); ++column) {
        names.emplace_back(sqlite3_column_name(raw, column));
    }
    made.names = std::make_shared<const std::vector<std::string>>(std::move(names));
    made.read_only = sqlite3_stmt_readonly(raw) != 0;
    if (statements_.size() >= statements_max) {
        statements_.clear();
    }
    return statements_.emplace(std::string{sql}, std::move(made)).first->second;
}

void Connection::bind(const Statement& statement, std::span<const Param> params)
{
    sqlite3_stmt* raw = statement.handle.get();
    for (std::size_t i = 0; i < statement.params.size(); ++i) {
        const int place = static_cast<int>(i) + 1;
        if (statement.params[i] >= params.size()) {
            fail(SQLITE_RANGE, sqlite3_sql(raw));
        }
        // The caller's values outlive the statement's run, so SQLite need not copy them.
        const Value& value = params[statement.params[i]].value();
        int code = SQLITE_OK;
        if (const auto* number = std::get_if<std::int64_t>(&value)) {
            code = sqlite3_bind_int64(raw, place, *number);
        } else if (const auto* real = std::get_if<double>(&value)) {
            code = sqlite3_bind_double(raw, place, *real);
        } else if (const auto* text = std::get_if<std::string>(&value)) {
            code = sqlite3_bind_text64(raw, place, text->data(), text->size(), SQLITE_STATIC,
                                       SQLITE_UTF8);
        } else if (const auto* blob = std::get_if<Blob>(&value)) {
            code = blob->empty()
                       ? sqlite3_bind_zeroblob(raw, place, 0)
                       : sqlite3_bind_blob64(raw, place, blob->data(), blob->size(), SQLITE_STATIC);
        } else {
            code = sqlite3_bind_null(raw, place);
        }
        if (code != SQLITE_OK) {
            fail(code, sqlite3_sql(raw));
        }
    }
}

Rows Connection::step(const Statement& statement, std::string_view sql)
{
    struct Reset {
        sqlite3_stmt* raw;
        ~Reset()
        {
            sqlite3_reset(raw);
            sqlite3_clear_bindings(raw);
        }
    };
    const Reset reset{statement.handle.get()};
    Rows rows;
    int code = sqlite3_step(reset.raw);
    for (; code == SQLITE_ROW; code = sqlite3_step(reset.raw)) {
        std::vector<Value> values;
        values.reserve(statement.names->size());
        for (int column = 0; column < static_cast<int>(statement.names->size()); ++column) {
            values.push_back(cell_of(reset.raw, column));
        }
        rows.emplace_back(statement.names, std::move(values));
    }
    if (code != SQLITE_DONE) {
        fail(code, sql);
    }
    return rows;
}

void Connection::fail(int code, std::string_view sql) const
{
    const std::string text = database_ ? sqlite3_errmsg(database_.get()) : sqlite3_errstr(code);
    const int extended = database_ ? sqlite3_extended_errcode(database_.get()) : code;
    PeerSays peer{.code = static_cast<std::uint32_t>(extended), .text = text};
    switch (code & 0xFF) {
    case SQLITE_FULL:
        throw Error{ErrorKind::exhausted, message::store_disk_full{.path = path_}, std::move(peer)};
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        throw Error{ErrorKind::internal, message::store_damaged{.path = path_}, std::move(peer)};
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        throw Error{ErrorKind::unavailable, message::store_busy{.path = path_}, std::move(peer)};
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_READONLY:
        throw Error{ErrorKind::unavailable, message::store_cannot_open{.path = path_},
                    std::move(peer)};
    case SQLITE_IOERR:
        throw Error{ErrorKind::unavailable, message::store_io_failed{.path = path_},
                    std::move(peer)};
    case SQLITE_CONSTRAINT:
        if (extended == SQLITE_CONSTRAINT_UNIQUE || extended == SQLITE_CONSTRAINT_PRIMARYKEY) {
            throw Error{ErrorKind::conflict, message::value_taken{.columns = columns_in(text)}};
        }
        if (extended == SQLITE_CONSTRAINT_FOREIGNKEY) {
            throw Error{ErrorKind::conflict, message::reference_broken{}};
        }
        break;
    default:
        break;
    }
    // The statement has placeholders, never values: it may be shown.
    throw Error{ErrorKind::internal, message::store_statement_failed{}, std::move(peer)}.in(
        fmt::format("running {}", sql));
}

} // namespace watari::store::sqlite
