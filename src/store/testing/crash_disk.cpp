#include "store/testing/crash_disk.hpp"

#include <cstring>
#include <map>
#include <new>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <sqlite3.h>

namespace watari::store::testing {

namespace {

/// A change since the last sync: bytes at an offset, or a new length.
struct Pending {
    std::uint64_t offset = 0;
    std::string bytes = {};
    bool truncate = false;
};

struct File {
    std::string current;
    std::string durable;
    std::vector<Pending> pending;
};

void make_change(std::string& data, const Pending& change)
{
    if (change.truncate) {
        data.resize(change.offset);
        return;
    }
    if (data.size() < change.offset + change.bytes.size()) {
        data.resize(change.offset + change.bytes.size());
    }
    data.replace(change.offset, change.bytes.size(), change.bytes);
}

} // namespace

struct CrashDisk::State {
    std::string name;
    sqlite3_vfs vfs{};
    std::map<std::string, std::shared_ptr<File>> files;
    std::uint64_t epoch = 0; ///< rises when the power is lost: files opened before are dead
    std::uint64_t limit = UINT64_MAX;
    std::uint64_t syncs = 0;
    bool fail_syncs = false;

    std::uint64_t used() const
    {
        std::uint64_t total = 0;
        for (const auto& [file_name, file] : files) {
            total += file->current.size();
        }
        return total;
    }
};

namespace {

using State = CrashDisk::State;

/// What SQLite allocates per open file; its first member must be SQLite's.
struct Handle {
    sqlite3_file base;
    State* disk;
    std::shared_ptr<File> file;
    std::uint64_t epoch;

