#pragma once

#include "store/records/record.hpp"

namespace watari::store {

/// An immutable golden disk; a new content is a new revision under the same name.
struct ImageRecord {
    using Id = ImageId;

    ImageId id = {};
    std::string name = {};
    std::int64_t revision = 1; ///< unique with the name
    std::string description = {};
    std::string format = {}; ///< vhd, vhdx
    std::int64_t vm_generation = 1;
    ByteSize disk_bytes = {}; ///< virtual size
    std::int64_t version = 0;
    WallTime created = {};
    WallTime updated = {};

    friend bool operator==(const ImageRecord&, const ImageRecord&) = default;
};

/// An image's copy on one host, read-only; placement needs a verified one.
struct ImageReplicaRecord {
    using Id = ReplicaId;

    ReplicaId id = {};
    ImageId image = {};
    HostId host = {};
    std::string path = {}; ///< unique on its host
    ByteSize file_bytes = {};
    std::optional<std::string> disk_id = {};  ///< the disk's own unique id
    std::optional<std::string> checksum = {}; ///< "sha256:…"
    std::optional<WallTime> verified = {};
    std::int64_t version = 0;
    WallTime created = {};
    WallTime updated = {};

    friend bool operator==(const ImageReplicaRecord&, const ImageReplicaRecord&) = default;
};

/// The newest revision of that name.
std::optional<ImageRecord> find_image_by_name(Transaction& transaction, std::string_view name);
std::vector<ImageReplicaRecord> replicas_of(Transaction& transaction, ImageId image);
/// The replica on that host, verified or not.
std::optional<ImageReplicaRecord> find_replica(Transaction& transaction, ImageId image,
                                               HostId host);

} // namespace watari::store
