#include "client/views.hpp"

#include "core/byte_size.hpp"
#include "messages/cli.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace watari::client {

namespace {

std::string bytes_text(std::int64_t bytes)
{
    return ByteSize::bytes(static_cast<std::uint64_t>(std::max<std::int64_t>(bytes, 0))).human();
}

std::string mib_text(std::int64_t mib)
{
    return bytes_text(mib * 1024 * 1024);
}

struct Title {
    Message text;
    bool right = false; ///< numbers
};

Table titled(const TextStyle& style, std::vector<Title> titles)
{
    std::vector<Column> columns;
    columns.reserve(titles.size());
    for (const auto& [text, right] : titles) {
        columns.push_back({render(text, style.language), right});
    }
    return Table{std::move(columns)};
}

std::string or_dash(const std::optional<std::string>& text)
{
    return text && !text->empty() ? *text : "-";
}

std::string number(std::int64_t value)
{
    return std::to_string(value);
}

Cell state_cell(const std::string& state)
{
    return {state, tone_of_state(state)};
}

/// "2026-11-23 02:30:11Z" of an RFC 3339 time: the fraction tells people nothing.
std::string short_time(const std::optional<std::string>& time)
{
    if (!time || time->size() < 19) {
        return or_dash(time);
    }
    return time->substr(0, 10) + " " + time->substr(11, 8) + "Z";
}

/// Label and value, one line each; what is not there is left out.
class Facts
{
public:
    explicit Facts(const TextStyle& style) : style_(style) {}

    void add(const Message& label, const std::optional<std::string>& value, Tone tone = Tone::plain)
    {
        if (value && !value->empty()) {
            table_.add({{render(label, style_.language), Tone::dim}, {*value, tone}});
        }
    }
    void add(const Message& label, const Cell& cell) { add(label, cell.text, cell.tone); }
    void add_state(const Message& label, const std::string& state)
    {
        add(label, state, tone_of_state(state));
    }
    std::string text() const { return table_.text(style_.colours); }

private:
    const TextStyle& style_;
    Table table_{{{""}, {""}}};
};

bool is_unchecked(const contract::Host& host)
{
    return host.tls_insecure.value_or(false);
}

/// "ntlm", "kerberos+tls".
Cell logon_cell(const contract::Host& host)
{
    return {host.scheme + (host.tls ? "+tls" : ""), is_unchecked(host) ? Tone::bad : Tone::plain};
}

Cell changes_cell(const contract::Host& host, const TextStyle& style)
{
    return host.observe_only ? Cell{render(message::cli_observe_only{}, style.language), Tone::busy}
                             : Cell{render(message::cli_changes_allowed{}, style.language)};
}

/// What makes the certificate of the host believed.
std::optional<std::string> trust_text(const contract::Host& host, const TextStyle& style)
{
    if (is_unchecked(host)) {
        return render(message::cli_certificate_unchecked{}, style.language);
    }
    return host.tls_fingerprint ? host.tls_fingerprint : host.tls_ca_file;
}

std::string volumes_text(const contract::Host& host, const TextStyle& style)
{
    Table volumes = titled(style, {{message::cli_col_drive{}},
                                   {message::cli_col_size{}, true},
                                   {message::cli_col_free{}, true}});
    for (const auto& volume : host.volumes) {
        volumes.add(
            {{volume.drive}, {bytes_text(volume.size_bytes)}, {bytes_text(volume.free_bytes)}});
    }
    return volumes.text(style.colours);
}

std::string capabilities_text(const contract::Host& host, const TextStyle& style)
{
    Table capabilities{{{""},
                        {render(message::cli_col_capability{}, style.language)},
                        {render(message::cli_col_evidence{}, style.language)}}};
    for (const auto& capability : host.capabilities) {
        capabilities.add({capability.present ? Cell{"✓", Tone::good} : Cell{"-", Tone::dim},
                          {capability.name},
                          {capability.evidence}});
    }
    return capabilities.text(style.colours);
}

} // namespace

std::string text_of(const contract::HostList& list, const TextStyle& style)
{
    Table table = titled(style, {{message::cli_col_name{}},
                                 {message::cli_col_state{}},
                                 {message::cli_col_generation{}},
                                 {message::cli_col_namespace{}},
                                 {message::cli_col_address{}},
                                 {message::cli_col_logon{}},
                                 {message::cli_col_changes{}},
                                 {message::cli_col_memory_free{}, true},
                                 {message::cli_col_memory{}, true},
                                 {message::cli_col_vms{}, true},
                                 {message::cli_col_last_seen{}}});
    for (const auto& host : list.items) {
        table.add({{host.name},
                   state_cell(host.state),
                   {or_dash(host.generation)},
                   {or_dash(host.namespace_used)},
                   {fmt::format("{}:{}", host.address, host.port)},
                   logon_cell(host),
                   changes_cell(host, style),
                   {mib_text(host.memory_free_mib)},
                   {mib_text(host.memory_total_mib)},
                   {number(host.vms)},
                   {short_time(host.last_seen)}});
    }
    return table.text(style.colours);
}

