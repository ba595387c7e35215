#include "schema/typed.hpp"

namespace watari::schema::detail {

template <>
std::optional<bool> from_value(const cim::Value& value)
{
    return value.boolean();
}

template <>
std::optional<double> from_value(const cim::Value& value)
{
    return value.real();
}

template <>
std::optional<std::string> from_value(const cim::Value& value)
{
    const std::string* text = value.string();
    return text != nullptr ? std::optional{*text} : std::nullopt;
}

template <>
std::optional<cim::DateTime> from_value(const cim::Value& value)
{
    const cim::DateTime* time = value.datetime();
    return time != nullptr ? std::optional{*time} : std::nullopt;
}

template <>
std::optional<cim::ObjectPath> from_value(const cim::Value& value)
{
    if (const cim::ObjectPath* path = value.reference()) {
        return *path;
    }
    // BootSourceOrder, HostResource and Parent are declared as text but hold paths; so do
    // references in CIM-XML.
    const std::string* text = value.string();
    return text != nullptr ? cim::ObjectPath::parse(*text) : std::nullopt;
}

template <>
std::optional<cim::Instance> from_value(const cim::Value& value)
{
    if (const cim::Instance* instance = value.embedded()) {
        return *instance;
    }
    const std::string* text = value.string();
    return text != nullptr ? std::optional{cim::from_cim_xml(*text)} : std::nullopt;
}

} // namespace watari::schema::detail
