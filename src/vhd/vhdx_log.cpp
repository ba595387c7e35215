#include "vhd/vhdx_log.hpp"

#include "vhd/crc32c.hpp"
#include "vhd/hresult.hpp"

#include "core/error.hpp"
#include "messages/vhd.hpp"

#include <utility>

namespace watari::vhd {

namespace {

constexpr std::uint64_t entry_header_size = 64;
constexpr std::uint64_t descriptor_size = 32;
constexpr std::size_t checksum_field = 4;
constexpr std::uint64_t log_length_max = 64 * mib; // Windows and qemu make 1 MiB
constexpr std::uint64_t file_size_max = std::uint64_t{1} << 47;

std::uint64_t descriptor_sectors_for(std::uint64_t descriptors)
{
    return divide_up(entry_header_size + descriptors * descriptor_size, vhdx_sector);
}

struct Entry {
    std::uint64_t position = 0;
    std::uint64_t length = 0;
    std::uint64_t tail = 0;
    std::uint64_t sequence = 0;
    std::uint64_t flushed_size = 0;
    std::uint64_t last_size = 0;
    Bytes bytes;
};

/// The ring of the log, in memory.
class Ring
{
public:
    Ring(File& file, const VhdxHeader& header) : guid_(header.log_guid)
    {
        if (header.log_length > log_length_max) {
            throw Error{ErrorKind::unsupported, message::vhd_version_unsupported{
                                                    .part = "VHDX log of bytes",
                                                    .version = std::to_string(header.log_length)}};
        }
        bytes_ = read_bytes(file, header.log_offset, header.log_length);
    }

    std::uint64_t size() const { return bytes_.size(); }
    std::optional<Entry> entry_at(std::uint64_t position) const;

private:
    ByteView sector(std::uint64_t position) const
    {
        return ByteView{bytes_}.subspan(position % bytes_.size(), vhdx_sector);
    }
    Bytes gather(std::uint64_t position, std::uint64_t length) const;

