#include "hyperv/ownership.hpp"

#include "core/error.hpp"

#include <gtest/gtest.h>

namespace watari::hyperv {
namespace {

OwnershipMark mark_number(char last)
{
    const auto id = [last](char first) {
        return *Uuid::parse(std::string{first} + "0000000-0000-0000-0000-00000000000" + last);
    };
    return {.site = SiteId{id('a')}, .vm = VmId{id('b')}};
}

const OwnershipMark ours = mark_number('1');
const OwnershipMark others = mark_number('2');
const HostPath folder = "D:\\VMs\\b0000000-0000-0000-0000-000000000001";

VmRef recorded()
{
    return {.mark = ours, .folder = folder};
}

VmRef found_by_mark()
{
    return {.mark = ours, .folder = folder, .guid_is_recorded = false};
}

TEST(Ownership, of_a_recorded_guid_needs_mark_birth_name_or_folder)
{
    EXPECT_TRUE(is_proven(recorded(), {.notes = with_mark("", ours)}));
    EXPECT_TRUE(is_proven(recorded(), {.has_birth_name = true}));
    EXPECT_TRUE(is_proven(recorded(), {.folder = folder}));
    EXPECT_FALSE(is_proven(recorded(), {.folder = "D:\\VMs\\other"}));
}

TEST(Ownership, of_what_was_found_by_its_mark_needs_the_folder_too)
{
    EXPECT_FALSE(is_proven(found_by_mark(), {.notes = with_mark("", ours)}));
    EXPECT_FALSE(
        is_proven(found_by_mark(), {.notes = with_mark("", ours), .has_birth_name = true}));
    EXPECT_FALSE(is_proven(found_by_mark(), {.folder = folder}));
    EXPECT_TRUE(is_proven(found_by_mark(), {.notes = with_mark("", ours), .folder = folder}));
    EXPECT_TRUE(is_proven(found_by_mark(), {.folder = folder, .has_birth_name = true}));
}

TEST(Ownership, is_denied_by_the_mark_of_another)
{
    const SeenVm seen{.notes = with_mark("", others), .folder = folder, .has_birth_name = true};
    EXPECT_FALSE(is_proven(recorded(), seen));
    EXPECT_THROW(prove_ownership(recorded(), seen), Error);
}

TEST(Ownership, a_birth_name_says_which_vm_it_is_of)
{
    const VmId vm{Uuid::parse("019b76da-a865-77fc-a11b-b4beda380a07").value()};
    EXPECT_EQ(birth_name(vm), "watari-019b76da-a865-77fc-a11b-b4beda380a07");
    EXPECT_EQ(born_as(birth_name(vm)), vm);
    EXPECT_EQ(born_as("WATARI-019B76DA-A865-77FC-A11B-B4BEDA380A07"), vm);
    EXPECT_FALSE(born_as("watari-web1"));
    EXPECT_FALSE(born_as("web1"));
}

} // namespace
} // namespace watari::hyperv
