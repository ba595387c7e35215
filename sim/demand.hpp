#pragma once

#include "cim/object_path.hpp"
#include "cim/wql.hpp"
#include "core/uuid.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace watari::sim {

/// What the asker wants of a class, so that a provider need not build every instance of the host. A
/// provider may ignore it; the repository filters what comes.
class Demand
{
public:
    Demand() = default; ///< everything
    /// Both: the argument outlives the demand.
    static Demand of(const cim::wql::Select& select);
    /// The object, or the associations that touch it.
    static Demand of(const cim::ObjectPath& path);

    /// The text this property must have, when the asker says so.
    std::optional<std::string> text(std::string_view property) const;
    /// Whether an instance with this value can be meant.
    bool allows(std::string_view property, std::string_view value) const;

    /// The VMs, checkpoints, jobs or switches that the asker's InstanceID, SystemName, Name or
    /// VirtualSystemIdentifier can mean; nullptr: any.
    const std::vector<Uuid>* owners() const noexcept { return owners_ ? &*owners_ : nullptr; }
    bool may_mean(const Uuid& id) const noexcept;
    /// Each owner is named by its own InstanceID: that of a VM does not stand for its checkpoints.
    bool is_exact() const noexcept { return exact_; }
    /// Whether instances can be meant whose InstanceID begins with no owner: templates.
    bool may_mean_ownerless() const noexcept { return !owners_ || ownerless_; }

    bool is_everything() const noexcept { return select_ == nullptr && path_ == nullptr; }
    /// A host answers LIKE by building every instance of the class and looking at each
    /// (call-sequences.md): these cost what an enumeration of the class costs.
    bool builds_class() const noexcept { return builds_class_; }

private:
    const cim::wql::Select* select_ = nullptr;
    const cim::ObjectPath* path_ = nullptr;
    std::optional<std::vector<Uuid>> owners_;
    bool exact_ = false;
    bool ownerless_ = false;
    bool builds_class_ = false;
};

/// "Microsoft:<GUID>…" or "<GUID>…" → the GUID.
std::optional<Uuid> leading_id(std::string_view text);

} // namespace watari::sim
