#include "sim/operations.hpp"

#include "core/uuid.hpp"
#include "sim/host/cimv2/namespace.hpp"
#include "sim/host/v1/namespace.hpp"
#include "sim/host/v2/namespace.hpp"
#include "sim/soap_faults.hpp"
#include "wsman/codec/fault.hpp"
#include "wsman/codec/names.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace watari::sim {

namespace {

constexpr std::string_view protocol = "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd";
constexpr std::string_view profile_prefix =
    "http://schemas.dmtf.org/wbem/wsman/1/wsman/secprofile/";
constexpr std::string_view cim_namespace_selector = "__cimnamespace";

/// An answer that is a fault, on its way up to execute().
struct Refusal {
    wsman::Fault fault;
};

[[noreturn]] void refuse_with(wsman::Fault fault)
{
    throw Refusal{std::move(fault)};
}

bool is_old_stack(const Host& host)
{
    return wsman_stack(host.generation()) == "2.0";
}

cim::Value value_of(const wsman::Selector& selector)
{
    if (const auto* path = std::get_if<cim::ObjectPath>(&selector.value)) {
        return cim::Value{*path};
    }
    return cim::Value{std::get<std::string>(selector.value)};
}

const std::string* text_of(const wsman::Selector& selector)
{
    return std::get_if<std::string>(&selector.value);
}

void check_duplicates(const std::vector<wsman::Selector>& selectors)
{
    for (std::size_t at = 0; at < selectors.size(); ++at) {
        for (std::size_t other = at + 1; other < selectors.size(); ++other) {
            if (cim::same_name(selectors[at].name, selectors[other].name)) {
                refuse_with(soap::sender("wsman:InvalidSelectors", 2150858847,
                                         "A selector is given twice.", "DuplicateSelectors"));
            }
        }
    }
}

std::string_view action_of(const wsman::RequestBody& body)
{
    return std::visit(
        [](const auto& operation) -> std::string_view {
            using Operation = std::decay_t<decltype(operation)>;
            if constexpr (std::is_same_v<Operation, wsman::Get>) {
                return "http://schemas.xmlsoap.org/ws/2004/09/transfer/GetResponse";
            } else if constexpr (std::is_same_v<Operation, wsman::Put>) {
                return "http://schemas.xmlsoap.org/ws/2004/09/transfer/PutResponse";
            } else if constexpr (std::is_same_v<Operation, wsman::Create>) {
                return "http://schemas.xmlsoap.org/ws/2004/09/transfer/CreateResponse";
            } else if constexpr (std::is_same_v<Operation, wsman::Delete>) {
                return "http://schemas.xmlsoap.org/ws/2004/09/transfer/DeleteResponse";
            } else if constexpr (std::is_same_v<Operation, wsman::Enumerate>) {
                return "http://schemas.xmlsoap.org/ws/2004/09/enumeration/EnumerateResponse";
            } else if constexpr (std::is_same_v<Operation, wsman::Pull>) {
                return "http://schemas.xmlsoap.org/ws/2004/09/enumeration/PullResponse";
            } else if constexpr (std::is_same_v<Operation, wsman::Release>) {
                return "http://schemas.xmlsoap.org/ws/2004/09/enumeration/ReleaseResponse";
            } else {
                return {};
            }
        },
        body);
}

/// The selector dialect: equality of every selector (wsman.md 3.6).
bool has_selectors(const cim::Instance& instance, const std::vector<wsman::Selector>& selectors)
{
    return std::ranges::all_of(selectors, [&](const wsman::Selector& selector) {
        const std::string* wanted = text_of(selector);
        const cim::Value& have = instance[selector.name];
        return wanted != nullptr &&
               cim::same_name(*wanted, have.string() != nullptr ? *have.string() : have.text());
    });
}

} // namespace

