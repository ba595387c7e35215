#include "hyperv/connect/doctor_report.hpp"

#include "core/known_fault.hpp"
#include "messages/doctor.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

namespace watari::hyperv {

namespace {

std::int64_t milliseconds_of(std::chrono::nanoseconds time)
{
    return std::chrono::round<milliseconds>(time).count();
}

Message title_of(HopId hop)
{
    switch (hop) {
    case HopId::name:
        return message::doctor_hop_name{};
    case HopId::port:
        return message::doctor_hop_port{};
    case HopId::tls:
        return message::doctor_hop_tls{};
    case HopId::http:
        return message::doctor_hop_http{};
    case HopId::identify:
        return message::doctor_hop_identify{};
    case HopId::schemes:
        return message::doctor_hop_schemes{};
    case HopId::clock:
        return message::doctor_hop_clock{};
    case HopId::password:
        return message::doctor_hop_password{};
    case HopId::spn:
        return message::doctor_hop_spn{};
    case HopId::encryption:
        return message::doctor_hop_encryption{};
    case HopId::generation:
        return message::doctor_hop_generation{};
    case HopId::quotas:
        return message::doctor_hop_quotas{};
    case HopId::rights:
        return message::doctor_hop_rights{};
    case HopId::ns:
        return message::doctor_hop_namespace{};
    }
    return message::doctor_failed{};
}

boost::json::object json_of(const Hop& hop, Language language)
{
    boost::json::array commands;
    for (const HostCommand& command : hop.commands) {
        commands.push_back({{"hosts", to_string(command.hosts)}, {"text", command.text}});
    }
    boost::json::object json{{"id", to_string(hop.id)},
                             {"title", render(title_of(hop.id), language)},
                             {"state", to_string(hop.state)},
                             {"code", hop.seen.code},
                             {"seen", render(hop.seen, language)},
                             {"commands", std::move(commands)},
                             {"took_ms", milliseconds_of(hop.took)}};
    const bool wants_advice = hop.state == HopState::failed || hop.state == HopState::warning;
    const Advice advice = wants_advice ? advice_on(hop.seen, language) : Advice{};
    if (!advice.cause.empty()) {
        json["cause"] = advice.cause;
    }
    std::string remedy = advice.remedy;
    if (hop.remedy) {
        remedy += (remedy.empty() ? "" : " ") + render(*hop.remedy, language);
    }
    if (!remedy.empty()) {
        json["remedy"] = remedy;
    }
    if (hop.peer.code) {
        json["native_code"] = *hop.peer.code;
    }
    if (!hop.peer.text.empty()) {
        json["peer_text"] = hop.peer.text;
    }
    return json;
}

} // namespace

std::string diagnosis_json(const Diagnosis& diagnosis, Language language, bool with_exchange)
{
    boost::json::array hops;
    for (const Hop& hop : diagnosis.hops) {
        hops.push_back(json_of(hop, language));
    }
    boost::json::object json{{"at", to_rfc3339(diagnosis.at)},
                             {"address", diagnosis.endpoint.address},
                             {"port", diagnosis.endpoint.port},
                             {"name", diagnosis.name},
                             {"user", diagnosis.user},
                             {"scheme", to_string(diagnosis.scheme)},
                             {"tls", diagnosis.tls},
                             {"healthy", diagnosis.healthy()},
                             {"hops", std::move(hops)}};
    boost::json::array exchange;
    for (const TracedExchange& traced : diagnosis.exchange) {
        if (with_exchange) {
            exchange.push_back({{"request", traced.request},
                                {"answer", traced.answer},
                                {"took_ms", milliseconds_of(traced.took)}});
        }
    }
    json["exchange"] = std::move(exchange);
    return boost::json::serialize(json);
}

} // namespace watari::hyperv
