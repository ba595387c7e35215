#include "sim/control.hpp"

#include "generations/generation.hpp"
#include "sim/engine/words.hpp"

#include <boost/json.hpp>

#include <charconv>
#include <utility>

namespace watari::sim {

namespace {

namespace json = boost::json;

http::Response json_response(const json::value& value, int status = 200)
{
    http::Response response;
    response.status = status;
    response.headers.set("Content-Type", "application/json");
    response.body = json::serialize(value) + "\n";
    return response;
}

http::Response problem(int status, std::string_view text)
{
    return json_response(json::object{{"error", text}}, status);
}

json::object counters_of(const RequestLog& log)
{
    json::object kinds;
    for (const auto& [name, count] : log.counters()) {
        kinds[name] = count;
    }
    return {{"requests", log.total()},
            {"changing", log.changing()},
            {"host_seconds", log.host_seconds()},
            {"kinds", std::move(kinds)}};
}

json::object host_json(std::size_t index, SimulatedHost& host)
{
    return {{"index", index},
            {"name", host.engine().name()},
            {"generation", to_string(host.engine().generation())},
            {"http", "http://" + host.address().text() + "/wsman"},
            {"up", host.engine().is_up()},
            {"vms", host.engine().vms().size()},
            {"requests", host.log().total()},
            {"host_seconds", host.log().host_seconds()}};
}

json::array vms_json(Host& host)
{
    json::array list;
    for (const auto& vm : host.vms()) {
        list.push_back(json::object{{"id", vm->id.upper()},
                                    {"name", vm->settings.name},
                                    {"state", to_string(vm->state)},
                                    {"memory_mib", vm->settings.memory.startup_mib},
                                    {"processors", vm->settings.processor.count},
                                    {"notes", vm->settings.notes}});
    }
    return list;
}

json::array requests_json(const RequestLog& log)
{
    json::array list;
    for (const LoggedRequest& entry : log.entries()) {
        list.push_back(json::object{{"number", entry.number},
                                    {"at", to_rfc3339(entry.at)},
                                    {"account", entry.account},
                                    {"operation", entry.operation},
                                    {"method", entry.method},
                                    {"namespace", entry.ns},
                                    {"class", entry.class_name},
                                    {"query", entry.query},
                                    {"outcome", entry.outcome},
                                    {"fault_rule", entry.fault_rule},
                                    {"changing", entry.changing},
                                    {"instances", entry.instances},
                                    {"host_seconds", entry.host_seconds},
                                    {"bytes_in", entry.bytes_in},
                                    {"bytes_out", entry.bytes_out}});
    }
    return list;
}

} // namespace

Task<http::Response> Control::handle(http::Request request, http::Caller)
{
    try {
        co_return answer(request);
    } catch (const Error& error) {
        co_return problem(400, error.what());
    }
}

http::Response Control::answer_host(SimulatedHost& host, const std::string& method,
                                    const std::string& what, const std::string& body)
{
    const bool reads = method == "GET";
    const bool adds = method == "POST";
    const bool clears = method == "DELETE";
    if (reads && what == "vms") {
        return json_response(vms_json(host.engine()));
    }
    if (reads && what == "requests") {
        return json_response(requests_json(host.log()));
    }
    if (reads && what == "counters") {
        return json_response(counters_of(host.log()));
    }
    if (clears && what == "log") {
        host.log().clear();
    } else if (clears && what == "faults") {
        host.faults().clear();
    } else if (adds && what == "faults") {
        for (FaultRule& rule : faults_from_json(body)) {
            host.faults().add(std::move(rule));
        }
    } else if (adds && what == "reboot") {
        host.engine().reboot();
    } else if (adds && what == "restart-service") {
        host.engine().restart_service();
    } else {
        return problem(404, "There is no such resource.");
    }
    return json_response(json::object{{"done", true}});
}

http::Response Control::answer(const http::Request& request)
{
    auto& hosts = fleet_.hosts();
    const std::string target = request.target.substr(0, request.target.find('?'));
    if (request.method == "GET" && target == "/hosts") {
        json::array list;
        for (std::size_t index = 0; index < hosts.size(); ++index) {
            list.push_back(host_json(index, *hosts[index]));
        }
        return json_response(list);
    }
    if (request.method == "GET" && target == "/counters") {
        std::uint64_t requests = 0;
        std::uint64_t changing = 0;
        double host_seconds = 0;
        for (const auto& host : hosts) {
            requests += host->log().total();
            changing += host->log().changing();
            host_seconds += host->log().host_seconds();
        }
        return json_response(json::object{
            {"requests", requests}, {"changing", changing}, {"host_seconds", host_seconds}});
    }
    if (request.method == "DELETE" && target == "/log") {
        for (const auto& host : hosts) {
            host->log().clear();
        }
        return json_response(json::object{{"done", true}});
    }
    if (request.method == "POST" && target == "/advance") {
        boost::system::error_code failed;
        const json::value body = json::parse(request.body, failed);
        const json::value* amount =
            failed || !body.is_object() ? nullptr : body.as_object().if_contains("seconds");
        const double by = amount == nullptr ? -1 : amount->to_number<double>(failed);
        if (failed || by < 0 || by > 1e9) {
            return problem(400, "Give {\"seconds\": N}.");
        }
        clock_.advance(std::chrono::duration_cast<std::chrono::nanoseconds>(
            std::chrono::duration<double>(by)));
        return json_response(json::object{{"now", to_rfc3339(clock_.now())}});
    }
    constexpr std::string_view prefix = "/hosts/";
    if (target.starts_with(prefix)) {
        const auto slash = target.find('/', prefix.size());
        std::size_t index = hosts.size();
        const char* const begin = target.data() + prefix.size();
        const char* const end = target.data() + std::min(slash, target.size());
        const auto read = std::from_chars(begin, end, index);
        if (read.ec == std::errc{} && read.ptr == end && index < hosts.size()) {
            if (slash == std::string::npos && request.method == "GET") {
                return json_response(host_json(index, *hosts[index]));
            }
            return answer_host(*hosts[index], request.method,
                               slash == std::string::npos ? "" : target.substr(slash + 1),
                               request.body);
        }
    }
    return problem(404, "There is no such resource.");
}

} // namespace watari::sim
