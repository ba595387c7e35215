#include "vhd/file.hpp"

#include "core/error.hpp"
#include "messages/vhd.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <limits>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace watari::vhd {

namespace {

constexpr std::uint64_t offset_max = std::numeric_limits<std::int64_t>::max();

ErrorKind kind_of(int error)
{
    switch (error) {
    case ENOENT:
    case ENOTDIR:
        return ErrorKind::not_found;
    case EEXIST:
        return ErrorKind::conflict;
    case EACCES:
    case EPERM:
    case EROFS:
        return ErrorKind::denied;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        return ErrorKind::exhausted;
    default:
        return ErrorKind::unavailable;
    }
}

[[noreturn]] void fail(const char* action, const std::string& path, int error)
{
    throw Error{kind_of(error),
                message::vhd_file_failed{.action = action, .path = path},
                {.code = static_cast<std::uint32_t>(error), .text = std::strerror(error)}};
}

void check_inside(std::uint64_t offset, std::uint64_t length, std::uint64_t size)
{
    if (!fits(offset, length, size)) {
        throw Error{ErrorKind::invalid,
                    message::vhd_file_truncated{.length = std::to_string(length),
                                                .offset = std::to_string(offset),
                                                .size = std::to_string(size)}};
    }
}

class PosixFile final : public File
{
public:
    PosixFile(int descriptor, std::string path) : descriptor_(descriptor), path_(std::move(path)) {}
    ~PosixFile() override { ::close(descriptor_); }
    PosixFile(const PosixFile&) = delete;
    PosixFile& operator=(const PosixFile&) = delete;

    std::uint64_t size() override
    {
        struct stat status{};
        if (::fstat(descriptor_, &status) != 0) {
            fail("stat", path_, errno);
        }
        return static_cast<std::uint64_t>(status.st_size);
    }

    void read_at(std::uint64_t offset, ByteSpan into) override
    {
        check_inside(offset, into.size(), offset_max);
        std::size_t done = 0;
        while (done < into.size()) {
            const auto got = ::pread(descriptor_, into.data() + done, into.size() - done,
                                     static_cast<off_t>(offset + done));
            if (got < 0 && errno != EINTR) {
                fail("read", path_, errno);
            }
            if (got == 0) {
                check_inside(offset, into.size(), offset + done);
            }
            done += got > 0 ? static_cast<std::size_t>(got) : 0;
        }
    }

    void write_at(std::uint64_t offset, ByteView data) override
    {
        check_writable_range(offset, data.size());
        std::size_t done = 0;
        while (done < data.size()) {
            const auto put = ::pwrite(descriptor_, data.data() + done, data.size() - done,
                                      static_cast<off_t>(offset + done));
            if (put < 0 && errno != EINTR) {
                fail("write", path_, errno);
            }
            done += put > 0 ? static_cast<std::size_t>(put) : 0;
        }
    }

    void write_zeros(std::uint64_t offset, std::uint64_t length) override
    {
        check_writable_range(offset, length);
        if (const std::uint64_t old_end = size(); offset + length > old_end) {
            truncate(offset + length);
            length = offset < old_end ? old_end - offset : 0;
        }
        if (length == 0 ||
            ::fallocate(descriptor_, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                        static_cast<off_t>(offset), static_cast<off_t>(length)) == 0) {
            return;
        }
        const Bytes zeros(std::min(length, mib));
        while (length > 0) {
            const std::uint64_t step = std::min<std::uint64_t>(length, zeros.size());
            write_at(offset, ByteView{zeros}.first(step));
            offset += step;
            length -= step;
        }
    }

    void truncate(std::uint64_t size) override
    {
        check_writable_range(size, 0);
        if (::ftruncate(descriptor_, static_cast<off_t>(size)) != 0) {
            fail("truncate", path_, errno);
        }
    }

    void flush() override
    {
        if (::fdatasync(descriptor_) != 0) {
            fail("flush", path_, errno);
        }
    }

    bool has_data(std::uint64_t offset, std::uint64_t length) override
    {
        const auto found = ::lseek(descriptor_, static_cast<off_t>(offset), SEEK_DATA);
        if (found < 0) {
            return errno != ENXIO;
        }
        return static_cast<std::uint64_t>(found) < offset + length;
    }

private:
    void check_writable_range(std::uint64_t offset, std::uint64_t length) const
    {
        if (!fits(offset, length, offset_max)) {
            fail("write", path_, EFBIG);
        }
    }

    int descriptor_;
    std::string path_;
};

class BorrowedFile final : public File
{
public:
    BorrowedFile(File& file, bool flushes) : file_(file), flushes_(flushes) {}