std::string text_of(const contract::Host& host, const TextStyle& style)
{
    Facts facts{style};
    facts.add(message::cli_col_name{}, host.name);
    facts.add(message::cli_col_id{}, host.id);
    facts.add_state(message::cli_col_state{}, host.state);
    facts.add(message::cli_col_error{}, host.last_error, Tone::bad);
    facts.add(message::cli_col_changes{}, changes_cell(host, style));
    facts.add(message::cli_col_address{}, fmt::format("{}:{}", host.address, host.port));
    facts.add(message::cli_col_server_name{}, host.server_name);
    facts.add(message::cli_col_logon{}, logon_cell(host));
    facts.add(message::cli_col_user{}, host.user);
    facts.add(message::cli_col_certificate{}, trust_text(host, style),
              is_unchecked(host) ? Tone::bad : Tone::plain);
    facts.add(message::cli_col_generation{}, host.generation);
    facts.add(message::cli_col_os_version{}, host.os_version);
    facts.add(message::cli_col_namespace{}, host.namespace_used);
    facts.add(message::cli_col_memory{}, mib_text(host.memory_total_mib));
    facts.add(message::cli_col_memory_free{}, mib_text(host.memory_free_mib));
    facts.add(message::cli_col_processors{}, host.logical_processors
                                                 ? std::optional{number(*host.logical_processors)}
                                                 : std::nullopt);
    facts.add(message::cli_col_vms{}, number(host.vms));
    facts.add(message::cli_col_foreign_vms{},
              host.foreign_vms ? std::optional{number(*host.foreign_vms)} : std::nullopt);
    facts.add(message::cli_col_last_seen{}, short_time(host.last_seen));
    for (const auto& known : host.switches) {
        facts.add(message::cli_col_switch{}, known.name);
    }
    std::string result = facts.text();
    if (!host.volumes.empty()) {
        result += "\n" + volumes_text(host, style);
    }
    if (!host.capabilities.empty()) {
        result += "\n" + capabilities_text(host, style);
    }
    return result;
}

std::string text_of(const contract::StorageList& list, const TextStyle& style)
{
    Table table = titled(style, {{message::cli_col_host{}},
                                 {message::cli_col_path{}},
                                 {message::cli_col_size{}, true},
                                 {message::cli_col_free{}, true},
                                 {message::cli_col_reserved{}, true}});
    for (const auto& storage : list.items) {
        table.add({{storage.host_name},
                   {storage.path},
                   {bytes_text(storage.size_bytes)},
                   {bytes_text(storage.free_bytes)},
                   {bytes_text(storage.reserved_bytes)}});
    }
    return table.text(style.colours);
}

std::string text_of(const contract::ImageList& list, const TextStyle& style)
{
    Table table = titled(style, {{message::cli_col_name{}},
                                 {message::cli_col_size{}, true},
                                 {message::cli_col_replicas{}}});
    for (const auto& image : list.items) {
        std::vector<std::string> hosts;
        hosts.reserve(image.replicas.size());
        for (const auto& replica : image.replicas) {
            hosts.push_back(replica.host_name + " (" + replica.format +
                            (replica.verified ? ")" : ", ?)"));
        }
        std::ranges::sort(hosts);
        table.add({{image.name},
                   {bytes_text(image.size_bytes)},
                   {fmt::format("{}", fmt::join(hosts, ", "))}});
    }
    return table.text(style.colours);
}

std::string text_of(const contract::Image& image, const TextStyle& style)
{
    Facts facts{style};
    facts.add(message::cli_col_name{}, image.name);
    facts.add(message::cli_col_id{}, image.id);
    facts.add(message::cli_col_size{}, bytes_text(image.size_bytes));
    facts.add(message::cli_col_created{}, short_time(image.created));
    Table replicas = titled(style, {{message::cli_col_host{}},
                                    {message::cli_col_path{}},
                                    {message::cli_col_format{}},
                                    {message::cli_col_verified{}}});
    for (const auto& replica : image.replicas) {
        replicas.add({{replica.host_name},
                      {replica.path},
                      {replica.format},
                      replica.verified ? Cell{"✓", Tone::good} : Cell{"✗", Tone::bad}});
    }
    return facts.text() + "\n" + replicas.text(style.colours);
}

