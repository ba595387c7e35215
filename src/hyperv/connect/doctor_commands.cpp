#include "hyperv/connect/doctor_commands.hpp"

#include "messages/auth.hpp"
#include "messages/doctor.hpp"
#include "messages/http.hpp"
#include "messages/hyperv.hpp"
#include "messages/net.hpp"
#include "messages/wsman.hpp"

#include <algorithm>
#include <utility>

namespace watari::hyperv {

namespace {

/// The messages a hop may show, and what helps. In the lines, <port>, <name>, <user>, <scheme> and
/// <transport> stand for the host's.
struct Remedy {
    std::vector<Message> codes;
    std::optional<Message> text;
    std::vector<HostCommand> lines;
};

constexpr auto all = CommandFor::all;
constexpr auto old = CommandFor::ws2008r2sp1;
constexpr auto later = CommandFor::ws2012_and_later;

const HostCommand show_listeners{all, "winrm enumerate winrm/config/listener"};
/// SHA-256 of every certificate, as it is pinned; PowerShell 2.0 has no command for it.
const HostCommand show_fingerprints{
    all, "Get-ChildItem Cert:\\LocalMachine\\My | ForEach-Object { $_.Subject; $_.NotAfter; "
         "[BitConverter]::ToString([Security.Cryptography.SHA256]::Create()"
         ".ComputeHash($_.RawData)).Replace('-', ':') }"};
const HostCommand restart_winrm{all, "Restart-Service WinRM"};
const std::string schannel = "reg add \"HKLM\\SYSTEM\\CurrentControlSet\\Control\\SecurityProviders"
                             "\\SCHANNEL\\Protocols\\TLS 1.2\\";

std::vector<Remedy> of_the_network()
{
    return {
        {{message::name_not_found{}, message::name_service_failed{}},
         message::doctor_name_remedy{},
         {{all, "hostname"}, {all, "ipconfig /all"}}},
        {{message::connection_refused{}, message::connection_reset{}},
         {},
         {{all, "Get-Service WinRM"},
          show_listeners,
          {old, "winrm quickconfig -transport:<transport>"},
          {later, "Set-WSManQuickConfig -Force<usessl>"}}},
        {{message::connect_timed_out{}, message::host_unreachable{}},
         {},
         {{all, "netsh advfirewall firewall show rule name=all dir=in | findstr <port>"},
          {old, "netsh advfirewall firewall add rule name=\"Watari <port>\" dir=in action=allow "
                "protocol=TCP localport=<port> remoteip=<our address>"},
          {later, "New-NetFirewallRule -DisplayName 'Watari <port>' -Direction Inbound -Protocol "
                  "TCP -LocalPort <port> -RemoteAddress <our address> -Action Allow"}}},
        {{message::http_bad_answer{}, message::http_answer_is_tls{}, message::http_answer_cut{},
          message::read_timed_out{}, message::wsman_bad_answer{}},
         {},
         {{all, "netstat -ano | findstr :<port>"}, show_listeners}},
        {{message::doctor_wrong_prefix{}},
         {},
         {show_listeners,
          {all, "winrm set 'winrm/config/Listener?Address=*+Transport=<TRANSPORT>' "
                "'@{URLPrefix=\"wsman\"}'"}}},
        {{message::wsman_service_busy{}, message::doctor_http_failed{}},
         {},
         {{all, "Get-Service WinRM, Winmgmt"}, restart_winrm}},
        {{message::doctor_clock_wrong{}, message::kerberos_clock_skew{}},
         message::doctor_clock_remedy{},
         {{all, "w32tm /query /status"}, {all, "w32tm /resync"}}},
    };
}

std::vector<Remedy> of_tls()
{
    return {
        // Source: Microsoft's Schannel page (generations.md 65): 2008 R2 has TLS 1.2 and leaves it
        // off.
        {{message::tls_too_old{}, message::tls_no_common_version{}},
         {},
         {{old, schannel + "Server\" /v Enabled /t REG_DWORD /d 1 /f"},
          {old, schannel + "Server\" /v DisabledByDefault /t REG_DWORD /d 0 /f"},
          {old, "shutdown /r /t 0"},
          {later, "Get-ItemProperty 'HKLM:\\SYSTEM\\CurrentControlSet\\Control\\SecurityProviders"
                  "\\SCHANNEL\\Protocols\\TLS 1.2\\Server' -ErrorAction SilentlyContinue"}}},
        {{message::tls_self_signed{}, message::tls_untrusted{},
          message::tls_fingerprint_mismatch{}},
         {},
         {show_fingerprints, show_listeners}},
        {{message::doctor_tls_unchecked{}},
         message::doctor_tls_unchecked_remedy{},
         {show_fingerprints, show_listeners}},
        {{message::tls_wrong_name{}, message::tls_expired{}, message::tls_not_yet_valid{},
          message::tls_certificate_bad{}},
         {},
         {show_fingerprints,
          show_listeners,
          {later, "New-SelfSignedCertificate -DnsName <name> -CertStoreLocation "
                  "Cert:\\LocalMachine\\My"},
          {all, "winrm set 'winrm/config/Listener?Address=*+Transport=HTTPS' "
                "'@{Hostname=\"<name>\";CertificateThumbprint=\"<thumbprint>\"}'"}}},
        {{message::tls_not_spoken{}, message::tls_handshake_cut{}, message::tls_failed{},
          message::tls_refused{}, message::tls_handshake_timed_out{}},
         {},
         {show_listeners,
          {all, "netsh http show sslcert"},
          {all, "winrm quickconfig -transport:https"}}},
        {{message::tls_client_certificate_refused{}},
         {},
         {{all, "winrm enumerate winrm/config/service/certmapping"},
          {all, "winrm get winrm/config/service/auth"}}},
    };
}

std::vector<Remedy> of_logons()
{
    const std::vector<HostCommand> failed_logons = {
        {all, "Get-EventLog Security -InstanceId 4625 -Newest 5 | Format-List TimeGenerated, "
              "Message"},
        {all, "net user \"<user>\""}};
    return {
        {{message::scheme_not_offered{}, message::doctor_schemes_none{}},
         {},
         {{all, "winrm get winrm/config/service/auth"},
          {all, "winrm set winrm/config/service/auth '@{<scheme>=\"true\"}'"}}},
        {{message::authentication_refused{}, message::password_not_tried_again{},
          message::ntlm_failed{}},
         {},
         failed_logons},
        {{message::kerberos_account_disabled{}, message::kerberos_password_expired{},
          message::kerberos_password_refused{}, message::kerberos_user_unknown{}},
         {},
         {{all, "net user \"<user>\" /domain"}}},
        {{message::kerberos_service_unknown{}, message::kerberos_service_key_wrong{},
          message::kerberos_ticket_refused{}, message::kerberos_needs_host_name{}},
         {},
         {{all, "setspn -Q HTTP/<name>"},
          {all, "setspn -X"},
          {all, "setspn -A HTTP/<name> $env:COMPUTERNAME"},
          {all, "klist -li 0x3e7 purge"}}},
        {{message::kerberos_encryption_unsupported{}}, {}, {{all, "klist -li 0x3e7"}}},
        {{message::basic_needs_encryption{}, message::encryption_required{},
          message::sealing_not_agreed{}, message::doctor_encryption_none{}},
         message::doctor_encryption_remedy{},
         {{all, "winrm get winrm/config/service"},
          {all, "winrm set winrm/config/service/auth '@{Negotiate=\"true\"}'"}}},
    };
}

std::vector<Remedy> of_wmi()
{
    return {
        // Windows 2012 and later count per plug-in too (wsman.md 9).
        {{message::wsman_quota{}, message::doctor_quotas_low{}},
         message::doctor_quota_remedy{},
         {{all, "winrm get winrm/config"},
          {old, "winrm set winrm/config/service '@{MaxConcurrentOperationsPerUser=\"15\"}'"},
          {later, "winrm set winrm/config/service '@{MaxConcurrentOperationsPerUser=\"1500\"}'"},
          {later, "Get-ChildItem 'WSMan:\\localhost\\Plugin\\WMI Provider\\Quotas'"},
          {all, "winrm set winrm/config '@{MaxEnvelopeSizekb=\"500\"}'"},
          restart_winrm}},
        {{message::wmi_access_denied{}, message::doctor_rights_sees_nothing{}},
         message::doctor_rights_remedy{},
         {{all, "Get-Service vmms"},
          {later, "net localgroup \"Hyper-V Administrators\" \"<user>\" /add"},
          {later, "net localgroup \"Remote Management Users\" \"<user>\" /add"},
          {old, "azman.msc # open C:\\ProgramData\\Microsoft\\Windows\\Hyper-V\\InitialStore.xml, "
                "role Administrator"},
          {old, "winrm configsddl default"},
          {all, "wmimgmt.msc # Security: Enable Account, Remote Enable, Execute Methods"},
          {all, "reg add HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Policies\\System /v "
                "LocalAccountTokenFilterPolicy /t REG_DWORD /d 1 /f"}}},
        {{message::no_hyperv_namespace{}, message::namespace_not_there{}},
         message::doctor_namespace_remedy{},
         {{all, "Get-Service vmms"},
          {all, "Start-Service vmms"},
          {old, "Import-Module ServerManager; Add-WindowsFeature Hyper-V -Restart"},
          {later, "Install-WindowsFeature Hyper-V -IncludeManagementTools -Restart"}}},
        {{message::wsman_host_failed{}, message::wsman_timed_out{}},
         {},
         {{all, "winmgmt /verifyrepository"}, {all, "Restart-Service vmms"}, restart_winrm}},
    };
}

const std::vector<Remedy>& remedies()
{
    static const std::vector<Remedy> known = [] {
        std::vector<Remedy> joined;
        for (auto make : {of_the_network, of_tls, of_logons, of_wmi}) {
            std::ranges::move(make(), std::back_inserter(joined));
        }
        return joined;
    }();
    return known;
}

const Remedy* find(std::string_view code)
{
    const auto found = std::ranges::find_if(remedies(), [code](const Remedy& remedy) {
        return std::ranges::find(remedy.codes, code, &Message::code) != remedy.codes.end();
    });
    return found == remedies().end() ? nullptr : &*found;
}

/// Names come from the configuration: one that could end a quoted word of the shell is left to the
/// reader.
std::string fit_for_a_line(const std::string& name, std::string_view otherwise)
{
    const bool fits =
        !name.empty() && name.find_first_of("\"'`$;|&<>(){}\r\n") == std::string::npos;
    return fits ? name : std::string{otherwise};
}

void replace(std::string& text, std::string_view placeholder, const std::string& by)
{
    for (auto at = text.find(placeholder); at != std::string::npos;
         at = text.find(placeholder, at + by.size())) {
        text.replace(at, placeholder.size(), by);
    }
}

} // namespace

std::vector<HostCommand> commands_for(std::string_view code, const CommandSubject& subject)
{
    std::vector<HostCommand> lines;
    const Remedy* remedy = find(code);
    if (remedy == nullptr) {
        return lines;
    }
    for (HostCommand line : remedy->lines) {
        if (line.hosts != all && subject.hosts && line.hosts != *subject.hosts) {
            continue;
        }
        replace(line.text, "<port>", std::to_string(subject.port));
        replace(line.text, "<name>", fit_for_a_line(subject.name, "<name>"));
        replace(line.text, "<user>", fit_for_a_line(subject.user, "<user>"));
        replace(line.text, "<scheme>", subject.scheme);
        replace(line.text, "<transport>", subject.tls ? "https" : "http");
        replace(line.text, "<TRANSPORT>", subject.tls ? "HTTPS" : "HTTP");
        replace(line.text, "<usessl>", subject.tls ? " -UseSSL" : "");
        lines.push_back(std::move(line));
    }
    return lines;
}

std::optional<Message> remedy_for(std::string_view code)
{
    const Remedy* remedy = find(code);
    return remedy == nullptr ? std::nullopt : remedy->text;
}

} // namespace watari::hyperv