    Bytes bytes_;
    Uuid guid_;
};

Bytes Ring::gather(std::uint64_t position, std::uint64_t length) const
{
    Bytes bytes;
    bytes.reserve(length);
    for (std::uint64_t at = 0; at < length; at += vhdx_sector) {
        const ByteView piece = sector(position + at);
        bytes.insert(bytes.end(), piece.begin(), piece.end());
    }
    return bytes;
}

/// Whether all descriptors and data sectors of an entry are what its header says. An entry that
/// passes holds no start of another entry, so checking all of them takes time linear in the log.
bool has_good_body(ByteView entry, std::uint64_t descriptors, std::uint64_t sequence)
{
    std::uint64_t data_sectors = 0;
    for (std::uint64_t i = 0; i < descriptors; ++i) {
        const std::uint64_t at = entry_header_size + i * descriptor_size;
        const bool is_data = has_text(entry, at, "desc");
        const auto offset = get_little<std::uint64_t>(entry, at + 16);
        if ((!is_data && !has_text(entry, at, "zero")) ||
            get_little<std::uint64_t>(entry, at + 24) != sequence || offset % vhdx_sector != 0) {
            return false;
        }
        if (!is_data && get_little<std::uint64_t>(entry, at + 8) % vhdx_sector != 0) {
            return false;
        }
        data_sectors += is_data ? 1 : 0;
    }
    const std::uint64_t first = descriptor_sectors_for(descriptors);
    if ((first + data_sectors) * vhdx_sector != entry.size()) {
        return false;
    }
    for (std::uint64_t i = 0; i < data_sectors; ++i) {
        const std::uint64_t at = (first + i) * vhdx_sector;
        const std::uint64_t found = std::uint64_t{get_little<std::uint32_t>(entry, at + 4)} << 32 |
                                    get_little<std::uint32_t>(entry, at + 4092);
        if (!has_text(entry, at, "data") || found != sequence) {
            return false;
        }
    }
    return true;
}

std::optional<Entry> Ring::entry_at(std::uint64_t position) const
{
    const ByteView head = sector(position);
    Entry entry{.position = position,
                .length = get_little<std::uint32_t>(head, 8),
                .tail = get_little<std::uint32_t>(head, 12),
                .sequence = get_little<std::uint64_t>(head, 16),
                .flushed_size = get_little<std::uint64_t>(head, 48),
                .last_size = get_little<std::uint64_t>(head, 56),
                .bytes = {}};
    const std::uint64_t descriptors = get_little<std::uint32_t>(head, 24);
    if (!has_text(head, 0, "loge") || entry.length == 0 || entry.length % vhdx_sector != 0 ||
        entry.length > size() || entry.tail % vhdx_sector != 0 || entry.tail >= size() ||
        entry.sequence == 0 || get_guid(head, 32) != guid_ ||
        descriptor_sectors_for(descriptors) * vhdx_sector > entry.length) {
        return std::nullopt;
    }
    entry.bytes = gather(position, entry.length);
    if (!has_good_body(entry.bytes, descriptors, entry.sequence) ||
        get_little<std::uint32_t>(entry.bytes, checksum_field) !=
            crc32c_without(entry.bytes, checksum_field)) {
        return std::nullopt;
    }
    return entry;
}

using Entries = std::map<std::uint64_t, Entry>; // by position

Entries all_entries(const Ring& ring)
{
    Entries entries;
    for (std::uint64_t position = 0; position < ring.size(); position += vhdx_sector) {
        if (auto entry = ring.entry_at(position)) {
            entries.emplace(position, std::move(*entry));
        }
    }
    return entries;
}

const Entry* next_of(const Entry& entry, const Entries& entries, std::uint64_t ring_size)
{
    const auto found = entries.find((entry.position + entry.length) % ring_size);
    return found != entries.end() && found->second.sequence == entry.sequence + 1 ? &found->second
                                                                                  : nullptr;
}

/// From the oldest live entry to the head; empty if no sequence is valid.
std::vector<const Entry*> active_sequence(const Entries& entries, std::uint64_t ring_size)
{
    std::vector<const Entry*> best;
    std::map<std::uint64_t, bool> has_predecessor;
    for (const auto& [position, entry] : entries) {
        if (const Entry* next = next_of(entry, entries, ring_size)) {
            has_predecessor[next->position] = true;
        }
    }
    for (const auto& [position, entry] : entries) {
        if (has_predecessor.contains(position)) {
            continue;
        }
        std::vector<const Entry*> sequence{&entry};
        while (const Entry* next = next_of(*sequence.back(), entries, ring_size)) {
            sequence.push_back(next);
        }
        const auto tail = std::ranges::find(sequence, sequence.back()->tail, &Entry::position);
        if (tail != sequence.end() &&
            (best.empty() || best.back()->sequence < sequence.back()->sequence)) {
            best.assign(tail, sequence.end());
        }
    }
    return best;
}

[[noreturn]] void unusable()
{
    throw Error{ErrorKind::invalid, message::vhd_log_unusable{}, {.code = hresult::header_corrupt}};
}

void append_patches(const Entry& entry, std::uint64_t end, std::vector<LogPatch>& patches)
{
    const auto descriptors = get_little<std::uint32_t>(entry.bytes, 24);
    std::uint64_t data_at = descriptor_sectors_for(descriptors) * vhdx_sector;
    for (std::uint64_t i = 0; i < descriptors; ++i) {
        const std::uint64_t at = entry_header_size + i * descriptor_size;
        const ByteView descriptor = ByteView{entry.bytes}.subspan(at, descriptor_size);
        LogPatch patch{
            .offset = get_little<std::uint64_t>(descriptor, 16), .length = vhdx_sector, .data = {}};
        if (has_text(descriptor, 0, "desc")) {
            const ByteView sector = ByteView{entry.bytes}.subspan(data_at, vhdx_sector);
            patch.data.assign(sector.begin(), sector.end());
            std::ranges::copy(descriptor.subspan(8, 8), patch.data.begin());
            std::ranges::copy(descriptor.subspan(4, 4), patch.data.end() - 4);
            data_at += vhdx_sector;
        } else {
            patch.length = get_little<std::uint64_t>(descriptor, 8);
        }
        if (!fits(patch.offset, patch.length, end)) {
            unusable();
        }
        patches.push_back(std::move(patch));
    }
}

/// Reads through to `file_`, with the patches on top.
class PatchedFile final : public File
{
public:
    PatchedFile(std::unique_ptr<File> file, LogContents log)
        : file_(std::move(file)), log_(std::move(log))
    {
    }

