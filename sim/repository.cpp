#include "sim/repository.hpp"

#include "cim/cim_xml.hpp"
#include "cim/wql_condition.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace watari::sim {

namespace {

std::string text_of(const cim::Value& value)
{
    return value.string() != nullptr ? *value.string() : value.text();
}

/// "Microsoft:<GUID>…" or "<GUID>…" → the GUID.
std::optional<Uuid> leading_id(std::string_view text)
{
    constexpr std::string_view prefix = "Microsoft:";
    if (text.size() > prefix.size() && cim::same_name(text.substr(0, prefix.size()), prefix)) {
        text.remove_prefix(prefix.size());
    }
    return text.size() < 36 ? std::nullopt : Uuid::parse(text.substr(0, 36));
}

/// Whether the instance has every key the path gives; keys it does not give are free (a service
/// addressed by CreationClassName).
bool has_keys(const cim::Instance& instance, const cim::ObjectPath& path)
{
    return std::ranges::all_of(path.keys(), [&](const cim::ObjectPath::Key& key) {
        const cim::Value& value = instance[key.first];
        if (const cim::ObjectPath* reference = value.reference()) {
            if (const cim::ObjectPath* given = key.second.reference()) {
                return given->names_same_instance(*reference);
            }
            const auto parsed = cim::ObjectPath::parse(text_of(key.second));
            return parsed && parsed->names_same_instance(*reference);
        }
        return cim::same_name(text_of(value), text_of(key.second));
    });
}

bool is_integer(cim::Type type)
{
    return type >= cim::Type::uint8 && type <= cim::Type::sint64;
}

RepositoryFault no_class(std::string_view ns, std::string_view name)
{
    return RepositoryFault{FaultKind::no_such_class,
                           fmt::format("The namespace {} has no class {}.", ns, name)};
}

/// A misspelt property in an embedded instance. What hosts answer is UNVERIFIED: a switch.
[[noreturn]] void refuse_unknown_property(const Profile& profile, std::string_view class_name,
                                          std::string_view property)
{
    const std::string text = fmt::format("{} has no property {}", class_name, property);
    if (profile.is("unknown_embedded_property", "fault")) {
        throw RepositoryFault{FaultKind::schema_violation, text};
    }
    refuse(static_cast<std::uint32_t>(profile.number("unknown_embedded_property")), text);
}

RepositoryFault no_property(const schema::ClassInfo& info, std::string_view property)
{
    return RepositoryFault{FaultKind::invalid_query,
                           fmt::format("{} has no property {}.", info.name, property), 0x80041017};
}

/// A WHERE clause on a property the class does not have is an invalid query (WBEM_E_INVALID_QUERY).
/// UNVERIFIED: derived from how SELECT lists are treated. System properties (`__CLASS`) are free.
void check_condition(const schema::ClassInfo& info, const cim::wql::Condition& condition)
{
    if (!condition.property.empty() && !condition.property.starts_with("__") &&
        info.find_property(condition.property) == nullptr) {
        throw no_property(info, condition.property);
    }
    for (const cim::wql::Condition& operand : condition.operands) {
        check_condition(info, operand);
    }
}

} // namespace

std::optional<std::string> Demand::text(std::string_view property) const
{
    if (select_ != nullptr) {
        return cim::wql::demanded(*select_, property);
    }
    return path_ == nullptr ? std::nullopt : path_->key(property);
}

std::optional<Uuid> Demand::id() const
{
    for (const char* property :
         {"SystemName", "InstanceID", "Name", "VirtualSystemIdentifier", "DeviceID"}) {
        if (const auto value = text(property)) {
            if (const auto id = leading_id(*value)) {
                return id;
            }
        }
    }
    return std::nullopt;
}

Repository::Repository(Host& host, const schema::Catalogue& catalogue)
    : host_(host), catalogue_(catalogue)
{
}

Repository::~Repository() = default;

void Repository::add(std::string_view class_name, ClassProvider provider)
{
    if (catalogue_.find(class_name) != nullptr) {
        providers_.insert_or_assign(cim::folded(class_name), std::move(provider));
    }
}

void Repository::add_constant(std::string_view class_name, std::vector<cim::Instance> instances)
{
    const schema::ClassInfo* info = catalogue_.find(class_name);
    if (info == nullptr) {
        return;
    }
    for (cim::Instance& instance : instances) {
        complete(instance, *info);
    }
    constants_[cim::folded(class_name)] = std::move(instances);
}

