#include "wsman/codec/filter.hpp"

#include "cim/wql.hpp"
#include "wsman/codec/names.hpp"
#include "wsman/codec/values.hpp"

#include <utility>

#include <fmt/format.h>

namespace watari::wsman {

namespace {

std::string object_text(const cim::ObjectPath& path)
{
    std::string text = path.class_name();
    const char* separator = ".";
    for (const auto& [name, value] : path.keys()) {
        text += fmt::format("{}{}={}", separator, name, cim::wql::literal(value.text()));
        separator = ",";
    }
    return text;
}

/// The association dialect says what ASSOCIATORS OF and REFERENCES OF say (3.7), so it is turned
/// into them.
std::string association_query(const xml::Element& filter)
{
    const auto* associated = filter.child(names::binding, "AssociatedInstances");
    const auto* associations = filter.child(names::binding, "AssociationInstances");
    const xml::Element* asked = associated != nullptr ? associated : associations;
    const auto* object = asked != nullptr ? asked->child(names::binding, "Object") : nullptr;
    const auto path = object != nullptr ? read_reference(*object) : std::nullopt;
    if (!path) {
        fail_decoding("the association filter names no object");
    }
    std::string conditions;
    const auto add = [&](std::string_view element, std::string_view keyword) {
        const auto* child = asked->child(names::binding, element);
        if (child != nullptr && !child->trimmed_text().empty()) {
            conditions += fmt::format(" {} = {}", keyword, child->trimmed_text());
        }
    };
    if (associated != nullptr) {
        add("AssociationClassName", "AssocClass");
    }
    add("ResultClassName", "ResultClass");
    add("Role", "Role");
    if (associated != nullptr) {
        add("ResultRole", "ResultRole");
    }
    return fmt::format("{} OF {{{}}}{}{}", associated != nullptr ? "ASSOCIATORS" : "REFERENCES",
                       object_text(*path), conditions.empty() ? "" : " WHERE", conditions);
}

} // namespace

Filter read_filter(const xml::Element& element)
{
    Filter filter{std::string{element.attribute({}, "Dialect").value_or(names::dialect_xpath)},
                  std::string{element.text()}};
    if (filter.dialect == names::dialect_selector) {
        const auto* set = element.child(names::wsman, "SelectorSet");
        if (set == nullptr) {
            fail_decoding("the selector filter has no SelectorSet");
        }
        filter.text.clear();
        filter.selectors = read_selectors(*set);
    } else if (filter.dialect == names::dialect_association) {
        filter.text = association_query(element);
    }
    return filter;
}

} // namespace watari::wsman
