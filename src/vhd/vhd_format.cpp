#include "vhd/vhd_format.hpp"

#include "vhd/hresult.hpp"
#include "vhd/utf16.hpp"

#include "core/error.hpp"
#include "messages/vhd.hpp"

#include <bit>

namespace watari::vhd {

namespace {

constexpr std::string_view footer_cookie = "conectix";
constexpr std::string_view header_cookie = "cxsparse";
constexpr std::size_t footer_checksum = 64;
constexpr std::size_t header_checksum = 36;
constexpr std::int64_t epoch = 946684800; // 2000-01-01T00:00:00Z

[[noreturn]] void corrupt(const char* part, std::uint32_t code)
{
    throw Error{ErrorKind::invalid, message::vhd_part_corrupt{.part = part}, {.code = code}};
}

bool is_sealed(ByteView bytes, std::size_t field)
{
    return get_big<std::uint32_t>(bytes, field) == vhd_checksum(bytes, field);
}

constexpr std::size_t locator_at(std::size_t index)
{
    return 576 + 24 * index;
}

std::string locator_text(File& file, const LocatorEntry& entry)
{
    constexpr std::uint32_t text_max = 64 * 1024;
    if (entry.length == 0 || entry.length > text_max ||
        !fits(entry.offset, entry.length, file.size())) {
        return {};
    }
    return from_utf16(read_bytes(file, entry.offset, entry.length), Endian::little);
}

} // namespace

Geometry geometry_of(std::uint64_t size)
{
    const std::uint64_t total = std::min<std::uint64_t>(size / 512, 65535ULL * 16 * 255);
    std::uint64_t sectors = 255;
    std::uint64_t heads = 16;
    std::uint64_t tracks = total / sectors;
    if (total < 65535ULL * 16 * 63) {
        sectors = 17;
        tracks = total / sectors;
        heads = std::max<std::uint64_t>(4, (tracks + 1023) / 1024);
        if (tracks >= heads * 1024 || heads > 16) {
            sectors = 31;
            heads = 16;
            tracks = total / sectors;
        }
        if (tracks >= heads * 1024) {
            sectors = 63;
            heads = 16;
            tracks = total / sectors;
        }
    }
    return {.cylinders = static_cast<std::uint16_t>(tracks / heads),
            .heads = static_cast<std::uint8_t>(heads),
            .sectors = static_cast<std::uint8_t>(sectors)};
}

std::uint32_t vhd_checksum(ByteView bytes, std::size_t field)
{
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        sum += i < field || i >= field + 4 ? bytes[i] : 0U;
    }
    return ~sum;
}

std::uint32_t vhd_time(WallTime time)
{
    const auto since =
        std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count() - epoch;
    return static_cast<std::uint32_t>(std::clamp<std::int64_t>(since, 0, UINT32_MAX));
}

WallTime wall_time_of(std::uint32_t vhd_time)
{
    return WallTime{std::chrono::seconds{epoch + vhd_time}};
}

Footer Footer::make(Kind kind, std::uint64_t size, const Uuid& id, WallTime created)
{
    Footer footer;
    const ByteSpan raw{footer.raw};
    put_text(raw, 0, footer_cookie);
    put_big<std::uint32_t>(raw, 8, 2);
    put_big<std::uint32_t>(raw, 12, 0x00010000);
    put_big<std::uint64_t>(raw, 16, kind == Kind::fixed ? no_offset : vhd_header_offset_new);
    put_big<std::uint32_t>(raw, 24, vhd_time(created));
    put_text(raw, 28,
             "win "); // qemu takes the size from the geometry for a creator it does not know
    put_big<std::uint32_t>(raw, 32, 0x00060001);
    put_text(raw, 36, "Wi2k");
    put_big<std::uint64_t>(raw, 40, size);
    put_big<std::uint32_t>(raw, 60, kind == Kind::fixed ? 2 : kind == Kind::dynamic ? 3 : 4);
    put_uuid(raw, 68, id);
    footer.resize(size);
    return footer;
}

std::optional<Footer> Footer::parse(ByteView bytes)
{
    if (bytes.size() != footer_size || !has_text(bytes, 0, footer_cookie) ||
        !is_sealed(bytes, footer_checksum) || get_big<std::uint16_t>(bytes, 12) != 1) {
        return std::nullopt;
    }
    const auto type = get_big<std::uint32_t>(bytes, 60);
    if (type < 2 || type > 4) {
        return std::nullopt;
    }
    Footer footer;
    std::ranges::copy(bytes, footer.raw.begin());
    return footer;
}

Kind Footer::kind() const
{
    switch (get_big<std::uint32_t>(raw, 60)) {
    case 2:
        return Kind::fixed;
    case 3:
        return Kind::dynamic;
    default:
        return Kind::differencing;
    }
}

void Footer::resize(std::uint64_t size)
{
    const Geometry geometry = geometry_of(size);
    put_big<std::uint64_t>(raw, 48, size);
    put_big<std::uint16_t>(raw, 56, geometry.cylinders);
    raw[58] = geometry.heads;
    raw[59] = geometry.sectors;
    seal();
}

void Footer::seal()
{
    put_big<std::uint32_t>(raw, footer_checksum, vhd_checksum(raw, footer_checksum));
}