const schema::ClassInfo& Repository::get_class(std::string_view name) const
{
    const schema::ClassInfo* info = catalogue_.find(name);
    if (info == nullptr) {
        throw no_class(ns(), name);
    }
    return *info;
}

void Repository::complete(cim::Instance& instance, const schema::ClassInfo& info) const
{
    cim::Instance whole{info.name};
    whole.reserve(info.properties.size());
    for (const schema::PropertyInfo& property : info.properties) {
        cim::Value value = instance[property.name];
        if (property.is_array && !value.is_null() && !value.is_array()) {
            value = cim::Value::Array{std::move(value)};
        }
        whole.append({.name = property.name,
                      .type = property.type,
                      .is_array = property.is_array,
                      .value = std::move(value)});
    }
    instance = std::move(whole);
}

const std::vector<const schema::ClassInfo*>& Repository::family_of(const std::string& class_name)
{
    auto [at, is_new] = families_.try_emplace(class_name);
    if (is_new) {
        for (const schema::ClassInfo* info : catalogue_.classes()) {
            if (catalogue_.is_a(info->name, class_name)) {
                at->second.push_back(info);
            }
        }
    }
    return at->second;
}

void Repository::visit(std::string_view class_name, const Demand& demand, const Visit& visit)
{
    for (const schema::ClassInfo* info : family_of(std::string{class_name})) {
        const std::string name = cim::folded(info->name);
        if (const auto fixed = constants_.find(name); fixed != constants_.end()) {
            for (const cim::Instance& instance : fixed->second) {
                ++built_;
                visit(instance);
            }
        }
        const auto provider = providers_.find(name);
        if (provider == providers_.end() || !provider->second.produce) {
            continue;
        }
        provider->second.produce(demand, [&](cim::Instance instance) {
            ++built_;
            complete(instance, *info);
            visit(std::move(instance));
        });
    }
}

std::vector<cim::Instance> Repository::enumerate(std::string_view class_name)
{
    std::vector<cim::Instance> found;
    visit(get_class(class_name).name, {},
          [&](cim::Instance instance) { found.push_back(std::move(instance)); });
    return found;
}

std::vector<cim::Instance> Repository::query(std::string_view wql)
{
    const cim::wql::Query query = [&] {
        try {
            return cim::wql::parse(wql);
        } catch (const Error& error) {
            throw RepositoryFault{FaultKind::invalid_query, error.what(), 0x80041017};
        }
    }();
    if (const auto* wanted = std::get_if<cim::wql::Select>(&query)) {
        return select(*wanted);
    }
    return related(std::get<cim::wql::Related>(query));
}

std::vector<cim::Instance> Repository::select(const cim::wql::Select& wanted)
{
    const schema::ClassInfo& info = get_class(wanted.class_name);
    for (const std::string& property : wanted.properties) {
        if (!property.starts_with("__") && info.find_property(property) == nullptr) {
            throw no_property(info, property);
        }
    }
    if (wanted.where) {
        check_condition(info, *wanted.where);
    }
    std::vector<cim::Instance> found;
    visit(info.name, Demand::of(wanted), [&](cim::Instance instance) {
        if (cim::wql::matches(wanted, instance)) {
            found.push_back(std::move(instance));
        }
    });
    if (!wanted.properties.empty() && host_.profile().is("wql_projection", "fragment")) {
        for (cim::Instance& instance : found) {
            cim::Instance part; // without class: the wire shows it as a fragment
            for (const std::string& name : wanted.properties) {
                if (const cim::Property* property = instance.find(name)) {
                    part.set(*property);
                }
            }
            instance = std::move(part);
        }
    }
    return found;
}

std::optional<cim::Instance> Repository::find(const cim::ObjectPath& path)
{
    std::optional<cim::Instance> found;
    visit(get_class(path.class_name()).name, Demand::of(path), [&](cim::Instance instance) {
        if (!found && has_keys(instance, path)) {
            found = std::move(instance);
        }
    });
    return found;
}

