#include "sim/testing.hpp"

#include <gtest/gtest.h>

namespace watari::sim {
namespace {

wsman::Request define_request(const std::string& name)
{
    cim::Instance settings{"Msvm_VirtualSystemSettingData"};
    settings.set("ElementName", cim::Type::string, name);
    cim::Instance input;
    input.set("SystemSettings", cim::Type::string, cim::to_cim_xml(settings));
    return TestHost::request(schema::v2_namespace, "Msvm_VirtualSystemManagementService",
                             wsman::Invoke{.method = "DefineSystem", .input = std::move(input)},
                             {{"CreationClassName", "Msvm_VirtualSystemManagementService"}});
}

http::Response define(TestHost& host, const std::string& name = "one")
{
    return host.post(wsman::encode(define_request(name)));
}

FaultRule on_define(FaultEffect effect)
{
    return {.method = "DefineSystem", .times = 1, .effect = effect};
}

std::size_t vms(TestHost& host)
{
    return host.engine().vms().size();
}

TEST(Faults, lose_a_request_before_it_happens_and_an_answer_after_it)
{
    TestHost host;
    host.host.faults().add(on_define(FaultEffect::lost_request));
    EXPECT_TRUE(define(host).drop_connection);
    EXPECT_EQ(vms(host), 0U);
    host.host.faults().add(on_define(FaultEffect::lost_answer));
    EXPECT_TRUE(define(host).drop_connection);
    EXPECT_EQ(vms(host), 1U);
}

TEST(Faults, execute_a_request_late)
{
    TestHost host;
    FaultRule rule = on_define(FaultEffect::late_execution);
    rule.delay = std::chrono::seconds{20};
    host.host.faults().add(rule);
    EXPECT_TRUE(define(host).drop_connection);
    host.pass(std::chrono::seconds{19});
    EXPECT_EQ(vms(host), 0U);
    host.pass(std::chrono::seconds{2});
    EXPECT_EQ(vms(host), 1U);
    EXPECT_EQ(host.host.log().entries().back().fault_rule, "executed late");
}

TEST(Faults, deliver_a_request_twice)
{
    TestHost host;
    host.host.faults().add(on_define(FaultEffect::duplicate));
    EXPECT_EQ(define(host).status, 200);
    EXPECT_EQ(vms(host), 2U);
}

TEST(Faults, time_out_while_the_work_goes_on)
{
    TestHost host;
    FaultRule rule = on_define(FaultEffect::delay);
    rule.delay = std::chrono::seconds{90};
    host.host.faults().add(rule);
    const auto before = host.clock.steady();
    const http::Response answer = define(host);
    EXPECT_EQ(TestHost::fault_code(wsman::decode_response(answer.body, cim::untyped())),
              2150858793U);
    EXPECT_EQ(host.clock.steady() - before, std::chrono::seconds{60});
    EXPECT_EQ(vms(host), 0U);
    host.pass(std::chrono::seconds{31});
    EXPECT_EQ(vms(host), 1U);
}

TEST(Faults, answer_a_return_code_or_a_fault_without_doing_anything)
{
    TestHost host;
    host.host.faults().fail_next("DefineSystem", 32778);
    const auto response =
        wsman::decode_response(define(host).body, *schema::Catalogue::any(schema::v2_namespace));
    EXPECT_EQ(TestHost::returned(std::get<wsman::InvokeResponse>(response.body).output), 32778U);
    FaultRule rule = on_define(FaultEffect::fault);
    rule.number = 2150859174;
    host.host.faults().add(rule);
    EXPECT_EQ(TestHost::fault_code(wsman::decode_response(define(host).body, cim::untyped())),
              2150859174U);
    rule = on_define(FaultEffect::http_status);
    rule.number = 503;
    host.host.faults().add(rule);
    EXPECT_EQ(define(host).status, 503);
    EXPECT_EQ(vms(host), 0U);
}

TEST(Faults, fail_hang_or_slow_the_host_job_of_a_request)
{
    TestHost host;
    const Vm& vm = host.define("one");
    const auto job_after = [&](FaultRule rule, std::chrono::seconds time) {
        rule.method = "RequestStateChange";
        rule.times = 1;
        host.host.faults().add(rule);
        EXPECT_EQ(host.request_state(vm, 2), 4096U);
        const auto id = Uuid::parse(host.last_output["Job"].reference()->key("InstanceID").value());
        host.pass(time);
        return *host.engine().jobs().find(*id);
    };
    const Job failed = job_after({.effect = FaultEffect::job_error, .number = 32768, .text = "no"},
                                 std::chrono::seconds{10});
    EXPECT_EQ(failed.state, JobState::exception);
    EXPECT_EQ(failed.error_text, "no");
    EXPECT_EQ(vm.state, VmState::off);
    EXPECT_EQ(
        job_after({.effect = FaultEffect::job_slow, .factor = 10}, std::chrono::seconds{10}).state,
        JobState::running);
    host.pass(std::chrono::seconds{15});
    EXPECT_EQ(vm.state, VmState::running);
    EXPECT_EQ(host.request_state(vm, 3), 4096U);
    host.pass(std::chrono::seconds{5});
    EXPECT_EQ(job_after({.effect = FaultEffect::job_hangs}, std::chrono::seconds{500}).state,
              JobState::running);
}

TEST(Faults, damage_answers)
{
    TestHost host;
    host.host.faults().add(on_define(FaultEffect::garbage));
    EXPECT_EQ(define(host).body.find("Envelope"), std::string::npos);
    host.host.faults().add(on_define(FaultEffect::cut));
    EXPECT_TRUE(define(host).stream);
    host.host.faults().add(on_define(FaultEffect::hang));
    EXPECT_TRUE(define(host).drop_connection);
    EXPECT_EQ(vms(host), 3U);
}

TEST(Faults, restart_the_host_or_its_service_and_fill_a_volume)
{
    TestHost host;
    const Vm& vm = host.define("one");
    EXPECT_EQ(host.request_state(vm, 2), 4096U);
    host.host.faults().add(on_define(FaultEffect::service_restart));
    EXPECT_TRUE(define(host).drop_connection);
    EXPECT_TRUE(host.engine().jobs().all().empty());
    host.host.faults().add(on_define(FaultEffect::host_restart));
    EXPECT_TRUE(define(host).drop_connection);
    EXPECT_FALSE(host.engine().is_up());
    EXPECT_TRUE(define(host).drop_connection) << "nobody is there";
    host.pass(std::chrono::minutes{3});
    FaultRule rule = on_define(FaultEffect::disk_full);
    rule.letter = 'C';
    host.host.faults().add(rule);
    define(host);
    EXPECT_EQ(host.engine().storage().free_bytes('C'), 0U);
}

TEST(Faults, act_on_the_nth_match_and_by_chance)
{
    TestHost host;
    host.host.faults().add(
        {.method = "DefineSystem", .nth = 2, .effect = FaultEffect::lost_request});
    EXPECT_FALSE(define(host).drop_connection);
    EXPECT_TRUE(define(host).drop_connection);
    EXPECT_FALSE(define(host).drop_connection);
    host.host.faults().clear();
    host.host.faults().add(
        {.operation = "Get", .probability = 0.5, .effect = FaultEffect::lost_request});
    int dropped = 0;
    for (int count = 0; count < 100; ++count) {
        const auto request = TestHost::request(schema::cimv2_namespace, "Win32_LogicalDisk",
                                               wsman::Get{}, {{"DeviceID", "C:"}});
        dropped += host.post(wsman::encode(request)).drop_connection ? 1 : 0;
    }
    EXPECT_GT(dropped, 25);
    EXPECT_LT(dropped, 75);
}

TEST(Faults, are_read_from_json_or_refused)
{
    const auto rules = faults_from_json(
        R"([{"method":"DefineSystem","effect":"late_execution","delay_ms":500,"nth":2,"probability":0.5}])");
    ASSERT_EQ(rules.size(), 1U);
    EXPECT_EQ(rules.front().effect, FaultEffect::late_execution);
    EXPECT_EQ(rules.front().delay, std::chrono::milliseconds{500});
    for (const char* text :
         {"", "{}", "[1]", "[{}]", R"([{"effect":"explode"}])", R"([{"effect":"cut","nth":"x"}])",
          R"([{"effect":"cut","colour":1}])"}) {
        EXPECT_THROW(faults_from_json(text), Error) << text;
    }
}

TEST(RequestLog, counts_every_request_and_its_cost)
{
    TestHost host;
    host.define("one");
    host.query("select * from Msvm_ComputerSystem");
    const RequestLog& log = host.host.log();
    EXPECT_EQ(log.total(), 2U);
    EXPECT_EQ(log.changing(), 1U);
    EXPECT_EQ(log.count("Invoke DefineSystem"), 1U);
    EXPECT_EQ(log.count("Enumerate Msvm_ComputerSystem"), 1U);
    EXPECT_EQ(log.entries().back().instances, 2U);
    EXPECT_GT(log.host_seconds(), 0.0);
}

} // namespace
} // namespace watari::sim
