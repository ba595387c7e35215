#include "vhd/disk_testing.hpp"
#include "vhd/image.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>

namespace watari::vhd {
namespace {

/// Every sort of disk without parent, small.
std::vector<NewDisk> sorts()
{
    const auto size = ByteSize::bytes(20 * mib + 8192);
    return {
        {.format = Format::vhd, .kind = Kind::fixed, .size = size},
        {.format = Format::vhd, .kind = Kind::dynamic, .size = size},
        {.format = Format::vhd,
         .kind = Kind::dynamic,
         .size = size,
         .block_size = ByteSize::kib(512)},
        {.format = Format::vhdx, .kind = Kind::fixed, .size = size, .block_size = ByteSize::mib(1)},
        {.format = Format::vhdx, .kind = Kind::fixed, .size = size},
        {.format = Format::vhdx, .kind = Kind::dynamic, .size = size},
        {.format = Format::vhdx,
         .kind = Kind::dynamic,
         .size = size,
         .block_size = ByteSize::mib(1)},
        {.format = Format::vhdx, .kind = Kind::dynamic, .size = size, .logical_sector_size = 4096},
    };
}

std::string name_of(const NewDisk& disk)
{
    return fmt::format("{} {} blocks of {}, sectors of {}", to_string(disk.format),
                       to_string(disk.kind), disk.block_size.human(), disk.logical_sector_size);
}

class EverySort : public testing::TestWithParam<NewDisk>
{
protected:
    EverySort() { SCOPED_TRACE(name_of(GetParam())); }

    std::unique_ptr<Disk> open_again() { return open_writable(borrowed(file_), *random_); }

