#include "sim/operations.hpp"

#include "core/uuid.hpp"
#include "sim/configuration.hpp"
#include "sim/host/cimv2/namespace.hpp"
#include "sim/host/v1/namespace.hpp"
#include "sim/host/v2/namespace.hpp"
#include "sim/loaded_host.hpp"
#include "sim/soap_faults.hpp"
#include "wsman/codec/fault.hpp"
#include "wsman/codec/names.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace watari::sim {

namespace {

constexpr std::string_view protocol = "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd";

bool is_reading(const wsman::RequestBody& body)
{
    return std::holds_alternative<wsman::Get>(body) ||
           std::holds_alternative<wsman::Enumerate>(body) ||
           std::holds_alternative<wsman::Pull>(body) ||
           std::holds_alternative<wsman::Release>(body);
}

/// Pull and Release belong to an enumeration, which counts itself.
bool is_operation_of_its_own(const wsman::RequestBody& body)
{
    return !std::holds_alternative<wsman::Pull>(body) &&
           !std::holds_alternative<wsman::Release>(body);
}

cim::Instance in_order_of_declaration(const Repository& repository, std::string_view class_name,
                                      std::string_view method, const cim::Instance& output)
{
    const schema::ClassInfo* const info = repository.catalogue().find(class_name);
    const schema::MethodInfo* const declared =
        info != nullptr ? info->find_method(method) : nullptr;
    if (declared == nullptr) {
        return output;
    }
    cim::Instance ordered;
    for (const schema::ParameterInfo& parameter : declared->parameters) {
        if (const cim::Property* given = output.find(parameter.name)) {
            ordered.set(*given);
        }
    }
    for (const cim::Property& rest : output.properties()) { // ReturnValue
        if (ordered.find(rest.name) == nullptr) {
            ordered.set(rest);
        }
    }
    return ordered;
}

} // namespace

Operations::Operations(Host& host, Random& random, const ServiceOptions& options, Clock& wire)
    : host_(host),
      random_(random),
      options_(options),
      quotas_(options.quotas.value_or(default_quotas(host.generation()))),
      enumerations_(wire, random, quotas_.enumeration_timeout),
      wire_(wire),
      subscriptions_(wire, random)
{
    const auto add = [&](std::unique_ptr<Repository> repository) {
        if (repository) {
            std::string name = cim::folded(repository->ns());
            namespaces_.emplace(std::move(name), std::move(repository));
        }
    };
    if (options.loaded) {
        for (const LoadedNamespace& loaded : options.loaded->namespaces) {
            add(make_repository(host, loaded));
        }
        return;
    }
    add(host::v1::make_repository(host));
    add(host::v2::make_repository(host));
    add(host::cimv2::make_repository(host));
}

Repository* Operations::find_namespace(std::string_view ns) noexcept
{
    const auto at = namespaces_.find(cim::folded(ns));
    return at == namespaces_.end() ? nullptr : at->second.get();
}

const cim::TypeSource& Operations::types_of(std::string_view ns) noexcept
{
    const Repository* repository = find_namespace(ns);
    return repository == nullptr ? cim::untyped() : repository->catalogue();
}

std::uint64_t Operations::take_instances_built()
{
    std::uint64_t built = 0;
    for (const auto& [name, repository] : namespaces_) {
        built += repository->take_instances_built();
    }
    return built;
}

wsman::ResponseBody Operations::identify(bool authenticated) const
{
    const Generation generation = host_.generation();
    const bool is_zeroed =
        !authenticated && host_.profile().is("identify_unauthenticated_version", "zeros");
    const std::string_view version = is_zeroed ? std::string_view{"0.0.0"} : os_version(generation);
    const std::string_view service_pack =
        !is_zeroed && generation == Generation::ws2008r2sp1 ? "1.0" : "0.0";
    if (options_.loaded && !is_zeroed) {
        const cim::DumpedHost& said = options_.loaded->said;
        return wsman::IdentifyResponse{.protocol_version = said.protocol_version,
                                       .product_vendor = said.product_vendor,
                                       .product_version = said.product_version};
    }
    wsman::IdentifyResponse answer{
        .protocol_version = std::string{protocol},
        .product_vendor = "Microsoft Corporation",
        .product_version =
            fmt::format("OS: {} SP: {} Stack: {}", version, service_pack, wsman_stack(generation))};
    if (authenticated && !is_old_stack(generation)) {
        answer.security_profiles = security_profiles(options_.authentication);
    }
    return answer;
}

wsman::ResponseBody Operations::execute(const wsman::Request& request, const std::string& account)
{
    try {
        return act(request, account);
    } catch (const soap::Refused& refused) {
        return refused.fault;
    } catch (const RepositoryFault& fault) {
        return soap::from(fault, host_);
    } catch (const Error& error) {
        if (!error.peer().code) {
            throw;
        }
        return soap::from(
            RepositoryFault{FaultKind::provider_failure, error.peer().text, *error.peer().code},
            host_);
    }
}

