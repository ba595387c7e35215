#pragma once

#include "vhd/copy.hpp"
#include "vhd/create.hpp"
#include "vhd/disk.hpp"

#include "core/error.hpp"
#include "core/random.hpp"

#include <functional>
#include <map>
#include <string>

/// For the tests of this module only.
namespace watari::vhd {

inline const WallTime test_time{std::chrono::seconds{1'400'000'000}};

/// What a disk must read as: the sectors that were written, everything else zeros.
class Contents
{
public:
    explicit Contents(std::uint32_t unit = 4096) : unit_(unit) {}

    void put(std::uint64_t offset, ByteView data);
    /// What is at [offset, offset + length).
    Bytes get(std::uint64_t offset, std::uint64_t length) const;
    const std::map<std::uint64_t, Bytes>& units() const { return units_; }
    std::uint32_t unit() const { return unit_; }

private:
    std::uint32_t unit_;
    std::map<std::uint64_t, Bytes> units_;
};

/// A new disk in memory.
MemoryFile make_disk(const NewDisk& disk, std::uint64_t seed = 1);
/// A new child of `parent` in memory.
MemoryFile make_child(MemoryFile& parent, std::uint64_t seed, const std::string& parent_name);

/// Finds the files by the names that `make_child` recorded.
ParentResolver parents_among(const std::map<std::string, MemoryFile*>& files);

Bytes random_bytes(Random& random, std::size_t length);
/// Writes at `count` places in whole 4 KiB, here and there across blocks, to the disk and to
/// `contents`.
void scribble(Disk& disk, Contents& contents, Random& random, int count);

/// Reads all of `disk` that may hold data and every written place; empty when it is as `contents`
/// says, else what is wrong.
std::string differences(Disk& disk, const Contents& contents);

/// The code of the Error that `act` throws; "" if none.
std::string code_of(const std::function<void()>& act);
/// The HRESULT in it; 0 if none.
std::uint32_t hresult_of(const std::function<void()>& act);

} // namespace watari::vhd
