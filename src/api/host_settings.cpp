#include "api/host_settings.hpp"

#include "messages/api.hpp"
#include "messages/net.hpp"
#include "net/certificates.hpp"
#include "net/network.hpp"

#include <arpa/inet.h>

#include <array>
#include <filesystem>
#include <fstream>

namespace watari::api {

namespace {

using store::HostRecord;
using store::LogonScheme;
using store::TlsTrust;

constexpr std::int64_t http_port = 5985;
constexpr std::int64_t https_port = 5986;

template <class T>
void take(const std::optional<T>& given, T& into)
{
    if (given) {
        into = *given;
    }
}

template <class Enum>
void take_name(const std::optional<std::string>& given, Enum& into)
{
    if (given) {
        into = store::enum_from<Enum>(*given).value(); // the contract knows the same names
    }
}

bool is_given(const std::optional<std::string>& text)
{
    return text && !text->empty();
}

bool is_address(const std::string& text)
{
    std::array<unsigned char, sizeof(in6_addr)> ignored{};
    return ::inet_pton(AF_INET, text.c_str(), ignored.data()) == 1 ||
           ::inet_pton(AF_INET6, text.c_str(), ignored.data()) == 1;
}

bool can_read(const std::string& path)
{
    std::error_code failed;
    const std::filesystem::path file{path};
    return file.is_absolute() && std::filesystem::is_regular_file(file, failed) &&
           std::ifstream{file}.good();
}

void apply_scheme(const contract::UpdateHost& given, HostRecord& record)
{
    take_name(given.scheme, record.scheme);
    if (record.scheme != LogonScheme::basic) {
        record.basic_in_the_clear = false;
    }
    if (record.scheme != LogonScheme::kerberos || given.password) {
        record.keytab_file.clear();
    }
    if (record.scheme != LogonScheme::certificate) {
        record.certificate_file.clear();
        record.key_file.clear();
    }
    take(given.basic_in_the_clear, record.basic_in_the_clear);
    take(given.keytab_file, record.keytab_file);
    take(given.certificate_file, record.certificate_file);
    take(given.key_file, record.key_file);
}

/// The last of them that is given decides; giving several is a problem of its own.
void apply_trust(const contract::UpdateHost& given, HostRecord& record)
{
    const auto trust = [&record](TlsTrust how) {
        record.tls_trust = how;
        record.tls_ca_file.clear();
        record.tls_fingerprint.clear();
    };
    if (given.tls_ca_file) {
        trust(TlsTrust::authorities);
        record.tls_ca_file = *given.tls_ca_file;
    }
    if (is_given(given.tls_fingerprint)) {
        trust(TlsTrust::fingerprint);
        record.tls_fingerprint =
            net::fingerprint_from(*given.tls_fingerprint).value_or(*given.tls_fingerprint);
    }
    if (given.tls_insecure.value_or(false)) {
        trust(TlsTrust::nothing);
    } else if (given.tls_insecure && record.tls_trust == TlsTrust::nothing) {
        trust(TlsTrust::authorities);
    }
}

void apply_tls(const contract::UpdateHost& given, HostRecord& record)
{
    const auto usual_port = [&record] { return record.tls ? https_port : http_port; };
    const bool is_usual = record.port == usual_port();
    take(given.tls, record.tls);
    if (is_usual) {
        record.port = usual_port();
    }
    take(given.port, record.port);
    if (!record.tls) {
        record.tls_trust = TlsTrust::authorities;
        record.tls_ca_file.clear();
        record.tls_fingerprint.clear();
    }
    apply_trust(given, record);
}

/// Whether the settings fit together: every problem with the field to change.
class Judge
{
public:
    Judge(const contract::UpdateHost& given, const HostRecord& record, bool has_password)
        : given_(given), record_(record), has_password_(has_password)
    {
    }

    std::vector<contract::WrongField> problems() &&
    {
        judge_account();
        judge_certificate();
        judge_name();
        judge_trust();
        judge_files();
        return std::move(problems_);
    }

private:
    void add(std::string pointer, Message message)
    {
        problems_.push_back({std::move(pointer), std::move(message)});
    }
    std::string scheme() const { return std::string{store::name_of(record_.scheme)}; }
    bool is(LogonScheme scheme) const { return record_.scheme == scheme; }
    void need(bool is_there, std::string pointer)
    {
        if (!is_there) {
            add(std::move(pointer), message::host_scheme_needs{.scheme = scheme()});
        }
    }
    void refuse(bool is_there, std::string pointer)
    {
        if (is_there) {
            add(std::move(pointer), message::host_scheme_ignores{.scheme = scheme()});
        }
    }

