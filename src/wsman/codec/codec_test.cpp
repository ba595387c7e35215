#include "wsman/codec/codec.hpp"

#include "core/error.hpp"
#include "wsman/codec/fault.hpp"
#include "wsman/codec/names.hpp"
#include "wsman/codec/test_messages.hpp"

#include <gtest/gtest.h>

#include <fmt/format.h>

namespace watari::wsman {
namespace {

using namespace testing_support;
using namespace std::chrono_literals;
using cim::Type;
using cim::Value;

const std::string uri = resource_uri("root/virtualization/v2", "Msvm_ComputerSystem");

Request get_request()
{
    Request request{.header = {.to = "http://host:5985/wsman",
                               .resource_uri = uri,
                               .action = std::string{names::get},
                               .message_id = "uuid:1"},
                    .body = Get{}};
    request.header.operation_timeout = 60s;
    request.header.max_envelope_size = 512000;
    return request;
}

Request enumerate_with(std::string_view filter)
{
    Request request = get_request();
    request.header.action = names::enumerate;
    request.body = Enumerate{};
    std::string bytes = encode(request);
    const std::string_view end = "<n:Enumerate/>";
    bytes.replace(bytes.find(end), end.size(),
                  fmt::format("<n:Enumerate>{}</n:Enumerate>", filter));
    auto decoded = decode_request(bytes, some_types());
    EXPECT_FALSE(decoded.refusal) << decoded.refusal->message;
    return decoded.request;
}

/// The body of an answer around an item, decoded.
cim::Instance read_instance(std::string_view properties)
{
    const std::string bytes = fmt::format(
        R"(<p:Msvm_ComputerSystem xmlns:p="{}" xmlns:xsi="{}" xmlns:cim="{}">{}</p:Msvm_ComputerSystem>)",
        uri, names::xsi, names::cim, properties);
    const auto document = xml::Document::parse(bytes);
    return decode_instance(document.root(), some_types());
}

std::string utf16(std::string_view ascii, bool big_endian)
{
    std::string text = big_endian ? "\xFE\xFF" : "\xFF\xFE";
    for (const char c : ascii) {
        text += big_endian ? '\0' : c;
        text += big_endian ? c : '\0';
    }
    return text;
}

TEST(Resource, uris_name_the_namespace_and_the_class)
{
    EXPECT_EQ(resource_uri("root\\virtualization\\v2", "*"),
              "http://schemas.microsoft.com/wbem/wsman/1/wmi/root/virtualization/v2/*");
    const auto name = parse_resource_uri("\n  " + uri + " ");
    ASSERT_TRUE(name);
    EXPECT_EQ(name->ns, "root/virtualization/v2");
    EXPECT_EQ(name->class_name, "Msvm_ComputerSystem");
    const auto dmtf = parse_resource_uri("http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_X");
    ASSERT_TRUE(dmtf);
    EXPECT_EQ(dmtf->ns, "");
    EXPECT_EQ(dmtf->class_name, "CIM_X");
    for (const char* other :
         {"", " ", "http://x/y", "http://schemas.microsoft.com/wbem/wsman/1/wmi/",
          "http://schemas.microsoft.com/wbem/wsman/1/wmi/root",
          "http://schemas.microsoft.com/wbem/wsman/1/wmi/root/"}) {
        EXPECT_FALSE(parse_resource_uri(other)) << other;
    }
}

TEST(Duration, reads_what_clients_send_and_nothing_else)
{
    EXPECT_EQ(duration_from("PT60.000S"), 60s);
    EXPECT_EQ(duration_from("PT0.5S"), 500ms);
    EXPECT_EQ(duration_from("P1DT2H3M4.0059S"), 24h + 2h + 3min + 4005ms);
    EXPECT_EQ(duration_from("P0Y0M1D"), 24h);
    for (const char* bad :
         {"", "60", "PT", "P", "PT-1S", "-PT1S", "P1Y", "P1M", "PT1", "PT1S1M", "PTS", "PT1.5M",
          "PT99999999999S", "P1DT", "PT1.S", "PT1D", "P1H", "P0Y1H"}) {
        EXPECT_FALSE(duration_from(bad)) << bad;
    }
    EXPECT_EQ(duration_text(60s), "PT60.000S");
    EXPECT_EQ(duration_text(1500ms), "PT1.500S");
}

TEST(Requests, in_utf16_are_the_same_requests)
{
    const std::string bytes = encode(get_request());
    for (const bool big_endian : {false, true}) {
        const auto decoded = decode_request(utf16(bytes, big_endian), some_types());
        EXPECT_FALSE(decoded.refusal);
        EXPECT_EQ(decoded.request.header.resource_uri, uri);
        EXPECT_EQ(decoded.request.header.operation_timeout, 60s);
    }
}

TEST(Requests, that_are_no_soap_are_refused_as_not_of_the_schema)
{
    for (
        const char* bytes :
        {"", "hello", "<a/>", "<html><body></body></html>", "<!DOCTYPE x><x/>",
         R"(<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body/></s:Envelope>)"}) {
        const auto decoded = decode_request(bytes, some_types());
        ASSERT_TRUE(decoded.refusal) << bytes;
        EXPECT_EQ(decoded.refusal->subcode, "wsman:SchemaValidationError") << bytes;
        EXPECT_EQ(decoded.refusal->code, 2150858817U) << bytes;
    }
}

TEST(Requests, without_message_id_action_or_uri_are_refused)
{
    Request request = get_request();
    request.header.message_id.clear();
    EXPECT_EQ(decode_request(encode(request), some_types()).refusal->code, codes::invalid_header);
    request = get_request();
    request.header.message_id = std::string(2049, 'x');
    EXPECT_EQ(decode_request(encode(request), some_types()).refusal->code, codes::invalid_header);
    request = get_request();
    request.header.action.clear();
    EXPECT_EQ(decode_request(encode(request), some_types()).refusal->code, codes::header_required);
    request = get_request();
    request.header.resource_uri.clear();
    EXPECT_EQ(decode_request(encode(request), some_types()).refusal->code, codes::bad_resource_uri);
}

TEST(Requests, of_an_action_nobody_knows_are_not_supported)
{
    Request request = get_request();
    request.header.action = "http://schemas.xmlsoap.org/ws/2004/08/eventing/GetStatus";
    const auto decoded = decode_request(encode(request), some_types());
    ASSERT_TRUE(decoded.refusal);
    EXPECT_EQ(decoded.refusal->subcode, "wsa:ActionNotSupported");
}

TEST(Requests, without_their_element_are_not_of_the_schema)
{
    for (const auto action : {names::enumerate, names::pull, names::release, names::put}) {
        Request request = get_request(); // its body is empty
        request.header.action = action;
        const auto decoded = decode_request(encode(request), some_types());
        ASSERT_TRUE(decoded.refusal) << action;
        EXPECT_EQ(decoded.refusal->code, 2150858817U) << action;
    }
}

TEST(Requests, give_the_types_of_the_namespace_they_address)
{
    std::string asked;
    Request request = get_request();
    request.header.action = uri + "/RequestStateChange";
    cim::Instance input;
    input.set("RequestedState", Type::uint16, Value{2});
    request.body = Invoke{.method = "RequestStateChange", .input = input};
    const auto decoded =
        decode_request(encode(request), [&](std::string_view ns) -> const cim::TypeSource& {
            asked = ns;
            return some_types();
        });
    EXPECT_EQ(asked, "root/virtualization/v2");
    EXPECT_EQ(std::get<Invoke>(decoded.request.body).input["RequestedState"], Value{2});
}

TEST(Requests, keep_the_order_of_parameters_and_nulls)
{
    Request request = get_request();
    request.header.action = uri + "/M";
    cim::Instance input;
    input.set("Zulu", Type::string, Value{"z"});
    input.set("Alpha", Type::string, Value{});
    input.set("RequestedInformation", Type::uint32, Value{Value::Array{Value{3}, Value{1}}});
    request.body = Invoke{.method = "M", .input = input};
    const auto decoded = decode_request(encode(request), some_types());
    EXPECT_FALSE(decoded.refusal);
    EXPECT_EQ(std::get<Invoke>(decoded.request.body).input, input);
}

TEST(Requests, with_wrong_types_wrong_namespace_or_scattered_arrays_are_not_of_the_schema)
{
    Request request = get_request();
    request.header.action = uri + "/M";
    request.body = Invoke{.method = "M"};
    const std::string bytes = encode(request);
    const auto with = [&](std::string_view parameters) {
        std::string changed = bytes;
        const auto end = changed.find("/></s:Body>");
        changed.replace(end, 2, fmt::format(">{}</p:M_INPUT>", parameters));
        return decode_request(changed, some_types());
    };
    EXPECT_FALSE(with("<p:RequestedState>2</p:RequestedState>").refusal);
    EXPECT_FALSE(with("<p:Free>2</p:Free><p:Free>3</p:Free>").refusal);
    for (const char* bad :
         {"<p:RequestedState>two</p:RequestedState>", "<p:RequestedState>65536</p:RequestedState>",
          "<p:RequestedState/>",
          "<p:RequestedState>1</p:RequestedState><p:RequestedState>2</p:RequestedState>",
          "<a:RequestedState>2</a:RequestedState>", "<p:Job>text</p:Job>",
          "<p:RequestedState><cim:Datetime>2025-01-01T00:00:00Z</cim:Datetime></p:RequestedState>",
          "<p:B>1</p:B><p:A>1</p:A><p:B>2</p:B>", "<p:b>1</p:b><p:B>2</p:B>"}) {
        const auto decoded = with(bad);
        ASSERT_TRUE(decoded.refusal) << bad;
        EXPECT_EQ(decoded.refusal->subcode, "wsman:SchemaValidationError") << bad;
    }
}

TEST(Requests, of_a_method_may_have_no_body_or_a_wrapper_of_another_namespace)
{
    Request request = get_request();
    request.header.action = uri + "/M";
    const auto empty = decode_request(encode(request), some_types());
    EXPECT_FALSE(empty.refusal);
    EXPECT_EQ(std::get<Invoke>(empty.request.body).method, "M");

    std::string lax = encode(request);
    const std::string_view body = "<s:Body/>";
    lax.replace(
        lax.find(body), body.size(),
        fmt::format(R"(<s:Body><w:M_INPUT><p:X xmlns:p="{}">1</p:X></w:M_INPUT></s:Body>)", uri));
    const auto decoded = decode_request(lax, some_types());
    EXPECT_FALSE(decoded.refusal);
    EXPECT_EQ(std::get<Invoke>(decoded.request.body).input["X"], Value{"1"});
}

TEST(Requests, carry_references_in_selectors_options_and_fragments)
{
    Request request = get_request();
    const cim::ObjectPath path{"root/virtualization/v2", "Msvm_A", {{"InstanceID", Value{"x\\y"}}}};
    request.header.selectors = {{"Antecedent", path}, {"Name", "a & b"}};
    request.header.options = {{"wmi:Foo", "1"}};
    request.header.fragment = "EnabledState";
    const auto decoded = decode_request(encode(request), some_types());
    EXPECT_FALSE(decoded.refusal);
    ASSERT_EQ(decoded.request.header.selectors.size(), 2U);
    EXPECT_EQ(std::get<cim::ObjectPath>(decoded.request.header.selectors[0].value), path);
    EXPECT_EQ(std::get<std::string>(decoded.request.header.selectors[1].value), "a & b");
    EXPECT_EQ(decoded.request.header.options, request.header.options);
    EXPECT_EQ(decoded.request.header.fragment, "EnabledState");
}

TEST(Requests, identify_needs_no_headers)
{
    const std::string bytes = encode(Request{.body = Identify{}});
    const auto decoded = decode_request(bytes, some_types());
    EXPECT_FALSE(decoded.refusal);
    EXPECT_TRUE(std::holds_alternative<Identify>(decoded.request.body));
}

TEST(Requests, put_and_create_carry_an_instance)
{
    cim::Instance instance{"Msvm_ComputerSystem"};
    instance.set("ElementName", Type::string, Value{"a"});
    instance.set("EnabledState", Type::uint16, Value{2});
    Request request = get_request();
    request.header.action = names::put;
    request.body = Put{instance};
    auto decoded = decode_request(encode(request), some_types());
    EXPECT_EQ(std::get<Put>(decoded.request.body).instance, instance);
    request.header.action = names::create;
    request.body = Create{instance};
    decoded = decode_request(encode(request), some_types());
    EXPECT_EQ(std::get<Create>(decoded.request.body).instance, instance);
}

TEST(Filters, of_selectors_give_the_selectors)
{
    const Request request = enumerate_with(fmt::format(
        R"(<w:Filter Dialect="{}"><w:SelectorSet><w:Selector Name="Name">x</w:Selector></w:SelectorSet></w:Filter>)",
        names::dialect_selector));
    const Filter& filter = *std::get<Enumerate>(request.body).filter;
    ASSERT_EQ(filter.selectors.size(), 1U);
    EXPECT_EQ(filter.selectors[0].name, "Name");
    const auto again = decode_request(encode(request), some_types());
    EXPECT_EQ(std::get<Enumerate>(again.request.body).filter->selectors.size(), 1U);
}

TEST(Filters, of_associations_give_the_equal_query)
{
    const Request request = enumerate_with(fmt::format(
        R"(<w:Filter Dialect="{}"><b:AssociatedInstances xmlns:b="{}"><b:Object><a:Address>x</a:Address>
           <a:ReferenceParameters><w:ResourceURI>{}</w:ResourceURI><w:SelectorSet><w:Selector Name="Name">it's</w:Selector>
           </w:SelectorSet></a:ReferenceParameters></b:Object><b:AssociationClassName>Msvm_S</b:AssociationClassName>
           <b:ResultClassName>Msvm_R</b:ResultClassName></b:AssociatedInstances></w:Filter>)",
        names::dialect_association, names::binding, uri));
    EXPECT_EQ(
        std::get<Enumerate>(request.body).filter->text,
        R"(ASSOCIATORS OF {Msvm_ComputerSystem.Name='it\'s'} WHERE AssocClass = Msvm_S ResultClass = Msvm_R)");
}

TEST(Filters, may_stand_in_the_enumeration_namespace)
{
    const Request request = enumerate_with(
        fmt::format(R"(<n:Filter Dialect="{}">select * from X</n:Filter>)", names::dialect_wql));
    EXPECT_EQ(std::get<Enumerate>(request.body).filter->text, "select * from X");
}

TEST(Instances, are_read_with_declared_types)
{
    const cim::Instance instance = read_instance(
        "<p:ElementName>  a </p:ElementName><p:EnabledState> 2 </p:EnabledState>"
        "<p:InstallDate><cim:CIM_DateTime>20250101******.******+000</cim:CIM_DateTime></"
        "p:InstallDate>"
        "<p:Notes "
        "xsi:nil='true'/><p:OperationalStatus>2</p:OperationalStatus><p:Unknown>1</p:Unknown>"
        "<cim:Location>ignored</cim:Location>");
    EXPECT_EQ(instance["ElementName"], Value{"  a "});
    EXPECT_EQ(instance["EnabledState"], Value{2});
    EXPECT_TRUE(instance["InstallDate"].datetime());
    EXPECT_TRUE(instance["Notes"].is_null());
    EXPECT_EQ(instance["OperationalStatus"], (Value{Value::Array{Value{2}}}));
    EXPECT_EQ(instance["Unknown"], Value{"1"});
    EXPECT_EQ(instance.find("Location"), nullptr);
}

TEST(Instances, of_a_host_are_read_as_far_as_they_can_be)
{
    EXPECT_TRUE(read_instance("<p:EnabledState/>")["EnabledState"].is_null());
    EXPECT_TRUE(
        read_instance(
            "<p:EnabledState>1</p:EnabledState><p:EnabledState>2</p:EnabledState>")["EnabledState"]
            .is_array());
    EXPECT_THROW(read_instance("<p:EnabledState>x</p:EnabledState>"), Error);
    EXPECT_THROW(read_instance("<p:B>1</p:B><p:A/><p:B>2</p:B>"), Error);
}

TEST(Instances, may_hold_wrapped_references)
{
    const cim::Instance instance = read_instance(fmt::format(
        R"(<p:Peer xmlns:a="{}" xmlns:w="{}"><a:EndpointReference><a:ReferenceParameters><w:ResourceURI>{}</w:ResourceURI>
           </a:ReferenceParameters></a:EndpointReference></p:Peer>)",
        names::addressing, names::wsman, uri));
    ASSERT_NE(instance["Peer"].reference(), nullptr);
    EXPECT_EQ(instance["Peer"].reference()->class_name(), "Msvm_ComputerSystem");
}

