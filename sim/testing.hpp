#pragma once

#include "cim/cim_xml.hpp"
#include "core/simulated_clock.hpp"
#include "sim/fleet.hpp"
#include "wsman/codec/codec.hpp"
#include "wsman/codec/names.hpp"

#include <boost/asio/io_context.hpp>
#include <fmt/format.h>

#include <array>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

/// For tests: a simulated host on simulated time, called as a client would, without a network.
namespace watari::sim {

class TestHost
{
public:
    explicit TestHost(EngineOptions engine = {}, ServiceOptions service = {})
        : host(loop.get_executor(), clock,
               {.engine = std::move(engine), .service = anonymous(std::move(service)), .seed = 7})
    {
    }

    http::Response post(std::string bytes)
    {
        http::Request request;
        request.method = "POST";
        request.target = "/wsman";
        request.headers.set("Content-Type", "application/soap+xml;charset=UTF-8");
        request.body = std::move(bytes);
        return clock.run(
            host.service().handle(std::move(request), {.peer = {}, .account = "tester"}));
    }

    wsman::Response send(const wsman::Request& request)
    {
        last = post(wsman::encode(request));
        return wsman::decode_response(last.body, types(request.header.resource_uri));
    }

    static const cim::TypeSource& types(std::string_view uri)
    {
        const auto resource = wsman::parse_resource_uri(uri);
        const schema::Catalogue* catalogue =
            resource ? schema::Catalogue::any(resource->ns) : nullptr;
        return catalogue == nullptr ? cim::untyped() : *catalogue;
    }

    static std::string action_of(const wsman::RequestBody& body, const std::string& uri)
    {
        namespace names = wsman::names;
        if (const auto* call = std::get_if<wsman::Invoke>(&body)) {
            return uri + "/" + call->method;
        }
        const std::array<std::string_view, 8> actions{
            "",          names::get,    names::put, names::create, names::delete_, names::enumerate,
            names::pull, names::release};
        return std::string{actions.at(body.index())};
    }

    static wsman::Request request(std::string_view ns, std::string_view class_name,
                                  wsman::RequestBody body,
                                  std::vector<wsman::Selector> selectors = {})
    {
        wsman::Request made;
        made.header.to = "http://host:5985/wsman";
        made.header.resource_uri = wsman::resource_uri(ns, class_name);
        made.header.message_id = "uuid:11111111-0000-4000-8000-000000000001";
        made.header.selectors = std::move(selectors);
        made.header.action = action_of(body, made.header.resource_uri);
        made.body = std::move(body);
        return made;
    }

    wsman::Response get(std::string_view class_name, std::vector<wsman::Selector> selectors,
                        std::string_view ns = schema::v2_namespace)
    {
        return send(request(ns, class_name, wsman::Get{}, std::move(selectors)));
    }

    /// The fault's number; 0 when the answer is none.
    static std::uint32_t fault_code(const wsman::Response& response)
    {
        const auto* fault = std::get_if<wsman::Fault>(&response.body);
        return fault == nullptr ? 0 : fault->code;
    }

    std::vector<cim::Instance> query(std::string wql, std::string_view ns = schema::v2_namespace)
    {
        wsman::Enumerate wanted{.optimize = true, .max_elements = 1000};
        wanted.filter = wsman::Filter{.dialect = std::string{wsman::names::dialect_wql},
                                      .text = std::move(wql)};
        const wsman::Response response = send(request(ns, "*", std::move(wanted)));
        std::vector<cim::Instance> found;
        if (const auto* items = std::get_if<wsman::ItemsResponse>(&response.body)) {
            for (const wsman::Item& item : items->items) {
                if (item.instance) {
                    found.push_back(*item.instance);
                }
            }
        }
        return found;
    }

    /// Output of a method of a singleton service, or of the object the selectors name.
    cim::Instance invoke(std::string class_name, std::string method, cim::Instance input,
                         std::vector<wsman::Selector> selectors = {},
                         std::string_view ns = schema::v2_namespace)
    {
        if (selectors.empty()) {
            selectors.push_back({"CreationClassName", class_name});
        }
        const wsman::Response response = send(request(
            ns, class_name, wsman::Invoke{.method = std::move(method), .input = std::move(input)},
            std::move(selectors)));
        const auto* answer = std::get_if<wsman::InvokeResponse>(&response.body);
        return answer == nullptr ? cim::Instance{} : answer->output;
    }

    static std::uint64_t returned(const cim::Instance& output)
    {
        return output["ReturnValue"].unsigned_integer().value_or(999'999);
    }

    std::uint64_t request_state(const Vm& vm, std::uint16_t state)
    {
        cim::Instance input;
        input.set("RequestedState", cim::Type::uint16, state);
        last_output =
            invoke("Msvm_ComputerSystem", "RequestStateChange", std::move(input),
                   {{"CreationClassName", "Msvm_ComputerSystem"}, {"Name", vm.id.upper()}});
        return returned(last_output);
    }

    /// A VM made through DefineSystem.
    Vm& define(const std::string& name)
    {
        cim::Instance settings{"Msvm_VirtualSystemSettingData"};
        settings.set("ElementName", cim::Type::string, name);
        cim::Instance input;
        input.set("SystemSettings", cim::Type::string, cim::to_cim_xml(settings));
        last_output =
            invoke("Msvm_VirtualSystemManagementService", "DefineSystem", std::move(input));
        return *engine().vms().at(engine().vms().size() - 1);
    }

    std::uint64_t add_resource(const Vm& vm, const cim::Instance& settings)
    {
        cim::Instance input;
        input.set("AffectedConfiguration", cim::Type::reference,
                  cim::Value{cim::ObjectPath{std::string{schema::v2_namespace},
                                             "Msvm_VirtualSystemSettingData",
                                             {{"InstanceID", "Microsoft:" + vm.id.upper()}}}});
        input.set("ResourceSettings", cim::Type::string,
                  cim::Value::Array{cim::Value{cim::to_cim_xml(settings)}});
        last_output =
            invoke("Msvm_VirtualSystemManagementService", "AddResourceSettings", std::move(input));
        return returned(last_output);
    }

    void pass(std::chrono::nanoseconds time) { clock.advance(time); }
    Host& engine() { return host.engine(); }

    static ServiceOptions anonymous(ServiceOptions options)
    {
        options.anonymous = true;
        return options;
    }

    boost::asio::io_context loop;
    SimulatedClock clock{loop};
    SimulatedHost host;
    http::Response last;
    cim::Instance last_output;
};

} // namespace watari::sim
