#include "store/migrations.hpp"

#include "messages/store.hpp"

#include <array>
#include <string>
#include <utility>

namespace watari::store {

namespace {

/// Statements separated by ";\n". SERIAL_KEY and BYTES are spelled per dialect; everything else is
/// SQL that both read. A migration that was released is never changed.
constexpr std::string_view first_schema = R"sql(
CREATE TABLE settings (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
);
CREATE TABLE projects (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    quota_vms BIGINT,
    quota_processors BIGINT,
    quota_memory BIGINT,
    quota_disk BIGINT,
    version BIGINT NOT NULL,
    created TEXT NOT NULL,
    updated TEXT NOT NULL
);
CREATE TABLE tokens (
    id TEXT PRIMARY KEY,
    project TEXT REFERENCES projects (id),
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    hash TEXT NOT NULL UNIQUE,
    expires TEXT,
    revoked TEXT,
    version BIGINT NOT NULL,
    created TEXT NOT NULL,
    updated TEXT NOT NULL
);
CREATE TABLE hosts (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    address TEXT NOT NULL,
    port BIGINT NOT NULL,
    tls BIGINT NOT NULL,
    user_name TEXT NOT NULL,
    secret BYTES,
    namespace_choice TEXT NOT NULL,
    namespace_used TEXT,
    generation TEXT,
    os_version TEXT,
    state TEXT NOT NULL,
    observe BIGINT NOT NULL,
    schedulable BIGINT NOT NULL,
    facts TEXT NOT NULL,
    capabilities TEXT NOT NULL,
    memory_total BIGINT NOT NULL,
    memory_free BIGINT NOT NULL,
    memory_reserve BIGINT NOT NULL,
    processors BIGINT NOT NULL,
    last_seen TEXT,
    last_error TEXT,
    version BIGINT NOT NULL,
    created TEXT NOT NULL,
    updated TEXT NOT NULL
);
CREATE TABLE storages (
    id TEXT PRIMARY KEY,
    host TEXT NOT NULL REFERENCES hosts (id),
    name TEXT NOT NULL,
    path TEXT NOT NULL,
    volume_size BIGINT NOT NULL,
    volume_free BIGINT NOT NULL,
    reserve BIGINT NOT NULL,
    version BIGINT NOT NULL,
    created TEXT NOT NULL,
    updated TEXT NOT NULL
);
CREATE UNIQUE INDEX storages_name ON storages (host, name);
CREATE UNIQUE INDEX storages_path ON storages (host, lower(path));
CREATE TABLE images (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    revision BIGINT NOT NULL,
    description TEXT NOT NULL,
    format TEXT NOT NULL,
    vm_generation BIGINT NOT NULL,
    disk_bytes BIGINT NOT NULL,
    version BIGINT NOT NULL,
    created TEXT NOT NULL,
    updated TEXT NOT NULL
);
CREATE UNIQUE INDEX images_name ON images (name, revision);
CREATE TABLE image_replicas (
    id TEXT PRIMARY KEY,
    image TEXT NOT NULL REFERENCES images (id),
    host TEXT NOT NULL REFERENCES hosts (id),
    path TEXT NOT NULL,
    file_bytes BIGINT NOT NULL,
    disk_id TEXT,
    checksum TEXT,
    verified TEXT,
    version BIGINT NOT NULL,
    created TEXT NOT NULL,
    updated TEXT NOT NULL
);
CREATE UNIQUE INDEX image_replicas_path ON image_replicas (host, lower(path));
CREATE UNIQUE INDEX image_replicas_image ON image_replicas (image, host);
CREATE TABLE plans (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    description TEXT NOT NULL,
    processors BIGINT NOT NULL,
    memory_mib BIGINT NOT NULL,
    disk_bytes BIGINT NOT NULL,
    disk_may_grow BIGINT NOT NULL,
    version BIGINT NOT NULL,
    created TEXT NOT NULL,
    updated TEXT NOT NULL
);
CREATE TABLE networks (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    vlan BIGINT,
    switch_name TEXT NOT NULL,
    mac_prefix TEXT NOT NULL,
    version BIGINT NOT NULL,
    created TEXT NOT NULL,
    updated TEXT NOT NULL
);
CREATE TABLE network_bindings (
    id TEXT PRIMARY KEY,
    network TEXT NOT NULL REFERENCES networks (id),
    host TEXT NOT NULL REFERENCES hosts (id),
    switch_id TEXT NOT NULL,
    switch_name TEXT NOT NULL,
    version BIGINT NOT NULL,
    created TEXT NOT NULL,
    updated TEXT NOT NULL
);
CREATE UNIQUE INDEX network_bindings_key ON network_bindings (network, host);
CREATE TABLE vms (
    id TEXT PRIMARY KEY,
    project TEXT NOT NULL REFERENCES projects (id),
    name TEXT NOT NULL,
    plan TEXT,
    wanted_processors BIGINT NOT NULL,
    wanted_memory_mib BIGINT NOT NULL,
    wanted_disk_bytes BIGINT NOT NULL,
    wanted_power TEXT NOT NULL,
    host TEXT,
    host_guid TEXT,
    storage TEXT,
    disk_path TEXT,
    disk_format TEXT,
    disk_source TEXT NOT NULL,
    image TEXT,
    generation BIGINT NOT NULL,
    network TEXT,
    vlan BIGINT,
    mac TEXT,
    lifecycle TEXT NOT NULL,
    observed_power TEXT NOT NULL,
    observed_processors BIGINT,
    observed_memory_mib BIGINT,
    observed_disk_bytes BIGINT,
    observed_at TEXT,
    last_operation TEXT,
    version BIGINT NOT NULL,
    created TEXT NOT NULL,
    updated TEXT NOT NULL,
    deleted TEXT
);
CREATE UNIQUE INDEX vms_name ON vms (project, name) WHERE lifecycle <> 'deleted';
CREATE UNIQUE INDEX vms_disk ON vms (host, lower(disk_path)) WHERE lifecycle <> 'deleted';
CREATE INDEX vms_host ON vms (host) WHERE lifecycle <> 'deleted';
CREATE TABLE addresses (
    id TEXT PRIMARY KEY,
    network TEXT NOT NULL REFERENCES networks (id),
    vm TEXT NOT NULL REFERENCES vms (id),
    mac TEXT NOT NULL UNIQUE,
    version BIGINT NOT NULL,
    created TEXT NOT NULL,
    updated TEXT NOT NULL
);
CREATE INDEX addresses_vm ON addresses (vm);
CREATE TABLE reservations (
    id TEXT PRIMARY KEY,
    vm TEXT NOT NULL REFERENCES vms (id),
    host TEXT NOT NULL REFERENCES hosts (id),
    storage TEXT REFERENCES storages (id),
    memory BIGINT NOT NULL,
    storage_bytes BIGINT NOT NULL,
    processors BIGINT NOT NULL,
    version BIGINT NOT NULL,
    created TEXT NOT NULL,
    updated TEXT NOT NULL
);
CREATE UNIQUE INDEX reservations_key ON reservations (vm, host);
CREATE INDEX reservations_host ON reservations (host);
CREATE INDEX reservations_storage ON reservations (storage);
CREATE TABLE operations (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    workflow_version BIGINT NOT NULL,
    project TEXT,
    vm TEXT,
    host TEXT,
    state TEXT NOT NULL,
    backward BIGINT NOT NULL,
    cancel_requested BIGINT NOT NULL,
    actor TEXT NOT NULL,
    reason TEXT NOT NULL,
    request_id TEXT NOT NULL,
    input TEXT NOT NULL,
    error TEXT,
    attempts BIGINT NOT NULL,
    next_try TEXT,
    started TEXT,
    ended TEXT,
    version BIGINT NOT NULL,
    created TEXT NOT NULL,
    updated TEXT NOT NULL
);
CREATE INDEX operations_open ON operations (id) WHERE ended IS NULL;
CREATE INDEX operations_vm ON operations (vm, id);
CREATE INDEX operations_project ON operations (project, id);
CREATE TABLE steps (
    operation TEXT NOT NULL REFERENCES operations (id),
    position BIGINT NOT NULL,
    step TEXT NOT NULL,
    state TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    sent TEXT,
    settles TEXT,
    progress BIGINT NOT NULL,
    requests BIGINT NOT NULL,
    result TEXT NOT NULL,
    error TEXT,
    started TEXT,
    ended TEXT,
    PRIMARY KEY (operation, position)
);
CREATE TABLE events (
    sequence SERIAL_KEY,
    time TEXT NOT NULL,
    kind TEXT NOT NULL,
    project TEXT,
    subject_kind TEXT NOT NULL,
    subject TEXT,
    operation TEXT,
    data TEXT NOT NULL
);
CREATE INDEX events_time ON events (time);
CREATE TABLE audit (
    sequence SERIAL_KEY,
    time TEXT NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    project TEXT,
    subject_kind TEXT NOT NULL,
    subject TEXT,
    operation TEXT,
    request_id TEXT NOT NULL,
    outcome TEXT NOT NULL,
    details TEXT NOT NULL
);
CREATE TABLE idempotency_keys (
    project TEXT NOT NULL,
    token TEXT NOT NULL,
    key TEXT NOT NULL,
    request_hash TEXT NOT NULL,
    operation TEXT,
    status BIGINT NOT NULL,
    location TEXT NOT NULL,
    body TEXT NOT NULL,
    created TEXT NOT NULL,
    expires TEXT NOT NULL,
    PRIMARY KEY (project, token, key)
);
CREATE INDEX idempotency_keys_expires ON idempotency_keys (expires);
)sql";

/// Which hosts changed since, for those who keep them in memory.
constexpr std::string_view host_changes_schema = R"sql(
CREATE TABLE host_changes (
    host TEXT PRIMARY KEY,
    sequence BIGINT NOT NULL
);
CREATE UNIQUE INDEX host_changes_sequence ON host_changes (sequence);
INSERT INTO host_changes (host, sequence) SELECT id, row_number() OVER (ORDER BY id) FROM hosts;
CREATE INDEX network_bindings_host ON network_bindings (host);
)sql";