std::vector<cim::Instance> Repository::related(const cim::wql::Related& wanted)
{
    for (const std::string* name : {&wanted.assoc_class, &wanted.result_class}) {
        if (!name->empty()) {
            static_cast<void>(get_class(*name));
        }
    }
    const auto source = find(wanted.source);
    if (!source) {
        throw RepositoryFault{FaultKind::no_such_instance,
                              "The object of the query does not exist.", 0x80041002};
    }
    const cim::ObjectPath origin = path_of(*source);
    std::vector<cim::Instance> found;
    std::vector<cim::ObjectPath> seen;
    const auto is_result = [&](std::string_view class_name) {
        return wanted.result_class.empty() || catalogue_.is_a(class_name, wanted.result_class);
    };
    const auto follow = [&](const cim::Instance& row, const cim::Property& end) {
        const cim::ObjectPath* target = end.value.reference();
        if (target == nullptr || target->names_same_instance(origin) ||
            (!wanted.result_role.empty() && !cim::same_name(end.name, wanted.result_role))) {
            return;
        }
        static_cast<void>(row);
        if (catalogue_.find(target->class_name()) == nullptr || !is_result(target->class_name()) ||
            std::ranges::any_of(seen, [&](const cim::ObjectPath& path) {
                return path.names_same_instance(*target);
            })) {
            return;
        }
        seen.push_back(*target);
        if (auto instance = find(*target)) {
            found.push_back(std::move(*instance));
        }
    };
    for (const schema::ClassInfo* info : catalogue_.classes()) {
        const auto provider = providers_.find(cim::folded(info->name));
        const std::string_view wanted_association =
            wanted.references ? wanted.result_class : wanted.assoc_class;
        if (!info->is_association || provider == providers_.end() || !provider->second.produce ||
            (!wanted_association.empty() && !catalogue_.is_a(info->name, wanted_association))) {
            continue;
        }
        provider->second.produce(Demand::of(origin), [&](cim::Instance row) {
            ++built_;
            complete(row, *info);
            const bool touches =
                std::ranges::any_of(row.properties(), [&](const cim::Property& end) {
                    const cim::ObjectPath* path = end.value.reference();
                    return path != nullptr && path->names_same_instance(origin) &&
                           (wanted.role.empty() || cim::same_name(end.name, wanted.role));
                });
            if (!touches) {
                return;
            }
            if (wanted.references) {
                found.push_back(std::move(row));
                return;
            }
            for (const cim::Property& end : row.properties()) {
                follow(row, end);
            }
        });
    }
    return found;
}

cim::Instance Repository::get(const cim::ObjectPath& path)
{
    auto found = find(path);
    if (!found) {
        throw RepositoryFault{FaultKind::no_such_instance, "The object does not exist."};
    }
    return std::move(*found);
}