    MemoryFile file_ = make_disk(GetParam());
    std::unique_ptr<Random> random_ = seeded_random(7);
    Contents contents_;
};

TEST_P(EverySort, is_what_was_asked_for)
{
    const Info facts = info(file_);
    EXPECT_EQ(facts.format, GetParam().format);
    EXPECT_EQ(facts.kind, GetParam().kind);
    EXPECT_EQ(facts.virtual_size, GetParam().size);
    EXPECT_EQ(facts.file_size.in_bytes(), file_.size());
    EXPECT_EQ(facts.logical_sector_size, GetParam().logical_sector_size);
    EXPECT_FALSE(facts.id.is_nil());
    EXPECT_FALSE(facts.parent);
    EXPECT_EQ(differences(*open_again(), contents_), "");
}

TEST_P(EverySort, keeps_what_is_written_and_grown)
{
    for (const std::uint64_t larger : {20 * mib + 12288, 33 * mib, 34 * mib, 170 * mib}) {
        auto disk = open_again();
        scribble(*disk, contents_, *random_, 20);
        disk->grow(ByteSize::bytes(larger));
        EXPECT_EQ(disk->size().in_bytes(), larger);
        EXPECT_EQ(differences(*disk, contents_), "");
        scribble(*disk, contents_, *random_, 10);
        disk->close();
        EXPECT_EQ(info(file_).virtual_size.in_bytes(), larger);
        EXPECT_EQ(differences(*open(borrowed(file_)), contents_), "");
    }
}

TEST_P(EverySort, refuses_access_outside_and_across_sectors)
{
    auto disk = open_again();
    const std::uint64_t size = disk->size().in_bytes();
    Bytes sector(4096);
    EXPECT_EQ(code_of([&] { disk->read(size, sector); }), "vhd_access_outside");
    EXPECT_EQ(code_of([&] { disk->read(~std::uint64_t{0} - 4095, sector); }), "vhd_access_outside");
    EXPECT_EQ(code_of([&] { disk->write(size - 512, sector); }), "vhd_access_outside");
    EXPECT_EQ(code_of([&] { disk->write(100, sector); }), "vhd_access_outside");
    EXPECT_EQ(code_of([&] { disk->grow(ByteSize::mib(4)); }), "vhd_shrink_refused");
}

TEST_P(EverySort, is_not_changed_through_a_reader)
{
    auto reader = open(borrowed(file_));
    const Bytes sector(4096, 1);
    EXPECT_EQ(code_of([&] { reader->write(0, sector); }), "vhd_opened_for_reading");
    EXPECT_EQ(code_of([&] { reader->grow(ByteSize::mib(64)); }), "vhd_opened_for_reading");
    auto closed = open_again();
    closed->close();
    EXPECT_EQ(code_of([&] { closed->write(0, sector); }), "vhd_opened_for_reading");
}

TEST_P(EverySort, is_copied_into_every_other_sort)
{
    auto disk = open_again();
    scribble(*disk, contents_, *random_, 30);
    for (NewDisk sort : sorts()) {
        sort.size = {};
        MemoryFile target;
        std::uint64_t last = 0;
        copy(*disk, target, sort, *random_, [&](ByteSize done, ByteSize total) {
            EXPECT_GT(done.in_bytes(), last);
            EXPECT_LE(done, total);
            last = done.in_bytes();
        });
        EXPECT_EQ(last, disk->size().in_bytes());
        EXPECT_NE(info(target).id, disk->info().id);
        EXPECT_EQ(differences(*open(borrowed(target)), contents_), "") << name_of(sort);
        if (sort.kind == Kind::dynamic && sort.block_size != ByteSize{}) {
            EXPECT_LT(target.size(), 40 * mib);
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Disk, EverySort, testing::ValuesIn(sorts()));

TEST(Disk, of_a_real_file_is_like_one_in_memory)
{
    const auto folder = std::filesystem::path{testing::TempDir()} / "watari_vhd_real";
    std::filesystem::remove_all(folder);
    std::filesystem::create_directories(folder);
    const auto random = seeded_random(3);
    for (const NewDisk& sort : sorts()) {
        const auto path = folder / "disk";
        std::filesystem::remove(path);
        Contents contents;
        create(*open_file(path, FileMode::create), sort, *random);
        auto disk = open_writable(open_file(path, FileMode::write), *random);
        scribble(*disk, contents, *random, 10);
        disk->grow(ByteSize::mib(50));
        disk->close();
        EXPECT_EQ(differences(*open(open_file(path, FileMode::read)), contents), "")
            << name_of(sort);
    }
    EXPECT_EQ(code_of([&] { open_file(folder / "none", FileMode::read); }), "vhd_file_failed");
    EXPECT_EQ(code_of([&] { open_file(folder / "disk", FileMode::create); }), "vhd_file_failed");
    std::filesystem::remove_all(folder);
}

TEST(Disk, of_64_tib_takes_no_more_than_its_tables)
{
    MemoryFile file = make_disk({.format = Format::vhdx, .size = ByteSize::tib(64)});
    const auto random = seeded_random(1);
    auto disk = open_writable(borrowed(file), *random);
    const Bytes data(4096, 7);
    disk->write(64 * tib - 4096, data);
    disk->close();
    EXPECT_LT(file.bytes_used(), mib);
    Bytes found(4096);
    open(borrowed(file))->read(64 * tib - 4096, found);
    EXPECT_EQ(found, data);
}

TEST(Disk, is_not_made_over_another_or_with_wrong_values)
{
    const auto random = seeded_random(1);
    MemoryFile used = make_disk({.size = ByteSize::mib(4)});
    EXPECT_EQ(code_of([&] { create(used, {.size = ByteSize::mib(4)}, *random); }),
              "vhd_file_not_empty");
    MemoryFile file;
    const auto refused = [&](const NewDisk& disk) {
        return code_of([&] { create(file, disk, *random); });
    };
    EXPECT_EQ(refused({.kind = Kind::differencing, .size = ByteSize::mib(4)}),
              "vhd_kind_not_fitting");
    EXPECT_EQ(refused({.size = ByteSize::mib(2)}), "vhd_size_not_allowed");
    EXPECT_EQ(refused({.size = ByteSize::mib(4), .block_size = ByteSize::mib(3)}),
              "vhd_block_size_not_allowed");
    EXPECT_EQ(refused({.size = ByteSize::mib(4), .physical_sector_size = 1}),
              "vhd_sector_size_not_allowed");
    MemoryFile parent = make_disk({.size = ByteSize::mib(4)});
    EXPECT_EQ(refused({.kind = Kind::differencing,
                       .parent = NewParent{.info = info(parent), .paths = {}, .modified = {}}}),
              "vhd_parent_path_missing");
    EXPECT_EQ(file.size(), 0U);
}

/// Makes the disk smaller without touching its blocks, as no writer here does.
void cut(MemoryFile& file, std::uint64_t size)
{
    if (info(file).format == Format::vhd) {
        auto place = *find_footer(file);
        place.footer.resize(size);
        file.write_at(place.offset, place.footer.raw);
        file.write_at(0, place.footer.raw);
        return;
    }
    auto view = borrowed(file);
    const VhdxImage image = load_vhdx(view, false);
    Bytes number(8);
    put_little<std::uint64_t>(number, 0, size);
    file.write_at(image.regions.metadata.offset + image.metadata.size_offset, number);
}

TEST(Disk, shows_zeros_where_old_data_lay_behind_the_end)
{
    const auto random = seeded_random(1);
    for (const Format format : {Format::vhd, Format::vhdx}) {
        MemoryFile file = make_disk(
            {.format = format, .size = ByteSize::mib(12), .block_size = ByteSize::mib(2)});
        auto disk = open_writable(borrowed(file), *random);
        Contents contents;
        const Bytes old(4 * mib, 0xEE);
        disk->write(3 * mib, old);
        disk->close();
        contents.put(3 * mib, ByteView{old}.first(2 * mib));
        cut(file, 5 * mib);

        disk = open_writable(borrowed(file), *random);
        EXPECT_EQ(disk->size(), ByteSize::mib(5));
        disk->grow(ByteSize::bytes(5 * mib + 512 * kib));
        EXPECT_EQ(differences(*disk, contents), "");
        disk->grow(ByteSize::mib(20));
        Bytes found(mib);
        disk->read(5 * mib, found);
        EXPECT_TRUE(is_zero(found));
        disk->read(6 * mib, found);
        EXPECT_TRUE(is_zero(found));
    }
}

TEST(Disk, in_saved_state_does_not_grow)
{
    MemoryFile file = make_disk({.format = Format::vhd, .size = ByteSize::mib(4)});
    auto place = *find_footer(file);
    place.footer.raw[84] = 1;
    place.footer.seal();
    file.write_at(place.offset, place.footer.raw);
    file.write_at(0, place.footer.raw);
    EXPECT_TRUE(info(file).in_saved_state);
    const auto random = seeded_random(1);
    auto disk = open_writable(borrowed(file), *random);
    EXPECT_EQ(hresult_of([&] { disk->grow(ByteSize::mib(8)); }), 0xC03A001C);
}

TEST(Disk, changes_its_data_write_guid_with_the_first_change_only)
{
    MemoryFile file = make_disk({.size = ByteSize::mib(4)});
    const auto random = seeded_random(9);
    const Uuid before = info(file).link_id;
    open_writable(borrowed(file), *random)->close();
    EXPECT_EQ(info(file).link_id, before);
    auto disk = open_writable(borrowed(file), *random);
    disk->write(0, Bytes(512));
    const Uuid after = disk->info().link_id;
    EXPECT_NE(after, before);
    disk->write(0, Bytes(512));
    disk->close();
    EXPECT_EQ(info(file).link_id, after);
}

class Chain : public testing::TestWithParam<Format>
{
protected:
    Chain()
    {
        write("base", base_, {});
        child_ = make_child(base_, 11, "base");
        write("child", child_, options());
        leaf_ = make_child(child_, 12, "child");
    }

    OpenOptions options()
    {
        return {.location = "leaf",
                .parents = parents_among({{"base", &base_}, {"child", &child_}})};
    }

    void write(const char*, MemoryFile& file, const OpenOptions& options)
    {
        auto disk = open_writable(borrowed(file), *random_, options);
        scribble(*disk, contents_, *random_, 25);
        disk->close();
    }

    std::unique_ptr<Random> random_ = seeded_random(5);
    Contents contents_;
    MemoryFile base_ = make_disk(
        {.format = GetParam(), .size = ByteSize::mib(41), .block_size = ByteSize::mib(2)});
    MemoryFile child_;
    MemoryFile leaf_;
};

TEST_P(Chain, reads_as_the_sum_of_its_disks)
{
    EXPECT_EQ(differences(*open(borrowed(leaf_), options()), contents_), "");
    write("leaf", leaf_, options());
    EXPECT_EQ(differences(*open(borrowed(leaf_), options()), contents_), "");
    write("leaf", leaf_, options());
    EXPECT_EQ(differences(*open(borrowed(leaf_), options()), contents_), "");
}

TEST_P(Chain, takes_single_sectors_and_whole_blocks)
{
    auto disk = open_writable(borrowed(leaf_), *random_, options());
    const Bytes block = random_bytes(*random_, 2 * mib);
    disk->write(4 * mib, block);
    contents_.put(4 * mib, block);
    Bytes unit = contents_.get(10 * mib, 4096);
    const Bytes sector(512, 0x77);
    std::ranges::copy(sector, unit.begin() + 1024);
    disk->write(10 * mib + 1024, sector);
    contents_.put(10 * mib, unit);
    disk->close();
    EXPECT_EQ(differences(*open(borrowed(leaf_), options()), contents_), "");
}

TEST_P(Chain, knows_its_parents)
{
    const Info facts = info(leaf_);
    EXPECT_EQ(facts.kind, Kind::differencing);
    ASSERT_TRUE(facts.parent);
    EXPECT_EQ(facts.parent->id, info(child_).link_id);
    EXPECT_EQ(facts.parent->paths.relative, ".\\child");
    EXPECT_EQ(facts.parent->paths.absolute, "D:\\img\\child");
    if (GetParam() == Format::vhd) {
        EXPECT_EQ(facts.parent->paths.name, "child");
        EXPECT_EQ(facts.parent->modified, test_time);
    } else {
        EXPECT_EQ(facts.id, info(base_).id);
    }
}

TEST_P(Chain, is_copied_into_one_disk)
{
    write("leaf", leaf_, options());
    auto leaf = open(borrowed(leaf_), options());
    for (const Format format : {Format::vhd, Format::vhdx}) {
        MemoryFile target;
        copy(*leaf, target, {.format = format}, *random_);
        EXPECT_FALSE(info(target).parent);
        EXPECT_EQ(differences(*open(borrowed(target)), contents_), "");
    }
    MemoryFile target;
    EXPECT_EQ(code_of([&] {
                  copy(*leaf, target, {.format = GetParam(), .kind = Kind::differencing}, *random_);
              }),
              "vhd_kind_not_fitting");
    EXPECT_EQ(code_of([&] { copy(*leaf, target, {.size = ByteSize::mib(4)}, *random_); }),
              "vhd_shrink_refused");
}

TEST_P(Chain, refuses_a_parent_that_is_missing_or_another)
{
    Bytes data(41 * mib);
    EXPECT_EQ(hresult_of([&] { open(borrowed(leaf_))->read(0, data); }), 0xC03A000D);
    const OpenOptions none{
        .parents = [](const std::string&, const ParentLink&) { return ParentFile{}; }};
    EXPECT_EQ(hresult_of([&] { open(borrowed(leaf_), none); }), 0xC03A000D);
    MemoryFile other = make_disk({.format = GetParam(), .size = ByteSize::mib(41)}, 99);
    const OpenOptions foreign{.parents = parents_among({{"base", &base_}, {"child", &other}})};
    EXPECT_EQ(hresult_of([&] { open(borrowed(leaf_), foreign); }), 0xC03A000E);
    const OpenOptions circle{.parents = parents_among({{"base", &base_}, {"child", &leaf_}})};
    EXPECT_EQ(hresult_of([&] { open(borrowed(leaf_), circle); }), 0xC03A0018);
}

TEST_P(Chain, is_merged_level_by_level)
{
    write("leaf", leaf_, options());
    const Contents all = contents_;
    auto leaf = open(borrowed(leaf_));
    auto child = open_writable(borrowed(child_), *random_);
    merge(*leaf, *child);
    child->close();
    EXPECT_EQ(differences(*open(borrowed(child_), options()), all), "");

    auto base = open_writable(borrowed(base_), *random_);
    std::uint64_t done_last = 0;
    merge(*open(borrowed(child_)), *base,
          [&](ByteSize done, ByteSize) { done_last = done.in_bytes(); });
    merge(*open(borrowed(child_)), *base);
    EXPECT_EQ(done_last, base->size().in_bytes());
    EXPECT_EQ(differences(*base, all), "");
    base->close();
    EXPECT_EQ(differences(*open(borrowed(base_)), all), "");
    MemoryFile other = make_disk({.format = GetParam() == Format::vhd ? Format::vhdx : Format::vhd,
                                  .size = ByteSize::mib(41)});
    EXPECT_EQ(code_of([&] { merge(*open(borrowed(child_)), *open(borrowed(other))); }),
              "vhd_parent_unlike");
}

TEST_P(Chain, gets_another_parent)
{
    auto child = open(borrowed(child_), options());
    MemoryFile whole;
    copy(*child, whole, {.format = GetParam()}, *random_);
    const NewParent parent{
        .info = info(whole),
        .paths = {.relative = ".\\" + std::string(300, 'x') + "\\whole", .absolute = "E:\\whole"},
        .modified = test_time};
    set_parent(leaf_, parent, *random_);
    const Info facts = info(leaf_);
    EXPECT_EQ(facts.parent->id, info(whole).link_id);
    EXPECT_EQ(facts.parent->paths.relative, parent.paths.relative);
    EXPECT_EQ(facts.parent->paths.absolute, parent.paths.absolute);
    EXPECT_FALSE(facts.needs_replay);
    const OpenOptions found{.parents = [&](const std::string&, const ParentLink&) {
        return ParentFile{.file = borrowed(whole), .location = "whole"};
    }};
    EXPECT_EQ(differences(*open(borrowed(leaf_), found), contents_), "");
    write("leaf", leaf_, found);
    EXPECT_EQ(differences(*open(borrowed(leaf_), found), contents_), "");

    EXPECT_EQ(code_of([&] { set_parent(whole, parent, *random_); }), "vhd_kind_not_fitting");
    MemoryFile larger = make_disk({.format = GetParam(), .size = ByteSize::mib(80)});
    const NewParent too_large{.info = info(larger), .paths = parent.paths, .modified = {}};
    EXPECT_EQ(code_of([&] { set_parent(leaf_, too_large, *random_); }),
              GetParam() == Format::vhd ? "vhd_parent_size_mismatch" : "");
}

TEST_P(Chain, says_what_its_leaf_holds)
{
    auto leaf = open_writable(borrowed(leaf_), *random_, options());
    EXPECT_TRUE(leaf->held(0, 41 * mib).empty());
    leaf->write(3 * mib, Bytes(8192));
    leaf->write(5 * mib - 4096, Bytes(4096));
    const std::vector<Extent> all{{.offset = 3 * mib, .length = 8192},
                                  {.offset = 5 * mib - 4096, .length = 4096}};
    EXPECT_EQ(leaf->held(0, 41 * mib), all);
    const std::vector<Extent> second{{.offset = 3 * mib + 4096, .length = 4096}};
    EXPECT_EQ(leaf->held(3 * mib + 4096, mib), second);
}

INSTANTIATE_TEST_SUITE_P(Disk, Chain, testing::Values(Format::vhd, Format::vhdx));

TEST(VhdChild, does_not_grow_and_notices_a_grown_parent)
{
    const auto random = seeded_random(2);
    MemoryFile base = make_disk({.format = Format::vhd, .size = ByteSize::mib(10)});
    MemoryFile child = make_child(base, 3, "base");
    const OpenOptions options{.parents = parents_among({{"base", &base}})};
    auto disk = open_writable(borrowed(child), *random, options);
    EXPECT_EQ(hresult_of([&] { disk->grow(ByteSize::mib(20)); }), 0xC03A001B);
    open_writable(borrowed(base), *random)->grow(ByteSize::mib(20));
    EXPECT_EQ(hresult_of([&] { open(borrowed(child), options); }), 0xC03A0017);
}

TEST(VhdxChild, grows_past_its_parent_and_shows_zeros_there)
{
    const auto random = seeded_random(2);
    Contents contents;
    MemoryFile base = make_disk({.size = ByteSize::mib(10)});
    auto parent = open_writable(borrowed(base), *random);
    scribble(*parent, contents, *random, 30);
    parent->close();
    MemoryFile child = make_child(base, 3, "base");
    const OpenOptions options{.parents = parents_among({{"base", &base}})};
    auto disk = open_writable(borrowed(child), *random, options);
    disk->grow(ByteSize::mib(35));
    EXPECT_EQ(differences(*disk, contents), "");
    scribble(*disk, contents, *random, 30);
    disk->close();
    EXPECT_EQ(differences(*open(borrowed(child), options), contents), "");
}

TEST(VhdxChild, that_grew_makes_its_parent_grow_when_merged)
{
    const auto random = seeded_random(2);
    Contents contents;
    MemoryFile base = make_disk({.size = ByteSize::mib(10)});
    MemoryFile child = make_child(base, 3, "base");
    auto disk =
        open_writable(borrowed(child), *random, {.parents = parents_among({{"base", &base}})});
    disk->grow(ByteSize::mib(35));
    scribble(*disk, contents, *random, 30);
    auto parent = open_writable(borrowed(base), *random);
    merge(*disk, *parent);
    EXPECT_EQ(parent->size(), ByteSize::mib(35));
    EXPECT_EQ(differences(*parent, contents), "");
}

TEST(VhdxChild, notices_a_changed_parent)
{
    const auto random = seeded_random(2);
    MemoryFile base = make_disk({.size = ByteSize::mib(10)});
    MemoryFile child = make_child(base, 3, "base");
    open_writable(borrowed(base), *random)->write(0, Bytes(512));
    EXPECT_EQ(
        hresult_of([&] { open(borrowed(child), {.parents = parents_among({{"base", &base}})}); }),
        0xC03A000E);
}

TEST(VhdxGrow, moves_a_bat_that_is_too_small)
{
    const auto random = seeded_random(4);
    Contents contents;
    MemoryFile file = make_disk({.size = ByteSize::gib(100), .block_size = ByteSize::mib(1)});
    auto disk = open_writable(borrowed(file), *random);
    scribble(*disk, contents, *random, 40);
    disk->grow(ByteSize::gib(300));
    scribble(*disk, contents, *random, 40);
    disk->close();
    disk = open_writable(borrowed(file), *random);
    EXPECT_EQ(disk->size(), ByteSize::gib(300));
    EXPECT_EQ(differences(*disk, contents), "");
}

TEST(VhdGrow, moves_a_table_that_is_too_small_up_to_the_limit)
{
    const auto random = seeded_random(4);
    Contents contents;
    MemoryFile file = make_disk({.format = Format::vhd, .size = ByteSize::gib(1)});
    for (const std::uint64_t size : {10 * gib, 127 * gib, 2040 * gib}) {
        auto disk = open_writable(borrowed(file), *random);
        scribble(*disk, contents, *random, 20);
        disk->grow(ByteSize::bytes(size));
        scribble(*disk, contents, *random, 20);
        disk->close();
        EXPECT_EQ(differences(*open(borrowed(file)), contents), "");
    }
    EXPECT_EQ(info(file).virtual_size, ByteSize::gib(2040));
}

} // namespace
} // namespace watari::vhd
