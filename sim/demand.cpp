#include "sim/demand.hpp"

#include "cim/wql_condition.hpp"

#include <algorithm>
#include <array>

namespace watari::sim {

namespace {

using cim::wql::Condition;

constexpr std::string_view instance_id = "InstanceID";

/// Properties that begin with the GUID of what an instance belongs to, the most telling first.
constexpr std::array<std::string_view, 4> owner_properties{"SystemName", instance_id, "Name",
                                                           "VirtualSystemIdentifier"};

/// What part of a condition says about the owner.
struct Pinned {
    std::vector<Uuid> owners;
    bool exact = false;
    bool ownerless = false;
    bool by_pattern = false;
};

std::optional<Pinned> pinned_by_text(std::string_view property, std::string_view text)
{
    const auto owner = std::ranges::find_if(
        owner_properties, [&](std::string_view name) { return cim::same_name(name, property); });
    if (owner == owner_properties.end()) {
        return std::nullopt;
    }
    const bool exact = *owner == instance_id;
    if (const auto id = leading_id(text)) {
        return Pinned{.owners = {*id}, .exact = exact};
    }
    // An InstanceID without GUID belongs to no VM; the other properties have other uses.
    return exact ? std::optional{Pinned{.exact = true, .ownerless = true}} : std::nullopt;
}

std::optional<Pinned> pinned_by(const Condition& condition);

/// One operand that pins is enough.
std::optional<Pinned> pinned_by_one_of(const std::vector<Condition>& operands)
{
    for (const Condition& operand : operands) {
        if (auto pinned = pinned_by(operand)) {
            return pinned;
        }
    }
    return std::nullopt;
}

std::optional<Pinned> pinned_by_each_of(const std::vector<Condition>& operands)
{
    Pinned all{.exact = true};
    for (const Condition& operand : operands) {
        const auto pinned = pinned_by(operand);
        if (!pinned) {
            return std::nullopt;
        }
        for (const Uuid& id : pinned->owners) {
            if (std::ranges::find(all.owners, id) == all.owners.end()) {
                all.owners.push_back(id);
            }
        }
        all.exact = all.exact && pinned->exact;
        all.ownerless = all.ownerless || pinned->ownerless;
        all.by_pattern = all.by_pattern || pinned->by_pattern;
    }
    return all;
}

std::optional<Pinned> pinned_by(const Condition& condition)
{
    const std::string* text = condition.literal.string();
    switch (condition.kind) {
    case Condition::Kind::equal:
        return text == nullptr ? std::nullopt : pinned_by_text(condition.property, *text);
    case Condition::Kind::like: {
        const std::string_view prefix =
            text == nullptr ? std::string_view{}
                            : std::string_view{*text}.substr(0, text->find_first_of("%_["));
        auto pinned =
            leading_id(prefix) ? pinned_by_text(condition.property, prefix) : std::nullopt;
        if (pinned) {
            pinned->by_pattern = true;
        }
        return pinned;
    }
    case Condition::Kind::all_of:
        return pinned_by_one_of(condition.operands);
    case Condition::Kind::any_of:
        return pinned_by_each_of(condition.operands);
    default:
        return std::nullopt;
    }
}

} // namespace

std::optional<Uuid> leading_id(std::string_view text)
{
    constexpr std::string_view prefix = "Microsoft:";
    constexpr std::size_t guid_length = 36;
    if (text.size() > prefix.size() && cim::same_name(text.substr(0, prefix.size()), prefix)) {
        text.remove_prefix(prefix.size());
    }
    return text.size() < guid_length ? std::nullopt : Uuid::parse(text.substr(0, guid_length));
}

Demand Demand::of(const cim::wql::Select& select)
{
    Demand demand;
    demand.select_ = &select;
    if (auto pinned = select.where ? pinned_by(*select.where) : std::nullopt) {
        demand.owners_ = std::move(pinned->owners);
        demand.exact_ = pinned->exact;
        demand.ownerless_ = pinned->ownerless;
        demand.builds_class_ = pinned->by_pattern;
    }
    return demand;
}

Demand Demand::of(const cim::ObjectPath& path)
{
    Demand demand;
    demand.path_ = &path;
    for (const std::string_view property : owner_properties) {
        const auto text = path.key(property);
        if (auto pinned = text ? pinned_by_text(property, *text) : std::nullopt) {
            demand.owners_ = std::move(pinned->owners);
            demand.exact_ = pinned->exact;
            demand.ownerless_ = pinned->ownerless;
            break;
        }
    }
    return demand;
}

std::optional<std::string> Demand::text(std::string_view property) const
{
    if (select_ != nullptr) {
        return cim::wql::demanded(*select_, property);
    }
    return path_ == nullptr ? std::nullopt : path_->key(property);
}

bool Demand::allows(std::string_view property, std::string_view value) const
{
    const auto wanted = text(property);
    return !wanted || cim::same_name(*wanted, value);
}

bool Demand::may_mean(const Uuid& id) const noexcept
{
    return !owners_ || std::ranges::find(*owners_, id) != owners_->end();
}

} // namespace watari::sim