    std::uint64_t size() override { return std::max(file_->size(), log_.file_size); }

    void read_at(std::uint64_t offset, ByteSpan into) override
    {
        const std::uint64_t below = file_->size();
        if (!fits(offset, into.size(), size())) {
            file_->read_at(offset, into); // says what is missing
        }
        const std::uint64_t inside =
            offset < below ? std::min<std::uint64_t>(into.size(), below - offset) : 0;
        file_->read_at(inside != 0 ? offset : 0, into.first(inside));
        std::ranges::fill(into.subspan(inside), std::uint8_t{0});
        for (const LogPatch& patch : log_.patches) {
            lay_over(patch, offset, into);
        }
    }

    bool has_data(std::uint64_t, std::uint64_t) override { return true; }
    void write_at(std::uint64_t, ByteView) override { refuse(); }
    void write_zeros(std::uint64_t, std::uint64_t) override { refuse(); }
    void truncate(std::uint64_t) override { refuse(); }
    void flush() override {}

private:
    [[noreturn]] static void refuse()
    {
        throw Error{ErrorKind::conflict, message::vhd_opened_for_reading{}};
    }

    static void lay_over(const LogPatch& patch, std::uint64_t offset, ByteSpan into)
    {
        const std::uint64_t from = std::max(patch.offset, offset);
        const std::uint64_t to = std::min(patch.offset + patch.length, offset + into.size());
        if (from >= to) {
            return;
        }
        const ByteSpan target = into.subspan(from - offset, to - from);
        if (patch.data.empty()) {
            std::ranges::fill(target, std::uint8_t{0});
        } else {
            std::ranges::copy(ByteView{patch.data}.subspan(from - patch.offset, to - from),
                              target.begin());
        }
    }

