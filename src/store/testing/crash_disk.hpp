#pragma once

#include "core/random.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace watari::store::testing {

/// A disk in memory for a SQLite database that can lose power: what was not synced is then lost,
/// wholly or, given chance, in part. For one process and `inline_on_loop` stores; a real process
/// that is only killed keeps its page cache, so SIGKILL needs no such disk.
///
///     CrashDisk disk;
///     auto store = sqlite::open("watari.db", clock, {.inline_on_loop = true, .vfs = disk.vfs()});
///     disk.lose_power();   // every call of this store fails from now on: drop it and open another
class CrashDisk
{
public:
    CrashDisk();
    CrashDisk(const CrashDisk&) = delete;
    CrashDisk& operator=(const CrashDisk&) = delete;
    /// After every store on it.
    ~CrashDisk();

    /// SQLite's name of the VFS that leads to this disk.
    const std::string& vfs() const noexcept;

    /// Drops what was not synced, and cuts off everybody who has files open. With `chance`, each
    /// write since the last sync survives or not, as on a disk that had begun to write.
    void lose_power(Random* chance = nullptr);
    /// From now on files cannot grow beyond `bytes` in all; SQLite reports a full disk.
    void limit(std::uint64_t bytes);
    /// The next syncs fail with an I/O error.
    void fail_syncs(bool fail);

    std::uint64_t syncs() const noexcept;
    /// Everything in all files as it is now, for looking for what must not be there.
    std::string contents() const;
    /// Overwrites part of the file, as a bad disk would.
    void damage(const std::string& file, std::uint64_t offset, std::string_view bytes);

    struct State;

private:
    std::unique_ptr<State> state_;
};

} // namespace watari::store::testing
