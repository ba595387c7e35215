#include "fleet/host_facts.hpp"

#include <gtest/gtest.h>

namespace watari::fleet {
namespace {

TEST(HostFacts, a_probe_reads_back_as_recorded)
{
    hyperv::Probe probe;
    probe.ns = hyperv::Namespace::v1;
    probe.os_version = "6.1.7601";
    probe.stack = "2.0";
    probe.generation = Generation::ws2008r2sp1;
    probe.evidence = "v2 service class missing";
    probe.capabilities.set(hyperv::Capability::vhdx, false, "v1 makes VHD only");
    store::HostRecord record;
    EXPECT_FALSE(recorded_probe(record));
    record_probe(record, probe);
    const auto read = recorded_probe(record);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->ns, probe.ns);
    EXPECT_EQ(read->generation, probe.generation);
    EXPECT_EQ(read->stack, "2.0");
    EXPECT_FALSE(read->capabilities.has(hyperv::Capability::vhdx));
    EXPECT_EQ(read->capabilities.all().at(hyperv::Capability::vhdx).by, "v1 makes VHD only");
}

TEST(HostFacts, facts_read_back_and_keep_the_probe)
{
    store::HostRecord record;
    record_probe(record, {.stack = "3.0"});
    hyperv::HostFacts facts;
    facts.computer_name = "HV1";
    facts.memory_total = ByteSize::gib(64);
    facts.memory_free = ByteSize::gib(50);
    facts.logical_processors = 16;
    facts.volumes = {{"D:", ByteSize::tib(2), ByteSize::tib(1)}};
    facts.switches = {{"SW-1", "Customers"}};
    record_facts(record, facts, 3);
    const auto read = recorded_facts(record);
    EXPECT_EQ(read.memory_free, facts.memory_free);
    ASSERT_EQ(read.volumes.size(), 1U);
    EXPECT_EQ(read.volumes[0].free, ByteSize::tib(1));
    ASSERT_EQ(read.switches.size(), 1U);
    EXPECT_EQ(read.switches[0].name, "Customers");
    EXPECT_EQ(recorded_foreign_vms(record), 3U);
    EXPECT_EQ(recorded_probe(record)->stack, "3.0");
}

TEST(HostFacts, addresses_seen_read_back_in_order_and_outlive_a_look_without_them)
{
    store::HostRecord record;
    EXPECT_TRUE(recorded_macs(record).empty());
    record_macs(record, {"00155D000002", "00155D000001"});
    record_facts(record, {}, 0);
    EXPECT_EQ(recorded_macs(record), (std::vector<std::string>{"00155D000001", "00155D000002"}));
}

TEST(HostFacts, damaged_columns_read_as_nothing_known)
{
    store::HostRecord record;
    record.namespace_used = "v2";
    record.capabilities = nullptr;
    record.facts = 7;
    EXPECT_TRUE(recorded_probe(record)->capabilities.all().empty());
    EXPECT_TRUE(recorded_facts(record).volumes.empty());
}

} // namespace
} // namespace watari::fleet
