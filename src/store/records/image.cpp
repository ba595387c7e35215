#include "store/records/image.hpp"

#include "store/records/columns.hpp"

namespace watari::store {

template <>
struct Table<ImageRecord> {
    static constexpr std::string_view name = "images";
    static constexpr std::string_view kind = "image";

    template <class Record>
    static void columns(Record&& record, auto&& visit)
    {
        visit("id", record.id);
        visit("name", record.name);
        visit("revision", record.revision);
        visit("description", record.description);
        visit("format", record.format);
        visit("vm_generation", record.vm_generation);
        visit("disk_bytes", record.disk_bytes);
        visit("version", record.version);
        visit("created", record.created);
        visit("updated", record.updated);
    }
};

template struct RecordAccess<ImageRecord>;

template <>
struct Table<ImageReplicaRecord> {
    static constexpr std::string_view name = "image_replicas";
    static constexpr std::string_view kind = "image replica";

    static HostId host(const ImageReplicaRecord& record) { return record.host; }

    template <class Record>
    static void columns(Record&& record, auto&& visit)
    {
        visit("id", record.id);
        visit("image", record.image);
        visit("host", record.host);
        visit("path", record.path);
        visit("file_bytes", record.file_bytes);
        visit("disk_id", record.disk_id);
        visit("checksum", record.checksum);
        visit("verified", record.verified);
        visit("version", record.version);
        visit("created", record.created);
        visit("updated", record.updated);
    }
};

template struct RecordAccess<ImageReplicaRecord>;

std::optional<ImageRecord> find_image_by_name(Transaction& transaction, std::string_view name)
{
    return select_one<ImageRecord>(transaction, "WHERE name = $1 ORDER BY revision DESC LIMIT 1",
                                   {name});
}

std::vector<ImageReplicaRecord> replicas_of(Transaction& transaction, ImageId image)
{
    return select<ImageReplicaRecord>(transaction, "WHERE image = $1 ORDER BY id", {image});
}

std::optional<ImageReplicaRecord> find_replica(Transaction& transaction, ImageId image, HostId host)
{
    return select_one<ImageReplicaRecord>(transaction, "WHERE image = $1 AND host = $2",
                                          {image, host});
}

} // namespace watari::store