    void judge_account()
    {
        if (is(LogonScheme::certificate)) {
            refuse(given_.password.has_value(), "/password");
            return;
        }
        need(!record_.user.empty(), "/user");
        if (is(LogonScheme::kerberos)) {
            if (given_.password && is_given(given_.keytab_file)) {
                add("/keytab_file", message::host_password_or_keytab{});
            } else if (!has_password_ && record_.keytab_file.empty()) {
                add("/password", message::host_password_or_keytab{});
            }
        } else {
            need(has_password_, "/password");
            refuse(is_given(given_.keytab_file), "/keytab_file");
        }
        if (is(LogonScheme::basic)) {
            judge_basic();
        } else {
            refuse(given_.basic_in_the_clear.value_or(false), "/basic_in_the_clear");
        }
    }
    void judge_basic()
    {
        if (!record_.tls && !record_.basic_in_the_clear && !net::is_loopback(record_.address)) {
            add("/basic_in_the_clear", message::host_basic_needs_tls{.address = record_.address});
        }
    }
    void judge_certificate()
    {
        if (is(LogonScheme::certificate)) {
            need(record_.tls, "/tls");
            need(!record_.certificate_file.empty(), "/certificate_file");
            need(!record_.key_file.empty(), "/key_file");
        } else {
            refuse(is_given(given_.certificate_file), "/certificate_file");
            refuse(is_given(given_.key_file), "/key_file");
        }
    }
    void judge_name()
    {
        const auto& name = record_.server_name.empty() ? record_.address : record_.server_name;
        if (is(LogonScheme::kerberos) && is_address(name)) {
            add("/server_name", message::host_kerberos_needs_name{.name = name});
        }
    }
    void judge_trust()
    {
        const std::array<std::pair<const char*, bool>, 3> ways{
            {{"/tls_ca_file", is_given(given_.tls_ca_file)},
             {"/tls_fingerprint", is_given(given_.tls_fingerprint)},
             {"/tls_insecure", given_.tls_insecure.value_or(false)}}};
        bool is_first = true;
        for (const auto& [pointer, is_there] : ways) {
            if (is_there && !record_.tls) {
                add(pointer, message::host_needs_tls{});
            } else if (is_there && !is_first) {
                add(pointer, message::host_one_trust{});
            }
            is_first = is_first && !is_there;
        }
        if (is_given(given_.tls_fingerprint) && !net::fingerprint_from(*given_.tls_fingerprint)) {
            add("/tls_fingerprint",
                message::tls_fingerprint_invalid{.text = *given_.tls_fingerprint});
        }
    }
    /// Also those recorded before: a change is the moment to learn that one is gone.
    void judge_files()
    {
        const std::array<std::pair<const char*, const std::string*>, 4> files{
            {{"/tls_ca_file", &record_.tls_ca_file},
             {"/keytab_file", &record_.keytab_file},
             {"/certificate_file", &record_.certificate_file},
             {"/key_file", &record_.key_file}}};
        for (const auto& [pointer, path] : files) {
            if (!path->empty() && !can_read(*path)) {
                add(pointer, message::host_file_unreadable{.path = *path});
            }
        }
    }

    const contract::UpdateHost& given_;
    const HostRecord& record_;
    bool has_password_;
    std::vector<contract::WrongField> problems_;
};

std::optional<std::string> shown(const std::string& text)
{
    return text.empty() ? std::nullopt : std::optional{text};
}

std::optional<bool> shown(bool flag)
{
    return flag ? std::optional{true} : std::nullopt;
}

} // namespace

contract::UpdateHost settings_in(const contract::EnrollHost& body)
{
    return {.address = body.address,
            .port = body.port,
            .server_name = body.server_name,
            .tls = body.tls,
            .tls_ca_file = body.tls_ca_file,
            .tls_fingerprint = body.tls_fingerprint,
            .tls_insecure = body.tls_insecure,
            .scheme = body.scheme,
            .basic_in_the_clear = body.basic_in_the_clear,
            .user = body.user,
            .password = body.password,
            .keytab_file = body.keytab_file,
            .certificate_file = body.certificate_file,
            .key_file = body.key_file,
            .namespace_ = body.namespace_,
            .memory_reserve_mib = body.memory_reserve_mib};
}

void apply_settings(const contract::UpdateHost& given, HostRecord& record, bool& has_password)
{
    take(given.address, record.address);
    take(given.server_name, record.server_name);
    take(given.user, record.user);
    take_name(given.namespace_, record.namespace_choice);
    if (given.memory_reserve_mib) {
        record.memory_reserve =
            ByteSize::mib(static_cast<std::uint64_t>(*given.memory_reserve_mib));
    }
    apply_scheme(given, record);
    apply_tls(given, record);
    auto problems = Judge{given, record, has_password}.problems();
    if (!problems.empty()) {
        throw contract::InvalidRequest{std::move(problems)};
    }
    has_password =
        has_password && record.scheme != LogonScheme::certificate && record.keytab_file.empty();
}

void show_settings(const HostRecord& record, contract::Host& host)
{
    host.address = record.address;
    host.port = record.port;
    host.server_name = shown(record.server_name);
    host.tls = record.tls;
    host.tls_ca_file = shown(record.tls_ca_file);
    host.tls_fingerprint = shown(record.tls_fingerprint);
    host.tls_insecure = shown(record.tls && record.tls_trust == TlsTrust::nothing);
    host.scheme = std::string{store::name_of(record.scheme)};
    host.basic_in_the_clear = shown(record.basic_in_the_clear);
    host.user = shown(record.user);
    host.keytab_file = shown(record.keytab_file);
    host.certificate_file = shown(record.certificate_file);
    host.key_file = shown(record.key_file);
    host.namespace_ = std::string{store::name_of(record.namespace_choice)};
}

} // namespace watari::api
