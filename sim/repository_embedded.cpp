#include "sim/repository.hpp"

#include "cim/cim_xml.hpp"

#include <fmt/format.h>

/// Embedded instances in methods' parameters.
namespace watari::sim {

namespace {

bool is_integer(cim::Type type)
{
    return type >= cim::Type::uint8 && type <= cim::Type::sint64;
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

} // namespace

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

} // namespace watari::sim
