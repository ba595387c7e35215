#include "wsman/codec/test_messages.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>

#include <fmt/format.h>

namespace watari::wsman::testing_support {

namespace {

using boost::json::array;
using boost::json::object;
using boost::json::value;
using cim::PropertyType;
using cim::Type;

class SomeTypes final : public cim::TypeSource
{
public:
    std::optional<PropertyType> property_type(std::string_view,
                                              std::string_view property) const override
    {
        return find(properties_, property);
    }
    std::optional<PropertyType> parameter_type(std::string_view, std::string_view,
                                               std::string_view parameter) const override
    {
        return find(parameters_, parameter);
    }

private:
    using Table = std::map<std::string, PropertyType, std::less<>>;

    static std::optional<PropertyType> find(const Table& table, std::string_view name)
    {
        const auto found = table.find(name);
        return found == table.end() ? std::nullopt : std::optional{found->second};
    }

    Table properties_{
        {"EnabledState", {Type::uint16}},
        {"OperationalStatus", {Type::uint16, true}},
        {"StatusDescriptions", {Type::string, true}},
        {"InstallDate", {Type::datetime}},
        {"LastReplicationTime", {Type::datetime}},
        {"OnTimeInMilliseconds", {Type::uint64}},
        {"AutomaticStartupActionDelay", {Type::datetime}},
        {"Notes", {Type::string, true}},
        {"ElapsedTime", {Type::datetime}},
        {"JobState", {Type::uint16}},
        {"PercentComplete", {Type::uint16}},
        {"ErrorCode", {Type::uint16}},
        {"UpTime", {Type::uint64}},
        {"CommunicationStatus", {Type::uint16}},
        {"DetailedStatus", {Type::uint16}},
        {"Name", {Type::string}},
        {"ElementName", {Type::string}},
        {"Caption", {Type::string}},
        {"CreationClassName", {Type::string}},
        {"InstanceID", {Type::string}},
    };
    Table parameters_{
        {"RequestedState", {Type::uint16}},
        {"Job", {Type::reference}},
        {"ReturnValue", {Type::uint32}},
        {"SystemSettings", {Type::string}},
        {"ResultingSystem", {Type::reference}},
        {"AffectedConfiguration", {Type::reference}},
        {"ResourceSettings", {Type::string, true}},
        {"ResultingResourceSettings", {Type::reference, true}},
        {"Path", {Type::string}},
        {"SettingData", {Type::string}},
        {"RequestedInformation", {Type::uint32, true}},
        {"SummaryInformation", {Type::object, true}},
    };
};

object dump_instance(const cim::Instance& instance)
{
    object properties;
    for (const cim::Property& property : instance.properties()) {
        properties[property.name] = dump(property);
    }
    return {{"class", instance.class_name()}, {"properties", properties}};
}

value dump_value(const cim::Value& item, Type type)
{
    if (item.is_null()) {
        return nullptr;
    }
    if (const auto* path = item.reference()) {
        return value(fmt::format("ref:{}", path->with_ns("").text()));
    }
    if (const auto* embedded = item.embedded()) {
        return dump_instance(*embedded);
    }
    if (const auto* moment = item.datetime()) {
        return value(fmt::format("datetime:{}", moment->xs()));
    }
    return value(fmt::format("{}:{}", cim::to_string(type), item.text()));
}

object dump_qualifiers(const std::vector<cim::Qualifier>& qualifiers)
{
    object out;
    for (const cim::Qualifier& qualifier : qualifiers) {
        out[qualifier.name] =
            dump({qualifier.name, qualifier.type, qualifier.is_array, qualifier.value});
    }
    return out;
}

object dump_element(const cim::ElementDeclaration& element)
{
    return {
        {"type", fmt::format("{}{}", cim::to_string(element.type), element.is_array ? "[]" : "")},
        {"reference_class", element.reference_class},
        {"class_origin", element.class_origin},
        {"default", dump({element.name, element.type, element.is_array, element.default_value})},
        {"qualifiers", dump_qualifiers(element.qualifiers)}};
}

object dump_class(const cim::ClassDeclaration& declaration)
{
    object properties;
    for (const cim::ElementDeclaration& property : declaration.properties) {
        properties[property.name] = dump_element(property);
    }
    object methods;
    for (const cim::MethodDeclaration& method : declaration.methods) {
        object parameters;
        for (const cim::ElementDeclaration& parameter : method.parameters) {
            parameters[parameter.name] = dump_element(parameter);
        }
        methods[method.name] = {
            {"returns", method.returns ? cim::to_string(*method.returns) : "void"},
            {"parameters", parameters},
            {"qualifiers", dump_qualifiers(method.qualifiers)}};
    }
    return {{"name", declaration.name},
            {"superclass", declaration.superclass},
            {"qualifiers", dump_qualifiers(declaration.qualifiers)},
            {"properties", properties},
            {"methods", methods}};
}

std::string_view name_of(EnumerationMode mode)
{
    switch (mode) {
    case EnumerationMode::objects:
        return "objects";
    case EnumerationMode::references:
        return "references";
    case EnumerationMode::objects_and_references:
        return "objects_and_references";
    }
    return "";
}

value number_or_null(const std::optional<std::uint32_t>& number)
{
    return number ? value(*number) : value(nullptr);
}

object parameters_of(const cim::Instance& parameters)
{
    return dump_instance(parameters).at("properties").as_object();
}

struct RequestDump {
    object& out;

