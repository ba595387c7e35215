#include "contract/contract.hpp"

#include <boost/json.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace watari::contract {
namespace {

std::vector<std::string> problems_of(std::string_view body)
{
    try {
        RawCall raw;
        raw.body = body;
        decode_create_vm(raw);
        return {};
    } catch (const InvalidRequest& invalid) {
        std::vector<std::string> found;
        for (const auto& problem : invalid.problems()) {
            found.push_back(problem.pointer + " " + problem.message.code);
        }
        return found;
    }
}

TEST(Contract, reports_every_problem_at_once_by_json_pointer)
{
    EXPECT_THAT(
        problems_of(
            R"({"plan": 7, "memory_mib": -1, "colour": "red", "disk_source": "magic", "start": "yes"})"),
        testing::UnorderedElementsAre("/name field_required", "/plan field_wrong_type",
                                      "/memory_mib field_too_small", "/colour field_unknown",
                                      "/disk_source field_not_one_of", "/start field_wrong_type"));
}

TEST(Contract, refuses_what_is_not_json_and_a_missing_body)
{
    EXPECT_THAT(problems_of("{"), testing::ElementsAre(" body_not_json"));
    EXPECT_THAT(problems_of(""), testing::ElementsAre(" body_required"));
    EXPECT_THAT(problems_of("[]"), testing::ElementsAre(" field_wrong_type"));
    EXPECT_THAT(problems_of(std::string(100, '[')), testing::ElementsAre(" body_not_json"));
}

TEST(Contract, reads_a_good_request)
{
    RawCall raw;
    raw.body = R"({"name": "web-7", "plan": "m", "memory_mib": 2048})";
    raw.query = {{"validate_only", "true"}};
    raw.header = [](std::string_view name) {
        return name == "Idempotency-Key" ? std::optional<std::string>{"k1"} : std::nullopt;
    };
    const auto call = decode_create_vm(raw);
    EXPECT_EQ(call.body.name, "web-7");
    EXPECT_EQ(call.body.memory_mib, 2048);
    EXPECT_EQ(call.body.image, std::nullopt);
    EXPECT_EQ(call.validate_only, true);
    EXPECT_EQ(call.idempotency_key, "k1");
}

TEST(Contract, refuses_unknown_query_parameters)
{
    RawCall raw;
    raw.query = {{"page_size", "0"}, {"pgae_token", "x"}};
    EXPECT_THROW(decode_list_vms(raw), InvalidRequest);
}

TEST(Contract, nested_problems_carry_their_place)
{
    RawCall raw;
    raw.body = R"({"name": "w", "replicas": [{"host": "a", "path": "D:\\x.vhd"}, {"host": ""}]})";
    try {
        decode_add_image(raw);
        FAIL();
    } catch (const InvalidRequest& invalid) {
        ASSERT_EQ(invalid.problems().size(), 2U);
        EXPECT_EQ(invalid.problems()[0].pointer, "/replicas/1/host");
        EXPECT_EQ(invalid.problems()[1].pointer, "/replicas/1/path");
    }
}

TEST(Contract, writes_what_it_reads)
{
    Plan plan{.id = "0198f2c4-0000-7000-8000-000000000000",
              .name = "m",
              .processors = 2,
              .memory_mib = 4096,
              .disk_bytes = 1LL << 40,
              .version = 1,
              .created = "2026-01-01T00:00:00Z",
              .updated = "2026-01-01T00:00:00Z"};
    Reader reader;
    Plan read;
    decode(encode(plan), read, reader);
    EXPECT_TRUE(reader.problems().empty());
    EXPECT_EQ(read.disk_bytes, plan.disk_bytes);
    EXPECT_FALSE(openapi_json().empty());
}

} // namespace
} // namespace watari::contract
