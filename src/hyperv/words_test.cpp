#include "hyperv/words.hpp"

#include "core/error.hpp"

#include <gtest/gtest.h>

namespace watari::hyperv {
namespace {

OwnershipMark mark(std::uint64_t seed)
{
    auto random = seeded_random(seed);
    return {SiteId{Uuid::random(*random)}, VmId{Uuid::random(*random)}};
}

TEST(OwnershipMark, is_found_among_other_lines_and_leaves_them_alone)
{
    const auto ours = mark(1);
    const std::string notes = with_mark("#CLUSTER-INVARIANT#:{guid}\nbought in May\n", ours);
    EXPECT_EQ(mark_in(notes), ours);
    EXPECT_EQ(notes, "#CLUSTER-INVARIANT#:{guid}\nbought in May\n" + ours.line());
    EXPECT_EQ(with_mark(notes, ours), notes);
    EXPECT_EQ(mark_in(with_mark(notes, mark(2))), mark(2));
}

TEST(OwnershipMark, near_misses_are_not_marks)
{
    const auto line = mark(1).line();
    EXPECT_EQ(mark_in(line.substr(0, line.size() - 1)), std::nullopt);
    EXPECT_EQ(mark_in("x" + line), std::nullopt);
    EXPECT_EQ(mark_in("watari:2:" + line.substr(9)), std::nullopt);
    EXPECT_EQ(mark_in(""), std::nullopt);
    EXPECT_EQ(mark_in("text\r\n" + line + "\r\n"), mark(1));
}

TEST(HostPath, compares_as_windows_does)
{
    EXPECT_TRUE(same_path("D:\\Watari\\a.VHD", "d:/watari/A.vhd"));
    EXPECT_FALSE(same_path("D:\\a.vhd", "D:\\a.vhdx"));
    EXPECT_EQ(file_name("D:\\watari\\a.vhd"), "a.vhd");
    EXPECT_EQ(folder_of("D:\\watari\\a.vhd"), "D:\\watari");
    EXPECT_EQ(drive_of("D:\\watari"), "D:");
}

TEST(HostPath, must_be_local)
{
    EXPECT_NO_THROW(require_local("D:\\watari\\a.vhd"));
    for (const char* bad : {"\\\\server\\share\\a.vhd", "a.vhd", "D:a.vhd", "D:\\..\\a.vhd",
                            "D:\\a?.vhd", "", "D:\\a\nb"}) {
        EXPECT_THROW(require_local(bad), Error) << bad;
    }
}

TEST(MacAddress, reads_every_spelling)
{
    EXPECT_EQ(MacAddress::parse("02-15-5d-01-02-03")->digits, "02155D010203");
    EXPECT_EQ(MacAddress::parse("02155D010203")->colons(), "02:15:5d:01:02:03");
    EXPECT_EQ(MacAddress::parse("02155D01020"), std::nullopt);
    EXPECT_EQ(MacAddress::parse("02155D01020G"), std::nullopt);
}

TEST(Capabilities, name_what_is_missing)
{
    Capabilities capabilities;
    capabilities.set(Capability::vhdx, true, "Format accepts 3");
    EXPECT_NO_THROW(capabilities.require(Capability::vhdx, "hv1"));
    EXPECT_THROW(capabilities.require(Capability::grow_online, "hv1"), Error);
}

} // namespace
} // namespace watari::hyperv
