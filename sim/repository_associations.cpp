#include "sim/repository.hpp"

#include <algorithm>
#include <utility>

/// ASSOCIATORS OF and REFERENCES OF.
namespace watari::sim {

namespace {

/// Whether the row has `origin` at an end that the query allows.
bool touches(const cim::Instance& row, const cim::ObjectPath& origin, const std::string& role)
{
    return std::ranges::any_of(row.properties(), [&](const cim::Property& end) {
        const cim::ObjectPath* path = end.value.reference();
        return path != nullptr && path->names_same_instance(origin) &&
               (role.empty() || cim::same_name(end.name, role));
    });
}

/// The objects at the other ends of an object's associations, each once.
class Targets
{
public:
    Targets(const schema::Catalogue& catalogue, const cim::wql::Related& wanted,
            const cim::ObjectPath& origin)
        : catalogue_(catalogue), wanted_(wanted), origin_(origin)
    {
    }

    void add(const cim::Instance& row)
    {
        for (const cim::Property& end : row.properties()) {
            const cim::ObjectPath* path = end.value.reference();
            if (path != nullptr && is_wanted(end, *path)) {
                paths_.push_back(*path);
            }
        }
    }

    const std::vector<cim::ObjectPath>& paths() const noexcept { return paths_; }

private:
    bool is_wanted(const cim::Property& end, const cim::ObjectPath& path) const
    {
        return !path.names_same_instance(origin_) &&
               (wanted_.result_role.empty() || cim::same_name(end.name, wanted_.result_role)) &&
               catalogue_.find(path.class_name()) != nullptr &&
               (wanted_.result_class.empty() ||
                catalogue_.is_a(path.class_name(), wanted_.result_class)) &&
               std::ranges::none_of(paths_, [&](const cim::ObjectPath& seen) {
                   return seen.names_same_instance(path);
               });
    }

    const schema::Catalogue& catalogue_;
    const cim::wql::Related& wanted_;
    const cim::ObjectPath& origin_;
    std::vector<cim::ObjectPath> paths_;
};

} // namespace

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
    const std::string& association = wanted.references ? wanted.result_class : wanted.assoc_class;
    std::vector<cim::Instance> found;
    Targets targets{catalogue_, wanted, origin};
    for (const schema::ClassInfo* info : catalogue_.classes()) {
        const auto entry = entries_.find(info);
        if (!info->is_association || entry == entries_.end() ||
            (!association.empty() && !catalogue_.is_a(info->name, association))) {
            continue;
        }
        produce(entry->second, Demand::of(origin), [&](const cim::Instance& row) {
            if (!touches(row, origin, wanted.role)) {
                return;
            }
            if (wanted.references) {
                found.push_back(completed(row, entry->second));
            } else {
                targets.add(row);
            }
        });
    }
    for (const cim::ObjectPath& path : targets.paths()) {
        if (auto instance = find(path)) {
            found.push_back(*std::move(instance));
        }
    }
    return found;
}

} // namespace watari::sim
