#include "store/records/vm.hpp"

#include "store/records/columns.hpp"

namespace watari::store {

template <>
struct Table<VmRecord> {
    static constexpr std::string_view name = "vms";
    static constexpr std::string_view kind = "VM";

    template <class Record>
    static void columns(Record&& record, auto&& visit)
    {
        visit("id", record.id);
        visit("project", record.project);
        visit("name", record.name);
        visit("plan", record.plan);
        visit("wanted_processors", record.wanted_processors);
        visit("wanted_memory_mib", record.wanted_memory_mib);
        visit("wanted_disk_bytes", record.wanted_disk_bytes);
        visit("wanted_power", record.wanted_power);
        visit("host", record.host);
        visit("host_guid", record.host_guid);
        visit("storage", record.storage);
        visit("disk_path", record.disk_path);
        visit("disk_format", record.disk_format);
        visit("disk_source", record.disk_source);
        visit("image", record.image);
        visit("generation", record.generation);
        visit("network", record.network);
        visit("vlan", record.vlan);
        visit("mac", record.mac);
        visit("lifecycle", record.lifecycle);
        visit("observed_power", record.observed_power);
        visit("observed_processors", record.observed_processors);
        visit("observed_memory_mib", record.observed_memory_mib);
        visit("observed_disk_bytes", record.observed_disk_bytes);
        visit("observed_at", record.observed_at);
        visit("last_operation", record.last_operation);
        visit("version", record.version);
        visit("created", record.created);
        visit("updated", record.updated);
        visit("deleted", record.deleted);
    }
};

template struct RecordAccess<VmRecord>;

std::optional<VmRecord> find_vm_by_name(Transaction& transaction, ProjectId project,
                                        std::string_view name)
{
    return select_one<VmRecord>(transaction,
                                "WHERE project = $1 AND name = $2 AND lifecycle <> 'deleted'",
                                {project, name});
}

void set_last_operation(Transaction& transaction, VmId vm, OperationId operation)
{
    if (transaction.execute("UPDATE vms SET last_operation = $2, updated = $3, version = version + "
                            "1 WHERE id = $1",
                            {vm, operation, transaction.now()}) == 0) {
        throw_no_record<VmRecord>(vm.value().lower());
    }
}

std::vector<VmRecord> vms_of_host(Transaction& transaction, HostId host)
{
    return select<VmRecord>(transaction, "WHERE host = $1 AND lifecycle <> 'deleted' ORDER BY id",
                            {host});
}

std::size_t count_vms_of_host(Transaction& transaction, HostId host)
{
    return transaction
        .query("SELECT count(*) FROM vms WHERE host = $1 AND lifecycle <> 'deleted'", {host})
        .at(0)
        .get<std::size_t>(std::size_t{0});
}

} // namespace watari::store