void Repository::check_input(const schema::MethodInfo& method, const cim::Instance& input) const
{
    for (const cim::Property& property : input.properties()) {
        const schema::ParameterInfo* parameter = method.find(property.name);
        if (parameter == nullptr || !parameter->in) {
            throw RepositoryFault{
                FaultKind::schema_violation,
                fmt::format("{} has no parameter {}.", method.name, property.name)};
        }
        cim::Value value = property.value;
        if (parameter->is_array && !value.is_null() && !value.is_array()) {
            value = cim::Value::Array{value};
        }
        if (!value.fits(parameter->type, parameter->is_array)) {
            throw RepositoryFault{FaultKind::schema_violation,
                                  fmt::format("The value of {} has another type.", property.name)};
        }
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
    const ClassProvider& provider = providers_.at(cim::folded(target->class_name()));
    const auto act = provider.methods.find(method->name);
    MethodAnswer answer;
    if (act == provider.methods.end()) {
        answer.return_value = code::not_supported;
    } else {
        const MethodCall whole{.target = path_of(*target),
                               .method = method->name,
                               .input = call.input,
                               .account = call.account};
        try {
            answer = act->second(whole);
        } catch (const Error& error) {
            if (!error.peer().code) {
                throw;
            }
            const std::uint32_t number = *error.peer().code;
            if (number > 0xFFFF && (number & 0xFFFF0000U) != 0x80040000U) {
                // An HRESULT of the system below WMI shows as a plain failure.
                answer = MethodAnswer{.return_value = number == code::hresult_access_denied
                                                          ? code::access_denied
                                                          : code::failed};
            } else if (number > 0xFFFF) {
                throw RepositoryFault{FaultKind::provider_failure, error.peer().text, number};
            } else {
                answer = MethodAnswer{.return_value = number};
            }
        }
    }
    cim::Instance typed{info.name};
    for (const schema::ParameterInfo& parameter : method->parameters) {
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
    typed.set("ReturnValue", method->returns, answer.return_value);
    answer.output = std::move(typed);
    return answer;
}

void Repository::check_put(const schema::ClassInfo& info, const cim::Instance& target,
                           const cim::Instance& given) const
{
    for (const cim::Property& property : given.properties()) {
        const schema::PropertyInfo* declared = info.find_property(property.name);
        if (declared == nullptr) {
            throw RepositoryFault{FaultKind::schema_violation,
                                  fmt::format("{} has no property {}.", info.name, property.name)};
        }
        cim::Value value = property.value;
        if (declared->is_array && !value.is_null() && !value.is_array()) {
            value = cim::Value::Array{value};
        }
        if (!value.fits(declared->type, declared->is_array)) {
            throw RepositoryFault{FaultKind::schema_violation,
                                  fmt::format("The value of {} has another type.", property.name)};
        }
    }
    if (host_.profile().is("put_omitted_properties", "unchanged")) {
        return;
    }
    for (const schema::PropertyInfo& property : info.properties) {
        if (property.is_read_write && !target[property.name].is_null() &&
            given.find(property.name) == nullptr) {
            throw RepositoryFault{FaultKind::schema_violation,
                                  fmt::format("{} is missing.", property.name)};
        }
    }
}

cim::Instance Repository::put(const cim::ObjectPath& path, const cim::Instance& instance)
{
    const schema::ClassInfo& info = get_class(path.class_name());
    const cim::Instance target = get(path);
    const ClassProvider& provider = providers_.at(cim::folded(target.class_name()));
    if (!catalogue_.accepts_put(info.name) || !provider.put) {
        throw RepositoryFault{FaultKind::not_supported,
                              fmt::format("{} cannot be changed that way.", info.name)};
    }
    check_put(info, target, instance);
    static_cast<void>(provider.put(path_of(target), instance));
    return get(path);
}

void Repository::remove(const cim::ObjectPath& path)
{
    const cim::Instance target = get(path);
    const ClassProvider& provider = providers_.at(cim::folded(target.class_name()));
    if (!provider.remove) {
        throw RepositoryFault{FaultKind::not_supported,
                              fmt::format("{} cannot be deleted that way.", target.class_name())};
    }
    provider.remove(path_of(target));
}

cim::Instance Repository::embedded(std::string_view text, std::string_view method) const
{
    const auto reading = host_.profile().is("cim_xml_named_references", "refused")
                             ? cim::CimXmlReading::strict_values
                             : cim::CimXmlReading::lenient;
    cim::Instance given = [&] {
        try {
            return cim::from_cim_xml(text, reading);
        } catch (const Error& error) {
            refuse(error.peer().code.value_or(code::invalid_parameter), error.what());
        }
    }();
    const schema::ClassInfo* info = catalogue_.find(given.class_name());
    if (info == nullptr) {
        refuse(code::invalid_parameter, fmt::format("There is no class {}", given.class_name()));
    }
    cim::Instance accepted{info->name};
    for (const cim::Property& property : given.properties()) {
        const schema::PropertyInfo* declared = info->find_property(property.name);
        if (declared == nullptr) {
            refuse_unknown_property(host_.profile(), info->name, property.name);
        }
        if (declared->is_array != property.is_array && !property.value.is_null()) {
            refuse(code::invalid_parameter, fmt::format("{} is{} an array", property.name,
                                                        declared->is_array ? "" : " not"));
        }
        const bool same_type = property.type == declared->type ||
                               (is_integer(property.type) && is_integer(declared->type));
        if (!same_type || !property.value.fits(declared->type, declared->is_array)) {
            refuse(code::failed, fmt::format("{} has another type", property.name));
        }
        switch (catalogue_.writability(info->name, declared->name, method)) {
        case schema::Writability::accepted:
            accepted.set({.name = declared->name,
                          .type = declared->type,
                          .is_array = declared->is_array,
                          .value = property.value});
            break;
        case schema::Writability::ignored:
            break;
        case schema::Writability::refused:
            refuse(code::invalid_parameter, fmt::format("{} cannot be set", property.name));
        }
    }
    return accepted;
}

cim::ObjectPath Repository::path_of(const cim::Instance& instance) const
{
    std::vector<cim::ObjectPath::Key> keys;
    if (const schema::ClassInfo* info = catalogue_.find(instance.class_name())) {
        for (const std::string& key : info->keys) {
            keys.emplace_back(key, instance[key]);
        }
    }
    return cim::ObjectPath{std::string{ns()}, instance.class_name(), std::move(keys)}.with_host(
        host_.name());
}

std::string Repository::path_text(const cim::Instance& instance) const
{
    return path_of(instance).text();
}

} // namespace watari::sim
