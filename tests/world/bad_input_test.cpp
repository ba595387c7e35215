#include "tests/world/state.hpp"
#include "tests/world/world.hpp"

#include <gtest/gtest.h>

#include <fmt/format.h>

namespace watari::world {
namespace {

using std::chrono_literals::operator""s;

constexpr std::uint64_t gib = 1ULL << 30U;

/// Orders as people and programs get them wrong: each is answered with a code that names the
/// reason, and leaves nothing behind.
class BadInput : public ::testing::Test
{
public:
    ~BadInput() override { EXPECT_EQ(whole_state(world), before) << "something was left behind"; }

protected:
    static WorldOptions options()
    {
        return {.seed = 5, .hosts = {Generation::ws2008r2sp1, Generation::ws2012r2}};
    }

    BadInput()
    {
        world.furnish();
        before = whole_state(world);
    }

    static json::object order(json::object differing = {})
    {
        json::object body{{"name", "desk"}, {"plan", "s"}, {"image", "win"}, {"network", "office"}};
        for (const auto& [key, value] : differing) {
            body[key] = value;
        }
        return body;
    }
    void expect_refused(const Answer& answer, int status, std::string_view code)
    {
        EXPECT_EQ(answer.status, status) << json::serialize(answer.body);
        EXPECT_EQ(answer.code(), code);
        EXPECT_EQ(answer.headers.at("content-type"), "application/problem+json");
        EXPECT_FALSE(answer.text("title").empty());
    }
    void expect_failed(const json::object& operation, std::string_view code)
    {
        EXPECT_EQ(operation.at("state"), "failed") << json::serialize(operation);
        EXPECT_EQ(operation.at("error").at("code").as_string(), code) << json::serialize(operation);
    }
    /// The code of the problem at `pointer` in the body.
    static std::string problem_at(const Answer& answer, std::string_view pointer)
    {
        for (const auto& problem : answer.body.at("errors").as_array()) {
            if (problem.at("pointer").as_string() == pointer) {
                return std::string{problem.at("code").as_string()};
            }
        }
        return {};
    }
    json::object enroll(json::object differing)
    {
        json::object body{{"name", "late"},
                          {"address", "127.42.0.9"},
                          {"scheme", "basic"},
                          {"user", World::user},
                          {"password", World::password}};
        for (const auto& [key, value] : differing) {
            body[key] = value;
        }
        return world.ended(world.post("/v1/hosts", body));
    }

