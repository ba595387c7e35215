#include "vhd/disk_testing.hpp"
#include "vhd/fuzz.hpp"
#include "vhd/image.hpp"

#include <gtest/gtest.h>

namespace watari::vhd {
namespace {

MemoryFile small(Format format, Kind kind = Kind::dynamic)
{
    MemoryFile file =
        make_disk({.format = format,
                   .kind = kind,
                   .size = ByteSize::mib(4),
                   .block_size = kind == Kind::fixed && format == Format::vhd ? ByteSize{}
                                                                              : ByteSize::mib(2)});
    const auto random = seeded_random(1);
    auto disk = open_writable(borrowed(file), *random);
    disk->write(mib, random_bytes(*random, 8192));
    disk->close();
    return file;
}

void damage(MemoryFile& file, std::uint64_t offset)
{
    Bytes byte = read_bytes(file, offset, 1);
    byte[0] ^= 0x40;
    file.write_at(offset, byte);
}

std::string code_with_damage_at(Format format, const std::vector<std::uint64_t>& offsets)
{
    MemoryFile file = small(format);
    for (const std::uint64_t offset : offsets) {
        damage(file, offset);
    }
    return code_of([&] {
        Bytes data(8192);
        open(borrowed(file), {.format = format})->read(mib, data);
    });
}

TEST(DamagedVhd, opens_with_one_good_footer_and_repairs_the_other)
{
    for (const bool at_the_end : {true, false}) {
        MemoryFile file = small(Format::vhd);
        damage(file, at_the_end ? file.size() - 500 : 12);
        const auto random = seeded_random(1);
        Bytes before(4 * mib);
        open(borrowed(file))->read(0, before);
        auto disk = open_writable(borrowed(file), *random);
        const Bytes data(512, 3);
        disk->write(3 * mib, data);
        disk->close();
        const auto place = find_footer(file);
        EXPECT_TRUE(place->end_is_good);
        EXPECT_TRUE(place->front_is_equal);
        Bytes after(4 * mib);
        open(borrowed(file))->read(0, after);
        std::ranges::copy(data, before.begin() + 3 * mib);
        EXPECT_TRUE(before == after);
    }
}

TEST(DamagedVhd, is_refused)
{
    const std::uint64_t size = small(Format::vhd).size();
    EXPECT_EQ(code_with_damage_at(Format::vhd, {20, size - 492}), "vhd_part_corrupt")
        << "both footers";
    EXPECT_EQ(code_with_damage_at(Format::vhd, {512 + 30}), "vhd_part_corrupt") << "dynamic header";
    EXPECT_EQ(code_with_damage_at(Format::vhd, {1536}), "vhd_part_corrupt") << "table";
    MemoryFile fixed = small(Format::vhd, Kind::fixed);
    damage(fixed, 4 * mib + 20);
    EXPECT_EQ(hresult_of([&] { info(fixed, Format::vhd); }), 0xC03A0002);
    fixed.truncate(4 * mib);
    EXPECT_EQ(hresult_of([&] { info(fixed, Format::vhd); }), 0xC03A0001);
}

TEST(DamagedVhd, with_a_short_footer_of_old_programs_opens)
{
    MemoryFile file = small(Format::vhd, Kind::fixed);
    file.truncate(file.size() - 1);
    EXPECT_EQ(info(file).virtual_size, ByteSize::mib(4));
}

TEST(DamagedVhdx, opens_with_one_good_header_and_one_good_region_table)
{
    for (const std::uint64_t offset :
         {64 * kib + 20, 128 * kib + 20, 192 * kib + 40, 256 * kib + 40}) {
        EXPECT_EQ(code_with_damage_at(Format::vhdx, {offset}), "");
    }
}

TEST(DamagedVhdx, is_refused)
{
    EXPECT_EQ(code_with_damage_at(Format::vhdx, {0}), "vhd_format_unknown");
    EXPECT_EQ(code_with_damage_at(Format::vhdx, {64 * kib + 20, 128 * kib + 20}),
              "vhd_part_corrupt")
        << "headers";
    EXPECT_EQ(code_with_damage_at(Format::vhdx, {192 * kib + 40, 256 * kib + 40}),
              "vhd_part_corrupt")
        << "regions";
    EXPECT_EQ(code_with_damage_at(Format::vhdx, {2 * mib}), "vhd_part_corrupt") << "metadata table";
    EXPECT_EQ(code_with_damage_at(Format::vhdx, {2 * mib + 32}), "vhd_version_unsupported")
        << "a required item";
    EXPECT_EQ(code_with_damage_at(Format::vhdx, {2 * mib + 64 * kib}), "vhd_part_corrupt")
        << "block size";
    EXPECT_EQ(code_with_damage_at(Format::vhdx, {3 * mib}), "vhd_part_corrupt")
        << "BAT reserved bits";
    EXPECT_EQ(code_with_damage_at(Format::vhdx, {3 * mib + 4}), "vhd_part_corrupt")
        << "BAT beyond the end";
}

/// A VHDX whose log has to be replayed: what close() would have done is undone.
MemoryFile with_log(const Uuid& guid)
{
    MemoryFile file = small(Format::vhdx);
    auto view = borrowed(file);
    VhdxImage image = load_vhdx(view, false);
    image.header.log_guid = guid;
    write_headers(file, image);
    return file;
}

TEST(DamagedVhdx, whose_log_is_needed_but_holds_nothing_is_refused)
{
    MemoryFile file = with_log(*Uuid::parse("00000000-0000-4000-8000-000000000001"));
    EXPECT_EQ(code_of([&] { info(file); }), "vhd_log_unusable");
    const auto random = seeded_random(1);
    EXPECT_EQ(code_of([&] { open_writable(borrowed(file), *random); }), "vhd_log_unusable");
}

TEST(DamagedVhdx, that_is_shorter_than_its_log_says_is_refused)
{
    MemoryFile clean = small(Format::vhdx);
    // The entries are still in the log's place; the id in them makes them count again.
    MemoryFile file = with_log(get_guid(read_bytes(clean, mib, 64), 32));
    EXPECT_TRUE(info(file).needs_replay);
    file.truncate(file.size() - mib);
    EXPECT_EQ(code_of([&] { info(file); }), "vhd_file_truncated");
}

TEST(Detection, refuses_a_file_that_could_be_both)
{
    MemoryFile vhd =
        make_disk({.format = Format::vhd, .kind = Kind::fixed, .size = ByteSize::mib(4)});
    const auto random = seeded_random(1);
    Bytes sector(512);
    put_text(sector, 0, "vhdxfile"); // what a guest may write
    auto disk = open_writable(borrowed(vhd), *random);
    disk->write(0, sector);
    EXPECT_EQ(code_of([&] { info(vhd); }), "vhd_format_ambiguous");
    EXPECT_EQ(info(vhd, Format::vhd).virtual_size, ByteSize::mib(4));
    MemoryFile none{Bytes(4096)};
    EXPECT_EQ(code_of([&] { info(none); }), "vhd_format_unknown");
    MemoryFile empty;
    EXPECT_EQ(code_of([&] { info(empty); }), "vhd_format_unknown");
}

TEST(Damage, of_any_length_cut_off_never_does_more_than_throw)
{
    for (const Format format : {Format::vhd, Format::vhdx}) {
        MemoryFile file = small(format);
        const Bytes whole = read_bytes(file, 0, file.size());
        for (std::size_t length = 0; length < whole.size();
             length += length < 8192 ? 509 : 300'007) {
            exercise(ByteView{whole}.first(length));
        }
    }
}

/// Random damage to fields, with checksums made right again so that the parsers behind them are
/// reached.
TEST(Damage, of_random_fields_never_does_more_than_throw)
{
    const auto random = seeded_random(20261123);
    for (int round = 0; round < 150; ++round) {
        MemoryFile vhd = small(Format::vhd);
        auto place = *find_footer(vhd);
        auto header = DynamicHeader::parse(read_bytes(vhd, 512, dynamic_header_size));
        const auto spoil = [&](ByteSpan bytes) {
            bytes[random->below(bytes.size())] = static_cast<std::uint8_t>(random->next());
        };
        if (round % 2 == 0) {
            spoil(ByteSpan{place.footer.raw}.first(96));
            place.footer.seal();
        } else {
            spoil(ByteSpan{header.raw}.subspan(8, 32));
            header.seal();
        }
        vhd.write_at(0, place.footer.raw);
        vhd.write_at(place.offset, place.footer.raw);
        vhd.write_at(512, header.raw);
        exercise(read_bytes(vhd, 0, vhd.size()));

        MemoryFile clean = small(Format::vhdx);
        MemoryFile vhdx = with_log(get_guid(read_bytes(clean, mib, 64), 32));
        for (const std::uint64_t offset : {2 * mib, 2 * mib + 64 * kib, 3 * mib, mib}) {
            if (random->below(2) == 0) {
                Bytes part = read_bytes(vhdx, offset, 200);
                spoil(part);
                vhdx.write_at(offset, part);
            }
        }
        exercise(read_bytes(vhdx, 0, vhdx.size()));
    }
}

} // namespace
} // namespace watari::vhd
