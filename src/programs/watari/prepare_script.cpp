#include "programs/watari/prepare_script.hpp"

#include "core/error.hpp"
#include "messages/prepare.hpp"
#include "prepare/blocks.hpp"

#include <algorithm>
#include <ranges>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace watari::cli {

namespace {

constexpr int port_http = 5985;
constexpr int port_https = 5986;

struct Chapter {
    const prepare::Block* block;
    Message what;
    Message why;
};

/// What is done, in order; undone in the opposite one.
std::vector<Chapter> chapters_of(const Preparation& wanted)
{
    using namespace prepare;
    const bool old = wanted.generation == Generation::ws2008r2sp1;
    std::vector<Chapter> chapters{
        {&service, message::prepare_service_what{}, message::prepare_service_why{}},
        {&winrm_auth, message::prepare_winrm_auth_what{}, message::prepare_winrm_auth_why{}},
    };
    const auto add = [&chapters](const Block& block, Message what, Message why) {
        chapters.push_back({&block, std::move(what), std::move(why)});
    };
    if (wanted.https && old) {
        add(tls12_2008r2, message::prepare_tls12_what{}, message::prepare_tls12_why{});
    }
    if (wanted.https) {
        add(old ? https_listener_2008r2 : https_listener, message::prepare_https_listener_what{},
            message::prepare_https_listener_why{});
    } else {
        add(old ? http_listener_2008r2 : http_listener, message::prepare_http_listener_what{},
            message::prepare_http_listener_why{});
    }
    add(old ? firewall_2008r2 : firewall, message::prepare_firewall_what{},
        message::prepare_firewall_why{});
    if (wanted.is_domain) {
        add(account_domain, message::prepare_account_domain_what{},
            message::prepare_account_domain_why{});
    } else {
        add(account, message::prepare_account_what{}, message::prepare_account_why{});
    }
    add(old ? winrm_access_2008r2 : winrm_access, message::prepare_winrm_access_what{},
        message::prepare_winrm_access_why{});
    add(old ? hyperv_access_2008r2 : hyperv_access, message::prepare_hyperv_access_what{},
        old ? Message(message::prepare_hyperv_access_2008r2_why{})
            : Message(message::prepare_hyperv_access_why{}));
    add(wmi_rights, message::prepare_wmi_rights_what{}, message::prepare_wmi_rights_why{});
    if (old && !wanted.is_domain) {
        add(token_filter, message::prepare_token_filter_what{},
            message::prepare_token_filter_why{});
    }
    add(storage_folder, message::prepare_storage_folder_what{},
        message::prepare_storage_folder_why{});
    if (!wanted.share.empty()) {
        add(old ? share_2008r2 : share, message::prepare_share_what{},
            message::prepare_share_why{});
    }
    return chapters;
}

std::vector<std::string> namespaces_of(Generation generation)
{
    std::vector<std::string> namespaces{"root\\cimv2"};
    if (generation <= Generation::ws2012) {
        namespaces.emplace_back("root\\virtualization");
    }
    if (generation >= Generation::ws2012) {
        namespaces.emplace_back("root\\virtualization\\v2");
    }
    return namespaces;
}

/// Values stand in single quotes, which PowerShell knows in five forms; most of what could harm is
/// not among what is allowed at all.
void check(std::string_view value, std::string_view allowed, const Message& refusal)
{
    constexpr std::string_view alphanumeric =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    const bool fits = !value.empty() && value.size() <= 200 &&
                      std::ranges::all_of(value, [allowed, alphanumeric](char c) {
                          return alphanumeric.find(c) != std::string_view::npos ||
                                 allowed.find(c) != std::string_view::npos;
                      });
    if (!fits) {
        throw Error{ErrorKind::invalid, refusal};
    }
}

void check(const Preparation& wanted)
{
    check(wanted.account, wanted.is_domain ? "\\._-" : "._-",
          message::prepare_account_refused{.account = wanted.account});
    const bool names_domain = wanted.account.find('\\') != std::string::npos;
    if (wanted.is_domain != names_domain) {
        throw Error{ErrorKind::invalid,
                    message::prepare_account_refused{.account = wanted.account}};
    }
    check(wanted.storage, "\\:._- ", message::prepare_storage_refused{.path = wanted.storage});
    if (wanted.storage.size() < 4 || wanted.storage.substr(1, 2) != ":\\") {
        throw Error{ErrorKind::invalid, message::prepare_storage_refused{.path = wanted.storage}};
    }
    if (!wanted.share.empty()) {
        check(wanted.share, "._$-", message::prepare_share_refused{.share = wanted.share});
    }
    if (wanted.from.empty()) {
        throw Error{ErrorKind::invalid, message::prepare_from_needed{}};
    }
    for (const auto& address : wanted.from) {
        const bool fits =
            address.find_first_not_of("0123456789abcdefABCDEF.:/") == std::string::npos &&
            address.find_first_of(".:") != std::string::npos && address.size() < 50;
        if (!fits) {
            throw Error{ErrorKind::invalid, message::prepare_from_refused{.address = address}};
        }
    }
}

std::string in_quotes(const std::vector<std::string>& values)
{
    return fmt::format("@('{}')", fmt::join(values, "', '"));
}

/// Every line of `text` behind a "# ".
std::string commented(std::string_view text)
{
    std::string lines;
    for (const auto line : text | std::views::split('\n')) {
        if (!line.empty()) {
            lines += fmt::format("#   {}\n", std::string_view{line.begin(), line.end()});
        }
    }
    return lines;
}

std::string variables(const Preparation& wanted)
{
    const std::string principal = wanted.is_domain ? fmt::format("'{}'", wanted.account)
                                                   : std::string{"\"$env:COMPUTERNAME\\$Account\""};
    return fmt::format("$Account = '{}'\n"
                       "$Principal = {}\n"
                       "$AccountPath = 'WinNT://' + $Principal.Replace('\\', '/')\n"
                       "$From = {}\n"
                       "$Port = {}\n"
                       "$Namespaces = {}\n"
                       "$Storage = '{}'\n"
                       "$Share = '{}'\n",
                       wanted.account, principal, in_quotes(wanted.from),
                       wanted.https ? port_https : port_http,
                       in_quotes(namespaces_of(wanted.generation)), wanted.storage, wanted.share);
}

} // namespace

