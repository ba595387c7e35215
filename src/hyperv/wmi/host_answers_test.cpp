#include "cim/cim_xml.hpp"
#include "core/known_fault.hpp"
#include "faults/file.hpp"
#include "faults/host.hpp"
#include "hyperv/host_errors.hpp"
#include "hyperv/wmi/act.hpp"
#include "schema/v2.hpp"
#include "wsman/client/stub_host.hpp"

#include <map>

/// What a host answers to methods, through the whole path to the Error of an act.
namespace watari::hyperv::wmi {
namespace {

using namespace wsman::testing_support;
using namespace std::chrono_literals;
using Classes = schema::v2::Classes;
using Service = Classes::Msvm_VirtualSystemManagementService;
using RequestState = Classes::Msvm_ComputerSystem::RequestStateChange;

constexpr std::uint32_t job_started = 4096;
const std::string job_id = "B7F1F8A4-0000-4000-8000-000000000001";

class HostAnswers : public wsman::testing_support::StubHost
{
protected:
    void SetUp() override
    {
        answer = [this](const wsman::Request& request) { return answer_to(request); };
        start();
    }

    Error change()
    {
        return error_of([](Act& act) -> Task<> {
            co_await act.change(system_path<Classes>(HostVmId{Uuid{}}),
                                schema::Call<RequestState>{});
        });
    }
    Error destroy()
    {
        return error_of([](Act& act) -> Task<> {
            co_await act.change(schema::Call<Service::DestroySystem>{});
        });
    }
    Error read()
    {
        return error_of([](Act& act) -> Task<> {
            co_await act.ask(schema::Call<Service::GetSummaryInformation>{});
        });
    }

    std::uint32_t return_value_ = 0;
    std::string job_error_; ///< MessageID of the host job's error, where 4096 is answered

private:
    template <class Ask>
    Error error_of(Ask ask)
    {
        CallContext context;
        context.deadline = in(600s);
        Shared shared{.ns = Classes::ns,
                      .around = {.client = *client,
                                 .clock = clock,
                                 .random = *random,
                                 .capabilities = {},
                                 .host_name = "host-1"},
                      .jobs = HostJobs{clock, job_reader<Classes>()}};
        Act act{shared, std::move(context)};
        try {
            clock.run(ask(act));
        } catch (const Error& error) {
            return error;
        }
        return Error{ErrorKind::internal, Message{"nothing_was_thrown", {}}};
    }

