#include "core/error.hpp"
#include "generations/embedded.hpp"
#include "generations/facts.hpp"
#include "generations/generation.hpp"
#include "generations/profile.hpp"
#include "generations/quotas.hpp"

#include <algorithm>
#include <set>

#include <boost/json.hpp>
#include <gtest/gtest.h>

namespace watari {
namespace {

const boost::json::value& data()
{
    static const auto document = boost::json::parse(generations::embedded::generations());
    return document;
}

TEST(Generations, table_agrees_with_the_data)
{
    const auto& list = data().at("generations").as_array();
    ASSERT_EQ(list.size(), all_generations.size());
    for (std::size_t i = 0; i < list.size(); ++i) {
        const Generation generation = all_generations[i];
        EXPECT_EQ(to_string(generation), std::string_view{list[i].at("id").as_string()});
        EXPECT_EQ(wsman_stack(generation), std::string_view{list[i].at("winrm_stack").as_string()});
        const auto& builds = list[i].at("os_builds").as_array();
        EXPECT_EQ(os_version(generation), std::string_view{builds.back().as_string()});
        if (generation != Generation::vnext) {
            EXPECT_EQ(full_name(generation), std::string_view{list[i].at("name").as_string()});
        }
    }
}

TEST(Generations, every_name_reads_back)
{
    for (const Generation generation : all_generations) {
        EXPECT_EQ(generation_from(to_string(generation)), generation);
        EXPECT_EQ(generation_of_version(os_version(generation)), generation);
    }
    EXPECT_EQ(generation_from("ws2003"), std::nullopt);
}

TEST(Generations, version_rules_agree_with_the_data)
{
    for (const auto& rule : data().at("detection").at("version_rules").as_array()) {
        const std::string version{rule.at("version").as_string()};
        const auto& expected = rule.at("generation");
        const Generation generation =
            expected.is_null() ? Generation::ws2025 : generation_from(expected.as_string()).value();
        EXPECT_EQ(
            generation_of_version(version + "." + std::to_string(rule.at("build_min").as_int64())),
            generation);
        if (!rule.at("build_max").is_null()) {
            EXPECT_EQ(generation_of_version(version + "." +
                                            std::to_string(rule.at("build_max").as_int64())),
                      generation);
        }
    }
}

TEST(Generations, refuses_what_is_no_server_version)
{
    for (const auto* text : {"", "6", "6.3", "6.3.", "6.3.9601", "6.3.9600x", "5.2.3790",
                             "10.0.15000", "x.y.z", "-6.3.9600", "6.3.99999999999"}) {
        EXPECT_EQ(generation_of_version(text), std::nullopt) << text;
    }
    EXPECT_EQ(generation_of_version("6.3.9600.17031"), Generation::ws2012r2);
}

TEST(Facts, namespaces_follow_the_generation)
{
    using Names = std::vector<std::string>;
    EXPECT_EQ(facts(Generation::ws2008r2sp1).namespaces, Names{"root/virtualization"});
    EXPECT_EQ(facts(Generation::ws2012).namespaces,
              (Names{"root/virtualization", "root/virtualization/v2"}));
    EXPECT_EQ(facts(Generation::ws2012r2).namespaces, Names{"root/virtualization/v2"});
    EXPECT_TRUE(facts(Generation::ws2012).has_namespace("root/virtualization"));
    EXPECT_FALSE(facts(Generation::ws2012r2).has_namespace("root/virtualization"));
}

TEST(Facts, limits_carry_units_and_confidence)
{
    const GenerationFacts& old = facts(Generation::ws2008r2sp1);
    EXPECT_EQ(old.limits.vcpu_gen1, 4);
    EXPECT_EQ(old.limits.vcpu_gen2, std::nullopt);
    EXPECT_EQ(old.limits.memory_gen1, ByteSize::gib(64));
    EXPECT_EQ(old.limits.memory_min, ByteSize::mib(8));
    EXPECT_EQ(old.limits.vhdx_max, ByteSize{});
    EXPECT_EQ(old.confidence_of_limit("min_ram_mb"), "unverified");
    EXPECT_EQ(old.confidence_of_limit("max_vcpu_gen1"), "documented");
    EXPECT_EQ(old.confidence_of_limit("no such limit"), "unknown");
    const GenerationFacts& r2 = facts(Generation::ws2012r2);
    EXPECT_EQ(r2.limits.vhd_max, ByteSize::gib(2040));
    EXPECT_EQ(r2.limits.vhdx_max, ByteSize::tib(64));
    EXPECT_EQ(r2.limits.memory_alignment, ByteSize::mib(2));
    EXPECT_EQ(r2.limits.scsi_controllers, 4);
    EXPECT_EQ(r2.limits.ide_controllers, 2);
}

TEST(Facts, configuration_versions)
{
    EXPECT_EQ(facts(Generation::ws2012r2).default_config_version, "5.0");
    EXPECT_EQ(facts(Generation::ws2012r2).migrate_in_only, std::vector<std::string>{"4.0"});
    const auto& versions = facts(Generation::ws2025).config_versions;
    EXPECT_EQ(versions.front(), "8.0");
    EXPECT_EQ(versions.back(), "12.0");
}

TEST(Facts, features_say_yes_no_partial_and_unknown)
{
    using State = FeatureFact::State;
    EXPECT_EQ(facts(Generation::ws2012).feature("gen2_vm").state, State::no);
    EXPECT_EQ(facts(Generation::ws2012r2).feature("gen2_vm").state, State::yes);
    const FeatureFact clustered = facts(Generation::ws2008r2sp1).feature("live_migration");
    EXPECT_EQ(clustered.state, State::partial);
    EXPECT_EQ(clustered.detail, "clustered_only");
    EXPECT_FALSE(clustered.confidence.empty());
    EXPECT_EQ(facts(Generation::vnext).feature("vhd_set").state, State::unknown);
    EXPECT_EQ(facts(Generation::ws2025).feature("no_such_feature").state, State::unknown);
    EXPECT_EQ(facts(Generation::ws2008r2sp1).defaults.at("disk_format"), "vhd");
}

TEST(Quotas, of_each_stack_are_as_documented)
{
    const ServiceQuotas& old = default_quotas(Generation::ws2008r2sp1);
    EXPECT_EQ(old.envelope_bytes, 150U * 1024);
    EXPECT_EQ(old.operations_per_user, 15U);
    EXPECT_EQ(old.plugin_operations_per_user, std::nullopt);
    EXPECT_EQ(old.connections, 25U);
    for (const Generation generation : all_generations) {
        const ServiceQuotas& quotas = default_quotas(generation);
        EXPECT_EQ(quotas.timeout, std::chrono::minutes{1});
        EXPECT_EQ(quotas.enumeration_timeout, std::chrono::minutes{1});
        EXPECT_EQ(quotas.batch_items, 32000U);
        if (generation != Generation::ws2008r2sp1) {
            EXPECT_EQ(quotas.envelope_bytes, 500U * 1024);
            EXPECT_EQ(quotas.operations_per_user, 1500U);
            EXPECT_EQ(quotas.plugin_operations_per_user, 15U);
            EXPECT_EQ(quotas.connections, 300U);
        }
    }
}

TEST(Quotas, have_evidence_for_each_number)
{
    const std::set<std::string_view> evidence{"documented", "reported", "UNVERIFIED"};
    const auto document = boost::json::parse(generations::embedded::quotas());
    for (const auto& quota : document.at("quotas").as_array()) {
        EXPECT_FALSE(quota.at("source").as_string().empty());
        for (const auto& [generation, number] : quota.at("values").as_object()) {
            EXPECT_TRUE(generation_from(generation)) << quota;
            EXPECT_TRUE(evidence.contains(number.at("evidence").as_string())) << quota;
        }
    }
}

TEST(Profile, every_switch_has_its_default_among_its_values)
{
    for (const Generation generation : all_generations) {
        const Profile profile = Profile::defaults(generation);
        EXPECT_GE(profile.all().size(), 60);
        std::set<std::string> names;
        for (const auto& entry : profile.all()) {
            EXPECT_TRUE(names.insert(entry.name).second) << entry.name;
            EXPECT_GE(entry.values.size(), 2) << entry.name;
            EXPECT_NE(std::ranges::find(entry.values, entry.default_value), entry.values.end())
                << entry.name;
            EXPECT_EQ(entry.value, entry.default_value);
            EXPECT_FALSE(entry.text.empty());
            EXPECT_FALSE(entry.source.empty());
        }
    }
}

TEST(Profile, defaults_follow_the_generation)
{
    EXPECT_EQ(Profile::defaults(Generation::ws2012r2).number("fresh_memory_mib"), 512);
    EXPECT_EQ(Profile::defaults(Generation::ws2022).number("fresh_memory_mib"), 1024);
    EXPECT_FALSE(Profile::defaults(Generation::ws2022).yes("fresh_dynamic_memory"));
    EXPECT_TRUE(Profile::defaults(Generation::ws2025).yes("fresh_dynamic_memory"));
    EXPECT_TRUE(Profile::defaults(Generation::ws2012r2).yes("element_setting_null_rows"));
    EXPECT_FALSE(Profile::defaults(Generation::ws2016).yes("element_setting_null_rows"));
}

TEST(Profile, flips_and_sets_one_switch)
{
    Profile profile = Profile::defaults(Generation::ws2012r2);
    EXPECT_TRUE(profile.is("define_system_returns", "sync"));
    profile.flip("define_system_returns");
    EXPECT_EQ(profile.value("define_system_returns"), "job");
    profile.flip("define_system_returns");
    EXPECT_EQ(profile.value("define_system_returns"), "sync");
    profile.set("fresh_memory_mib", "1024");
    EXPECT_EQ(profile.number("fresh_memory_mib"), 1024);
    EXPECT_EQ(profile.value("define_gen1_has_dvd"), "no");
}

TEST(Profile, flips_all_switches_away_from_their_defaults)
{
    Profile profile = Profile::defaults(Generation::ws2008r2sp1);
    profile.flip_all();
    for (const auto& entry : profile.all()) {
        EXPECT_NE(entry.value, entry.default_value) << entry.name;
    }
}

template <class Act>
std::string code_of(Act act)
{
    try {
        act();
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::invalid);
        return error.code();
    }
    return "no error";
}

TEST(Profile, refuses_unknown_switches_and_values)
{
    Profile profile = Profile::defaults(Generation::ws2012);
    EXPECT_EQ(code_of([&] { profile.value("no_such"); }), "switch_unknown");
    EXPECT_EQ(code_of([&] { profile.flip("no_such"); }), "switch_unknown");
    EXPECT_EQ(code_of([&] { profile.set("fresh_notes", "maybe"); }), "switch_value_unknown");
    EXPECT_EQ(code_of([&] { profile.number("fresh_notes"); }), "switch_not_number");
}

} // namespace
} // namespace watari
