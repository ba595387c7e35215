#include "store/sqlite/lock_file.hpp"

#include "messages/store.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <string>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

namespace watari::store::sqlite {

namespace {

std::string holder(int file)
{
    std::array<char, 32> text{};
    const auto size = ::pread(file, text.data(), text.size(), 0);
    std::string pid{text.data(), static_cast<std::size_t>(size > 0 ? size : 0)};
    pid.erase(std::min(pid.find('\n'), pid.size()));
    return pid.empty() ? "?" : pid;
}

} // namespace

LockFile::LockFile(const std::filesystem::path& database)
{
    const auto path = database.string() + ".lock";
    file_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file_ < 0) {
        const int code = errno;
        throw Error{ErrorKind::unavailable,
                    message::store_cannot_open{.path = path},
                    {.code = static_cast<std::uint32_t>(code), .text = std::strerror(code)}};
    }
    if (::flock(file_, LOCK_EX | LOCK_NB) != 0) {
        const auto pid = holder(file_);
        ::close(file_);
        throw Error{ErrorKind::unavailable,
                    message::store_locked{.path = database.string(), .pid = pid}};
    }
    const auto pid = std::to_string(::getpid()) + "\n";
    if (::ftruncate(file_, 0) != 0 || ::pwrite(file_, pid.data(), pid.size(), 0) < 0) {
        // The lock holds all the same; only the name of its holder is missing.
    }
}

LockFile::~LockFile()
{
    ::close(file_);
}

} // namespace watari::store::sqlite