    http::Response answer_to(const wsman::Request& request) const
    {
        const auto* invoke = std::get_if<wsman::Invoke>(&request.body);
        if (invoke == nullptr) {
            cim::Instance job{"Msvm_ConcreteJob"};
            job.set("InstanceID", cim::Type::string, cim::Value{job_id});
            job.set("JobState", cim::Type::uint16, cim::Value{10});
            job.set("ErrorCode", cim::Type::uint16, cim::Value{32768});
            wsman::ItemsResponse items = batch(request, 1, 0, "");
            items.items.push_back({.instance = job});
            return soap(request, items);
        }
        cim::Instance output{"Output"};
        if (invoke->method == "GetErrorEx") {
            cim::Instance error{"Msvm_Error"};
            error.set("MessageID", cim::Type::string, cim::Value{job_error_});
            error.set("Message", cim::Type::string, cim::Value{"the host's words"});
            output.set("Errors", cim::Type::string,
                       cim::Value{cim::Value::Array{cim::Value{to_cim_xml(error)}}});
            output.set("ReturnValue", cim::Type::uint32, cim::Value{0});
        } else {
            output.set("ReturnValue", cim::Type::uint32, cim::Value{return_value_});
            if (return_value_ == job_started) {
                output.set("Job", cim::Type::reference,
                           cim::Value{cim::ObjectPath{std::string{Classes::ns},
                                                      "Msvm_ConcreteJob",
                                                      {{"InstanceID", cim::Value{job_id}}}}});
            }
        }
        return soap(request, wsman::InvokeResponse{.method = invoke->method, .output = output});
    }
};

void expect_row(const Error& error, std::string_view name, bool reads)
{
    SCOPED_TRACE(name);
    const auto* row = find_known_fault(name);
    ASSERT_NE(row, nullptr);
    EXPECT_EQ(error.kind(), reads ? row->read : row->change);
    EXPECT_EQ(error.code(), row->code);
    const auto* found = known_fault_of(error.message());
    ASSERT_NE(found, nullptr);
    EXPECT_EQ(found->name, name);
}

TEST_F(HostAnswers, every_return_value_of_the_table_comes_to_its_row)
{
    for (const auto& [number, method, name] : host_faults::numbers) {
        if (method.empty()) {
            return_value_ = number;
            expect_row(change(), name, false);
            expect_row(read(), name, true);
        }
    }
}

TEST_F(HostAnswers, every_number_in_the_error_of_a_host_job_comes_to_its_row)
{
    return_value_ = job_started;
    for (const auto& [number, method, name] : host_faults::numbers) {
        if (method.empty()) {
            job_error_ = std::to_string(number);
            const Error error = change();
            expect_row(error, name, false);
            EXPECT_EQ(error.peer().code, number);
            EXPECT_EQ(error.peer().text, "the host's words");
        }
    }
}

TEST_F(HostAnswers, methods_that_count_in_their_own_way_come_to_their_rows)
{
    for (const auto& [number, method, name] : host_faults::numbers) {
        if (!method.empty()) {
            for (const bool reads : {true, false}) {
                expect_row(host_error({.host = "h",
                                       .method = std::string{method},
                                       .code = number,
                                       .reads = reads}),
                           name, reads);
            }
        }
    }
    return_value_ = 5;
    expect_row(destroy(), "return_v2_invalid_state", false);
    expect_row(change(), "return_invalid_parameter", false);
}

TEST_F(HostAnswers, the_return_values_of_the_protocol_digest_mean_what_it_says)
{
    using enum ErrorKind;
    // wsman.md 4.5 for changes, typed from there; 0 and 4096 are no refusals.
    const std::map<std::uint32_t, ErrorKind> facts{{1, unsupported},
                                                   {2, conflict},
                                                   {3, outcome_unknown},
                                                   {4, conflict},
                                                   {5, invalid},
                                                   {6, conflict},
                                                   {4097, conflict},
                                                   {4098, unsupported},
                                                   {4099, unavailable},
                                                   {32768, conflict},
                                                   {32769, denied},
                                                   {32770, unsupported},
                                                   {32771, outcome_unknown},
                                                   {32772, outcome_unknown},
                                                   {32773, invalid},
                                                   {32774, conflict},
                                                   {32775, conflict},
                                                   {32776, invalid},
                                                   {32777, unavailable},
                                                   {32778, exhausted}};
    for (const auto& [number, kind] : facts) {
        return_value_ = number;
        const Error error = change();
        EXPECT_EQ(error.kind(), kind) << number;
        EXPECT_NE(known_fault_of(error.message())->name, "host_act_failed") << number;
    }
    return_value_ = 0;
    EXPECT_EQ(change().code(), "nothing_was_thrown");
}

TEST_F(HostAnswers, a_number_no_row_knows_keeps_the_number_and_the_hosts_words)
{
    return_value_ = 40001;
    const Error error = change();
    expect_row(error, "host_act_failed", false);
    EXPECT_EQ(error.peer().code, 40001U);
    EXPECT_NE(render(error, Language::en).find("40001"), std::string::npos);
}

TEST(FileErrors, every_return_value_of_the_table_comes_to_its_row)
{
    for (const auto& [number, where, name] : file_faults::numbers) {
        expect_row(file_error("h", "D:\\a.vhd", number), name, false);
    }
    expect_row(file_error("h", "D:\\a.vhd", 4711), "disk_delete_failed", false);
}

} // namespace
} // namespace watari::hyperv::wmi
