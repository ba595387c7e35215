#include "vhd/hresult.hpp"
#include "vhd/utf16.hpp"
#include "vhd/vhdx_format.hpp"

#include "core/error.hpp"
#include "messages/vhd.hpp"

#include <bit>
#include <utility>

namespace watari::vhd {

namespace {

constexpr std::uint64_t table_size = 64 * kib;
constexpr std::uint32_t entries_max = 2047;
constexpr std::uint32_t item_max = static_cast<std::uint32_t>(mib);
constexpr std::uint32_t is_virtual_disk = 2;
constexpr std::uint32_t is_required = 4;

const Uuid file_parameters = *Uuid::parse("CAA16737-FA36-4D43-B3B6-33F0AA44E76B");
const Uuid virtual_disk_size = *Uuid::parse("2FA54224-CD1B-4876-B211-5DBED83BF4B8");
const Uuid virtual_disk_id = *Uuid::parse("BECA12AB-B2E6-4523-93EF-C309E000C746");
const Uuid logical_sector = *Uuid::parse("8141BF1D-A96F-4709-BA47-F233A8FAAB5F");
const Uuid physical_sector = *Uuid::parse("CDA348C7-445D-4471-9CC9-E9885251C556");
const Uuid parent_locator = *Uuid::parse("A8D35F2D-B30B-454D-ABF7-D3D84834AB0C");
const Uuid locator_type = *Uuid::parse("B04AEFB7-D19E-4A81-B789-25B8E9445913");

constexpr std::size_t locator_pairs_max = 64; // five keys are defined

constexpr std::string_view device_prefix = R"(\\?\)";

[[noreturn]] void corrupt(const char* part)
{
    throw Error{ErrorKind::invalid,
                message::vhd_part_corrupt{.part = part},
                {.code = hresult::metadata_read_failed}};
}

/// The items of a metadata region, found and read one by one.
class Items
{
public:
    Items(File& file, const Region& region);

    /// Empty if it is not there. Throws invalid if it is not `length` bytes long (0: any length).
    Bytes read(const Uuid& id, std::uint32_t length) const;
    Bytes need(const Uuid& id, std::uint32_t length) const;
    std::uint64_t offset_of(const Uuid& id) const { return find(id)->offset; }
    std::uint64_t entry_of(const Uuid& id) const { return find(id)->entry; }
    std::uint64_t end() const { return end_; }

private:
    struct Item {
        Uuid id;
        std::uint32_t offset = 0;
        std::uint32_t length = 0;
        std::uint64_t entry = 0; ///< place in the table
    };

    static bool is_known(const Uuid& id);
    const Item* find(const Uuid& id) const;