std::string prepare_script(const Preparation& wanted, bool undo, Language language)
{
    check(wanted);
    const auto text = [language](const Message& message) { return render(message, language); };
    const std::string generation{full_name(wanted.generation)};
    const bool is_old = wanted.generation == Generation::ws2008r2sp1;
    std::string script =
        fmt::format("#Requires -Version {}\n# {}\n# {}\n# {}\n\n{}\n{}\n", is_old ? "2" : "3",
                    undo ? text(message::prepare_undo_title{.generation = generation})
                         : text(message::prepare_title{.generation = generation}),
                    text(message::prepare_not_run{}), text(message::prepare_how_to_run{}),
                    variables(wanted), prepare::common.act);
    auto chapters = chapters_of(wanted);
    if (undo) {
        script += "try { $Sid = Get-SidText $Principal } catch { $Sid = 'S-1-0-0' }\n";
        std::ranges::reverse(chapters);
    }
    int number = 0;
    for (const auto& [block, what, why] : chapters) {
        script += fmt::format("\n# {}. {}{}\n", ++number,
                              undo ? text(message::prepare_undo_of{}) + " " : "", text(what));
        if (!undo) {
            script += fmt::format("# {} {}\n# {}\n{}", text(message::prepare_why{}), text(why),
                                  text(message::prepare_check{}), commented(block->check));
        }
        script += undo ? block->undo : block->act;
    }
    return script + "\n" + std::string{undo ? prepare::end.undo : prepare::end.act};
}

} // namespace watari::cli
