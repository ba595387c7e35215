#include "vhd/crc32c.hpp"
#include "vhd/disk_testing.hpp"
#include "vhd/utf16.hpp"
#include "vhd/vhd_format.hpp"
#include "vhd/vhdx_format.hpp"

#include <gtest/gtest.h>

namespace watari::vhd {
namespace {

Uuid counting_uuid(std::uint8_t first)
{
    Uuid uuid;
    for (std::uint8_t i = 0; i < 16; ++i) {
        uuid.bytes[i] = static_cast<std::uint8_t>(first + i);
    }
    return uuid;
}

const WallTime vhd_epoch = wall_time_of(0);

TEST(Crc32c, has_the_published_values)
{
    const std::string digits = "123456789";
    EXPECT_EQ(crc32c(Bytes(digits.begin(), digits.end())), 0xE3069283U);
    EXPECT_EQ(crc32c(Bytes(4096)), 0x98F94189U);
    EXPECT_EQ(crc32c(Bytes(32, 0xFF)), 0x62A8AB43U);
}

TEST(VhdFooter, has_the_measured_checksums)
{
    const Footer fixed = Footer::make(Kind::fixed, 104857600, counting_uuid(0), vhd_epoch);
    EXPECT_EQ(get_big<std::uint32_t>(fixed.raw, 56), 0x03EB0C11U);
    EXPECT_EQ(get_big<std::uint32_t>(fixed.raw, 64), 0xFFFFEFC4U);
    const Footer dynamic = Footer::make(Kind::dynamic, 104857600, counting_uuid(0), vhd_epoch);
    EXPECT_EQ(get_big<std::uint32_t>(dynamic.raw, 64), 0xFFFFF7B9U);
}

TEST(VhdDynamicHeader, has_the_checksum_that_qemu_img_writes)
{
    const DynamicHeader header = DynamicHeader::make(1536, 50, 2 * 1024 * 1024);
    EXPECT_EQ(get_big<std::uint32_t>(header.raw, 36), 0xFFFFF445U);
}

TEST(VhdGeometry, is_that_of_the_specification)
{
    const auto geometry = [](std::uint16_t c, std::uint8_t h, std::uint8_t s) {
        return Geometry{.cylinders = c, .heads = h, .sectors = s};
    };
    EXPECT_EQ(geometry_of(3 * mib), geometry(90, 4, 17));
    EXPECT_EQ(geometry_of(100 * mib), geometry(1003, 12, 17));
    EXPECT_EQ(geometry_of(gib), geometry(2080, 16, 63));
    EXPECT_EQ(geometry_of(40 * gib), geometry(20560, 16, 255));
    EXPECT_EQ(geometry_of(127 * gib), geometry(65278, 16, 255));
    EXPECT_EQ(geometry_of(2040 * gib), geometry(65535, 16, 255));
}

TEST(VhdTime, counts_from_the_year_2000)
{
    EXPECT_EQ(vhd_time(test_time), 1'400'000'000U - 946'684'800U);
    EXPECT_EQ(wall_time_of(vhd_time(test_time)), test_time);
    EXPECT_EQ(vhd_time(WallTime{}), 0U);
}

TEST(VhdxHeader, has_the_measured_checksum)
{
    // The vector's ids are given as bytes on disk, which are not in printed order.
    const VhdxHeader header{.sequence = 1,
                            .file_write_guid = swapped_guid(counting_uuid(0)),
                            .data_write_guid = swapped_guid(counting_uuid(0x10)),
                            .log_guid = {},
                            .log_length = mib,
                            .log_offset = mib};
    const Bytes bytes = header.encode();
    EXPECT_EQ(get_big<std::uint32_t>(bytes, 4), 0xB9F1B97DU);
    EXPECT_EQ(VhdxHeader::parse(bytes)->data_write_guid, header.data_write_guid);
}

TEST(VhdxRegionTable, has_the_measured_checksum_and_ids)
{
    const RegionTable table =
        RegionTable::make({.offset = 3 * mib, .length = mib}, {.offset = 2 * mib, .length = mib});
    EXPECT_EQ(get_little<std::uint32_t>(table.raw, 4), 0xC66B8CAEU);
    const Bytes bat_id{0x66, 0x77, 0xC2, 0x2D, 0x23, 0xF6, 0x00, 0x42,
                       0x9D, 0x64, 0x11, 0x5E, 0x9B, 0xFD, 0x4A, 0x08};
    EXPECT_TRUE(std::ranges::equal(ByteView{table.raw}.subspan(16, 16), bat_id));
}

TEST(VhdxBat, has_the_computed_numbers_of_entries)
{
    const auto entries = [](std::uint64_t size, std::uint64_t block, bool has_parent,
                            std::uint32_t sector = 512) {
        return BatMap{
            .size = size, .block_size = block, .sector_size = sector, .has_parent = has_parent}
            .entries();
    };
    EXPECT_EQ(entries(40 * gib, 32 * mib, false), 1289U);
    EXPECT_EQ(entries(40 * gib, 32 * mib, true), 1290U);
    EXPECT_EQ(entries(40 * gib, 2 * mib, false), 20489U);
    EXPECT_EQ(entries(40 * gib, 2 * mib, true), 20490U);
    EXPECT_EQ(entries(64 * tib, 32 * mib, false), 2113535U);
    EXPECT_EQ(entries(64 * tib, 32 * mib, true), 2113536U);
    EXPECT_EQ(entries(40 * gib, 32 * mib, false, 4096), 1281U);
    EXPECT_EQ(entries(40 * gib, 32 * mib, true, 4096), 2050U);
    EXPECT_EQ((BatMap{.size = 64 * tib, .block_size = 32 * mib}.region_length()), 17 * mib);
}

TEST(VhdxBat, keeps_every_entry_in_place_when_the_disk_grows)
{
    const BatMap small{
        .size = 40 * gib, .block_size = 2 * mib, .sector_size = 512, .has_parent = true};
    BatMap large = small;
    large.size = 400 * gib;
    EXPECT_EQ(small.payload_index(5000), large.payload_index(5000));
    EXPECT_EQ(small.bitmap_index(3), large.bitmap_index(3));
    EXPECT_EQ(small.bitmap_index(0), 2048U);
    EXPECT_EQ(small.payload_index(2048), 2049U);
}

TEST(VhdxParentLocator, keeps_id_and_paths)
{
    const ParentLink link{.id = counting_uuid(3),
                          .paths = {.relative = R"(..\img\親.vhdx)",
                                    .absolute = R"(D:\img\親.vhdx)",
                                    .volume = R"(\\?\Volume{guid}\img\x.vhdx)",
                                    .name = {}},
                          .modified = {}};
    const ParentLink found = parse_parent_locator(encode_parent_locator(link));
    EXPECT_EQ(found.id, link.id);
    EXPECT_EQ(found.paths.relative, link.paths.relative);
    EXPECT_EQ(found.paths.absolute, link.paths.absolute);
    EXPECT_EQ(found.paths.volume, link.paths.volume);
}

TEST(Utf16, takes_and_gives_every_character_and_survives_nonsense)
{
    const std::string text = "C:\\渡り\\\xF0\x9F\x90\xA6.vhd";
    for (const Endian endian : {Endian::big, Endian::little}) {
        EXPECT_EQ(from_utf16(to_utf16(text, endian), endian), text);
    }
    EXPECT_EQ(from_utf16(Bytes{0xD8, 0x00, 0x00, 0x41, 0x00}, Endian::big), "\xEF\xBF\xBD"
                                                                            "A");
    EXPECT_EQ(from_utf16(to_utf16("a\xFF\xC3", Endian::big), Endian::big),
              "a\xEF\xBF\xBD\xEF\xBF\xBD");
}

TEST(Limits, refuse_what_a_host_refuses_with_its_code)
{
    const auto bytes = ByteSize::bytes;
    const auto refuses = [](auto act) { return hresult_of(act); };
    EXPECT_EQ(refuses([&] { check_creatable(Format::vhd, Kind::dynamic, bytes(3 * mib - 512)); }),
              0xC03A0012);
    EXPECT_EQ(
        refuses([&] { check_creatable(Format::vhd, Kind::dynamic, bytes(2040 * gib + 512)); }),
        0xC03A0012);
    EXPECT_EQ(refuses([&] { check_creatable(Format::vhdx, Kind::fixed, bytes(64 * tib + 512)); }),
              0xC03A0012);
    EXPECT_EQ(code_of([&] { check_creatable(Format::vhdx, Kind::fixed, bytes(3 * mib + 1)); }),
              "vhd_size_not_sectors");
    EXPECT_EQ(code_of([&] { check_creatable(Format::vhd, Kind::fixed, bytes(4 * mib), 4096); }),
              "vhd_sector_size_not_allowed");
    EXPECT_NO_THROW(check_creatable(Format::vhd, Kind::dynamic, bytes(2040 * gib)));
    EXPECT_NO_THROW(check_creatable(Format::vhdx, Kind::dynamic, bytes(64 * tib)));
    EXPECT_EQ(refuses([&] { check_block_size(Format::vhd, Kind::dynamic, bytes(mib)); }),
              0xC03A000B);
    EXPECT_EQ(refuses([&] { check_block_size(Format::vhdx, Kind::dynamic, bytes(3 * mib)); }),
              0xC03A000B);
    EXPECT_NO_THROW(check_block_size(Format::vhd, Kind::dynamic, bytes(512 * kib)));

    EXPECT_EQ(refuses([&] {
                  check_growable(Format::vhd, Kind::differencing, bytes(4 * mib), bytes(8 * mib));
              }),
              0xC03A001B);
    EXPECT_EQ(
        refuses([&] { check_growable(Format::vhd, Kind::fixed, bytes(8 * mib), bytes(4 * mib)); }),
        0xC03A0025);
    EXPECT_EQ(
        refuses([&] { check_growable(Format::vhd, Kind::fixed, bytes(8 * mib), bytes(3 * tib)); }),
        0xC03A0012);
    EXPECT_NO_THROW(
        check_growable(Format::vhdx, Kind::differencing, bytes(4 * mib), bytes(8 * mib)));
}

TEST(Limits, know_the_file_size_of_a_new_disk)
{
    for (const Format format : {Format::vhd, Format::vhdx}) {
        for (const Kind kind : {Kind::fixed, Kind::dynamic}) {
            for (const std::uint64_t size : {3 * mib, 100 * mib, 40 * gib}) {
                MemoryFile file =
                    make_disk({.format = format, .kind = kind, .size = ByteSize::bytes(size)});
                EXPECT_EQ(new_file_size(format, kind, ByteSize::bytes(size)).in_bytes(),
                          file.size());
            }
        }
        MemoryFile parent = make_disk({.format = format, .size = ByteSize::mib(100)});
        MemoryFile child = make_child(parent, 2, "base");
        EXPECT_EQ(new_file_size(format, Kind::differencing, ByteSize::mib(100)).in_bytes(),
                  child.size());
    }
}

TEST(Format, follows_the_end_of_the_name)
{
    EXPECT_EQ(format_named(R"(D:\a.VHD)"), Format::vhd);
    EXPECT_EQ(format_named(R"(D:\a_1CE6964B.avhd)"), Format::vhd);
    EXPECT_EQ(format_named("a.vhdx"), Format::vhdx);
    EXPECT_EQ(format_named("a.avhdx"), Format::vhdx);
    EXPECT_EQ(format_named("a.iso"), std::nullopt);
}

} // namespace
} // namespace watari::vhd
