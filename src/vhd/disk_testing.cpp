#include "vhd/disk_testing.hpp"

#include <fmt/format.h>

namespace watari::vhd {

void Contents::put(std::uint64_t offset, ByteView data)
{
    for (std::size_t at = 0; at < data.size(); at += unit_) {
        const ByteView piece = data.subspan(at, unit_);
        units_[offset + at].assign(piece.begin(), piece.end());
    }
}

Bytes Contents::get(std::uint64_t offset, std::uint64_t length) const
{
    Bytes bytes(length);
    for (auto unit = units_.lower_bound(offset - std::min<std::uint64_t>(offset, unit_ - 1));
         unit != units_.end(); ++unit) {
        if (unit->first >= offset + length) {
            break;
        }
        const std::uint64_t from = std::max(offset, unit->first);
        const std::uint64_t to = std::min(offset + length, unit->first + unit_);
        std::memcpy(bytes.data() + (from - offset), unit->second.data() + (from - unit->first),
                    to - from);
    }
    return bytes;
}

MemoryFile make_disk(const NewDisk& disk, std::uint64_t seed)
{
    MemoryFile file;
    const auto random = seeded_random(seed);
    create(file, disk, *random);
    return file;
}

MemoryFile make_child(MemoryFile& parent, std::uint64_t seed, const std::string& parent_name)
{
    const Info facts = info(parent);
    return make_disk({.format = facts.format,
                      .kind = Kind::differencing,
                      .created = test_time,
                      .parent = NewParent{.info = facts,
                                          .paths = {.relative = ".\\" + parent_name,
                                                    .absolute = "D:\\img\\" + parent_name},
                                          .modified = test_time}},
                     seed);
}

ParentResolver parents_among(const std::map<std::string, MemoryFile*>& files)
{
    return [files](const std::string&, const ParentLink& link) -> ParentFile {
        const auto found = files.find(link.paths.relative.substr(2));
        if (found == files.end()) {
            return {};
        }
        return {.file = borrowed(*found->second), .location = found->first};
    };
}

Bytes random_bytes(Random& random, std::size_t length)
{
    Bytes bytes(round_up(length, 8));
    for (std::size_t at = 0; at < bytes.size(); at += 8) {
        put_little<std::uint64_t>(bytes, at, random.next());
    }
    bytes.resize(length);
    return bytes;
}

void scribble(Disk& disk, Contents& contents, Random& random, int count)
{
    const std::uint64_t unit = contents.unit();
    const std::uint64_t size = disk.size().in_bytes();
    const std::uint64_t block = std::max<std::uint64_t>(disk.info().block_size.in_bytes(), mib);
    for (int i = 0; i < count; ++i) {
        std::uint64_t offset = random.below(size / unit) * unit;
        if (i % 3 == 0) { // around the start of a block
            offset = offset / block * block;
            offset -= std::min(offset, 2 * unit);
        }
        const std::uint64_t length =
            std::min((1 + random.below(8)) * unit, size / unit * unit - offset);
        const Bytes data = random_bytes(random, length);
        disk.write(offset, data);
        contents.put(offset, data);
    }
}

std::string differences(Disk& disk, const Contents& contents)
{
    constexpr std::uint64_t step = mib;
    const std::uint64_t size = disk.size().in_bytes();
    for (const auto& [offset, data] : contents.units()) {
        Bytes found(data.size());
        disk.read(offset, found);
        if (found != data) {
            return fmt::format("written data at {} is gone", offset);
        }
    }
    if (size > 4 * gib) {
        return {};
    }
    for (std::uint64_t offset = 0; offset < size; offset += step) {
        const std::uint64_t length = std::min(step, size - offset);
        if (disk.may_hold_data(offset, length)) {
            Bytes found(length);
            disk.read(offset, found);
            if (found != contents.get(offset, length)) {
                return fmt::format("other data in the {} bytes at {}", length, offset);
            }
        }
    }
    return {};
}

std::string code_of(const std::function<void()>& act)
{
    try {
        act();
    } catch (const Error& error) {
        return error.code();
    }
    return {};
}

std::uint32_t hresult_of(const std::function<void()>& act)
{
    try {
        act();
    } catch (const Error& error) {
        return error.peer().code.value_or(0);
    }
    return 0;
}

} // namespace watari::vhd