    World world{options()};
    std::string before;
};

TEST_F(BadInput, memory_that_is_odd)
{
    expect_refused(world.post("/v1/vms", order({{"memory_mib", 1025}})), 400, "memory_not_even");
    expect_refused(
        world.post(
            "/v1/plans",
            {{"name", "odd"}, {"processors", 1}, {"memory_mib", 1023}, {"disk_bytes", 20 * gib}}),
        400, "memory_not_even");
}

TEST_F(BadInput, more_memory_than_any_host_has)
{
    expect_refused(world.post("/v1/vms", order({{"memory_mib", 1 << 20}})), 429, "no_capacity");
}

TEST_F(BadInput, a_disk_smaller_than_its_image)
{
    expect_refused(world.post("/v1/vms", order({{"disk_bytes", 10 * gib}})), 400,
                   "disk_smaller_than_image");
}

TEST_F(BadInput, a_disk_that_is_no_whole_number_of_sectors)
{
    expect_refused(world.post("/v1/vms", order({{"disk_bytes", 20 * gib + 1}})), 400,
                   "disk_not_sectors");
}

TEST_F(BadInput, a_vlan_that_does_not_exist)
{
    for (const int vlan : {0, 4095, -1}) {
        const Answer answer =
            world.post("/v1/networks", {{"name", "bad"}, {"switch", "Customers"}, {"vlan", vlan}});
        expect_refused(answer, 400, "request_invalid");
        EXPECT_FALSE(problem_at(answer, "/vlan").empty());
    }
}

TEST_F(BadInput, an_image_that_does_not_exist)
{
    expect_refused(world.post("/v1/vms", order({{"image", "linux"}})), 404, "image_unknown");
    const auto operation = world.ended(world.post(
        "/v1/images",
        {{"name", "ghost"},
         {"replicas", {{{"host", world.host_name(1)}, {"path", "D:\\Images\\ghost.vhd"}}}}}));
    expect_failed(operation, "image_not_there");
}

TEST_F(BadInput, names_that_do_not_exist)
{
    expect_refused(world.post("/v1/vms", order({{"plan", "xxl"}})), 404, "plan_unknown");
    expect_refused(world.post("/v1/vms", order({{"network", "moon"}})), 404, "network_unknown");
    expect_refused(world.post("/v1/vms", order({{"host", "nobody"}})), 404, "host_unknown");
    expect_refused(world.get("/v1/vms/nobody"), 404, "vm_unknown");
    expect_refused(world.erase("/v1/vms/nobody"), 404, "vm_unknown");
    expect_refused(world.post("/v1/vms/nobody/start", nullptr), 404, "vm_unknown");
    expect_refused(world.erase("/v1/hosts/nobody"), 404, "host_unknown");
    expect_refused(world.get("/v1/operations/019b76da-0000-7000-8000-000000000000"), 404,
                   "operation_unknown");
}

TEST_F(BadInput, a_name_that_one_of_ours_has)
{
    world.must(world.ended(world.post("/v1/vms", order())));
    const std::string with_desk = whole_state(world);
    expect_refused(world.post("/v1/vms", order()), 409, "vm_name_taken");
    EXPECT_EQ(whole_state(world), with_desk);
    world.must(world.ended(world.erase("/v1/vms/desk?force=true")));
}

TEST_F(BadInput, a_name_that_somebody_elses_machine_has_is_fine_and_theirs_is_untouched)
{
    world.must(world.ended(world.post("/v1/vms", order({{"name", "web1"}}))));
    world.must(world.ended(world.post("/v1/vms/web1/resize", {{"plan", "m"}, {"restart", true}})));
    world.must(world.ended(world.erase("/v1/vms/web1?force=true")));
}

TEST_F(BadInput, vhdx_on_a_host_that_knows_vhd_only)
{
    const Answer answer =
        world.post("/v1/vms", order({{"host", world.host_name(0)}, {"disk_format", "vhdx"}}));
    expect_refused(answer, 422, "no_host_fits");
    EXPECT_NE(json::serialize(answer.body).find("VHDX"), std::string::npos) << "says why";
}

TEST_F(BadInput, growing_a_differencing_vhd)
{
    world.must(world.ended(world.post(
        "/v1/vms", order({{"host", world.host_name(1)}, {"disk_source", "differencing"}}))));
    const std::string with_desk = whole_state(world);
    expect_refused(world.post("/v1/vms/desk/resize", {{"disk_bytes", 30 * gib}, {"restart", true}}),
                   409, "differencing_vhd_cannot_grow");
    expect_refused(world.post("/v1/vms", order({{"name", "big"},
                                                {"disk_source", "differencing"},
                                                {"disk_bytes", 30 * gib}})),
                   400, "differencing_has_image_size");
    EXPECT_EQ(whole_state(world), with_desk);
    world.must(world.ended(world.erase("/v1/vms/desk?force=true")));
}

TEST_F(BadInput, a_change_of_a_running_vm_that_needs_it_off)
{
    world.must(world.ended(world.post("/v1/vms", order())));
    const std::string with_desk = whole_state(world);
    expect_refused(world.post("/v1/vms/desk/resize", {{"processors", 2}}), 409,
                   "resize_needs_power_off");
    expect_refused(world.post("/v1/vms/desk/resize", {{"disk_bytes", 10 * gib}, {"restart", true}}),
                   400, "disk_cannot_shrink");
    expect_refused(world.erase("/v1/vms/desk"), 409, "delete_needs_force");
    EXPECT_EQ(whole_state(world), with_desk);
    world.must(world.ended(world.erase("/v1/vms/desk?force=true")));
}

TEST_F(BadInput, a_wrong_password_is_tried_once)
{
    sim::SimulatedHost& host = world.host(1);
    const auto seen = host.log().total();
    const auto operation =
        enroll({{"address", World::host_address(1).address}, {"password", "wrong"}});
    expect_failed(operation, "authentication_refused");
    EXPECT_EQ(json::serialize(operation).find("wrong\""), std::string::npos)
        << "no secret in an answer";
    world.clock().advance(300s);
    EXPECT_EQ(host.log().total(), seen) << "nobody got in";
    EXPECT_EQ(world.get("/v1/hosts/late").status, 404);
}

TEST_F(BadInput, a_host_that_is_down)
{
    const Answer accepted = world.post("/v1/hosts", {{"name", "late"},
                                                     {"address", "127.42.0.9"},
                                                     {"scheme", "basic"},
                                                     {"user", "u"},
                                                     {"password", "p"}});
    ASSERT_EQ(accepted.status, 202);
    expect_failed(world.ended(accepted), "connection_refused");
    EXPECT_EQ(world.get("/v1/hosts/late").status, 404) << "its name is free again";
}

TEST_F(BadInput, a_host_that_answers_garbage)
{
    for (const auto effect : {sim::FaultEffect::garbage, sim::FaultEffect::cut,
                              sim::FaultEffect::lost_answer, sim::FaultEffect::hang}) {
        SCOPED_TRACE(sim::to_string(effect));
        world.host(1).faults().add({.effect = effect});
        const auto operation = enroll({{"address", World::host_address(1).address}});
        EXPECT_EQ(operation.at("state"), "failed") << json::serialize(operation);
        EXPECT_EQ(world.get("/v1/hosts/late").status, 404);
        world.host(1).faults().clear();
    }
}

TEST_F(BadInput, a_host_that_has_no_hyper_v_where_we_ask)
{
    expect_failed(enroll({{"address", World::host_address(0).address}, {"namespace", "v2"}}),
                  "namespace_not_there");
}

TEST_F(BadInput, a_key_used_again)
{
    const Call first{.method = "POST",
                     .target = "/v1/vms",
                     .body = order(),
                     .headers = {{"Idempotency-Key", "k-1"}}};
    const Answer accepted = world.send(first);
    world.must(world.ended(accepted));
    const std::string with_desk = whole_state(world);
    const Answer again = world.send(first);
    EXPECT_EQ(again.status, 202);
    EXPECT_EQ(again.body, accepted.body) << "as first given";
    Call other = first;
    other.body = order({{"name", "other"}});
    expect_refused(world.send(other), 422, "idempotency_key_reused");
    EXPECT_EQ(whole_state(world), with_desk);
    world.must(world.ended(world.erase("/v1/vms/desk?force=true")));
}

TEST_F(BadInput, no_token_or_a_wrong_one)
{
    expect_refused(world.send({.target = "/v1/vms", .with_token = false}), 401, "token_missing");
    expect_refused(world.send({.target = "/v1/vms",
                               .headers = {{"Authorization", "Bearer guess"}},
                               .with_token = false}),
                   401, "token_refused");
    EXPECT_EQ(world.send({.target = "/livez", .with_token = false}).status, 200);
}

TEST_F(BadInput, all_problems_of_a_body_at_once)
{
    const Answer answer = world.post(
        "/v1/vms", {{"name", ""}, {"plan", 7}, {"colour", "red"}, {"disk_format", "qcow2"}});
    expect_refused(answer, 400, "request_invalid");
    EXPECT_EQ(problem_at(answer, "/name"), "field_too_short");
    EXPECT_EQ(problem_at(answer, "/plan"), "field_wrong_type");
    EXPECT_EQ(problem_at(answer, "/colour"), "field_unknown");
    EXPECT_EQ(problem_at(answer, "/disk_format"), "field_not_one_of");
}

TEST_F(BadInput, paths_and_methods_that_do_not_exist)
{
    expect_refused(world.get("/v1/machines"), 404, "no_such_path");
    expect_refused(world.send({.method = "PUT", .target = "/v1/vms"}), 405, "method_not_allowed");
}

TEST_F(BadInput, paths_that_are_not_local_to_the_host)
{
    for (const char* const path : {R"(\\server\share\vms)", R"(VMs)", R"(D:\VMs\..\Windows)"}) {
        const Answer answer =
            world.post("/v1/storages", {{"host", world.host_name(1)}, {"path", path}});
        EXPECT_EQ(answer.status, 400) << path << ": " << json::serialize(answer.body);
    }
    const auto operation = world.ended(
        world.post("/v1/storages", {{"host", world.host_name(1)}, {"path", "Q:\\VMs"}}));
    expect_failed(operation, "volume_not_there");
}

TEST_F(BadInput, errors_speak_japanese_when_asked)
{
    const Answer answer =
        world.send({.target = "/v1/vms/nobody", .headers = {{"Accept-Language", "ja"}}});
    EXPECT_EQ(answer.code(), "vm_unknown");
    EXPECT_NE(answer.text("title"), world.get("/v1/vms/nobody").text("title"));
}

} // namespace
} // namespace watari::world
