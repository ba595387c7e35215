#include "sim/repository.hpp"

#include <fmt/format.h>

#include <utility>

/// Calls of methods: what goes in is checked, what comes out gets its declared types.
namespace watari::sim {

namespace {

/// A refusal's number as the method's answer. Throws RepositoryFault where a host answers none.
MethodAnswer refused(std::uint32_t number, const std::string& text)
{
    constexpr std::uint32_t return_value_max = 0xFFFF;
    constexpr std::uint32_t wmi_errors = 0x80040000U;
    if (number <= return_value_max) {
        return {.return_value = number};
    }
    if ((number & 0xFFFF0000U) == wmi_errors) {
        throw RepositoryFault{FaultKind::provider_failure, text, number};
    }
    // An HRESULT of the system below WMI shows as a plain failure.
    return {.return_value =
                number == code::hresult_access_denied ? code::access_denied : code::failed};
}

using Method = std::function<MethodAnswer(const MethodCall&)>;

MethodAnswer answer_of(const Method& act, const MethodCall& call)
{
    try {
        return act(call);
    } catch (const Error& error) {
        if (!error.peer().code) {
            throw;
        }
        return refused(*error.peer().code, error.peer().text);
    }
}

cim::Instance typed_output(const schema::ClassInfo& info, const schema::MethodInfo& method,
                           const MethodAnswer& answer)
{
    cim::Instance typed{info.name};
    for (const schema::ParameterInfo& parameter : method.parameters) {
        cim::Value value = answer.output[parameter.name];
        if (!parameter.out || value.is_null()) {
            continue;
        }
        if (parameter.is_array && !value.is_array()) {
            value = cim::Value::Array{std::move(value)};
        }
        typed.set({.name = parameter.name,
                   .type = parameter.type,
                   .is_array = parameter.is_array,
                   .value = std::move(value)});
    }
    typed.set("ReturnValue", method.returns, answer.return_value);
    return typed;
}

} // namespace

void Repository::check_value(const cim::Property& given, cim::Type type, bool is_array)
{
    // One value stands for an array of one.
    if (!given.value.fits(type, is_array && given.value.is_array())) {
        throw RepositoryFault{FaultKind::schema_violation,
                              fmt::format("The value of {} has another type.", given.name)};
    }
}

void Repository::check_input(const schema::MethodInfo& method, const cim::Instance& input)
{
    for (const cim::Property& property : input.properties()) {
        const schema::ParameterInfo* parameter = method.find(property.name);
        if (parameter == nullptr || !parameter->in) {
            throw RepositoryFault{
                FaultKind::schema_violation,
                fmt::format("{} has no parameter {}.", method.name, property.name)};
        }
        check_value(property, parameter->type, parameter->is_array);
    }
}

MethodAnswer Repository::invoke(const MethodCall& call)
{
    const schema::ClassInfo& info = get_class(call.target.class_name());
    const schema::MethodInfo* method = info.find_method(call.method);
    if (method == nullptr) {
        throw RepositoryFault{FaultKind::no_such_method,
                              fmt::format("{} has no method {}.", info.name, call.method)};
    }
    check_input(*method, call.input);
    if (call.target.keys().empty()) {
        throw RepositoryFault{FaultKind::invalid_parameters, "The method needs an object."};
    }
    const auto target = find(call.target);
    if (!target) {
        throw RepositoryFault{FaultKind::no_such_instance, "The object does not exist."};
    }
    const ClassProvider& provider = provider_of(*target);
    const auto act = provider.methods.find(method->name);
    MethodAnswer answer{.return_value = code::not_supported};
    if (act != provider.methods.end()) {
        answer = answer_of(act->second, {.target = path_of(*target),
                                         .method = method->name,
                                         .input = call.input,
                                         .account = call.account});
    }
    answer.output = typed_output(info, *method, answer);
    return answer;
}

} // namespace watari::sim