DynamicHeader DynamicHeader::make(std::uint64_t table_offset, std::uint32_t entries,
                                  std::uint32_t block_size)
{
    DynamicHeader header;
    const ByteSpan raw{header.raw};
    put_text(raw, 0, header_cookie);
    put_big<std::uint64_t>(raw, 8, no_offset);
    put_big<std::uint32_t>(raw, 24, 0x00010000);
    put_big<std::uint32_t>(raw, 32, block_size);
    header.set_table(table_offset, entries);
    return header;
}

DynamicHeader DynamicHeader::parse(ByteView bytes)
{
    DynamicHeader header;
    if (bytes.size() != header.raw.size() || !has_text(bytes, 0, header_cookie)) {
        corrupt("dynamic header", hresult::header_corrupt);
    }
    if (!is_sealed(bytes, header_checksum)) {
        corrupt("dynamic header checksum", hresult::header_checksum);
    }
    std::ranges::copy(bytes, header.raw.begin());
    if (get_big<std::uint16_t>(bytes, 24) != 1) {
        throw Error{ErrorKind::unsupported,
                    message::vhd_version_unsupported{
                        .part = "dynamic header",
                        .version = std::to_string(get_big<std::uint32_t>(bytes, 24))},
                    {.code = hresult::header_version}};
    }
    constexpr std::uint32_t block_min = 4096;
    constexpr std::uint32_t block_max = 256 * 1024 * 1024;
    if (!std::has_single_bit(header.block_size()) || header.block_size() < block_min ||
        header.block_size() > block_max) {
        corrupt("block size", hresult::block_size_invalid);
    }
    if (header.table_offset() % 512 != 0) {
        corrupt("block allocation table offset", hresult::header_corrupt);
    }
    return header;
}

void DynamicHeader::set_table(std::uint64_t offset, std::uint32_t entries)
{
    put_big<std::uint64_t>(raw, 16, offset);
    put_big<std::uint32_t>(raw, 28, entries);
    seal();
}

void DynamicHeader::set_parent(const Uuid& id, std::uint32_t time, std::string_view name)
{
    std::fill(raw.begin() + 64, raw.begin() + 768, std::uint8_t{0}); // name and locators
    put_uuid(raw, 40, id);
    put_big<std::uint32_t>(raw, 56, time);
    Bytes text = to_utf16(name, Endian::big);
    text.resize(std::min<std::size_t>(text.size(), 510));
    std::ranges::copy(text, raw.begin() + 64);
    seal();
}

void DynamicHeader::seal()
{
    put_big<std::uint32_t>(raw, header_checksum, vhd_checksum(raw, header_checksum));
}

LocatorEntry get_locator(const DynamicHeader& header, std::size_t index)
{
    const std::size_t at = locator_at(index);
    const auto space = get_big<std::uint32_t>(header.raw, at + 4);
    return {.code = get_big<std::uint32_t>(header.raw, at),
            .space =
                space < 512 ? std::uint64_t{space} * 512 : space, // sectors; files with bytes exist
            .length = get_big<std::uint32_t>(header.raw, at + 8),
            .offset = get_big<std::uint64_t>(header.raw, at + 16)};
}

void put_locator(DynamicHeader& header, std::size_t index, const LocatorEntry& entry)
{
    const std::size_t at = locator_at(index);
    put_big<std::uint32_t>(header.raw, at, entry.code);
    put_big<std::uint32_t>(header.raw, at + 4, static_cast<std::uint32_t>(entry.space / 512));
    put_big<std::uint32_t>(header.raw, at + 8, entry.length);
    put_big<std::uint64_t>(header.raw, at + 16, entry.offset);
    header.seal();
}

ParentLink parent_link(File& file, const DynamicHeader& header)
{
    ParentLink link{.id = header.parent_id(), .modified = wall_time_of(header.parent_time())};
    link.paths.name = from_utf16(ByteView{header.raw}.subspan(64, 512), Endian::big);
    for (std::size_t i = 0; i < locators_max; ++i) {
        const LocatorEntry entry = get_locator(header, i);
        if (entry.code == static_cast<std::uint32_t>(Locator::relative)) {
            link.paths.relative = locator_text(file, entry);
        } else if (entry.code == static_cast<std::uint32_t>(Locator::absolute)) {
            link.paths.absolute = locator_text(file, entry);
        }
    }
    return link;
}

std::optional<FooterPlace> find_footer(File& file)
{
    const std::uint64_t size = file.size();
    if (size < footer_size - 1) {
        return std::nullopt;
    }
    // Files made before Virtual PC 2004 end in a footer of 511 bytes.
    const bool is_short = size % 512 == 511;
    const std::uint64_t offset = is_short ? size - 511 : size - footer_size;
    Bytes end(footer_size);
    file.read_at(offset, ByteSpan{end}.first(size - offset));
    const auto footer = Footer::parse(end);

    Bytes front(footer_size);
    if (size >= footer_size) {
        file.read_at(0, front);
    }
    auto copy = Footer::parse(front);
    if (copy && copy->kind() == Kind::fixed) {
        copy.reset(); // a fixed disk has no copy: that is its guest's data
    }
    if (footer) {
        const bool equal = footer->kind() == Kind::fixed || (copy && *copy == *footer);
        return FooterPlace{.footer = *footer, .offset = offset, .front_is_equal = equal};
    }
    if (copy) {
        return FooterPlace{.footer = *copy, .offset = round_up(size, 512), .end_is_good = false};
    }
    if (has_text(end, 0, footer_cookie)) {
        corrupt("footer", is_sealed(end, footer_checksum) ? hresult::footer_corrupt
                                                          : hresult::footer_checksum);
    }
    return std::nullopt;
}

} // namespace watari::vhd