    std::uint64_t size() override { return file_.size(); }
    void read_at(std::uint64_t offset, ByteSpan into) override { file_.read_at(offset, into); }
    void write_at(std::uint64_t offset, ByteView data) override { file_.write_at(offset, data); }
    void write_zeros(std::uint64_t offset, std::uint64_t length) override
    {
        file_.write_zeros(offset, length);
    }
    void truncate(std::uint64_t size) override { file_.truncate(size); }
    void flush() override
    {
        if (flushes_) {
            file_.flush();
        }
    }
    bool has_data(std::uint64_t offset, std::uint64_t length) override
    {
        return file_.has_data(offset, length);
    }

private:
    File& file_;
    bool flushes_;
};

int flags_of(FileMode mode)
{
    switch (mode) {
    case FileMode::read:
        return O_RDONLY;
    case FileMode::write:
        return O_RDWR;
    case FileMode::create:
        return O_RDWR | O_CREAT | O_EXCL;
    }
    return O_RDONLY;
}

} // namespace

std::unique_ptr<File> open_file(const std::filesystem::path& path, FileMode mode)
{
    const int descriptor = ::open(path.c_str(), flags_of(mode) | O_CLOEXEC, 0644);
    if (descriptor < 0) {
        fail(mode == FileMode::create ? "create" : "open", path.string(), errno);
    }
    return std::make_unique<PosixFile>(descriptor, path.string());
}

MemoryFile::MemoryFile(ByteView contents)
{
    write_at(0, contents);
}

void MemoryFile::read_at(std::uint64_t offset, ByteSpan into)
{
    check_inside(offset, into.size(), size_);
    while (!into.empty()) {
        const std::uint64_t within = offset % chunk_size;
        const std::size_t step = std::min<std::size_t>(into.size(), chunk_size - within);
        const auto found = chunks_.find(offset / chunk_size);
        if (found == chunks_.end()) {
            std::memset(into.data(), 0, step);
        } else {
            std::memcpy(into.data(), found->second.data() + within, step);
        }
        into = into.subspan(step);
        offset += step;
    }
}

void MemoryFile::write_at(std::uint64_t offset, ByteView data)
{
    if (!fits(offset, data.size(), offset_max)) {
        fail("write", "memory", EFBIG);
    }
    size_ = std::max(size_, offset + data.size());
    while (!data.empty()) {
        const std::uint64_t within = offset % chunk_size;
        const std::size_t step = std::min<std::size_t>(data.size(), chunk_size - within);
        auto found = chunks_.find(offset / chunk_size);
        if (found == chunks_.end() && !is_zero(data.first(step))) {
            found = chunks_.emplace(offset / chunk_size, Chunk{}).first;
        }
        if (found != chunks_.end()) {
            std::memcpy(found->second.data() + within, data.data(), step);
        }
        data = data.subspan(step);
        offset += step;
    }
}

void MemoryFile::write_zeros(std::uint64_t offset, std::uint64_t length)
{
    if (!fits(offset, length, offset_max)) {
        fail("write", "memory", EFBIG);
    }
    const std::uint64_t end = offset + length;
    size_ = std::max(size_, end);
    auto chunk = chunks_.lower_bound(offset / chunk_size);
    while (chunk != chunks_.end() && chunk->first * chunk_size < end) {
        const std::uint64_t start = chunk->first * chunk_size;
        const std::uint64_t from = std::max(offset, start) - start;
        const std::uint64_t to = std::min(end, start + chunk_size) - start;
        if (to - from == chunk_size) {
            chunk = chunks_.erase(chunk);
            continue;
        }
        std::fill(chunk->second.begin() + static_cast<std::ptrdiff_t>(from),
                  chunk->second.begin() + static_cast<std::ptrdiff_t>(to), 0);
        ++chunk;
    }
}

void MemoryFile::truncate(std::uint64_t size)
{
    if (size > offset_max) {
        fail("truncate", "memory", EFBIG);
    }
    if (size < size_) {
        write_zeros(size, size_ - size);
    }
    size_ = size;
}

bool MemoryFile::has_data(std::uint64_t offset, std::uint64_t length)
{
    const auto chunk = chunks_.lower_bound(offset / chunk_size);
    return chunk != chunks_.end() && chunk->first * chunk_size < offset + length;
}

std::unique_ptr<File> borrowed(File& file)
{
    return std::make_unique<BorrowedFile>(file, true);
}

std::unique_ptr<File> borrowed_without_flush(File& file)
{
    return std::make_unique<BorrowedFile>(file, false);
}

Bytes read_bytes(File& file, std::uint64_t offset, std::uint64_t length)
{
    Bytes bytes(length);
    file.read_at(offset, bytes);
    return bytes;
}

} // namespace watari::vhd
