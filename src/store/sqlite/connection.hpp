#pragma once

#include "store/database.hpp"

#include <filesystem>
#include <memory>
#include <string>
#include <unordered_map>

struct sqlite3;
struct sqlite3_stmt;

namespace watari::store::sqlite {

/// One connection with its prepared statements; used by one thread at a time.
class Connection
{
public:
    struct Options {
        std::string vfs = {};
        /// Nobody else opens the file: no shared memory is needed, which a VFS of our own has not.
        bool exclusive = false;
    };

    Connection(const std::filesystem::path& path, const Options& options);
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;
    ~Connection();

    /// `may_write` false refuses every statement that changes the database.
    Rows run(std::string_view sql, std::span<const Param> params, bool may_write = true);
    void run(std::string_view sql) { run(sql, {}); }
    /// Rows changed by the last statement.
    std::uint64_t changes() const;
    /// False after SQLite has rolled the transaction back by itself (disk full, I/O error).
    bool in_transaction() const;

private:
    struct Finalize {
        void operator()(sqlite3_stmt* statement) const;
    };
    struct Close {
        void operator()(sqlite3* database) const;
    };
    struct Statement {
        std::unique_ptr<sqlite3_stmt, Finalize> handle;
        std::vector<std::size_t> params; ///< index in the caller's list, per place
        Row::Names names;
        bool read_only = true;
    };

    Statement& prepare(std::string_view sql);
    void bind(const Statement& statement, std::span<const Param> params);
    Rows step(const Statement& statement, std::string_view sql);
    [[noreturn]] void fail(int code, std::string_view sql) const;

    struct Hash : std::hash<std::string_view> {
        using is_transparent = void;
    };

    std::string path_;
    std::unique_ptr<sqlite3, Close> database_;
    std::unordered_map<std::string, Statement, Hash, std::equal_to<>> statements_;
};

} // namespace watari::store::sqlite