    bool dead() const { return epoch != disk->epoch; }
};

Handle& handle_of(sqlite3_file* file)
{
    return *reinterpret_cast<Handle*>(file);
}

State& state_of(sqlite3_vfs* vfs)
{
    return *static_cast<State*>(vfs->pAppData);
}

int close_file(sqlite3_file* file)
{
    std::destroy_at(&handle_of(file).file);
    return SQLITE_OK;
}

int read_file(sqlite3_file* file, void* to, int size, sqlite3_int64 offset)
{
    const auto& handle = handle_of(file);
    if (handle.dead()) {
        return SQLITE_IOERR_READ;
    }
    const auto& data = handle.file->current;
    const auto from = std::min(static_cast<std::size_t>(offset), data.size());
    const auto count = std::min(static_cast<std::size_t>(size), data.size() - from);
    std::memcpy(to, data.data() + from, count);
    std::memset(static_cast<char*>(to) + count, 0, static_cast<std::size_t>(size) - count);
    return count == static_cast<std::size_t>(size) ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
}

int change_file(Handle& handle, Pending change)
{
    if (handle.dead()) {
        return SQLITE_IOERR_WRITE;
    }
    make_change(handle.file->current, change);
    handle.file->pending.push_back(std::move(change));
    return SQLITE_OK;
}

int write_file(sqlite3_file* file, const void* from, int size, sqlite3_int64 offset)
{
    auto& handle = handle_of(file);
    const auto end = static_cast<std::uint64_t>(offset) + static_cast<std::uint64_t>(size);
    const auto length = handle.file->current.size();
    if (!handle.dead() && end > length &&
        handle.disk->used() + (end - length) > handle.disk->limit) {
        return SQLITE_FULL;
    }
    return change_file(handle, {.offset = static_cast<std::uint64_t>(offset),
                                .bytes = std::string(static_cast<const char*>(from),
                                                     static_cast<std::size_t>(size))});
}

int truncate_file(sqlite3_file* file, sqlite3_int64 size)
{
    return change_file(handle_of(file),
                       {.offset = static_cast<std::uint64_t>(size), .truncate = true});
}

int sync_file(sqlite3_file* file, int)
{
    auto& handle = handle_of(file);
    if (handle.dead() || handle.disk->fail_syncs) {
        return SQLITE_IOERR_FSYNC;
    }
    ++handle.disk->syncs;
    for (const auto& change : handle.file->pending) {
        make_change(handle.file->durable, change);
    }
    handle.file->pending.clear();
    return SQLITE_OK;
}

int size_of_file(sqlite3_file* file, sqlite3_int64* size)
{
    *size = static_cast<sqlite3_int64>(handle_of(file).file->current.size());
    return handle_of(file).dead() ? SQLITE_IOERR_FSTAT : SQLITE_OK;
}

int take_lock(sqlite3_file*, int)
{
    return SQLITE_OK;
}

int check_lock(sqlite3_file*, int* reserved)
{
    *reserved = 0;
    return SQLITE_OK;
}

int control_file(sqlite3_file*, int, void*)
{
    return SQLITE_NOTFOUND;
}

int sector_size(sqlite3_file*)
{
    return 4096;
}

int characteristics(sqlite3_file*)
{
    return 0;
}

// Version 1: no shared memory, so WAL works in exclusive mode only.
constexpr sqlite3_io_methods methods{.iVersion = 1,
                                     .xClose = close_file,
                                     .xRead = read_file,
                                     .xWrite = write_file,
                                     .xTruncate = truncate_file,
                                     .xSync = sync_file,
                                     .xFileSize = size_of_file,
                                     .xLock = take_lock,
                                     .xUnlock = take_lock,
                                     .xCheckReservedLock = check_lock,
                                     .xFileControl = control_file,
                                     .xSectorSize = sector_size,
                                     .xDeviceCharacteristics = characteristics,
                                     .xShmMap = nullptr,
                                     .xShmLock = nullptr,
                                     .xShmBarrier = nullptr,
                                     .xShmUnmap = nullptr,
                                     .xFetch = nullptr,
                                     .xUnfetch = nullptr};

int open_file(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* flags_out)
{
    auto& disk = state_of(vfs);
    auto& handle = handle_of(file);
    std::construct_at(&handle.file);
    handle.disk = &disk;
    handle.epoch = disk.epoch;
    handle.base.pMethods = &methods;
    if (name == nullptr) {
        handle.file = std::make_shared<File>();
    } else {
        auto& slot = disk.files[name];
        if (!slot) {
            slot = std::make_shared<File>();
        }
        handle.file = slot;
    }
    if (flags_out != nullptr) {
        *flags_out = flags;
    }
    return SQLITE_OK;
}

int delete_file(sqlite3_vfs* vfs, const char* name, int)
{
    return state_of(vfs).files.erase(name) > 0 ? SQLITE_OK : SQLITE_IOERR_DELETE_NOENT;
}

int file_exists(sqlite3_vfs* vfs, const char* name, int, int* exists)
{
    *exists = state_of(vfs).files.contains(name) ? 1 : 0;
    return SQLITE_OK;
}

int full_path(sqlite3_vfs*, const char* name, int size, char* out)
{
    sqlite3_snprintf(size, out, "%s", name);
    return SQLITE_OK;
}

int random_bytes(sqlite3_vfs*, int size, char* out)
{
    std::memset(out, 7, static_cast<std::size_t>(size));
    return size;
}

int sleep_for(sqlite3_vfs*, int micros)
{
    return micros;
}

int current_time(sqlite3_vfs*, sqlite3_int64* out)
{
    *out =
        sqlite3_int64{2461041} * 86'400'000; // some day of 2026; nothing asks SQLite for the time
    return SQLITE_OK;
}

int last_error(sqlite3_vfs*, int, char*)
{
    return 0;
}

} // namespace

CrashDisk::CrashDisk() : state_(std::make_unique<State>())
{
    state_->name = fmt::format("crash-disk-{}", static_cast<const void*>(state_.get()));
    auto& vfs = state_->vfs;
    vfs.iVersion = 2;
    vfs.szOsFile = sizeof(Handle);
    vfs.mxPathname = 512;
    vfs.zName = state_->name.c_str();
    vfs.pAppData = state_.get();
    vfs.xOpen = open_file;
    vfs.xDelete = delete_file;
    vfs.xAccess = file_exists;
    vfs.xFullPathname = full_path;
    vfs.xRandomness = random_bytes;
    vfs.xSleep = sleep_for;
    vfs.xCurrentTimeInt64 = current_time;
    vfs.xGetLastError = last_error;
    sqlite3_vfs_register(&vfs, 0);
}

CrashDisk::~CrashDisk()
{
    sqlite3_vfs_unregister(&state_->vfs);
}

const std::string& CrashDisk::vfs() const noexcept
{
    return state_->name;
}

void CrashDisk::lose_power(Random* chance)
{
    ++state_->epoch;
    for (auto& [name, file] : state_->files) {
        for (const auto& change : file->pending) {
            if (chance != nullptr && chance->below(2) == 0) {
                make_change(file->durable, change);
            }
        }
        // A new file, so that handles of the dead cannot reach what the next owner sees.
        auto survivor = std::make_shared<File>();
        survivor->durable = file->durable;
        survivor->current = file->durable;
        file = std::move(survivor);
    }
}

void CrashDisk::limit(std::uint64_t bytes)
{
    state_->limit = bytes;
}

void CrashDisk::fail_syncs(bool fail)
{
    state_->fail_syncs = fail;
}

std::uint64_t CrashDisk::syncs() const noexcept
{
    return state_->syncs;
}

std::string CrashDisk::contents() const
{
    std::string all;
    for (const auto& [name, file] : state_->files) {
        all += file->current;
    }
    return all;
}

void CrashDisk::damage(const std::string& file, std::uint64_t offset, std::string_view bytes)
{
    const auto found = state_->files.find(file);
    if (found != state_->files.end()) {
        const Pending change{.offset = offset, .bytes = std::string{bytes}};
        make_change(found->second->current, change);
        make_change(found->second->durable, change);
    }
}

} // namespace watari::store::testing
