#pragma once

#include "core/strong.hpp"
#include "core/uuid.hpp"

namespace watari::store {

using ProjectId = Strong<struct ProjectIdTag, Uuid>;
using TokenId = Strong<struct TokenIdTag, Uuid>;
using HostId = Strong<struct HostIdTag, Uuid>;
using StorageId = Strong<struct StorageIdTag, Uuid>;
using ImageId = Strong<struct ImageIdTag, Uuid>;
using ReplicaId = Strong<struct ReplicaIdTag, Uuid>;
using PlanId = Strong<struct PlanIdTag, Uuid>;
using NetworkId = Strong<struct NetworkIdTag, Uuid>;
using BindingId = Strong<struct BindingIdTag, Uuid>;
using VmId = Strong<struct VmIdTag, Uuid>;
using AddressId = Strong<struct AddressIdTag, Uuid>;
using ReservationId = Strong<struct ReservationIdTag, Uuid>;
using OperationId = Strong<struct OperationIdTag, Uuid>;

/// A new id; ids of one kind sort by creation time.
template <class Id>
Id new_id(std::chrono::system_clock::time_point now, Random& random)
{
    return Id{Uuid::ordered(now, random)};
}

} // namespace watari::store