    void operator()(const Identify&) const { out["body"] = "Identify"; }
    void operator()(const Get&) const { out["body"] = "Get"; }
    void operator()(const Delete&) const { out["body"] = "Delete"; }
    void operator()(const Put& put) const
    {
        out["body"] = "Put";
        out["instance"] = dump_instance(put.instance);
    }
    void operator()(const Create& create) const
    {
        out["body"] = "Create";
        out["instance"] = dump_instance(create.instance);
    }
    void operator()(const Enumerate& enumerate) const
    {
        out["body"] = "Enumerate";
        out["optimize"] = enumerate.optimize;
        out["max_elements"] = number_or_null(enumerate.max_elements);
        out["mode"] = name_of(enumerate.mode);
        out["filter"] = nullptr;
        if (enumerate.filter) {
            out["filter"] = {{"dialect", enumerate.filter->dialect},
                             {"text", enumerate.filter->text}};
        }
    }
    void operator()(const Pull& pull) const
    {
        out["body"] = "Pull";
        out["context"] = pull.context;
        out["max_elements"] = number_or_null(pull.max_elements);
    }
    void operator()(const Release& release) const
    {
        out["body"] = "Release";
        out["context"] = release.context;
    }
    void operator()(const Invoke& invoke) const
    {
        out["body"] = "Invoke";
        out["method"] = invoke.method;
        out["input"] = parameters_of(invoke.input);
        out["wrapped_reference"] = invoke.has_wrapped_reference;
        out["element_tree"] = invoke.has_element_tree_parameter;
    }
    void operator()(const Subscribe& subscribe) const
    {
        out["body"] = "Subscribe";
        out["mode"] = subscribe.mode;
        out["expires_ms"] = subscribe.expires ? value(subscribe.expires->count()) : value(nullptr);
        out["heartbeats_ms"] =
            subscribe.heartbeats ? value(subscribe.heartbeats->count()) : value(nullptr);
        out["filter"] = nullptr;
        if (subscribe.filter) {
            out["filter"] = {{"dialect", subscribe.filter->dialect},
                             {"text", subscribe.filter->text}};
        }
    }
    void operator()(const Unsubscribe& unsubscribe) const
    {
        out["body"] = "Unsubscribe";
        out["identifier"] = unsubscribe.identifier;
    }
    void operator()(const Renew& renew) const
    {
        out["body"] = "Renew";
        out["identifier"] = renew.identifier;
    }
};

object dump_fault(const Fault& fault)
{
    array names(fault.not_understood.begin(), fault.not_understood.end());
    return {{"body", "Fault"},
            {"sender", fault.is_sender},
            {"must_understand", fault.must_understand},
            {"subcode", fault.subcode},
            {"reason", fault.reason},
            {"detail", fault.detail_uri},
            {"code", fault.code},
            {"wmi_code", fault.wmi_code},
            {"cim_status", fault.cim_status},
            {"message", fault.message},
            {"not_understood", names}};
}

struct ResponseDump {
    object& out;