    std::unique_ptr<File> file_;
    LogContents log_;
};

Bytes encode_entry(const std::map<std::uint64_t, Bytes>& sectors, std::uint64_t sequence,
                   std::uint64_t position, const Uuid& guid, std::uint64_t file_size)
{
    const std::uint64_t first = descriptor_sectors_for(sectors.size());
    Bytes bytes((first + sectors.size()) * vhdx_sector);
    put_text(bytes, 0, "loge");
    put_little<std::uint32_t>(bytes, 8, static_cast<std::uint32_t>(bytes.size()));
    put_little<std::uint32_t>(bytes, 12, static_cast<std::uint32_t>(position));
    put_little<std::uint64_t>(bytes, 16, sequence);
    put_little<std::uint32_t>(bytes, 24, static_cast<std::uint32_t>(sectors.size()));
    put_guid(bytes, 32, guid);
    put_little<std::uint64_t>(bytes, 48, file_size);
    put_little<std::uint64_t>(bytes, 56, file_size);
    std::uint64_t i = 0;
    for (const auto& [offset, data] : sectors) {
        const std::uint64_t at = entry_header_size + i * descriptor_size;
        put_text(bytes, at, "desc");
        std::memcpy(bytes.data() + at + 4, data.data() + vhdx_sector - 4, 4);
        std::memcpy(bytes.data() + at + 8, data.data(), 8);
        put_little<std::uint64_t>(bytes, at + 16, offset);
        put_little<std::uint64_t>(bytes, at + 24, sequence);
        const std::uint64_t sector_at = (first + i) * vhdx_sector;
        std::memcpy(bytes.data() + sector_at, data.data(), vhdx_sector);
        put_text(bytes, sector_at, "data");
        put_little<std::uint32_t>(bytes, sector_at + 4, static_cast<std::uint32_t>(sequence >> 32));
        put_little<std::uint32_t>(bytes, sector_at + 4092, static_cast<std::uint32_t>(sequence));
        ++i;
    }
    put_little<std::uint32_t>(bytes, checksum_field, crc32c_without(bytes, checksum_field));
    return bytes;
}

} // namespace

LogContents read_log(File& file, const VhdxHeader& header)
{
    const Ring ring{file, header};
    const Entries entries = all_entries(ring);
    const auto sequence = active_sequence(entries, ring.size());
    if (sequence.empty()) {
        unusable();
    }
    const Entry& head = *sequence.back();
    if (head.flushed_size > file.size()) {
        throw Error{ErrorKind::invalid,
                    message::vhd_file_truncated{.length = std::to_string(head.flushed_size),
                                                .offset = "0",
                                                .size = std::to_string(file.size())},
                    {.code = hresult::file_size_invalid}};
    }
    if (head.last_size > file_size_max) {
        unusable();
    }
    LogContents log{.patches = {}, .file_size = std::max(head.last_size, file.size())};
    for (const Entry* entry : sequence) {
        append_patches(*entry, log.file_size, log.patches);
    }
    return log;
}

void apply(const LogContents& log, File& file)
{
    if (log.file_size > file.size()) {
        file.truncate(log.file_size);
    }
    for (const LogPatch& patch : log.patches) {
        if (patch.data.empty()) {
            file.write_zeros(patch.offset, patch.length);
        } else {
            file.write_at(patch.offset, patch.data);
        }
    }
    file.flush();
}

std::unique_ptr<File> patched(std::unique_ptr<File> file, LogContents log)
{
    return std::make_unique<PatchedFile>(std::move(file), std::move(log));
}

void LogChange::put(std::uint64_t offset, ByteView bytes)
{
    while (!bytes.empty()) {
        const std::uint64_t within = offset % vhdx_sector;
        const std::uint64_t start = offset - within;
        const std::size_t step = std::min<std::size_t>(bytes.size(), vhdx_sector - within);
        auto found = sectors_.find(start);
        if (found == sectors_.end()) {
            found = sectors_.emplace(start, read_bytes(file_, start, vhdx_sector)).first;
        }
        std::ranges::copy(bytes.first(step),
                          found->second.begin() + static_cast<std::ptrdiff_t>(within));
        bytes = bytes.subspan(step);
        offset += step;
    }
}

LogWriter::LogWriter(File& file, const VhdxHeader& header, const Uuid& log_guid)
    : file_(file), offset_(header.log_offset), length_(header.log_length), guid_(log_guid)
{
}

void LogWriter::write(const LogChange* change)
{
    const std::map<std::uint64_t, Bytes> none;
    const auto& sectors = change != nullptr ? change->sectors() : none;
    const std::uint64_t size =
        (descriptor_sectors_for(sectors.size()) + sectors.size()) * vhdx_sector;
    if (position_ + size > length_) {
        position_ = 0;
    }
    file_.write_at(offset_ + position_,
                   encode_entry(sectors, sequence_, position_, guid_, file_.size()));
    file_.flush();
    position_ += size;
    ++sequence_;
}

void LogWriter::write_empty()
{
    write(nullptr);
}

void LogWriter::commit(const LogChange& change)
{
    write(&change);
    for (const auto& [offset, data] : change.sectors()) {
        file_.write_at(offset, data);
    }
    file_.flush();
}

} // namespace watari::vhd
