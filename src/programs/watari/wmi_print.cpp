#include "programs/watari/wmi_print.hpp"

#include "cim/mof.hpp"
#include "cim/object_path.hpp"
#include "client/table.hpp"
#include "client/text_width.hpp"
#include "messages/cli.hpp"

#include <boost/json/serialize.hpp>

#include <algorithm>

namespace watari::cli {

namespace {

namespace json = boost::json;

/// As a person reads it: text without quotes, lists in braces.
std::string text_of_value(const cim::Value& value)
{
    if (const auto* text = value.string()) {
        return *text;
    }
    if (const auto* moment = value.datetime()) {
        return moment->xs();
    }
    if (const auto* path = value.reference()) {
        return path->text();
    }
    return value.is_null() ? std::string{"-"} : cim::mof_value(value);
}

json::object json_of(const std::vector<cim::Qualifier>& qualifiers)
{
    json::object out;
    for (const cim::Qualifier& qualifier : qualifiers) {
        out[qualifier.name] = cli::json_of(qualifier.value);
    }
    return out;
}

json::object json_of(const cim::ElementDeclaration& element)
{
    json::object out{{"name", element.name},
                     {"type", cim::to_string(element.type)},
                     {"array", element.is_array}};
    if (!element.reference_class.empty()) {
        out["reference"] = element.reference_class;
    }
    if (!element.default_value.is_null()) {
        out["default"] = cli::json_of(element.default_value);
    }
    out["qualifiers"] = json_of(element.qualifiers);
    return out;
}

json::array json_of(const std::vector<cim::ElementDeclaration>& elements)
{
    json::array out;
    for (const cim::ElementDeclaration& element : elements) {
        out.push_back(json_of(element));
    }
    return out;
}

} // namespace

json::value json_of(const cim::Value& value)
{
    if (const auto* values = value.array()) {
        json::array out;
        for (const cim::Value& one : *values) {
            out.push_back(json_of(one));
        }
        return out;
    }
    if (value.is_null()) {
        return nullptr;
    }
    if (const auto* instance = value.embedded()) {
        return json_of(*instance);
    }
    if (value.string() != nullptr || value.datetime() != nullptr || value.reference() != nullptr) {
        return json::value(text_of_value(value));
    }
    if (const auto flag = value.boolean()) {
        return *flag;
    }
    if (const auto number = value.unsigned_integer()) {
        return *number;
    }
    if (const auto number = value.signed_integer()) {
        return *number;
    }
    return value.real().value_or(0);
}

json::value json_of(const cim::Instance& instance)
{
    json::object out;
    if (!instance.class_name().empty()) {
        out["__CLASS"] = instance.class_name();
    }
    for (const cim::Property& property : instance.properties()) {
        out[property.name] = json_of(property.value);
    }
    return out;
}

json::value json_of(const cim::ClassDeclaration& declaration)
{
    json::array methods;
    for (const cim::MethodDeclaration& method : declaration.methods) {
        methods.push_back(
            json::object{{"name", method.name},
                         {"returns", method.returns ? cim::to_string(*method.returns) : "void"},
                         {"parameters", json_of(method.parameters)},
                         {"qualifiers", json_of(method.qualifiers)}});
    }
    return json::object{{"name", declaration.name},
                        {"superclass", declaration.superclass},
                        {"qualifiers", json_of(declaration.qualifiers)},
                        {"properties", json_of(declaration.properties)},
                        {"methods", std::move(methods)}};
}

std::string block_of(const cim::Instance& instance, const client::TextStyle& style)
{
    client::Table table{{{.title = ""}, {.title = ""}}};
    for (const cim::Property& property : instance.properties()) {
        const auto tone = property.value.is_null() ? client::Tone::dim : client::Tone::plain;
        table.add({{.text = "  " + property.name}, {text_of_value(property.value), tone}});
    }
    return (instance.class_name().empty() ? "" : client::printable(instance.class_name()) + "\n") +
           table.text(style.colours);
}

InstancePrinter::InstancePrinter(const Session& session, std::vector<std::string> columns)
    : session_(session), columns_(std::move(columns))
{
}

void InstancePrinter::print_json(const std::vector<cim::Instance>& batch)
{
    std::string out;
    for (const cim::Instance& instance : batch) {
        out += (count_++ == 0 ? "[\n" : ",\n") + json::serialize(json_of(instance));
    }
    session_.out(out);
}

/// Later batches keep the widths of the first, so that rows stand in line as far as it goes.
void InstancePrinter::print_rows(const std::vector<cim::Instance>& batch)
{
    std::vector<client::Column> titles;
    const bool is_first = widths_.empty();
    widths_.resize(columns_.size(), 0);
    titles.reserve(columns_.size());
    for (const std::string& column : columns_) {
        titles.push_back({.title = is_first ? column : ""});
    }
    client::Table table{std::move(titles)};
    for (const cim::Instance& instance : batch) {
        std::vector<client::Cell> cells;
        for (std::size_t at = 0; at < columns_.size(); ++at) {
            std::string text = client::printable(text_of_value(instance[columns_[at]]));
            if (is_first) {
                widths_[at] = std::max({widths_[at], client::display_width(text),
                                        client::display_width(columns_[at])});
            }
            const bool is_last = at + 1 == columns_.size();
            cells.push_back({is_last ? std::move(text) : client::padded(text, widths_[at])});
        }
        table.add(std::move(cells));
    }
    session_.out(table.text(session_.style().colours));
    count_ += batch.size();
}

void InstancePrinter::print(const std::vector<cim::Instance>& batch)
{
    if (batch.empty()) {
        return;
    }
    if (session_.options.json) {
        print_json(batch);
    } else if (!columns_.empty()) {
        print_rows(batch);
    } else {
        for (const cim::Instance& instance : batch) {
            session_.out((count_++ == 0 ? "" : "\n") + block_of(instance, session_.style()));
        }
    }
}

void InstancePrinter::end()
{
    if (session_.options.json) {
        session_.out(count_ == 0 ? "[]\n" : "\n]\n");
    } else if (count_ == 0) {
        session_.note(message::cli_wmi_no_instances{});
    }
}

} // namespace watari::cli