    File& file_;
    Region region_;
    std::vector<Item> items_;
    std::uint64_t end_ = table_size;
};

Items::Items(File& file, const Region& region) : file_(file), region_(region)
{
    const Bytes table = read_bytes(file, region.offset, table_size);
    const auto count = get_little<std::uint16_t>(table, 10);
    if (!has_text(table, 0, "metadata") || count > entries_max) {
        corrupt("VHDX metadata table");
    }
    for (std::size_t i = 0; i < count; ++i) {
        const std::size_t at = 32 + 32 * i;
        const Item item{.id = get_guid(table, at),
                        .offset = get_little<std::uint32_t>(table, at + 16),
                        .length = get_little<std::uint32_t>(table, at + 20),
                        .entry = at};
        end_ = std::max<std::uint64_t>(end_, std::uint64_t{item.offset} + item.length);
        const bool empty = item.length == 0;
        if ((empty && item.offset != 0) ||
            (!empty && (item.offset < table_size || item.length > item_max ||
                        !fits(item.offset, item.length, region.length)))) {
            corrupt("VHDX metadata table");
        }
        if (!is_known(item.id)) {
            if ((get_little<std::uint32_t>(table, at + 24) & is_required) != 0) {
                throw Error{ErrorKind::unsupported,
                            message::vhd_version_unsupported{.part = "VHDX metadata",
                                                             .version = item.id.lower()},
                            {.code = hresult::format_version}};
            }
            continue;
        }
        if (find(item.id) != nullptr) {
            corrupt("VHDX metadata table");
        }
        items_.push_back(item);
    }
}

bool Items::is_known(const Uuid& id)
{
    return id == file_parameters || id == virtual_disk_size || id == virtual_disk_id ||
           id == logical_sector || id == physical_sector || id == parent_locator;
}

const Items::Item* Items::find(const Uuid& id) const
{
    const auto found = std::ranges::find(items_, id, &Item::id);
    return found == items_.end() ? nullptr : &*found;
}

Bytes Items::read(const Uuid& id, std::uint32_t length) const
{
    const Item* item = find(id);
    if (item == nullptr) {
        return {};
    }
    if (length != 0 && item->length != length) {
        corrupt("VHDX metadata item");
    }
    return read_bytes(file_, region_.offset + item->offset, item->length);
}

Bytes Items::need(const Uuid& id, std::uint32_t length) const
{
    Bytes bytes = read(id, length);
    if (bytes.empty()) {
        corrupt("VHDX metadata item");
    }
    return bytes;
}

void check(const Metadata& metadata)
{
    const auto sector_ok = [](std::uint32_t size) { return size == 512 || size == 4096; };
    if (!sector_ok(metadata.logical_sector_size) || !sector_ok(metadata.physical_sector_size)) {
        corrupt("VHDX sector size");
    }
    if (!std::has_single_bit(metadata.block_size) || metadata.block_size < mib ||
        metadata.block_size > 256 * mib) {
        corrupt("VHDX block size");
    }
    if (metadata.size == 0 || metadata.size > 64 * tib ||
        metadata.size % metadata.logical_sector_size != 0) {
        corrupt("VHDX virtual disk size");
    }
}

/// Writes table and items of a new metadata region.
class ItemWriter
{
public:
    void add(const Uuid& id, std::uint32_t flags, ByteView content)
    {
        const std::size_t at = 32 + 32 * std::size_t{count_};
        ++count_;
        put_guid(bytes_, at, id);
        put_little<std::uint32_t>(bytes_, at + 16, static_cast<std::uint32_t>(bytes_.size()));
        put_little<std::uint32_t>(bytes_, at + 20, static_cast<std::uint32_t>(content.size()));
        put_little<std::uint32_t>(bytes_, at + 24, flags);
        put_little<std::uint16_t>(bytes_, 10, count_);
        bytes_.insert(bytes_.end(), content.begin(), content.end());
        bytes_.resize(round_up(bytes_.size(), 8));
    }