std::string text_of(const contract::PlanList& list, const TextStyle& style)
{
    Table table = titled(style, {{message::cli_col_name{}},
                                 {message::cli_col_processors{}, true},
                                 {message::cli_col_memory{}, true},
                                 {message::cli_col_disk{}, true}});
    for (const auto& plan : list.items) {
        table.add({{plan.name},
                   {number(plan.processors)},
                   {mib_text(plan.memory_mib)},
                   {bytes_text(plan.disk_bytes)}});
    }
    return table.text(style.colours);
}

std::string text_of(const contract::NetworkList& list, const TextStyle& style)
{
    Table table = titled(style, {{message::cli_col_name{}},
                                 {message::cli_col_switch{}},
                                 {message::cli_col_vlan{}, true},
                                 {message::cli_col_mac_prefix{}},
                                 {message::cli_col_hosts{}}});
    for (const auto& network : list.items) {
        std::vector<std::string> hosts;
        hosts.reserve(network.bindings.size());
        for (const auto& binding : network.bindings) {
            hosts.push_back(binding.host_name);
        }
        std::ranges::sort(hosts);
        table.add({{network.name},
                   {network.switch_},
                   {network.vlan ? number(*network.vlan) : "-"},
                   {network.mac_prefix},
                   {hosts.empty() ? "-" : fmt::format("{}", fmt::join(hosts, ", "))}});
    }
    return table.text(style.colours);
}

std::string text_of(const contract::VmList& list, const TextStyle& style)
{
    Table table = titled(style, {{message::cli_col_name{}},
                                 {message::cli_col_state{}},
                                 {message::cli_col_power{}},
                                 {message::cli_col_host{}},
                                 {message::cli_col_namespace{}},
                                 {message::cli_col_plan{}},
                                 {message::cli_col_processors{}, true},
                                 {message::cli_col_memory{}, true},
                                 {message::cli_col_disk{}, true},
                                 {message::cli_col_network{}}});
    for (const auto& vm : list.items) {
        table.add({{vm.name},
                   state_cell(vm.lifecycle),
                   state_cell(vm.power),
                   {or_dash(vm.host_name)},
                   {or_dash(vm.namespace_)},
                   {vm.plan},
                   {number(vm.processors)},
                   {mib_text(vm.memory_mib)},
                   {bytes_text(vm.disk_bytes)},
                   {or_dash(vm.network)}});
    }
    return table.text(style.colours);
}

std::string text_of(const contract::Vm& vm, const TextStyle& style)
{
    Facts facts{style};
    facts.add(message::cli_col_name{}, vm.name);
    facts.add(message::cli_col_id{}, vm.id);
    facts.add_state(message::cli_col_state{}, vm.lifecycle);
    facts.add_state(message::cli_col_power{}, vm.power);
    facts.add(message::cli_col_operation{}, vm.operation, Tone::busy);
    facts.add(message::cli_col_host{}, vm.host_name);
    facts.add(message::cli_col_namespace{}, vm.namespace_);
    facts.add(message::cli_col_host_guid{}, vm.host_guid);
    facts.add(message::cli_col_plan{}, vm.plan);
    facts.add(message::cli_col_processors{}, number(vm.processors));
    facts.add(message::cli_col_memory{}, mib_text(vm.memory_mib));
    facts.add(message::cli_col_disk{}, bytes_text(vm.disk_bytes));
    facts.add(message::cli_col_path{}, vm.disk_path);
    facts.add(message::cli_col_format{}, vm.disk_format);
    facts.add(message::cli_col_disk_source{}, vm.disk_source);
    facts.add(message::cli_col_image{}, vm.image);
    facts.add(message::cli_col_network{}, vm.network);
    facts.add(message::cli_col_vlan{}, vm.vlan ? std::optional{number(*vm.vlan)} : std::nullopt);
    facts.add(message::cli_col_mac{}, vm.mac);
    facts.add(message::cli_col_created{}, short_time(vm.created));
    facts.add(message::cli_col_updated{}, short_time(vm.updated));
    return facts.text();
}

std::string text_of(const contract::OperationList& list, const TextStyle& style)
{
    Table table = titled(style, {{message::cli_col_operation{}},
                                 {message::cli_col_kind{}},
                                 {message::cli_col_state{}},
                                 {message::cli_col_resource{}},
                                 {message::cli_col_host{}},
                                 {message::cli_col_requests{}, true},
                                 {message::cli_col_created{}}});
    for (const auto& operation : list.items) {
        table.add({{operation.id},
                   {operation.kind},
                   state_cell(operation.state),
                   {or_dash(operation.resource_name)},
                   {or_dash(operation.host_name)},
                   {operation.requests ? number(*operation.requests) : "-"},
                   {short_time(operation.created)}});
    }
    return table.text(style.colours);
}

} // namespace watari::client
