#include "wsman/client/session.hpp"

#include "wsman/client/stub_host.hpp"
#include "wsman/codec/names.hpp"

namespace watari::wsman {
namespace {

using namespace testing_support;
using namespace std::chrono_literals;
using cim::Type;
using cim::Value;

class SessionTest : public StubHost
{
protected:
    Failure get_failure() { return failure_of(session->get(vm(), in(60s))); }
    Failure invoke_failure(Effect effect)
    {
        return failure_of(session->invoke(vm(), "RequestStateChange", {}, effect, in(60s)));
    }
    Failure query_failure()
    {
        return failure_of(session->query(ns, "select * from Msvm_X", in(60s)));
    }
};

Task<> answer_in_pieces(http::BodyWriter& out, std::string text)
{
    for (std::size_t at = 0; at < text.size(); at += 100) {
        co_await out.write(std::string_view{text}.substr(at, 100));
    }
}

TEST_F(SessionTest, sends_what_hosts_expect_of_a_request)
{
    answer = [](const Request& request) {
        return soap(request, InstanceResponse{cim::Instance{"Msvm_ComputerSystem"}});
    };
    start();
    clock.run(session->get(vm(), in(10s)));
    clock.run(session->get(vm(), in(600s)));
    ASSERT_EQ(received.size(), 2U);
    const RequestHeader& header = received[0].header;
    EXPECT_EQ(header.to, "http://10.0.0.1:5985/wsman");
    EXPECT_EQ(header.resource_uri, resource_uri(ns, "Msvm_ComputerSystem"));
    EXPECT_EQ(header.selectors.size(), 2U);
    EXPECT_EQ(header.max_envelope_size, 512000U);
    EXPECT_EQ(header.operation_timeout, 10s);
    EXPECT_EQ(received[1].header.operation_timeout, 60s);
    EXPECT_NE(header.message_id, received[1].header.message_id);
    EXPECT_EQ(header.session_id, received[1].header.session_id);
    EXPECT_FALSE(header.locale_must_understand);
    EXPECT_EQ(headers[0].get("Content-Type"), names::content_type);
    EXPECT_TRUE(headers[0].get("Content-Length"));
    EXPECT_EQ(session->requests(), 2U);
    EXPECT_EQ(records[0], "Get Msvm_ComputerSystem");
}

TEST_F(SessionTest, identify_tells_version_and_stack)
{
    answer = [](const Request& request) {
        return soap(request,
                    IdentifyResponse{.product_vendor = "Microsoft Corporation",
                                     .product_version = "OS: 6.1.7601 SP: 1.0 Stack: 2.0"});
    };
    start();
    const Identity identity = clock.run(session->identify(in(10s)));
    EXPECT_EQ(identity.os_version, "6.1.7601");
    EXPECT_EQ(identity.stack, "2.0");
    answer = [](const Request& request) {
        return soap(request, IdentifyResponse{.product_version = "OS: 0.0.0 SP: 0.0 Stack: 3.0"});
    };
    EXPECT_EQ(clock.run(session->identify(in(10s))).os_version, "");
}

TEST_F(SessionTest, reads_all_batches_of_a_query)
{
    answer = [](const Request& request) {
        const auto* pull = std::get_if<Pull>(&request.body);
        if (pull == nullptr) {
            return soap(request, batch(request, 1, 2, "c1"));
        }
        return pull->context == "c1" ? soap(request, batch(request, 3, 4, "c2"))
                                     : soap(request, batch(request, 5, 5, ""));
    };
    start();
    const auto all = clock.run(session->query(ns, "select * from Msvm_X", in(60s)));
    ASSERT_EQ(all.size(), 5U);
    EXPECT_EQ(all[4]["Number"], Value{"5"});
    EXPECT_EQ(records,
              (std::vector<std::string>{"Enumerate Msvm_X", "Pull Msvm_X", "Pull Msvm_X"}));
    const auto& asked = std::get<Enumerate>(received[0].body);
    EXPECT_TRUE(asked.optimize);
    EXPECT_EQ(asked.max_elements, 200U);
    EXPECT_EQ(asked.filter->dialect, names::dialect_wql);
    EXPECT_TRUE(received[0].header.resource_uri.ends_with("/*"));
}

class NumberTypes final : public cim::TypeSource
{
public:
    std::optional<cim::PropertyType> property_type(std::string_view class_name,
                                                   std::string_view) const override
    {
        return class_name == "Msvm_X" ? std::optional{cim::PropertyType{Type::uint32}}
                                      : std::nullopt;
    }
    std::optional<cim::PropertyType> parameter_type(std::string_view, std::string_view,
                                                    std::string_view) const override
    {
        return std::nullopt;
    }
};

TEST_F(SessionTest, types_the_items_of_a_projection_by_the_class_of_the_query)
{
    answer = [](const Request& request) {
        ItemsResponse items = batch(request, 1, 1, "");
        items.items[0].instance->set_class_name("");
        return soap(request, items);
    };
    const NumberTypes types;
    start({.types_of = [&](std::string_view) -> const cim::TypeSource& { return types; }});
    const auto all = clock.run(session->query(ns, "select Number from Msvm_X", in(60s)));
    ASSERT_EQ(all.size(), 1U);
    EXPECT_EQ(all[0].class_name(), "Msvm_X");
    EXPECT_EQ(all[0]["Number"].unsigned_integer(), 1U);
}

TEST_F(SessionTest, pulls_when_the_host_does_not_optimize_and_keeps_a_context_that_is_left_out)
{
    answer = [turn = 0](const Request& request) mutable {
        switch (turn++) {
        case 0:
            return soap(request, ItemsResponse{.context = "c"});
        case 1: {
            ItemsResponse items = batch(request, 1, 1, "");
            items.end_of_sequence = false;
            return soap(request, items);
        }
        default:
            return soap(request, batch(request, 2, 1, ""));
        }
    };
    start();
    EXPECT_EQ(clock.run(session->enumerate(ns, "Msvm_X", in(60s))).size(), 1U);
    EXPECT_EQ(std::get<Pull>(received.at(2).body).context, "c");
    EXPECT_TRUE(received[0].header.resource_uri.ends_with("/Msvm_X"));
}

TEST_F(SessionTest, releases_the_enumeration_when_the_caller_stops)
{
    answer = [](const Request& request) {
        return std::holds_alternative<Release>(request.body)
                   ? soap(request, EmptyResponse{})
                   : soap(request, batch(request, 1, 2, "c1"));
    };
    start();
    clock.run(session->stream(ns, "select * from Msvm_X", [](auto) { return false; }, in(60s)));
    ASSERT_EQ(received.size(), 2U);
    EXPECT_EQ(std::get<Release>(received[1].body).context, "c1");
}

TEST_F(SessionTest, releases_the_enumeration_when_the_caller_throws_or_a_pull_fails)
{
    answer = [](const Request& request) {
        if (std::holds_alternative<Pull>(request.body)) {
            return refuse(request, faults::access_denied);
        }
        return std::holds_alternative<Release>(request.body)
                   ? soap(request, EmptyResponse{})
                   : soap(request, batch(request, 1, 2, "c1"));
    };
    start();
    EXPECT_EQ(query_failure(), (Failure{ErrorKind::denied, "wmi_access_denied"}));
    EXPECT_EQ(records.back(), "Release Msvm_X");
    records.clear();
    const auto take = [](auto) -> bool { throw std::runtime_error{"enough"}; };
    EXPECT_THROW(clock.run(session->stream(ns, "select * from Msvm_X", take, in(60s))),
                 std::runtime_error);
    EXPECT_EQ(records, (std::vector<std::string>{"Enumerate Msvm_X", "Release Msvm_X"}));
}

TEST_F(SessionTest, a_lost_context_is_not_released)
{
    answer = [](const Request& request) {
        return std::holds_alternative<Pull>(request.body)
                   ? refuse(request, faults::invalid_context)
                   : soap(request, batch(request, 1, 2, "c1"));
    };
    start();
    EXPECT_EQ(query_failure(), (Failure{ErrorKind::unavailable, "wsman_enumeration_lost"}));
    EXPECT_EQ(records.back(), "!Pull Msvm_X");
}

TEST_F(SessionTest, an_enumeration_that_goes_nowhere_is_a_bad_answer)
{
    answer = [](const Request& request) {
        ItemsResponse items = batch(request, 1, 1, "");
        items.end_of_sequence = false;
        return soap(request, items);
    };
    start();
    EXPECT_EQ(query_failure(), (Failure{ErrorKind::invalid, "wsman_bad_answer"}));
    answer = [](const Request& request) {
        return std::holds_alternative<Release>(request.body)
                   ? soap(request, EmptyResponse{})
                   : soap(request, batch(request, 1, 0, "c"));
    };
    EXPECT_EQ(query_failure(), (Failure{ErrorKind::invalid, "wsman_bad_answer"}));
}

TEST_F(SessionTest, invoke_gives_the_output_and_sends_the_input_in_order)
{
    answer = [](const Request& request) {
        InvokeResponse output{.method = "M"};
        output.output.set("ReturnValue", Type::uint32, Value{4096});
        output.output.set("Job", Type::reference, Value{vm()});
        return soap(request, output);
    };
    start();
    cim::Instance input;
    input.set("Zulu", Type::string, Value{"<INSTANCE/>"});
    input.set("Target", Type::reference, Value{vm()});
    const auto output = clock.run(session->invoke(vm(), "M", input, Effect::changes, in(60s)));
    EXPECT_EQ(output["ReturnValue"], Value{"4096"}); // untyped here
    ASSERT_NE(output["Job"].reference(), nullptr);
    EXPECT_TRUE(output["Job"].reference()->names_same_instance(vm()));
    const auto& sent = std::get<Invoke>(received[0].body);
    EXPECT_EQ(sent.method, "M");
    EXPECT_EQ(sent.input.properties().at(0).name, "Zulu");
    EXPECT_FALSE(sent.has_wrapped_reference);
    EXPECT_EQ(records[0], "M Msvm_ComputerSystem");
}

TEST_F(SessionTest, put_sends_the_instance)
{
    answer = [](const Request& request) { return soap(request, InstanceResponse{}); };
    start();
    cim::Instance instance{"Msvm_ComputerSystem"};
    instance.set("ElementName", Type::string, Value{"a"});
    clock.run(session->put(vm(), instance, in(60s)));
    EXPECT_EQ(std::get<Put>(received[0].body).instance, instance);
}

TEST_F(SessionTest, a_connection_cut_after_sending_leaves_the_outcome_of_a_change_unknown)
{
    answer = [](const Request&) { return http::Response{.drop_connection = true}; };
    start();
    EXPECT_EQ(invoke_failure(Effect::changes).first, ErrorKind::outcome_unknown);
    EXPECT_EQ(received.size(), 1U);
    EXPECT_EQ(invoke_failure(Effect::reads).first, ErrorKind::unavailable);
    EXPECT_EQ(get_failure().first, ErrorKind::unavailable);
}

TEST_F(SessionTest, a_silent_host_times_out_a_read_and_leaves_a_change_unknown)
{
    answer = [](const Request&) { return http::Response{}; };
    thinking_time = 1h;
    start();
    EXPECT_EQ(get_failure().first, ErrorKind::timed_out);
    EXPECT_EQ(invoke_failure(Effect::changes).first, ErrorKind::outcome_unknown);
    EXPECT_EQ(failure_of(session->get(vm(), in(1h))).first, ErrorKind::timed_out); // given up early
    EXPECT_LT(clock.steady() - SteadyTime{}, 1h + 300s);
    EXPECT_EQ(failure_of(session->get(vm(), in(0s))),
              (Failure{ErrorKind::timed_out, "wsman_timed_out"}));
}

TEST_F(SessionTest, a_host_that_is_down_is_unavailable_for_changes_too)
{
    start();
    network.set_down(at.address, true);
    EXPECT_EQ(invoke_failure(Effect::changes).first, ErrorKind::unavailable);
    EXPECT_EQ(records.back(), "!RequestStateChange Msvm_ComputerSystem");
}

TEST_F(SessionTest, something_that_is_no_soap_is_a_bad_answer)
{
    for (const char* body :
         {"<!DOCTYPE html><html><body>hello</body></html>", "<html><body/></html>", "", "{}"}) {
        answer = [body](const Request&) { return http::Response{.status = 200, .body = body}; };
        if (!server) {
            start();
        }
        EXPECT_EQ(get_failure(), (Failure{ErrorKind::invalid, "wsman_bad_answer"})) << body;
        EXPECT_EQ(invoke_failure(Effect::changes),
                  (Failure{ErrorKind::outcome_unknown, "wsman_bad_answer"}))
            << body;
    }
}

TEST_F(SessionTest, an_answer_to_another_request_is_a_bad_answer)
{
    answer = [](Request request) {
        request.header.message_id = "uuid:other";
        return soap(request, InstanceResponse{cim::Instance{"Msvm_ComputerSystem"}});
    };
    start();
    EXPECT_EQ(get_failure(), (Failure{ErrorKind::invalid, "wsman_bad_answer"}));
}

TEST_F(SessionTest, a_chunked_answer_is_the_same_answer)
{
    answer = [](const Request& request) {
        http::Response response = soap(request, batch(request, 1, 20, ""));
        response.stream = [text = std::exchange(response.body, {})](http::BodyWriter& out) {
            return answer_in_pieces(out, text);
        };
        return response;
    };
    start();
    EXPECT_EQ(clock.run(session->query(ns, "select * from Msvm_X", in(60s))).size(), 20U);
}

struct FaultCase {
    Fault fault;
    ErrorKind read;
    ErrorKind change;
    std::string code;
};

Fault with_code(Fault fault, std::uint32_t code)
{
    fault.code = code;
    return fault;
}

TEST_F(SessionTest, faults_mean_what_the_table_says_for_reads_and_for_changes)
{
    using enum ErrorKind;
    Fault quota = make_fault(faults::quota_operations);
    quota.as_wmi_error = true;
    quota.cim_status = 27;
    Fault odd;
    odd.subcode = "wsman:Odd";
    const std::vector<FaultCase> table{
        {make_fault(faults::destination_unreachable), not_found, not_found, "wmi_instance_missing"},
        {make_fault(faults::bad_resource_uri), unsupported, unsupported, "wmi_class_missing"},
        {make_fault(faults::destination_unreachable, "", 0x80041002), not_found, not_found,
         "wmi_instance_missing"},
        {make_fault(faults::destination_unreachable, "", 0x80041010), unsupported, unsupported,
         "wmi_class_missing"},
        {make_fault(faults::destination_unreachable, "", 0x8004100E), unsupported, unsupported,
         "wmi_namespace_missing"},
        {make_fault(faults::provider_failure, "", 0x80041003), denied, denied, "wmi_access_denied"},
        {make_fault(faults::provider_failure, "", 0x80041019), conflict, conflict,
         "wmi_already_exists"},
        {make_fault(faults::provider_failure, "", 0x8004102E), unsupported, unsupported,
         "wmi_method_missing"},
        {make_fault(faults::provider_failure, "", 0x8004102F), invalid, invalid,
         "wsman_schema_violation"},
        {make_fault(faults::provider_failure, "", 0x80041017), invalid, invalid, "wsman_bad_query"},
        {make_fault(faults::provider_failure, "", 0x80041001), unavailable, outcome_unknown,
         "wsman_host_failed"},
        {make_fault(faults::access_denied), denied, denied, "wmi_access_denied"},
        {make_fault(faults::selectors_missing), invalid, invalid, "wsman_bad_selectors"},
        {make_fault(faults::schema_validation), invalid, invalid, "wsman_schema_violation"},
        {make_fault(faults::invalid_parameter), invalid, invalid, "wsman_schema_violation"},
        {make_fault(faults::already_exists), conflict, conflict, "wmi_already_exists"},
        {make_fault(faults::action_not_supported), unsupported, unsupported, "wsman_unsupported"},
        {make_fault(faults::timed_out), timed_out, outcome_unknown, "wsman_timed_out"},
        {make_fault(faults::encoding_limit), exhausted, outcome_unknown, "wsman_answer_too_large"},
        {make_fault(faults::envelope_below_minimum), invalid, invalid, "wsman_fault"},
        {with_code(make_fault(faults::provider_failure), 2150859236), exhausted, exhausted,
         "wsman_quota"},
        {quota, exhausted, exhausted, "wsman_quota"},
        {must_understand_fault({"{urn:x}Y"}), invalid, invalid, "wsman_fault"},
        {odd, invalid, invalid, "wsman_fault"},
    };
    start();
    for (const FaultCase& row : table) {
        SCOPED_TRACE(row.fault.subcode + " " + row.code);
        answer = [&](const Request& request) { return soap(request, row.fault); };
        EXPECT_EQ(invoke_failure(Effect::reads), (Failure{row.read, row.code}));
        EXPECT_EQ(invoke_failure(Effect::changes), (Failure{row.change, row.code}));
    }
}

TEST_F(SessionTest, faults_carry_the_hosts_number_and_words)
{
    answer = [](const Request& request) {
        return soap(request,
                    make_fault(faults::destination_unreachable, "見つかりません", 0x80041002));
    };
    start();
    get_failure();
    EXPECT_EQ(last_peer.code, 0x80041002U);
    EXPECT_EQ(last_peer.text, "見つかりません");
}

TEST_F(SessionTest, a_refused_query_is_unsupported_when_it_is_sound_and_invalid_otherwise)
{
    answer = [](const Request& request) { return refuse(request, faults::cannot_process_filter); };
    start();
    EXPECT_EQ(query_failure(), (Failure{ErrorKind::unsupported, "wsman_bad_query"}));
    EXPECT_EQ(failure_of(session->query(ns, "selct *", in(60s))),
              (Failure{ErrorKind::invalid, "wsman_bad_query"}));
}

TEST_F(SessionTest, http_errors_mean_what_the_table_says)
{
    struct Row {
        int status;
        ErrorKind read;
        ErrorKind change;
        std::string code;
    };
    using enum ErrorKind;
    start();
    for (const Row& row : {Row{401, unauthenticated, unauthenticated, "authentication_refused"},
                           Row{413, exhausted, exhausted, "wsman_request_too_large"},
                           Row{500, denied, denied, "encryption_required"},
                           Row{503, unavailable, unavailable, "wsman_service_busy"},
                           Row{404, unsupported, unsupported, "wsman_http_status"},
                           Row{502, unavailable, outcome_unknown, "wsman_http_status"}}) {
        answer = [&](const Request&) { return http::Response{.status = row.status}; };
        EXPECT_EQ(get_failure(), (Failure{row.read, row.code})) << row.status;
        EXPECT_EQ(invoke_failure(Effect::changes), (Failure{row.change, row.code})) << row.status;
    }
}

} // namespace
} // namespace watari::wsman
