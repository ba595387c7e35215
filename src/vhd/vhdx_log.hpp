#pragma once

#include "vhd/vhdx_format.hpp"

#include <map>

namespace watari::vhd {

/// A change that the log holds: `data`, or zeros if that is empty.
struct LogPatch {
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
    Bytes data;
};

struct LogContents {
    std::vector<LogPatch> patches; ///< in the order to apply them
    std::uint64_t file_size = 0;   ///< the file is at least this long afterwards
};

/// What has to be applied to the file before its metadata may be read; the header's LogGuid is not
/// zero. Throws invalid when no entry is valid or the file is shorter than it was when the entry
/// was written. Source: MS-VHDX 2.3.
LogContents read_log(File& file, const VhdxHeader& header);

/// Changes `file` as the log says and makes that stable; the header is the caller's.
void apply(const LogContents& log, File& file);

/// `file` as it would be after apply, for a reader that must not write.
std::unique_ptr<File> patched(std::unique_ptr<File> file, LogContents log);

/// Metadata sectors that change together.
class LogChange
{
public:
    explicit LogChange(File& file) : file_(file) {}

    /// Any range of an existing part of the file.
    void put(std::uint64_t offset, ByteView bytes);
    const std::map<std::uint64_t, Bytes>& sectors() const { return sectors_; }

private:
    File& file_;
    std::map<std::uint64_t, Bytes> sectors_;
};

/// The most sectors of one change: two entries of this size and the one before never overlap in the
/// smallest log.
inline constexpr std::size_t log_sectors_max = 64;

/// Writes entries. Each entry is in its final place and stable before the next one is written, so
/// each is its own tail.
class LogWriter
{
public:
    LogWriter(File& file, const VhdxHeader& header, const Uuid& log_guid);

    /// An entry without changes, for the time between naming the log in the header and the first
    /// change.
    void write_empty();
    /// Returns when the change is stable in log and in place. What is new in the file has been
    /// flushed before.
    void commit(const LogChange& change);

private:
    void write(const LogChange* change);

    File& file_;
    std::uint64_t offset_;
    std::uint64_t length_;
    Uuid guid_;
    std::uint64_t position_ = 0;
    std::uint64_t sequence_ = 1;
};

} // namespace watari::vhd