/// How hosts are reached. Those enrolled before were reached by Basic.
constexpr std::string_view logons_schema = R"sql(
ALTER TABLE hosts ADD COLUMN server_name TEXT NOT NULL DEFAULT '';
ALTER TABLE hosts ADD COLUMN tls_trust TEXT NOT NULL DEFAULT 'authorities';
ALTER TABLE hosts ADD COLUMN tls_ca_file TEXT NOT NULL DEFAULT '';
ALTER TABLE hosts ADD COLUMN tls_fingerprint TEXT NOT NULL DEFAULT '';
ALTER TABLE hosts ADD COLUMN scheme TEXT NOT NULL DEFAULT 'basic';
ALTER TABLE hosts ADD COLUMN basic_in_the_clear BIGINT NOT NULL DEFAULT 0;
ALTER TABLE hosts ADD COLUMN keytab_file TEXT NOT NULL DEFAULT '';
ALTER TABLE hosts ADD COLUMN certificate_file TEXT NOT NULL DEFAULT '';
ALTER TABLE hosts ADD COLUMN key_file TEXT NOT NULL DEFAULT '';
)sql";

constexpr std::array migrations{first_schema, host_changes_schema, logons_schema};

void replace_all(std::string& text, std::string_view from, std::string_view to)
{
    for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
        text.replace(at, from.size(), to);
    }
}

