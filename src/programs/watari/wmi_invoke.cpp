#include "client/nearest.hpp"
#include "messages/cli.hpp"
#include "programs/watari/wmi_commands.hpp"
#include "programs/watari/wmi_print.hpp"

#include <boost/json/serialize.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <unistd.h>

#include <fstream>
#include <iostream>
#include <iterator>

namespace watari::cli {

namespace {

using client::ExitCode;

/// What WMI's own tools ask with: methods that read and nothing else are named so.
bool is_reading(const std::string& method)
{
    return method.starts_with("Get");
}

std::string content_of(const std::string& path)
{
    std::ifstream file{path, std::ios::binary};
    if (!file) {
        throw Error{ErrorKind::invalid, message::cli_wmi_argument_file{.path = path}};
    }
    return {std::istreambuf_iterator<char>{file}, {}};
}

cim::Value value_from(const cim::ElementDeclaration& declared, std::string text)
{
    if (text.starts_with('@')) {
        text = content_of(text.substr(1));
    }
    if (declared.type == cim::Type::reference) {
        return cim::Value{path_from(text)};
    }
    if (declared.type == cim::Type::object) {
        return cim::Value{std::move(text)}; // CIM-XML of an embedded instance
    }
    auto value = cim::Value::parse(declared.type, text);
    if (!value) {
        throw Error{ErrorKind::invalid, message::cli_wmi_bad_argument{
                                            .name = declared.name,
                                            .text = text,
                                            .type = std::string{cim::to_string(declared.type)}}};
    }
    return std::move(*value);
}

const cim::ElementDeclaration& parameter_named(const cim::MethodDeclaration& method,
                                               const std::string& name)
{
    if (const auto* found = method.find(name)) {
        return *found;
    }
    std::vector<std::string> names;
    for (const auto& parameter : method.parameters) {
        if (parameter.is("In") || !parameter.is("Out")) {
            names.push_back(parameter.name);
        }
    }
    throw Error{ErrorKind::invalid,
                message::cli_wmi_no_parameter{
                    .method = method.name,
                    .name = name,
                    .parameters = names.empty() ? "-" : fmt::format("{}", fmt::join(names, ", "))}};
}

/// A parameter given twice is an array of two.
cim::Instance input_from(const cim::MethodDeclaration& method,
                         const std::vector<std::string>& arguments)
{
    cim::Instance input;
    for (const std::string& argument : arguments) {
        const auto equals = argument.find('=');
        if (equals == 0 || equals == std::string::npos) {
            throw Error{ErrorKind::invalid, message::cli_wmi_no_argument{.text = argument}};
        }
        const auto& declared = parameter_named(method, argument.substr(0, equals));
        cim::Value value = value_from(declared, argument.substr(equals + 1));
        cim::Property property{.name = declared.name,
                               .type = declared.type == cim::Type::object ? cim::Type::string
                                                                          : declared.type,
                               .is_array = declared.is_array};
        if (declared.is_array) {
            const auto* before = input[declared.name].array();
            cim::Value::Array values = before != nullptr ? *before : cim::Value::Array{};
            values.push_back(std::move(value));
            property.value = std::move(values);
        } else {
            property.value = std::move(value);
        }
        input.set(std::move(property));
    }
    return input;
}

/// Whether it may be sent. Throws where nobody can be asked.
bool is_wanted(const Session& session, const WmiCall& call, const std::string& address)
{
    if (call.yes || is_reading(call.method)) {
        return true;
    }
    if (isatty(STDIN_FILENO) != 1) {
        throw Error{ErrorKind::invalid, message::cli_wmi_needs_yes{.method = call.method}};
    }
    session.err(render(message::cli_wmi_ask{.host = address, .method = call.method},
                       session.options.language) +
                " ");
    std::string answer;
    std::getline(std::cin, answer);
    return answer == "y" || answer == "Y" || answer == "yes";
}

const cim::MethodDeclaration& method_of(const cim::ClassDeclaration& declaration,
                                        const std::string& name)
{
    if (const auto* method = declaration.find_method(name)) {
        return *method;
    }
    std::vector<std::string> names;
    names.reserve(declaration.methods.size());
    for (const auto& method : declaration.methods) {
        names.push_back(method.name);
    }
    throw Error{ErrorKind::not_found,
                message::cli_wmi_no_method{
                    .class_name = declaration.name,
                    .method = name,
                    .methods = names.empty() ? "-" : fmt::format("{}", fmt::join(names, ", "))}};
}

ExitCode exit_code_for(const cim::Instance& output)
{
    constexpr std::uint64_t job_started = 4096;
    const auto code = output["ReturnValue"].unsigned_integer();
    return !code || *code == 0 || *code == job_started ? ExitCode::ok : ExitCode::operation_failed;
}

} // namespace

Task<ExitCode> wmi_invoke(Session& session, WmiCall call)
{
    auto path = path_from(call.path);
    WmiHost host{session, call.flags};
    if (path.ns().empty()) {
        path = path.with_ns(co_await host.ns());
    }
    const auto declaration = co_await host.declaration(path.ns(), path.class_name());
    const auto& method = method_of(*declaration, call.method);
    const cim::Instance input = input_from(method, call.arguments);
    call.method = method.name;
    if (!is_wanted(session, call, host.address())) {
        session.note(message::cli_wmi_not_sent{});
        co_return ExitCode::failed;
    }
    const auto effect = is_reading(call.method) ? wsman::Effect::reads : wsman::Effect::changes;
    auto types = std::make_shared<cim::DeclaredTypes>();
    types->add(declaration);
    host.use_types(path.ns(), std::move(types));
    const cim::Instance output =
        co_await host.wsman().invoke(path, call.method, input, effect, host.soon());
    session.out(session.options.json ? boost::json::serialize(json_of(output)) + "\n"
                                     : block_of(output, session.style()));
    co_return exit_code_for(output);
}

} // namespace watari::cli
