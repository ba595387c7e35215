#pragma once

#include "store/records/record.hpp"
#include "store/secret_box.hpp"

namespace watari::store {

/// Which WMI namespace to speak to a host: probed, or fixed by the operator.
enum class NamespaceChoice { automatic, v1, v2 };

enum class HostState {
    enrolling,   ///< recorded, never reached yet
    ready,       ///< reached at last contact
    unreachable, ///< no answer at last contact
    refused,     ///< answers, but not to this account
    unsupported, ///< answers, but is no Hyper-V we can drive
};

/// How the account of a host proves itself to it.
enum class LogonScheme { basic, ntlm, kerberos, certificate };

/// How a host proves over TLS that it is itself.
enum class TlsTrust {
    authorities, ///< an authority vouches for it: of tls_ca_file, or one this machine knows
    fingerprint, ///< it shows the certificate of tls_fingerprint
    nothing,     ///< anybody is believed
};

/// A Hyper-V host. Its password is no field: see set_host_password.
struct HostRecord {
    using Id = HostId;

    HostId id = {};
    std::string name = {}; ///< unique
    std::string address = {};
    std::int64_t port = 5985;
    /// As its certificate and Kerberos know it; empty: as the address says.
    std::string server_name = {};
    bool tls = false;
    TlsTrust tls_trust = TlsTrust::authorities;
    std::string tls_ca_file = {};
    std::string tls_fingerprint = {}; ///< SHA-256
    LogonScheme scheme = LogonScheme::ntlm;
    bool basic_in_the_clear = false; ///< without TLS, beyond loopback
    std::string user = {};           ///< empty: the client certificate says who
    std::string keytab_file = {};    ///< Kerberos without a password
    std::string certificate_file = {};
    std::string key_file = {};
    NamespaceChoice namespace_choice = NamespaceChoice::automatic;
    std::optional<std::string> namespace_used = {}; ///< v1, v2
    std::optional<std::string> generation = {};     ///< ws2008r2sp1 … ws2025
    std::optional<std::string> os_version = {};
    HostState state = HostState::enrolling;
    bool observe = true;     ///< look, never change
    bool schedulable = true; ///< may get new VMs
    boost::json::value facts = boost::json::object{};
    boost::json::value capabilities = boost::json::object{};
    ByteSize memory_total = {};
    ByteSize memory_free = {};
    ByteSize memory_reserve = {}; ///< never given to VMs
    std::int64_t processors = 0;  ///< logical
    std::optional<WallTime> last_seen = {};
    std::optional<boost::json::value> last_error = {}; ///< see stored_error.hpp
    std::int64_t version = 0;
    WallTime created = {};
    WallTime updated = {};

    friend bool operator==(const HostRecord&, const HostRecord&) = default;
};

/// A folder of a host where our files lie.
struct StorageRecord {
    using Id = StorageId;

    StorageId id = {};
    HostId host = {};
    std::string name = {}; ///< unique on its host
    std::string path = {}; ///< D:\watari
    ByteSize volume_size = {};
    ByteSize volume_free = {};
    ByteSize reserve = {}; ///< never given to VMs
    std::int64_t version = 0;
    WallTime created = {};
    WallTime updated = {};

    friend bool operator==(const StorageRecord&, const StorageRecord&) = default;
};

template <>
struct EnumNames<NamespaceChoice> {
    static constexpr std::pair<NamespaceChoice, std::string_view> names[] = {
        {NamespaceChoice::automatic, "auto"},
        {NamespaceChoice::v1, "v1"},
        {NamespaceChoice::v2, "v2"}};
};

template <>
struct EnumNames<LogonScheme> {
    static constexpr std::pair<LogonScheme, std::string_view> names[] = {
        {LogonScheme::basic, "basic"},
        {LogonScheme::ntlm, "ntlm"},
        {LogonScheme::kerberos, "kerberos"},
        {LogonScheme::certificate, "certificate"}};
};

template <>
struct EnumNames<TlsTrust> {
    static constexpr std::pair<TlsTrust, std::string_view> names[] = {
        {TlsTrust::authorities, "authorities"},
        {TlsTrust::fingerprint, "fingerprint"},
        {TlsTrust::nothing, "nothing"}};
};

template <>
struct EnumNames<HostState> {
    static constexpr std::pair<HostState, std::string_view> names[] = {
        {HostState::enrolling, "enrolling"},
        {HostState::ready, "ready"},
        {HostState::unreachable, "unreachable"},
        {HostState::refused, "refused"},
        {HostState::unsupported, "unsupported"}};
};

std::optional<HostRecord> find_host_by_name(Transaction& transaction, std::string_view name);
/// Throws not_found.
HostRecord get_host_by_name(Transaction& transaction, std::string_view name);
std::vector<StorageRecord> storages_of(Transaction& transaction, HostId host);

/// What other records' answers say of a host; much cheaper than the record with its facts.
struct HostLabel {
    std::string name = {};
    std::optional<std::string> namespace_used = {};
    bool observe = true;
};
std::optional<HostLabel> find_host_label(Transaction& transaction, HostId host);

/// Keeps the password sealed in the host's row. Throws not_found when there is no such host.
void set_host_password(Transaction& transaction, const SecretBox& box, HostId host,
                       std::string_view password);
/// Throws not_found when there is no such host.
void forget_host_password(Transaction& transaction, HostId host);
/// None when no password was set. Throws internal when the box's key does not fit.
std::optional<std::string> find_host_password(Transaction& transaction, const SecretBox& box,
                                              HostId host);

} // namespace watari::store