TEST(Instances, are_printed_in_alphabetical_order_without_null_arrays)
{
    cim::Instance instance{"Msvm_X"};
    instance.set("beta", Type::string, Value{""});
    instance.set("Alpha", Type::uint32, Value{});
    instance.set({.name = "Gamma", .type = Type::string, .is_array = true});
    instance.set("Delta", Type::string, Value{Value::Array{}});
    instance.set("Control", Type::string, Value{"a\x01<b"});
    const std::string text = encode_instance(instance, "root/virtualization/v2");
    EXPECT_TRUE(text.ends_with(
        R"(<p:Alpha xsi:nil="true"/><p:beta></p:beta><p:Control>a?&lt;b</p:Control></p:Msvm_X>)"))
        << text;
}

TEST(Instances, of_a_projection_are_fragments_without_namespace)
{
    cim::Instance projection;
    projection.set("Name", Type::string, Value{"x"});
    const std::string text = encode_instance(projection, "root/virtualization/v2");
    const auto document = xml::Document::parse(text);
    EXPECT_TRUE(document.root().is(names::wsman, "XmlFragment"));
    EXPECT_EQ(decode_instance(document.root(), some_types()), projection);
}

TEST(Answers, end_only_where_the_end_is_a_child_of_the_answer)
{
    const std::string bytes = fmt::format(
        R"(<s:Envelope xmlns:s="{}" xmlns:n="{}"><s:Body><n:PullResponse><n:EnumerationContext>c</n:EnumerationContext>
           <n:Items><p:X xmlns:p="{}"><p:EndOfSequence>true</p:EndOfSequence></p:X></n:Items></n:PullResponse></s:Body></s:Envelope>)",
        names::soap, names::enumeration, uri);
    const Response response = decode_response(bytes, cim::untyped());
    const auto& items = std::get<ItemsResponse>(response.body);
    EXPECT_FALSE(items.end_of_sequence);
    EXPECT_EQ(items.items.size(), 1U);
}

