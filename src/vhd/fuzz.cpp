#include "vhd/fuzz.hpp"

#include "vhd/disk.hpp"

#include "core/error.hpp"
#include "core/random.hpp"

namespace watari::vhd {

namespace {

void use(ByteView bytes, Format format)
{
    MemoryFile file{bytes};
    const auto random = seeded_random(1);
    info(file, format);
    const auto disk = open_writable(borrowed(file), *random, {.format = format});
    const Info facts = disk->info();
    const std::uint64_t sector = facts.logical_sector_size;
    const std::uint64_t size = facts.virtual_size.in_bytes();
    Bytes data(8 * sector, 0x5A);
    for (const std::uint64_t offset :
         {std::uint64_t{0}, size / 2 / sector * sector, size - sector}) {
        const ByteSpan range =
            ByteSpan{data}.first(std::min<std::uint64_t>(data.size(), size - offset));
        disk->read(offset, range);
        disk->write(offset, range);
    }
    disk->grow(ByteSize::bytes(size + 5 * mib));
    disk->close();
}

} // namespace

void exercise(ByteView bytes)
{
    for (const Format format : {Format::vhd, Format::vhdx}) {
        try {
            use(bytes, format);
        } catch (const Error&) {
            continue;
        }
    }
}

} // namespace watari::vhd
