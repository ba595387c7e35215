#include "store/records/plan.hpp"

#include "store/records/columns.hpp"

namespace watari::store {

template <>
struct Table<PlanRecord> {
    static constexpr std::string_view name = "plans";
    static constexpr std::string_view kind = "plan";

    template <class Record>
    static void columns(Record&& record, auto&& visit)
    {
        visit("id", record.id);
        visit("name", record.name);
        visit("description", record.description);
        visit("processors", record.processors);
        visit("memory_mib", record.memory_mib);
        visit("disk_bytes", record.disk_bytes);
        visit("disk_may_grow", record.disk_may_grow);
        visit("version", record.version);
        visit("created", record.created);
        visit("updated", record.updated);
    }
};

template struct RecordAccess<PlanRecord>;

std::optional<PlanRecord> find_plan_by_name(Transaction& transaction, std::string_view name)
{
    return select_one<PlanRecord>(transaction, "WHERE name = $1", {name});
}

} // namespace watari::store
