// A desktop's life over every way in which a host is reached.
#include "tests/world/world.hpp"

#include <gtest/gtest.h>

#include <fmt/format.h>

namespace watari::world {
namespace {

struct Way {
    std::string scheme;
    bool tls = false;
    Generation generation = Generation::ws2012r2;
};

class Transports : public testing::TestWithParam<Way>
{
protected:
    static WorldOptions options()
    {
        WorldOptions options{
            .hosts = {GetParam().generation}, .scheme = GetParam().scheme, .tls = GetParam().tls};
        if (GetParam().tls) {
            options.switches = {{"tls12_enabled", "yes"}};
        }
        return options;
    }

    World world{options()};
};

TEST_P(Transports, a_desktop_is_ordered_changed_and_deleted)
{
    world.furnish();
    const auto order = [&](const std::string& target, json::value body) {
        world.must(world.ended(world.post(target, std::move(body))));
    };
    order("/v1/vms", {{"name", "desk"}, {"plan", "s"}, {"image", "win"}, {"network", "office"}});
    EXPECT_EQ(world.get("/v1/vms/desk").text("power"), "running");
    order("/v1/vms/desk/resize", {{"plan", "m"}, {"restart", true}});
    order("/v1/vms/desk/stop", nullptr);
    world.must(world.ended(world.erase("/v1/vms/desk")));
    EXPECT_EQ(world.host(0).engine().vms().size(), 2U) << "web1 and web10 were there";
    const auto host = world.get("/v1/hosts/" + world.host_name(0));
    EXPECT_EQ(host.text("state"), "ready");
    EXPECT_EQ(host.text("scheme"), GetParam().scheme);
    EXPECT_EQ(host.body.at("port"), GetParam().tls ? 5986 : 5985);
}

std::vector<Way> ways()
{
    std::vector<Way> all;
    for (const auto generation :
         {Generation::ws2008r2sp1, Generation::ws2012, Generation::ws2012r2}) {
        all.push_back({"ntlm", false, generation});
        all.push_back({"ntlm", true, generation});
        all.push_back({"basic", true, generation});
        all.push_back({"certificate", true, generation});
    }
    return all;
}

INSTANTIATE_TEST_SUITE_P(All, Transports, testing::ValuesIn(ways()), [](const auto& way) {
    return fmt::format("{}_by_{}{}", to_string(way.param.generation), way.param.scheme,
                       way.param.tls ? "_over_tls" : "");
});

/// A host that must be reached otherwise than by default.
struct HardToReach : testing::Test {
    static json::object with(json::object body, const json::object& differing)
    {
        for (const auto& [key, value] : differing) {
            body[key] = value;
        }
        return body;
    }
    static json::object enroll(World& world, const json::object& differing = {})
    {
        return world.ended(world.post("/v1/hosts", with(world.enrolment(0), differing)));
    }
    static void expect_failed(const json::object& operation, std::string_view code,
                              std::string_view words = {})
    {
        EXPECT_EQ(operation.at("state"), "failed") << json::serialize(operation);
        const auto& error = operation.at("error");
        EXPECT_EQ(error.at("code").as_string(), code) << json::serialize(operation);
        EXPECT_NE(json::serialize(error).find(words), std::string::npos)
            << json::serialize(operation);
    }
};

TEST_F(HardToReach, tls_1_0_is_refused_with_the_change_that_the_host_needs)
{
    World world{{.hosts = {Generation::ws2008r2sp1}, .scheme = "ntlm", .tls = true}};
    expect_failed(enroll(world), "tls_too_old", "SCHANNEL");
    EXPECT_EQ(world.host(0).log().total(), 0U);
}

TEST_F(HardToReach, nobody_but_the_host_itself_is_believed)
{
    World world{{.scheme = "ntlm", .tls = true}};
    expect_failed(enroll(world, {{"tls_ca_file", ""}}), "tls_untrusted");
    expect_failed(enroll(world, {{"server_name", "other.example"}}), "tls_wrong_name");
    const std::string wrong(64, '0');
    json::object pinned = world.enrolment(0);
    pinned.erase("tls_ca_file");
    pinned["tls_fingerprint"] = wrong;
    const auto mismatch = world.ended(world.post("/v1/hosts", pinned));
    expect_failed(mismatch, "tls_fingerprint_mismatch");
    EXPECT_EQ(world.host(0).log().total(), 0U) << "no password met a stranger";
    const std::string detail{mismatch.at("error").at("detail").as_string()};
    const auto found = detail.find("shown ");
    ASSERT_NE(found, std::string::npos) << detail;
    pinned["tls_fingerprint"] = detail.substr(found + 6, 95);
    pinned["server_name"] = "any.example";
    world.must(world.ended(world.post("/v1/hosts", pinned)));
    json::object insecure = with(pinned, {{"name", "blind"}, {"tls_insecure", true}});
    insecure.erase("tls_fingerprint");
    world.must(world.ended(world.post("/v1/hosts", insecure)));
    EXPECT_EQ(world.get("/v1/hosts/blind").body.at("tls_insecure"), true);
}

TEST_F(HardToReach, an_update_connects_anew_and_stays_whatever_comes_of_it)
{
    World world{{.scheme = "ntlm"}};
    const std::string host = "/v1/hosts/" + world.host_name(0);
    world.must(enroll(world));
    const auto update = [&](json::object body) {
        return world.ended(world.patch(host, std::move(body)));
    };
    expect_failed(update({{"password", "forgotten"}}), "authentication_refused");
    EXPECT_EQ(world.get(host).text("state"), "refused");
    EXPECT_FALSE(world.get(host).text("last_error").empty());
    world.must(update({{"password", World::password}}));
    EXPECT_EQ(world.get(host).text("state"), "ready");
    EXPECT_TRUE(world.get(host).text("last_error").empty());
    world.must(update({{"namespace", "v2"}, {"memory_reserve_mib", 1024}}));
    EXPECT_EQ(world.get(host).text("namespace"), "v2");
    const Answer wrong = world.patch(host, {{"scheme", "kerberos"}, {"tls_insecure", true}});
    EXPECT_EQ(wrong.status, 400);
    EXPECT_EQ(wrong.body.at("errors").as_array().size(), 2U) << json::serialize(wrong.body);
    EXPECT_EQ(world.get(host).text("scheme"), "ntlm") << "what is refused changes nothing";
    EXPECT_EQ(world.patch("/v1/hosts/nobody", {{"port", 5985}}).status, 404);
}

} // namespace
} // namespace watari::world