    void operator()(const IdentifyResponse& identity) const
    {
        out["body"] = "Identify";
        out["version"] = identity.product_version;
    }
    void operator()(const InstanceResponse& got) const
    {
        out = got.instance ? dump_instance(*got.instance) : object{};
        out["body"] = "Instance";
    }
    void operator()(const ReferenceResponse& created) const
    {
        out["body"] = "Reference";
        out["path"] = created.path.text();
    }
    void operator()(const EmptyResponse&) const { out["body"] = "Empty"; }
    void operator()(const ItemsResponse& items) const
    {
        out = {{"body", "Items"},
               {"pull", items.is_pull},
               {"has_items", items.has_items},
               {"context", items.context},
               {"end", items.end_of_sequence}};
        array list;
        for (const Item& item : items.items) {
            object one;
            if (item.instance) {
                one["instance"] = dump_instance(*item.instance);
            }
            if (item.declaration) {
                one["declaration"] = dump_class(*item.declaration);
            }
            if (item.path) {
                one["path"] = item.path->with_ns("").text();
            }
            list.push_back(one);
        }
        out["items"] = list;
    }
    void operator()(const InvokeResponse& invoked) const
    {
        out["body"] = "Invoke";
        out["method"] = invoked.method;
        out["output"] = parameters_of(invoked.output);
    }
    void operator()(const Fault& fault) const { out = dump_fault(fault); }
    void operator()(const ClassResponse& got) const
    {
        out = dump_class(*got.declaration);
        out["body"] = "Class";
    }
    void operator()(const SubscribeResponse& subscribed) const
    {
        out["body"] = "Subscribed";
        out["manager"] = subscribed.manager;
        out["identifier"] = subscribed.identifier;
        out["expires_ms"] =
            subscribed.expires ? value(subscribed.expires->count()) : value(nullptr);
        out["context"] = subscribed.context;
    }
};

std::string array_difference(const array& expected, const array& actual, const std::string& at)
{
    if (expected.size() != actual.size()) {
        return fmt::format("{}: {} elements in place of {}", at, actual.size(), expected.size());
    }
    for (std::size_t index = 0; index < expected.size(); ++index) {
        const std::string found =
            difference(expected[index], actual[index], fmt::format("{}[{}]", at, index));
        if (!found.empty()) {
            return found;
        }
    }
    return {};
}

} // namespace

const cim::TypeSource& some_types()
{
    static const SomeTypes types;
    return types;
}

value dump(const cim::Property& property)
{
    if (const auto* values = property.value.array()) {
        array list;
        for (const cim::Value& item : *values) {
            list.push_back(dump_value(item, property.type));
        }
        return list;
    }
    return dump_value(property.value, property.type);
}

value dump(const Request& request)
{
    object out;
    array selectors;
    for (const Selector& selector : request.header.selectors) {
        const auto* text = std::get_if<std::string>(&selector.value);
        selectors.push_back(value(fmt::format(
            "{}={}", selector.name,
            text != nullptr ? *text : std::get<cim::ObjectPath>(selector.value).text())));
    }
    std::visit(RequestDump{out}, request.body);
    const auto resource = parse_resource_uri(request.header.resource_uri);
    out["ns"] = resource ? resource->ns : "";
    out["class"] = resource ? resource->class_name : "";
    out["selectors"] = selectors;
    return out;
}

value dump(const Response& response)
{
    object out;
    std::visit(ResponseDump{out}, response.body);
    return out;
}

std::string difference(const value& expected, const value& actual, const std::string& at)
{
    if (expected.is_object() && actual.is_object()) {
        for (const auto& [key, wanted] : expected.as_object()) {
            const value* found = actual.as_object().if_contains(key);
            if (found == nullptr) {
                return fmt::format("{}.{} is missing", at, std::string_view{key});
            }
            const std::string inner =
                difference(wanted, *found, fmt::format("{}.{}", at, std::string_view{key}));
            if (!inner.empty()) {
                return inner;
            }
        }
        return {};
    }
    if (expected.is_array() && actual.is_array()) {
        return array_difference(expected.as_array(), actual.as_array(), at);
    }
    if (expected == actual) {
        return {};
    }
    return fmt::format("{}: {} in place of {}", at, boost::json::serialize(actual),
                       boost::json::serialize(expected));
}

std::string canonical(const xml::Element& element)
{
    std::vector<std::string> attributes;
    for (const xml::Attribute& attribute : element.attributes()) {
        // Prefixes in xsi:type are free too.
        const auto colon = attribute.name == "type" ? attribute.value.find(':') : std::string::npos;
        attributes.push_back(fmt::format(
            " {{{}}}{}='{}'", attribute.ns, attribute.name,
            colon == std::string::npos ? attribute.value : attribute.value.substr(colon + 1)));
    }
    std::ranges::sort(attributes);
    std::string text =
        fmt::format("<{{{}}}{}{}>", element.ns(), element.name(), fmt::join(attributes, ""));
    if (element.first_child() == nullptr) {
        text += element.text();
    }
    for (const xml::Element& child : element.children()) {
        text += canonical(child);
    }
    return text + "</>\n";
}

std::string canonical(std::string_view bytes)
{
    return canonical(xml::Document::parse(bytes).root());
}

std::string file_text(const std::string& path)
{
    std::ifstream file{path, std::ios::binary};
    return {std::istreambuf_iterator<char>{file}, {}};
}

} // namespace watari::wsman::testing_support
