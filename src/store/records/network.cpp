#include "store/records/network.hpp"

#include "store/records/columns.hpp"

namespace watari::store {

template <>
struct Table<NetworkRecord> {
    static constexpr std::string_view name = "networks";
    static constexpr std::string_view kind = "network";

    template <class Record>
    static void columns(Record&& record, auto&& visit)
    {
        visit("id", record.id);
        visit("name", record.name);
        visit("vlan", record.vlan);
        visit("switch_name", record.switch_name);
        visit("mac_prefix", record.mac_prefix);
        visit("version", record.version);
        visit("created", record.created);
        visit("updated", record.updated);
    }
};

template struct RecordAccess<NetworkRecord>;

template <>
struct Table<NetworkBindingRecord> {
    static constexpr std::string_view name = "network_bindings";
    static constexpr std::string_view kind = "network binding";

    static HostId host(const NetworkBindingRecord& record) { return record.host; }

    template <class Record>
    static void columns(Record&& record, auto&& visit)
    {
        visit("id", record.id);
        visit("network", record.network);
        visit("host", record.host);
        visit("switch_id", record.switch_id);
        visit("switch_name", record.switch_name);
        visit("version", record.version);
        visit("created", record.created);
        visit("updated", record.updated);
    }
};

template struct RecordAccess<NetworkBindingRecord>;

template <>
struct Table<AddressRecord> {
    static constexpr std::string_view name = "addresses";
    static constexpr std::string_view kind = "address";

    template <class Record>
    static void columns(Record&& record, auto&& visit)
    {
        visit("id", record.id);
        visit("network", record.network);
        visit("vm", record.vm);
        visit("mac", record.mac);
        visit("version", record.version);
        visit("created", record.created);
        visit("updated", record.updated);
    }
};

template struct RecordAccess<AddressRecord>;

namespace {

constexpr std::size_t mac_digits = 12;

/// How many addresses a prefix leaves open.
std::uint64_t pool_size(const std::string& prefix)
{
    const bool hex = prefix.find_first_not_of("0123456789ABCDEF") == std::string::npos;
    if (!hex || prefix.size() < 6 || prefix.size() > 10) {
        throw Error{ErrorKind::invalid, message::mac_prefix_wrong{.prefix = prefix}};
    }
    return std::uint64_t{1} << (4 * (mac_digits - prefix.size()));
}

std::string mac_at(const std::string& prefix, std::uint64_t number)
{
    return fmt::format("{}{:0{}X}", prefix, number, mac_digits - prefix.size());
}

/// The number of the pool's highest address in use, plus one; 0 for an empty pool.
std::uint64_t first_unused(Transaction& transaction, const std::string& prefix)
{
    const auto rows =
        transaction.query("SELECT max(mac) AS mac FROM addresses WHERE mac >= $1 AND mac < $2",
                          {prefix, prefix + "G"});
    const auto highest = rows.at(0).get<std::optional<std::string>>("mac");
    return highest ? std::stoull(highest->substr(prefix.size()), nullptr, 16) + 1 : 0;
}

} // namespace

std::optional<NetworkRecord> find_network_by_name(Transaction& transaction, std::string_view name)
{
    return select_one<NetworkRecord>(transaction, "WHERE name = $1", {name});
}

std::optional<NetworkBindingRecord> find_binding(Transaction& transaction, NetworkId network,
                                                 HostId host)
{
    return select_one<NetworkBindingRecord>(transaction, "WHERE network = $1 AND host = $2",
                                            {network, host});
}

std::vector<NetworkBindingRecord> bindings_of(Transaction& transaction, NetworkId network)
{
    return select<NetworkBindingRecord>(transaction, "WHERE network = $1 ORDER BY id", {network});
}

std::vector<AddressRecord> addresses_of(Transaction& transaction, VmId vm)
{
    return select<AddressRecord>(transaction, "WHERE vm = $1 ORDER BY id", {vm});
}

AddressRecord allocate_address(Transaction& transaction, AddressId id, NetworkId network, VmId vm,
                               const std::function<bool(const std::string& mac)>& seen)
{
    const auto record = get<NetworkRecord>(transaction, network);
    const auto size = pool_size(record.mac_prefix);
    const auto start = first_unused(transaction, record.mac_prefix);
    for (std::uint64_t tried = 0; tried < size; ++tried) {
        const auto mac = mac_at(record.mac_prefix, (start + tried) % size);
        const bool taken =
            !transaction.query("SELECT 1 FROM addresses WHERE mac = $1", {mac}).empty();
        if (!taken && !(seen && seen(mac))) {
            return insert(transaction,
                          AddressRecord{.id = id, .network = network, .vm = vm, .mac = mac});
        }
    }
    throw Error{ErrorKind::exhausted, message::addresses_used_up{.network = record.name}};
}

} // namespace watari::store