    Bytes take()
    {
        put_text(bytes_, 0, "metadata");
        return std::move(bytes_);
    }

private:
    Bytes bytes_ = Bytes(table_size);
    std::uint16_t count_ = 0;
};

template <std::unsigned_integral T>
Bytes number(T value)
{
    Bytes bytes(sizeof(T));
    put_little<T>(bytes, 0, value);
    return bytes;
}

std::string without_device_prefix(std::string path)
{
    if (path.starts_with(device_prefix)) {
        path.erase(0, device_prefix.size());
    }
    return path;
}

} // namespace

Bytes Metadata::encode() const
{
    Bytes parameters(8);
    put_little<std::uint32_t>(parameters, 0, block_size);
    put_little<std::uint32_t>(parameters, 4,
                              (leave_blocks_allocated ? 1U : 0U) | (has_parent ? 2U : 0U));
    Bytes guid(16);
    put_guid(guid, 0, id);

    ItemWriter items;
    items.add(file_parameters, is_required, parameters);
    items.add(virtual_disk_size, is_required | is_virtual_disk, number(size));
    items.add(virtual_disk_id, is_required | is_virtual_disk, guid);
    items.add(logical_sector, is_required | is_virtual_disk, number(logical_sector_size));
    items.add(physical_sector, is_required | is_virtual_disk, number(physical_sector_size));
    if (parent) {
        items.add(parent_locator, is_required, encode_parent_locator(*parent));
    }
    return items.take();
}

Metadata Metadata::parse(File& file, const Region& region)
{
    const Items items{file, region};
    const Bytes parameters = items.need(file_parameters, 8);
    const auto flags = get_little<std::uint32_t>(parameters, 4);
    Metadata metadata;
    metadata.block_size = get_little<std::uint32_t>(parameters, 0);
    metadata.leave_blocks_allocated = (flags & 1) != 0;
    metadata.has_parent = (flags & 2) != 0;
    metadata.size = get_little<std::uint64_t>(items.need(virtual_disk_size, 8), 0);
    metadata.size_offset = items.offset_of(virtual_disk_size);
    metadata.id = get_guid(items.need(virtual_disk_id, 16), 0);
    metadata.logical_sector_size = get_little<std::uint32_t>(items.need(logical_sector, 4), 0);
    metadata.physical_sector_size = get_little<std::uint32_t>(items.need(physical_sector, 4), 0);
    metadata.items_end = items.end();
    check(metadata);

    const Bytes locator = items.read(parent_locator, 0);
    if (metadata.has_parent == locator.empty()) {
        corrupt("VHDX parent locator");
    }
    if (metadata.has_parent) {
        metadata.parent = parse_parent_locator(locator);
        metadata.locator_entry = items.entry_of(parent_locator);
    }
    return metadata;
}

Bytes encode_parent_locator(const ParentLink& link)
{
    std::vector<std::pair<std::string, std::string>> pairs{{"parent_linkage", link.id.braced()}};
    if (!link.paths.relative.empty()) {
        pairs.emplace_back("relative_path", link.paths.relative);
    }
    if (!link.paths.volume.empty()) {
        pairs.emplace_back("volume_path", link.paths.volume);
    }
    if (!link.paths.absolute.empty()) {
        pairs.emplace_back("absolute_win32_path",
                           std::string{device_prefix} + without_device_prefix(link.paths.absolute));
    }

    Bytes bytes(20 + 12 * pairs.size());
    put_guid(bytes, 0, locator_type);
    put_little<std::uint16_t>(bytes, 18, static_cast<std::uint16_t>(pairs.size()));
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        const std::size_t at = 20 + 12 * i;
        const auto put = [&](std::size_t offset_at, std::size_t length_at,
                             const std::string& text) {
            const Bytes utf16 = to_utf16(text, Endian::little);
            if (utf16.size() > 0xFFFE) {
                throw Error{ErrorKind::invalid, message::vhd_parent_path_missing{}};
            }
            put_little<std::uint32_t>(bytes, offset_at, static_cast<std::uint32_t>(bytes.size()));
            put_little<std::uint16_t>(bytes, length_at, static_cast<std::uint16_t>(utf16.size()));
            bytes.insert(bytes.end(), utf16.begin(), utf16.end());
        };
        put(at, at + 8, pairs[i].first);
        put(at + 4, at + 10, pairs[i].second);
    }
    return bytes;
}

ParentLink parse_parent_locator(ByteView item)
{
    if (item.size() < 20 || get_guid(item, 0) != locator_type) {
        corrupt("VHDX parent locator");
    }
    const std::size_t count = get_little<std::uint16_t>(item, 18);
    if (count > locator_pairs_max || !fits(20, 12 * count, item.size())) {
        corrupt("VHDX parent locator");
    }
    const auto text = [&](std::size_t offset_at, std::size_t length_at) {
        const auto offset = get_little<std::uint32_t>(item, offset_at);
        const auto length = get_little<std::uint16_t>(item, length_at);
        if (offset == 0 || !fits(offset, length, item.size())) {
            corrupt("VHDX parent locator");
        }
        return from_utf16(item.subspan(offset, length), Endian::little);
    };
    ParentLink link;
    bool has_linkage = false;
    for (std::size_t i = 0; i < count; ++i) {
        const std::size_t at = 20 + 12 * i;
        const std::string key = text(at, at + 8);
        const std::string value = text(at + 4, at + 10);
        if (key == "parent_linkage") {
            const auto id = Uuid::parse(value);
            has_linkage = id.has_value();
            link.id = id.value_or(Uuid{});
        } else if (key == "relative_path") {
            link.paths.relative = value;
        } else if (key == "volume_path") {
            link.paths.volume = value;
        } else if (key == "absolute_win32_path") {
            link.paths.absolute = without_device_prefix(value);
        }
    }
    if (!has_linkage) {
        corrupt("VHDX parent locator");
    }
    return link;
}

} // namespace watari::vhd