void run_script(Transaction& transaction, std::string script, Dialect dialect)
{
    const bool sqlite = dialect == Dialect::sqlite;
    replace_all(script, "SERIAL_KEY",
                sqlite ? "INTEGER PRIMARY KEY AUTOINCREMENT" : "BIGSERIAL PRIMARY KEY");
    replace_all(script, "BYTES", sqlite ? "BLOB" : "BYTEA");
    std::string_view rest = script;
    for (auto end = rest.find(";\n"); end != std::string_view::npos; end = rest.find(";\n")) {
        transaction.execute(rest.substr(0, end));
        rest.remove_prefix(end + 2);
    }
}

} // namespace

std::int64_t newest_schema_version() noexcept
{
    return migrations.size();
}

void migrate(Transaction& transaction, Dialect dialect)
{
    transaction.execute("CREATE TABLE IF NOT EXISTS schema_version (version BIGINT PRIMARY KEY, "
                        "applied TEXT NOT NULL)");
    const auto rows = transaction.query("SELECT coalesce(max(version), 0) FROM schema_version");
    const auto found = rows.at(0).get<std::int64_t>(std::size_t{0});
    if (found > newest_schema_version()) {
        throw Error{ErrorKind::unsupported,
                    message::store_newer{.found = std::to_string(found),
                                         .known = std::to_string(newest_schema_version())}};
    }
    for (auto version = found + 1; version <= newest_schema_version(); ++version) {
        run_script(transaction, std::string{migrations[static_cast<std::size_t>(version - 1)]},
                   dialect);
        transaction.execute("INSERT INTO schema_version (version, applied) VALUES ($1, $2)",
                            {version, transaction.now()});
    }
}

} // namespace watari::store