TEST(Answers, of_identify_name_version_and_profiles)
{
    const Response response{.body = IdentifyResponse{std::string{names::wsman},
                                                     "Microsoft Corporation",
                                                     "OS: 6.3.9600 SP: 0.0 Stack: 3.0",
                                                     {"urn:a"}}};
    const Response again = decode_response(encode(response, {}), cim::untyped());
    const auto& identity = std::get<IdentifyResponse>(again.body);
    EXPECT_EQ(identity.product_version, "OS: 6.3.9600 SP: 0.0 Stack: 3.0");
    EXPECT_EQ(identity.security_profiles, std::vector<std::string>{"urn:a"});
}

TEST(Answers, of_create_and_of_empty_put_are_read)
{
    const cim::ObjectPath path{"root/virtualization/v2", "Msvm_A", {{"InstanceID", Value{"x"}}}};
    Response response{.action = std::string{names::create} + "Response",
                      .body = ReferenceResponse{path}};
    EXPECT_EQ(
        std::get<ReferenceResponse>(decode_response(encode(response, {}), cim::untyped()).body)
            .path,
        path);
    response = {.action = std::string{names::put} + "Response", .body = EmptyResponse{}};
    EXPECT_FALSE(
        std::get<InstanceResponse>(decode_response(encode(response, {}), cim::untyped()).body)
            .instance);
}

TEST(Faults, survive_the_way_with_every_field)
{
    Fault fault = make_fault(faults::selectors_unexpected, "words", 0x80041002);
    fault.machine = "HOST";
    const Response response{.body = fault};
    const auto again = std::get<Fault>(decode_response(encode(response, {}), cim::untyped()).body);
    EXPECT_EQ(again.subcode, fault.subcode);
    EXPECT_EQ(again.detail_uri, "UnexpectedSelectors");
    EXPECT_EQ(again.code, 2150858843U);
    EXPECT_EQ(again.wmi_code, 0x80041002U);
    EXPECT_EQ(again.message, "words");
    EXPECT_EQ(again.machine, "HOST");
    EXPECT_EQ(fault_action(fault), "http://schemas.dmtf.org/wbem/wsman/1/wsman/fault");
}

TEST(Faults, name_the_headers_that_were_not_understood)
{
    const Response response{.body = must_understand_fault({"{urn:z}Q"})};
    const auto again = std::get<Fault>(decode_response(encode(response, {}), cim::untyped()).body);
    EXPECT_TRUE(again.must_understand);
    EXPECT_EQ(again.not_understood, std::vector<std::string>{"{urn:z}Q"});
}

} // namespace
} // namespace watari::wsman
