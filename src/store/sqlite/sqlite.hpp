#pragma once

#include "core/clock.hpp"
#include "store/database.hpp"

#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

namespace watari::store::sqlite {

enum class CommitPoint { before, after };

struct Options {
    /// Reader connections, each with its thread. Ignored when `inline_on_loop`.
    std::size_t readers = 2;
    /// Functions waiting for the writer; one more is refused with exhausted.
    std::size_t queue_max = 20'000;
    /// Functions that share one COMMIT.
    std::size_t group_max = 1'000;
    /// No threads: functions run on the caller's loop, one COMMIT each, as simulated time wants it.
    bool inline_on_loop = false;
    /// SQLite's name of the VFS to use; empty: the default one.
    std::string vfs = {};
    /// Called around every COMMIT, on the thread that commits. For tests: what it throws counts as
    /// a failed COMMIT.
    std::function<void(CommitPoint)> on_commit = {};
};

/// Opens or creates the database file (mode 0600, beside it `<path>.lock`) and migrates it to the
/// newest version. One process at a time; nobody may be awaiting a transaction when it is
/// destroyed. Throws unavailable (another watarid has it: path and pid), unsupported (made by a
/// newer program), internal (damaged), exhausted (disk full).
std::unique_ptr<Store> open(const std::filesystem::path& path, const Clock& clock,
                            Options options = {});

} // namespace watari::store::sqlite
