#pragma once

#include "vhd/bytes.hpp"

#include <filesystem>
#include <map>
#include <memory>

namespace watari::vhd {

/// The host file that holds a virtual disk. Calls block; failures of the operating system are
/// `unavailable`, or `exhausted` when the volume is full.
class File
{
public:
    virtual ~File() = default;

    virtual std::uint64_t size() = 0;
    /// Throws invalid (vhd_file_truncated) unless the whole range lies inside the file.
    virtual void read_at(std::uint64_t offset, ByteSpan into) = 0;
    /// Makes the file longer where needed; a gap reads as zeros.
    virtual void write_at(std::uint64_t offset, ByteView data) = 0;
    /// Like write_at, without using space where the file system can do that.
    virtual void write_zeros(std::uint64_t offset, std::uint64_t length) = 0;
    /// What a longer file gains reads as zeros.
    virtual void truncate(std::uint64_t size) = 0;
    /// Returns when everything written before is stable.
    virtual void flush() = 0;
    /// False only if the range surely reads as zeros.
    virtual bool has_data(std::uint64_t offset, std::uint64_t length) = 0;
};

enum class FileMode {
    read,
    write,  ///< the file exists
    create, ///< the file must not exist
};

/// Throws not_found, conflict (it exists already), denied, unavailable.
std::unique_ptr<File> open_file(const std::filesystem::path& path, FileMode mode);

/// A sparse file in memory.
class MemoryFile final : public File
{
public:
    MemoryFile() = default;
    explicit MemoryFile(ByteView contents);

    std::uint64_t size() override { return size_; }
    void read_at(std::uint64_t offset, ByteSpan into) override;
    void write_at(std::uint64_t offset, ByteView data) override;
    void write_zeros(std::uint64_t offset, std::uint64_t length) override;
    void truncate(std::uint64_t size) override;
    void flush() override {}
    bool has_data(std::uint64_t offset, std::uint64_t length) override;

    /// The memory it takes, in whole chunks.
    std::uint64_t bytes_used() const noexcept { return chunks_.size() * chunk_size; }

private:
    static constexpr std::uint64_t chunk_size = 4096;
    using Chunk = std::array<std::uint8_t, chunk_size>;

    std::map<std::uint64_t, Chunk> chunks_;
    std::uint64_t size_ = 0;
};

/// A File that passes everything on to one that somebody else owns.
std::unique_ptr<File> borrowed(File& file);

/// The same without its flushes: for filling a new file, whose loss in a crash does no harm; flush
/// it at the end.
std::unique_ptr<File> borrowed_without_flush(File& file);

/// [offset, offset + length) of the file as bytes; `length` is known to be small.
Bytes read_bytes(File& file, std::uint64_t offset, std::uint64_t length);

} // namespace watari::vhd
