#include "wsman/client/fault_errors.hpp"

#include "core/known_fault.hpp"
#include "faults/http.hpp"
#include "faults/wsman.hpp"
#include "messages/wsman.hpp"
#include "wsman/codec/names.hpp"

#include <array>
#include <span>

#include <fmt/format.h>

namespace watari::wsman {

namespace {

/// Of which requests a row may be: what `when` in data/faults says, the closer one first.
std::array<std::string_view, 3> sorts_of(const Asked& asked) noexcept
{
    return {asked.query_is_sound ? "sound_query" : "",
            asked.object.empty() ? "no_object" : "object", ""};
}

template <class Table, class Key>
const KnownFault* row_for(const Table& table, const Key& key, const Asked& asked)
{
    for (const std::string_view sort : sorts_of(asked)) {
        if (const auto* row = find_known_fault(table, key, sort)) {
            return row;
        }
    }
    return nullptr;
}

template <class Table>
const KnownFault* row_by_number(const Table& table, const Fault& fault, const Asked& asked)
{
    for (const std::uint32_t number : {fault.wmi_code, fault.code}) {
        if (const auto* row = number != 0 ? row_for(table, number, asked) : nullptr) {
            return row;
        }
    }
    return nullptr;
}

template <class Table>
const KnownFault* row_by_subcode(const Table& table, const Fault& fault, const Asked& asked)
{
    const std::string_view subcode =
        fault.must_understand ? std::string_view{"s:MustUnderstand"} : fault.subcode;
    if (!fault.detail_uri.empty()) {
        const std::string detailed = fmt::format("{}/{}", subcode, fault.detail_uri);
        if (const auto* row = row_for(table, std::string_view{detailed}, asked)) {
            return row;
        }
    }
    return row_for(table, subcode, asked);
}

/// The provider's HRESULT, the WSManFault code, the subcode and the CIM status, in this order
/// (8.3); what says little by itself (a failure without a reason) only when nothing else is known.
const KnownFault* row_of(const Fault& fault, const Asked& asked)
{
    if (const auto* row = row_by_number(wsman_faults::numbers, fault, asked)) {
        return row;
    }
    if (const auto* row = row_by_subcode(wsman_faults::subcodes, fault, asked)) {
        return row;
    }
    if (const auto* row = row_for(wsman_faults::cim_statuses, fault.cim_status, asked)) {
        return row;
    }
    if (const auto* row = row_by_number(wsman_faults::weak_numbers, fault, asked)) {
        return row;
    }
    return row_by_subcode(wsman_faults::weak_subcodes, fault, asked);
}

PeerSays peer_of(const Fault& fault)
{
    PeerSays peer{.text = fault.message};
    if (fault.wmi_code != 0) {
        peer.code = fault.wmi_code;
    } else if (fault.code != 0) {
        peer.code = fault.code;
    }
    return peer;
}

std::string name_of(const Fault& fault)
{
    std::string name = fault.must_understand ? "s:MustUnderstand" : fault.subcode;
    if (name.empty()) {
        name = fault.is_sender ? "s:Sender" : "s:Receiver";
    }
    return fault.detail_uri.empty() ? name : fmt::format("{} ({})", name, fault.detail_uri);
}

ErrorKind kind_for(const KnownFault& row, const Asked& asked) noexcept
{
    return asked.effect == Effect::changes ? row.change : row.read;
}

bool means(const Fault& fault, const Message& message)
{
    const auto* row = row_of(fault, {});
    return row != nullptr && row->code == message.code;
}

} // namespace

bool is_answer_too_large(const Fault& fault)
{
    return means(fault, message::wsman_answer_too_large{});
}

bool is_context_lost(const Fault& fault)
{
    return means(fault, message::wsman_enumeration_lost{});
}

Error fault_error(const Fault& fault, const Asked& asked)
{
    const auto* row = row_of(fault, asked);
    if (row == nullptr) {
        const Message plain = message::wsman_fault{};
        const Message failed = message::wsman_host_failed{};
        const Message& unknown = fault.is_sender ? plain : failed;
        row = known_fault_of(unknown);
    }
    return Error{kind_for(*row, asked),
                 message_of(*row, {{"action", asked.action},
                                   {"class_name", asked.class_name},
                                   {"fault", name_of(fault)},
                                   {"ns", asked.ns},
                                   {"object", asked.object},
                                   {"query", asked.query}}),
                 peer_of(fault)};
}

Error http_error(int status, const Asked& asked, const std::string& path)
{
    constexpr int server_errors_first = 500;
    const auto* row = find_known_fault(http_faults::statuses, static_cast<std::uint32_t>(status));
    if (row == nullptr) {
        row = find_known_fault(status < server_errors_first ? "wsman_http_status"
                                                            : "http_server_failed");
    }
    return Error{kind_for(*row, asked),
                 message_of(*row, {{"action", asked.action},
                                   {"class_name", asked.class_name},
                                   {"path", path},
                                   {"status", std::to_string(status)}}),
                 {.code = static_cast<std::uint32_t>(status)}};
}

} // namespace watari::wsman
