#include "vhd/hresult.hpp"
#include "vhd/image.hpp"

#include "core/error.hpp"
#include "messages/vhd.hpp"

#include <utility>

namespace watari::vhd {

namespace {

constexpr int chain_max = 128; // hosts allow 50 checkpoints

std::unique_ptr<Disk> open_chain(std::unique_ptr<File> file, Random* random,
                                 const OpenOptions& options, int depth);

void check_parent(const Info& child, const Info& parent)
{
    if (parent.link_id != child.parent->id) {
        throw Error{ErrorKind::conflict,
                    message::vhd_parent_mismatch{.expected = child.parent->id.lower(),
                                                 .found = parent.link_id.lower()},
                    {.code = hresult::parent_id_mismatch}};
    }
    if (parent.format != child.format || parent.logical_sector_size != child.logical_sector_size) {
        throw Error{ErrorKind::conflict,
                    message::vhd_parent_unlike{},
                    {.code = hresult::sector_size_mismatch}};
    }
    if (child.format == Format::vhd && parent.virtual_size != child.virtual_size) {
        throw Error{ErrorKind::conflict,
                    message::vhd_parent_size_mismatch{
                        .child = std::to_string(child.virtual_size.in_bytes()),
                        .parent = std::to_string(parent.virtual_size.in_bytes())},
                    {.code = hresult::parent_size_mismatch}};
    }
}

std::string some_path(const ParentPaths& paths)
{
    for (const std::string& path : {paths.absolute, paths.volume, paths.relative}) {
        if (!path.empty()) {
            return path;
        }
    }
    return paths.name;
}

/// Null if there is none to open.
std::unique_ptr<Disk> open_parent(const Info& child, const OpenOptions& options, int depth)
{
    if (!child.parent || !options.parents) {
        return nullptr;
    }
    if (depth >= chain_max) {
        throw Error{ErrorKind::invalid,
                    message::vhd_chain_too_long{.limit = std::to_string(chain_max)},
                    {.code = hresult::cycle_in_chain}};
    }
    ParentFile found = options.parents(options.location, *child.parent);
    if (!found.file) {
        throw Error{ErrorKind::not_found,
                    message::vhd_parent_missing{.path = some_path(child.parent->paths)},
                    {.code = hresult::parent_not_found}};
    }
    auto parent = open_chain(std::move(found.file), nullptr,
                             {.format = found.format.value_or(child.format),
                              .location = found.location,
                              .parents = options.parents},
                             depth + 1);
    check_parent(child, parent->info());
    return parent;
}

std::unique_ptr<Disk> open_chain(std::unique_ptr<File> file, Random* random,
                                 const OpenOptions& options, int depth)
{
    if (options.format.value_or(Format::vhd) == Format::vhdx ||
        (!options.format && detect_format(*file) == Format::vhdx)) {
        VhdxImage image = load_vhdx(file, random != nullptr);
        auto parent = open_parent(info_of(image, *file), options, depth);
        return make_vhdx_disk(std::move(file), std::move(image), std::move(parent), random);
    }
    VhdImage image = load_vhd(*file);
    auto parent = open_parent(info_of(image, *file), options, depth);
    return make_vhd_disk(std::move(file), std::move(image), std::move(parent), random != nullptr);
}

} // namespace

void check_access(std::uint64_t offset, std::uint64_t length, std::uint64_t size,
                  std::uint32_t sector_size)
{
    if (!fits(offset, length, size) || offset % sector_size != 0 || length % sector_size != 0) {
        throw Error{ErrorKind::invalid,
                    message::vhd_access_outside{.length = std::to_string(length),
                                                .offset = std::to_string(offset),
                                                .size = std::to_string(size)}};
    }
}

void for_each_piece(std::uint64_t offset, std::uint64_t length, std::uint64_t block_size,
                    const std::function<void(const Piece&)>& visit)
{
    for (std::uint64_t position = 0; position < length;) {
        const std::uint64_t within = (offset + position) % block_size;
        const std::uint64_t step = std::min(length - position, block_size - within);
        visit({.block = (offset + position) / block_size,
               .within = within,
               .position = position,
               .length = step});
        position += step;
    }
}

void read_from_parent(Disk* parent, std::uint64_t offset, ByteSpan into)
{
    if (parent == nullptr) {
        throw Error{ErrorKind::not_found,
                    message::vhd_parent_missing{.path = "(none given)"},
                    {.code = hresult::parent_not_found}};
    }
    const std::uint64_t end = parent->size().in_bytes();
    const std::uint64_t inside =
        offset < end ? std::min<std::uint64_t>(into.size(), end - offset) : 0;
    if (inside > 0) {
        parent->read(offset, into.first(inside));
    }
    std::ranges::fill(into.subspan(inside), std::uint8_t{0});
}

void for_each_run(std::uint64_t count, const std::function<bool(std::uint64_t)>& is_set,
                  const std::function<void(std::uint64_t, std::uint64_t, bool)>& visit)
{
    for (std::uint64_t first = 0; first < count;) {
        const bool value = is_set(first);
        std::uint64_t end = first + 1;
        while (end < count && is_set(end) == value) {
            ++end;
        }
        visit(first, end - first, value);
        first = end;
    }
}

std::unique_ptr<Disk> open(std::unique_ptr<File> file, const OpenOptions& options)
{
    return open_chain(std::move(file), nullptr, options, 0);
}

std::unique_ptr<Disk> open_writable(std::unique_ptr<File> file, Random& random,
                                    const OpenOptions& options)
{
    return open_chain(std::move(file), &random, options, 0);
}

/// A guest can write a VHDX signature into the first sector of its fixed VHD, and a VHD footer into
/// the last sector of its VHDX.
Format detect_format(File& file)
{
    const bool is_vhdx = file.size() >= mib && has_text(read_bytes(file, 0, 8), 0, "vhdxfile");
    const bool is_vhd = find_footer(file).has_value();
    if (is_vhd && is_vhdx) {
        throw Error{
            ErrorKind::invalid, message::vhd_format_ambiguous{}, {.code = hresult::format_unknown}};
    }
    if (!is_vhd && !is_vhdx) {
        throw Error{
            ErrorKind::invalid, message::vhd_format_unknown{}, {.code = hresult::format_unknown}};
    }
    return is_vhd ? Format::vhd : Format::vhdx;
}

Info info(File& file, std::optional<Format> format)
{
    if (format.value_or(Format::vhd) == Format::vhdx ||
        (!format && detect_format(file) == Format::vhdx)) {
        std::unique_ptr<File> view = borrowed(file);
        const VhdxImage image = load_vhdx(view, false);
        return info_of(image, *view);
    }
    return info_of(load_vhd(file), file);
}

} // namespace watari::vhd
