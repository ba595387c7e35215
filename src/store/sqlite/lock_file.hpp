#pragma once

#include <filesystem>

namespace watari::store::sqlite {

/// Held as long as it lives, and by one process at a time; the system takes it back when the
/// process dies.
class LockFile
{
public:
    /// Locks `<database>.lock`. Throws unavailable naming the path and the process that has it.
    explicit LockFile(const std::filesystem::path& database);
    LockFile(const LockFile&) = delete;
    LockFile& operator=(const LockFile&) = delete;
    ~LockFile();

private:
    int file_ = -1;
};

} // namespace watari::store::sqlite
