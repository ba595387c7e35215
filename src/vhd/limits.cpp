#include "vhd/limits.hpp"

#include "vhd/hresult.hpp"
#include "vhd/vhd_format.hpp"
#include "vhd/vhdx_format.hpp"

#include "core/error.hpp"
#include "messages/vhd.hpp"

#include <bit>
#include <cctype>
#include <string>

namespace watari::vhd {

namespace {

bool ends_with(std::string_view text, std::string_view end)
{
    return text.size() >= end.size() &&
           std::ranges::equal(text.substr(text.size() - end.size()), end, [](char a, char b) {
               return std::tolower(static_cast<unsigned char>(a)) == b;
           });
}

void check_range(Format format, ByteSize size, std::uint32_t sector)
{
    if (sector != 512 && !(format == Format::vhdx && sector == 4096)) {
        throw Error{ErrorKind::invalid,
                    message::vhd_sector_size_not_allowed{.sector = std::to_string(sector)},
                    {.code = hresult::sector_size_mismatch}};
    }
    if (size < size_min() || size > size_max(format)) {
        throw Error{
            ErrorKind::invalid,
            message::vhd_size_not_allowed{.format = std::string{to_string(format)},
                                          .maximum = std::to_string(size_max(format).in_bytes()),
                                          .minimum = std::to_string(size_min().in_bytes()),
                                          .size = std::to_string(size.in_bytes())},
            {.code = hresult::virtual_size_invalid}};
    }
    if (size.in_bytes() % sector != 0) {
        throw Error{ErrorKind::invalid,
                    message::vhd_size_not_sectors{.sector = std::to_string(sector),
                                                  .size = std::to_string(size.in_bytes())},
                    {.code = hresult::virtual_size_invalid}};
    }
}

} // namespace

std::string_view to_string(Format format) noexcept
{
    switch (format) {
    case Format::vhd:
        return "VHD";
    case Format::vhdx:
        return "VHDX";
    }
    return "";
}

std::string_view to_string(Kind kind) noexcept
{
    switch (kind) {
    case Kind::fixed:
        return "fixed";
    case Kind::dynamic:
        return "dynamic";
    case Kind::differencing:
        return "differencing";
    }
    return "";
}

std::optional<Format> format_named(std::string_view path) noexcept
{
    if (ends_with(path, ".vhd") || ends_with(path, ".avhd")) {
        return Format::vhd;
    }
    if (ends_with(path, ".vhdx") || ends_with(path, ".avhdx")) {
        return Format::vhdx;
    }
    return std::nullopt;
}

ByteSize size_min() noexcept
{
    return ByteSize::bytes(3 * mib);
}

ByteSize size_max(Format format) noexcept
{
    return ByteSize::bytes(format == Format::vhd ? 2040 * gib : 64 * tib);
}

ByteSize default_block_size(Format format, Kind kind) noexcept
{
    if (format == Format::vhd) {
        return ByteSize::bytes(kind == Kind::fixed ? 0 : 2 * mib);
    }
    return ByteSize::bytes(kind == Kind::differencing ? 2 * mib : 32 * mib);
}

void check_creatable(Format format, Kind, ByteSize size, std::uint32_t logical_sector_size)
{
    check_range(format, size, logical_sector_size);
}

void check_block_size(Format format, Kind kind, ByteSize block_size)
{
    const std::uint64_t bytes = block_size.in_bytes();
    if (format == Format::vhd && kind == Kind::fixed && bytes == 0) {
        return;
    }
    const std::uint64_t minimum = format == Format::vhd ? 512 * kib : mib;
    const std::uint64_t maximum = format == Format::vhd ? 2 * mib : 256 * mib;
    const bool offered = format == Format::vhdx ||
                         bytes != mib; // Windows makes VHD blocks of 512 KiB and 2 MiB only
    if (!std::has_single_bit(bytes) || bytes < minimum || bytes > maximum || !offered) {
        throw Error{ErrorKind::invalid,
                    message::vhd_block_size_not_allowed{.block = std::to_string(bytes),
                                                        .format = std::string{to_string(format)},
                                                        .maximum = std::to_string(maximum),
                                                        .minimum = std::to_string(minimum)},
                    {.code = hresult::block_size_invalid}};
    }
}

void check_growable(Format format, Kind kind, ByteSize now, ByteSize size,
                    std::uint32_t logical_sector_size)
{
    if (format == Format::vhd && kind == Kind::differencing) {
        throw Error{ErrorKind::unsupported,
                    message::vhd_differencing_not_growable{},
                    {.code = hresult::kind_invalid}};
    }
    if (size < now) {
        throw Error{ErrorKind::invalid,
                    message::vhd_shrink_refused{.current = std::to_string(now.in_bytes()),
                                                .size = std::to_string(size.in_bytes())},
                    {.code = hresult::shrink_would_cut}};
    }
    check_range(format, size, logical_sector_size);
}

ByteSize new_file_size(Format format, Kind kind, ByteSize size, ByteSize block_size,
                       std::uint32_t logical_sector_size)
{
    const std::uint64_t block =
        (block_size == ByteSize{} ? default_block_size(format, kind) : block_size).in_bytes();
    if (format == Format::vhdx) {
        const BatMap map{.size = size.in_bytes(),
                         .block_size = block,
                         .sector_size = logical_sector_size,
                         .has_parent = kind == Kind::differencing};
        const std::uint64_t payload = kind == Kind::fixed ? map.payload_blocks() * block : 0;
        return ByteSize::bytes(vhdx_bat_offset_new + map.region_length() + payload);
    }
    if (kind == Kind::fixed) {
        return ByteSize::bytes(size.in_bytes() + footer_size);
    }
    const std::uint64_t table = round_up(divide_up(size.in_bytes(), block) * 4, 512);
    const std::uint64_t locators =
        kind == Kind::differencing ? 2 * 512 : 0; // for paths of usual length
    return ByteSize::bytes(vhd_table_offset_new + table + locators + footer_size);
}

} // namespace watari::vhd
