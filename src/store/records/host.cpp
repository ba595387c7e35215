#include "store/records/host.hpp"

#include "store/records/columns.hpp"

namespace watari::store {

template <>
struct Table<HostRecord> {
    static constexpr std::string_view name = "hosts";
    static constexpr std::string_view kind = "host";

    static HostId host(const HostRecord& record) { return record.id; }

    template <class Record>
    static void columns(Record&& record, auto&& visit)
    {
        visit("id", record.id);
        visit("name", record.name);
        visit("address", record.address);
        visit("port", record.port);
        visit("server_name", record.server_name);
        visit("tls", record.tls);
        visit("tls_trust", record.tls_trust);
        visit("tls_ca_file", record.tls_ca_file);
        visit("tls_fingerprint", record.tls_fingerprint);
        visit("scheme", record.scheme);
        visit("basic_in_the_clear", record.basic_in_the_clear);
        visit("user_name", record.user);
        visit("keytab_file", record.keytab_file);
        visit("certificate_file", record.certificate_file);
        visit("key_file", record.key_file);
        visit("namespace_choice", record.namespace_choice);
        visit("namespace_used", record.namespace_used);
        visit("generation", record.generation);
        visit("os_version", record.os_version);
        visit("state", record.state);
        visit("observe", record.observe);
        visit("schedulable", record.schedulable);
        visit("facts", record.facts);
        visit("capabilities", record.capabilities);
        visit("memory_total", record.memory_total);
        visit("memory_free", record.memory_free);
        visit("memory_reserve", record.memory_reserve);
        visit("processors", record.processors);
        visit("last_seen", record.last_seen);
        visit("last_error", record.last_error);
        visit("version", record.version);
        visit("created", record.created);
        visit("updated", record.updated);
    }
};

template struct RecordAccess<HostRecord>;

template <>
struct Table<StorageRecord> {
    static constexpr std::string_view name = "storages";
    static constexpr std::string_view kind = "storage";

    static HostId host(const StorageRecord& record) { return record.host; }

    template <class Record>
    static void columns(Record&& record, auto&& visit)
    {
        visit("id", record.id);
        visit("host", record.host);
        visit("name", record.name);
        visit("path", record.path);
        visit("volume_size", record.volume_size);
        visit("volume_free", record.volume_free);
        visit("reserve", record.reserve);
        visit("version", record.version);
        visit("created", record.created);
        visit("updated", record.updated);
    }
};

template struct RecordAccess<StorageRecord>;

namespace {

std::string secret_context(HostId host)
{
    return "hosts/" + host.value().lower();
}

void set_secret(Transaction& transaction, HostId host, const std::optional<Blob>& secret)
{
    if (transaction.execute("UPDATE hosts SET secret = $1 WHERE id = $2", {secret, host}) == 0) {
        throw_no_record<HostRecord>(host.value().lower());
    }
}

} // namespace

std::optional<HostRecord> find_host_by_name(Transaction& transaction, std::string_view name)
{
    return select_one<HostRecord>(transaction, "WHERE name = $1", {name});
}

HostRecord get_host_by_name(Transaction& transaction, std::string_view name)
{
    auto found = find_host_by_name(transaction, name);
    if (!found) {
        throw_no_record<HostRecord>(name);
    }
    return std::move(*found);
}

std::optional<HostLabel> find_host_label(Transaction& transaction, HostId host)
{
    const auto rows =
        transaction.query("SELECT name, namespace_used, observe FROM hosts WHERE id = $1", {host});
    if (rows.empty()) {
        return std::nullopt;
    }
    const auto& row = rows.front();
    return HostLabel{.name = row.get<std::string>(std::size_t{0}),
                     .namespace_used = row.get<std::optional<std::string>>(std::size_t{1}),
                     .observe = row.get<bool>(std::size_t{2})};
}

std::vector<StorageRecord> storages_of(Transaction& transaction, HostId host)
{
    return select<StorageRecord>(transaction, "WHERE host = $1 ORDER BY name", {host});
}

void set_host_password(Transaction& transaction, const SecretBox& box, HostId host,
                       std::string_view password)
{
    set_secret(transaction, host, box.seal(password, secret_context(host)));
}

void forget_host_password(Transaction& transaction, HostId host)
{
    set_secret(transaction, host, std::nullopt);
}

std::optional<std::string> find_host_password(Transaction& transaction, const SecretBox& box,
                                              HostId host)
{
    const auto rows = transaction.query("SELECT secret FROM hosts WHERE id = $1", {host});
    if (rows.empty()) {
        return std::nullopt;
    }
    const auto sealed = rows.front().get<std::optional<Blob>>("secret");
    return sealed ? std::optional{box.open(*sealed, secret_context(host))} : std::nullopt;
}

} // namespace watari::store
