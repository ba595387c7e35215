#pragma once

#include "store/records/record.hpp"

#include <functional>

namespace watari::store {

/// A switch and VLAN by name, resolved per host by a binding.
struct NetworkRecord {
    using Id = NetworkId;

    NetworkId id = {};
    std::string name = {};        ///< unique
    std::string switch_name = {}; ///< name of the switch on each host
    std::optional<std::int64_t> vlan = {};
    std::string mac_prefix =
        {}; ///< 6 to 10 upper-case hex digits; the pool is everything that starts so
    std::int64_t version = 0;
    WallTime created = {};
    WallTime updated = {};

    friend bool operator==(const NetworkRecord&, const NetworkRecord&) = default;
};

/// Which switch of a host a network is there; one per network and host.
struct NetworkBindingRecord {
    using Id = BindingId;

    BindingId id = {};
    NetworkId network = {};
    HostId host = {};
    std::string switch_id = {}; ///< the host's id of the switch
    std::string switch_name = {};
    std::int64_t version = 0;
    WallTime created = {};
    WallTime updated = {};

    friend bool operator==(const NetworkBindingRecord&, const NetworkBindingRecord&) = default;
};

/// A MAC address in use: reserved before the NIC exists, removed after it is gone.
struct AddressRecord {
    using Id = AddressId;

    AddressId id = {};
    NetworkId network = {};
    VmId vm = {};
    std::string mac = {}; ///< 12 upper-case hex digits; unique in the site
    std::int64_t version = 0;
    WallTime created = {};
    WallTime updated = {};

    friend bool operator==(const AddressRecord&, const AddressRecord&) = default;
};

std::optional<NetworkRecord> find_network_by_name(Transaction& transaction, std::string_view name);
std::optional<NetworkBindingRecord> find_binding(Transaction& transaction, NetworkId network,
                                                 HostId host);
std::vector<NetworkBindingRecord> bindings_of(Transaction& transaction, NetworkId network);
std::vector<AddressRecord> addresses_of(Transaction& transaction, VmId vm);

/// Reserves a free MAC of the network's pool for the VM. `seen` says which MACs some host's NIC has
/// that we did not give (it runs on the database thread). Throws exhausted when the pool is used
/// up.
AddressRecord allocate_address(Transaction& transaction, AddressId id, NetworkId network, VmId vm,
                               const std::function<bool(const std::string& mac)>& seen = {});

} // namespace watari::store