Operations::Operations(Host& host, Random& random, const ServiceOptions& options, Clock& wire)
    : host_(host),
      random_(random),
      options_(options),
      envelope_max_(options.envelope_bytes_max != 0 ? options.envelope_bytes_max
                                                    : (is_old_stack(host) ? 150U : 500U) * 1024U),
      operations_max_(options.operations_per_user_max != 0 ? options.operations_per_user_max
                                                           : (is_old_stack(host) ? 15U : 1500U)),
      enumerations_(wire, random, options.enumeration_timeout)
{
    const auto add = [&](std::unique_ptr<Repository> repository) {
        if (repository) {
            std::string name = cim::folded(repository->ns());
            namespaces_.emplace(std::move(name), std::move(repository));
        }
    };
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
    wsman::IdentifyResponse answer{
        .protocol_version = std::string{protocol},
        .product_vendor = "Microsoft Corporation",
        .product_version =
            fmt::format("OS: {} SP: {} Stack: {}", version, service_pack, wsman_stack(generation))};
    if (authenticated && !is_old_stack(host_)) {
        answer.security_profiles.push_back(fmt::format("{}http/basic", profile_prefix));
    }
    return answer;
}

wsman::ResponseBody Operations::execute(const wsman::Request& request, const std::string& account)
{
    try {
        return act(request, account);
    } catch (const Refusal& refusal) {
        return refusal.fault;
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

Repository& Operations::addressed_namespace(const wsman::ResourceName& resource)
{
    if (Repository* repository = find_namespace(resource.ns)) {
        return *repository;
    }
    // Without its classes root\virtualization still opens from 2012 R2 on, as the parent of v2.
    if (cim::same_name(resource.ns, schema::v1_namespace) &&
        host_.generation() > Generation::ws2012 &&
        host_.profile().is("v1_namespace_gone", "invalid_class")) {
        throw RepositoryFault{
            FaultKind::no_such_class,
            fmt::format("The class {} does not exist in {}.", resource.class_name, resource.ns)};
    }
    refuse_with(soap::no_such_namespace(resource.ns, host_.generation()));
}

cim::ObjectPath Operations::target(const wsman::Request& request,
                                   const wsman::ResourceName& resource,
                                   const Repository& repository) const
{
    const schema::ClassInfo* info = repository.catalogue().find(resource.class_name);
    if (info == nullptr) {
        throw RepositoryFault{
            FaultKind::no_such_class,
            fmt::format("The class {} does not exist in {}.", resource.class_name, resource.ns)};
    }
    const auto& selectors = request.header.selectors;
    check_duplicates(selectors);
    std::vector<cim::ObjectPath::Key> keys;
    for (const wsman::Selector& selector : selectors) {
        if (cim::same_name(selector.name, cim_namespace_selector)) {
            const std::string* given = text_of(selector);
            if (given == nullptr || !cim::same_name(*given, resource.ns)) {
                refuse_with(soap::receiver("wsman:InternalError", 2150859067,
                                           "The namespace selector differs from the resource."));
            }
            continue;
        }
        const auto key = std::ranges::find_if(info->keys, [&](const std::string& name) {
            return cim::same_name(name, selector.name);
        });
        if (key == info->keys.end()) {
            refuse_with(soap::sender("wsman:InvalidSelectors", 2150858843,
                                     fmt::format("{} is no key of {}.", selector.name, info->name),
                                     "UnexpectedSelectors"));
        }
        keys.emplace_back(*key, value_of(selector));
    }
    const bool is_invoke = std::holds_alternative<wsman::Invoke>(request.body);
    const bool is_service =
        info->find_property("CreationClassName") != nullptr && info->name.ends_with("Service");
    if (keys.size() < info->keys.size() && !(is_invoke && (is_service || keys.empty()))) {
        // A real host answered so to Name alone for Msvm_ComputerSystem.
        refuse_with(soap::no_such_instance(host_.generation()));
    }
    return cim::ObjectPath{resource.ns, info->name, std::move(keys)};
}

wsman::ResponseBody Operations::act(const wsman::Request& request, const std::string& account)
{
    if (std::holds_alternative<wsman::Identify>(request.body)) {
        return identify(true);
    }
    if (const auto* wanted = std::get_if<wsman::Pull>(&request.body)) {
        return pull(*wanted);
    }
    if (const auto* wanted = std::get_if<wsman::Release>(&request.body)) {
        return enumerations_.close(wanted->context) ? wsman::ResponseBody{wsman::EmptyResponse{}}
                                                    : soap::bad_context();
    }
    if (const auto* wanted = std::get_if<wsman::Enumerate>(&request.body)) {
        return enumerate(request, *wanted, account);
    }
    const auto resource = wsman::parse_resource_uri(request.header.resource_uri);
    if (!resource || resource->class_name == "*") {
        return soap::sender("wsa:DestinationUnreachable", 2150858811,
                            "The resource URI names no resource.", "InvalidResourceURI");
    }
    if (std::holds_alternative<wsman::Create>(request.body) ||
        (std::holds_alternative<wsman::Delete>(request.body) && is_old_stack(host_))) {
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
    return wsman::InvokeResponse{.method = call.method, .output = std::move(answer.output)};
}

std::vector<cim::Instance> Operations::instances(const wsman::Enumerate& wanted,
                                                 Repository& repository,
                                                 const wsman::ResourceName& resource)
{
    const bool is_all = resource.class_name == "*";
    if (!wanted.filter) {
        if (is_all) {
            refuse_with(soap::sender("wsa:DestinationUnreachable", 2150858811,
                                     "A filter is needed to enumerate all classes.",
                                     "InvalidResourceURI"));
        }
        return repository.enumerate(resource.class_name);
    }
    if (wanted.filter->dialect == wsman::names::dialect_selector) {
        if (is_all) {
            refuse_with(soap::sender("wsen:CannotProcessFilter", 2150858778,
                                     "A selector filter must address a class."));
        }
        std::vector<cim::Instance> found = repository.enumerate(resource.class_name);
        std::erase_if(found, [&](const cim::Instance& instance) {
            return !has_selectors(instance, wanted.filter->selectors);
        });
        return found;
    }
    const bool is_association = wanted.filter->dialect == wsman::names::dialect_association &&
                                host_.profile().is("association_dialect", "supported");
    if (wanted.filter->dialect != wsman::names::dialect_wql && (!is_association || !is_all)) {
        refuse_with(soap::sender("wsen:FilterDialectRequestedUnavailable", 2150858777,
                                 "The filter dialect is not supported."));
    }
    if (!is_all) {
        refuse_with(soap::sender("wsen:CannotProcessFilter", 2150859003,
                                 "A WQL query must address all classes of the namespace."));
    }
    return repository.query(wanted.filter->text);
}

wsman::ResponseBody Operations::enumerate(const wsman::Request& request,
                                          const wsman::Enumerate& wanted,
                                          const std::string& account)
{
    const auto resource = wsman::parse_resource_uri(request.header.resource_uri);
    if (!resource) {
        return soap::sender("wsa:DestinationUnreachable", 2150858811,
                            "The resource URI names no resource.", "InvalidResourceURI");
    }
    if (wanted.filter && find_namespace(resource->ns) == nullptr &&
        wanted.filter->dialect == wsman::names::dialect_wql &&
        !cim::same_name(resource->ns, schema::v1_namespace)) {
        // What clients probe the version with (wsman.md 12.32).
        return soap::of_wmi(
            soap::sender("wsen:CannotProcessFilter", 2150858778, "The namespace does not exist."),
            0x8004100E, 3, host_.generation());
    }
    if (enumerations_.count_of(account) >= operations_max_) {
        return soap::of_wmi(soap::receiver("wsman:InternalError", 2150859174,
                                           "The user has too many concurrent operations."),
                            0, 27, host_.generation());
    }
    Repository& repository = addressed_namespace(*resource);
    Enumeration enumeration{.account = account};
    const bool is_projection =
        wanted.filter && cim::folded(wanted.filter->text).find("select *") == std::string::npos &&
        cim::folded(wanted.filter->text).starts_with("select");
    if (is_projection && wanted.mode != wsman::EnumerationMode::objects) {
        return soap::sender("wsman:UnsupportedFeature", 2150858818, "The query gives no keys.",
                            "EnumerationMode");
    }
    for (cim::Instance& instance : instances(wanted, repository, *resource)) {
        wsman::Item item;
        if (wanted.mode != wsman::EnumerationMode::objects) {
            item.path = repository.path_of(instance).with_host({});
        }
        if (wanted.mode != wsman::EnumerationMode::references) {
            item.instance = std::move(instance);
        }
        enumeration.items.push_back(std::move(item));
    }
    if (!wanted.optimize) {
        return wsman::ItemsResponse{.context = enumerations_.open(std::move(enumeration))};
    }
    const std::string context = enumerations_.open(std::move(enumeration));
    wsman::ItemsResponse answer =
        take(*enumerations_.find(context),
             std::min(wanted.max_elements.value_or(1), options_.batch_items_max));
    answer.context = context;
    return answer;
}

wsman::ItemsResponse Operations::take(Enumeration& enumeration, std::size_t count)
{
    wsman::ItemsResponse answer{.has_items = true};
    count = std::min(count, enumeration.left());
    const auto begin = enumeration.items.begin() + static_cast<std::ptrdiff_t>(enumeration.given);
    answer.items.assign(begin, begin + static_cast<std::ptrdiff_t>(count));
    answer.end_of_sequence = count == enumeration.left();
    return answer;
}

wsman::ResponseBody Operations::pull(const wsman::Pull& wanted)
{
    Enumeration* enumeration = enumerations_.find(wanted.context);
    if (enumeration == nullptr) {
        return soap::bad_context();
    }
    // Without MaxElements a host gives one item.
    wsman::ItemsResponse answer =
        take(*enumeration,
             std::min(std::max(1U, wanted.max_elements.value_or(1)), options_.batch_items_max));
    answer.is_pull = true;
    answer.context = wanted.context;
    return answer;
}

std::string Operations::encode(const wsman::Request& request, wsman::ResponseBody body)
{
    const std::size_t asked = request.header.max_envelope_size.value_or(envelope_max_);
    const std::size_t limit = std::min(asked, envelope_max_);
    wsman::Response response{.message_id = "uuid:" + Uuid::random(random_).upper(),
                             .relates_to = request.header.message_id};
    const auto print = [&](wsman::ResponseBody content) {
        if (auto* fault = std::get_if<wsman::Fault>(&content)) {
            response.action = wsman::fault_action(*fault);
            if (fault->machine.empty()) {
                fault->machine = host_.name();
            }
        } else if (std::holds_alternative<wsman::InvokeResponse>(content)) {
            response.action = request.header.action + "Response";
        } else {
            response.action = action_of(request.body);
        }
        response.body = std::move(content);
        return wsman::encode(
            response, {.language = options_.language, .resource_uri = request.header.resource_uri});
    };
    const auto too_large = [&] {
        return print(soap::sender("wsman:EncodingLimit", 2150858824,
                                  "The answer is larger than the client's MaxEnvelopeSize.",
                                  "MaxEnvelopeSizeExceeded"));
    };
    auto* batch = std::get_if<wsman::ItemsResponse>(&body);
    if (batch == nullptr || (!batch->has_items && !batch->is_pull)) {
        const bool is_fault = std::holds_alternative<wsman::Fault>(body);
        std::string bytes = print(std::move(body));
        return bytes.size() > limit && !is_fault ? too_large() : bytes;
    }
    const std::string context = batch->context;
    wsman::ItemsResponse part = std::move(*batch);
    while (true) {
        const bool is_last = part.end_of_sequence;
        part.context = is_last ? std::string{} : context;
        const std::size_t count = part.items.size();
        std::string bytes = print(std::move(part));
        if (bytes.size() <= limit || count == 0) {
            if (Enumeration* enumeration = enumerations_.find(context)) {
                enumeration->given += count;
                if (is_last) {
                    enumerations_.close(context);
                }
            }
            return bytes;
        }
        if (count == 1) {
            return too_large();
        }
        const std::size_t fits =
            std::max<std::size_t>(1, std::min(count - 1, count * limit / bytes.size()));
        part = std::get<wsman::ItemsResponse>(std::move(response.body));
        part.items.resize(fits);
        part.end_of_sequence = false;
    }
}

} // namespace watari::sim