std::optional<wsman::Fault> Operations::beyond_quota(const wsman::RequestBody& body,
                                                     const std::string& account)
{
    if (!is_operation_of_its_own(body)) {
        return std::nullopt;
    }
    const std::size_t under_way = at_work_.count_of(account) + enumerations_.count_of(account);
    if (under_way >= quotas_.operations_per_user) {
        return soap::too_many_operations();
    }
    if (quotas_.plugin_operations_per_user && under_way >= *quotas_.plugin_operations_per_user) {
        return soap::too_many_plugin_operations();
    }
    return std::nullopt;
}

wsman::ResponseBody Operations::act(const wsman::Request& request, const std::string& account)
{
    if (std::holds_alternative<wsman::Identify>(request.body)) {
        return identify(true);
    }
    if (auto fault = denied(options_.access.of(account), request, host_.profile())) {
        return std::move(*fault);
    }
    if (auto fault = beyond_quota(request.body, account)) {
        return std::move(*fault);
    }
    if (options_.loaded && !is_reading(request.body)) {
        return soap::sender("wsa:ActionNotSupported", 2150858753,
                            "This host is the dump of another and can only be read.");
    }
    if (const auto* wanted = std::get_if<wsman::Pull>(&request.body)) {
        return pull(*wanted, account);
    }
    if (const auto* wanted = std::get_if<wsman::Release>(&request.body)) {
        return enumerations_.close(wanted->context, account)
                   ? wsman::ResponseBody{wsman::EmptyResponse{}}
                   : soap::bad_context();
    }
    if (wsman::is_class_metadata(request.header.resource_uri)) {
        return metadata(request, account);
    }
    if (is_configuration(request.header.resource_uri)) {
        const bool may_read = std::holds_alternative<wsman::Get>(request.body) &&
                              options_.access.of(account).rights == Rights::administrator;
        return may_read ? wsman::ResponseBody{wsman::InstanceResponse{
                              configuration(quotas_, options_.allow_unencrypted)}}
                        : wsman::ResponseBody{soap::access_denied()};
    }
    if (const auto* wanted = std::get_if<wsman::Enumerate>(&request.body)) {
        return enumerate(request, *wanted, account);
    }
    if (const auto* wanted = std::get_if<wsman::Subscribe>(&request.body)) {
        return subscribe(request, *wanted, account);
    }
    if (const auto* wanted = std::get_if<wsman::Unsubscribe>(&request.body)) {
        return unsubscribe(*wanted, account);
    }
    if (std::holds_alternative<wsman::Renew>(request.body)) {
        return soap::receiver("wse:UnableToRenew", 2150858788,
                              "Subscriptions are not renewed; subscribe again.");
    }
    const auto resource = wsman::parse_resource_uri(request.header.resource_uri);
    if (!resource || resource->class_name == "*") {
        return soap::sender("wsa:DestinationUnreachable", 2150858811,
                            "The resource URI names no resource.", "InvalidResourceURI");
    }
    if (std::holds_alternative<wsman::Create>(request.body) ||
        (std::holds_alternative<wsman::Delete>(request.body) && is_old_stack(host_.generation()))) {
        return soap::sender("wsa:ActionNotSupported", 2150858753,
                            "The action is not supported by the service.");
    }
    Repository& repository = addressed_namespace(*resource);
    if (const auto* call = std::get_if<wsman::Invoke>(&request.body)) {
        return invoke(request, *call, repository, *resource, account);
    }
    const cim::ObjectPath path = target(request, *resource, repository);
    if (const auto* put = std::get_if<wsman::Put>(&request.body)) {
        return wsman::InstanceResponse{repository.put(path, put->instance)};
    }
    if (std::holds_alternative<wsman::Delete>(request.body)) {
        repository.remove(path);
        return wsman::EmptyResponse{};
    }
    return wsman::InstanceResponse{repository.get(path)};
}

wsman::ResponseBody Operations::invoke(const wsman::Request& request, const wsman::Invoke& call,
                                       Repository& repository, const wsman::ResourceName& resource,
                                       const std::string& account)
{
    if (call.has_wrapped_reference || call.has_element_tree_parameter) {
        return soap::sender("wsman:SchemaValidationError", 2150858817,
                            "The SOAP body does not match the schema of the method.");
    }
    const cim::ObjectPath path = target(request, resource, repository);
    MethodAnswer answer = repository.invoke(
        {.target = path, .method = call.method, .input = call.input, .account = account});
    if (host_.profile().is("output_parameter_order", "mof")) {
        answer.output =
            in_order_of_declaration(repository, path.class_name(), call.method, answer.output);
    }
    return wsman::InvokeResponse{.method = call.method, .output = std::move(answer.output)};
}

} // namespace watari::sim
