#include "api/call.hpp"
#include "api/router.hpp"

#include <gtest/gtest.h>

namespace watari::api {
namespace {

TEST(Router, finds_routes_and_decodes_their_parameters)
{
    const auto match = match_route("POST", "/v1/vms/web%207/start");
    EXPECT_EQ(match.route->name, "start_vm");
    ASSERT_EQ(match.parameters.size(), 1U);
    EXPECT_EQ(match.parameters[0].second, "web 7");
    EXPECT_EQ(match_route("GET", "/v1/vms").route->name, "list_vms");
}

TEST(Router, tells_an_unknown_path_from_a_wrong_method)
{
    for (const char* path : {"/v1/vm", "/v1/vms/", "/v1/vms/a/b", "/", "", "/v1/vms/a/start/",
                             "//v1/vms", "/v1/vms/%zz"}) {
        EXPECT_THROW(match_route("GET", path), Error) << path;
    }
    try {
        match_route("PUT", "/v1/vms");
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), "method_not_allowed");
    }
}

TEST(Router, splits_the_query)
{
    const auto target = parse_target("/v1/vms?page_size=5&page_token=a%20b");
    EXPECT_EQ(target.path, "/v1/vms");
    ASSERT_EQ(target.query.size(), 2U);
    EXPECT_EQ(target.query[1].second, "a b");
    EXPECT_THROW(parse_target("no slash"), Error);
}

TEST(Prefer, reads_only_whole_seconds_up_to_the_limit)
{
    EXPECT_EQ(wait_in("wait=5"), std::chrono::seconds{5});
    EXPECT_EQ(wait_in("respond-async, wait=7"), std::chrono::seconds{7});
    EXPECT_EQ(wait_in("wait=100000"), std::chrono::seconds{300});
    EXPECT_EQ(wait_in("wait=soon"), std::nullopt);
    EXPECT_EQ(wait_in(""), std::nullopt);
}

TEST(Sha256, is_the_known_one)
{
    EXPECT_EQ(sha256_hex("abc"),
              "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

} // namespace
} // namespace watari::api
