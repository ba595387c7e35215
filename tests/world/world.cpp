#include "tests/world/world.hpp"

#include "core/log.hpp"
#include "http/client.hpp"
#include "sim/tls.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <stdexcept>

namespace watari::world {

namespace {

constexpr std::string_view kill_mark = "watarid is killed";
constexpr std::chrono::seconds long_poll{300};
constexpr std::chrono::seconds answer_within{600};

std::string lower(std::string_view text)
{
    std::string folded{text};
    std::ranges::transform(folded, folded.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return folded;
}

bool has_ended(std::string_view state)
{
    return state == "succeeded" || state == "failed" || state == "cancelled";
}

/// `certificates`: fingerprint to account.
sim::HostOptions host_options(const WorldOptions& world, std::size_t index,
                              std::map<std::string, std::string> certificates)
{
    sim::HostOptions options;
    options.engine.name = fmt::format("HV{:02}", index + 1);
    options.engine.generation = world.hosts[index];
    options.engine.switches = world.switches;
    options.engine.durations = world.durations;
    options.engine.networks = {{.name = "Customers"}};
    options.service.accounts = {
        {.user = std::string{World::user}, .password = auth::Secret{std::string{World::password}}}};
    if (world.scheme != "basic") {
        options.service.authentication =
            sim::authentication({.schemes = world.scheme,
                                 .accounts = options.service.accounts,
                                 .binding = auth::ChannelBinding::strict,
                                 .certificates = std::move(certificates)});
        options.service.allow_unencrypted = false;
    }
    options.seed = world.seed * 100 + index;
    return options;
}

} // namespace

std::string Answer::text(std::string_view field) const
{
    const auto* object = body.if_object();
    const auto* value = object == nullptr ? nullptr : object->if_contains(field);
    return value == nullptr || !value->is_string() ? std::string{}
                                                   : std::string{value->as_string()};
}

World::World(WorldOptions options)
    : chance_(seeded_random(options.seed ^ 0x5eedULL)),
      options_(options),
      node_(loop_.get_executor(), clock_, network_, options.seed,
            {.refresh_every = options.refresh_every})
{
    network_.set_latency(std::chrono::milliseconds{1});
    const auto authority = options.tls ? sim::authority_in(file(""), clock_.now()) : net::KeyPair{};
    std::map<std::string, std::string> certificates;
    if (options.scheme == "certificate") {
        const auto pair =
            sim::host_certificate(authority, std::string{user}, "127.0.0.1", clock_.now());
        net::write_key_pair(pair, file("user.pem"), file("user-key.pem"));
        certificates = {{net::certificate_fingerprint(pair.certificate), std::string{user}}};
    }
    for (std::size_t index = 0; index < options.hosts.size(); ++index) {
        fleet_.push_back(std::make_unique<sim::SimulatedHost>(
            loop_.get_executor(), clock_, host_options(options, index, certificates)));
        host_names_.push_back(fmt::format("{}-{}", to_string(options.hosts[index]), index + 1));
        fleet_.back()->listen(network_, host_address(index));
        if (options.tls) {
            auto at = host_address(index);
            at.port = 5986;
            fleet_.back()->listen_tls(
                network_, at,
                sim::host_certificate(authority, host_names_.back(), at.address, clock_.now()));
        }
        fleet_.back()->faults().on_act([this](const sim::FaultRule& rule) {
            if (rule.text == kill_mark) {
                node_.kill();
            }
        });
    }
}

World::~World()
{
    if (std::getenv("WATARI_TEST_LOG") != nullptr) {
        for (const auto& host : fleet_) {
            for (const auto& request : host->log().entries()) {
                log::info("host_request",
                          {{"host", host->engine().name()},
                           {"at", to_rfc3339(request.at)},
                           {"what", fmt::format("{} {} {} {}", request.operation, request.method,
                                                request.class_name, request.query)},
                           {"outcome", request.outcome}});
            }
        }
    }
}

net::Endpoint World::host_address(std::size_t index)
{
    return {.address = fmt::format("127.42.0.{}", index + 1), .port = 5985};
}

/// As the operator of a 2008 R2 host must: the switch's external port passes tagged frames of this
/// VLAN.
void World::trunk(std::size_t index, std::uint16_t vlan)
{
    for (sim::Switch& network : host(index).engine().networks()) {
        for (sim::SwitchPort& port : network.ports) {
            if (port.kind == sim::SwitchPort::Kind::external) {
                port.endpoint_mode = 5;
                port.trunk.push_back(vlan);
            }
        }
    }
}

void World::add_foreign_vm(std::size_t index, const std::string& name)
{
    sim::Host& engine = host(index).engine();
    const std::string path = "D:\\VMs\\" + name + ".vhd";
    engine.storage().create_disk({.path = path, .size = ByteSize::gib(10).in_bytes()});
    sim::Settings settings = engine.fresh_settings(1);
    settings.name = name;
    settings.notes = "Somebody else's.";
    sim::Vm& vm = engine.define_vm({.settings = std::move(settings)});
    const std::string controller = [&] {
        for (const auto& device : vm.settings.devices) {
            if (device.kind == sim::DeviceKind::ide_controller) {
                return device.id;
            }
        }
        throw std::logic_error{"a VM without an IDE controller"};
    }();
    const auto& drive =
        engine.add_device(vm, {.kind = sim::DeviceKind::disk_drive, .parent = controller});
    engine.add_device(vm, {.kind = sim::DeviceKind::hard_disk, .parent = drive.id, .path = path});
}

void World::kill_at_request(std::size_t index, std::uint64_t n, sim::FaultEffect effect,
                            std::chrono::milliseconds delay)
{
    host(index).faults().add(
        {.nth = n, .times = 1, .effect = effect, .text = std::string{kill_mark}, .delay = delay});
}

Task<Answer> World::exchange(Call call, Deadline deadline)
{
    http::Client client{network_, clock_, node_.address(), {}};
    http::Request request{.method = call.method, .target = call.target};
    if (call.with_token) {
        request.headers.set("Authorization", "Bearer " + node_.token());
    }
    for (const auto& [name, value] : call.headers) {
        request.headers.set(name, value);
    }
    if (!call.body.is_null()) {
        request.headers.set("Content-Type", "application/json");
        request.body = json::serialize(call.body);
    }
    const http::Response response = co_await client.send(std::move(request), deadline);
    Answer answer{.status = response.status};
    for (const auto& [name, value] : response.headers.fields()) {
        answer.headers[lower(name)] = value;
    }
    boost::system::error_code failed;
    answer.body = json::parse(response.body, failed);
    co_return answer;
}

Answer World::send(Call call)
{
    for (;;) {
        node_.ensure_up();
        const unsigned kills = node_.kills();
        try {
            return clock_.run(exchange(call, Deadline::after(clock_, answer_within)));
        } catch (const Error&) {
            if (node_.kills() == kills) {
                throw;
            }
        }
    }
}

Answer World::post(std::string target, json::value body)
{
    return send({.method = "POST",
                 .target = std::move(target),
                 .body = std::move(body),
                 .headers = {{"Idempotency-Key", fmt::format("order-{}", ++keys_)}}});
}

Answer World::patch(std::string target, json::value body)
{
    return send({.method = "PATCH", .target = std::move(target), .body = std::move(body)});
}

Answer World::erase(std::string target)
{
    const unsigned kills = node_.kills();
    Answer answer = send({.method = "DELETE", .target = target});
    if (answer.status == 202 || node_.kills() == kills) {
        return answer;
    }
    // The killed watarid may have accepted it: DELETE has no key, so the newest operation tells.
    const Answer list = get("/v1/operations?page_size=1");
    Answer accepted{.status = 202, .body = list.body.at("items").at(0)};
    return accepted.text("kind").starts_with("delete") ? accepted : answer;
}

json::object World::await_operation(const std::string& id, std::chrono::seconds patience)
{
    const Deadline patient = Deadline::after(clock_, patience);
    for (;;) {
        const Answer answer =
            send({.target = "/v1/operations/" + id,
                  .headers = {{"Prefer", fmt::format("wait={}", long_poll.count())}}});
        if (answer.status != 200) {
            throw std::runtime_error{
                fmt::format("operation {}: {}", id, json::serialize(answer.body))};
        }
        if (has_ended(answer.text("state")) || patient.passed(clock_)) {
            return answer.body.as_object();
        }
    }
}

json::object World::ended(Answer accepted)
{
    if (accepted.status != 202) {
        throw std::runtime_error{
            fmt::format("refused: {} {}", accepted.status, json::serialize(accepted.body))};
    }
    return await_operation(accepted.text("id"));
}

json::object World::must(json::object operation)
{
    if (operation.at("state") != "succeeded") {
        throw std::runtime_error{json::serialize(operation)};
    }
    return operation;
}

json::object World::enrolment(std::size_t index) const
{
    json::object body{{"name", host_name(index)},
                      {"address", host_address(index).address},
                      {"scheme", options_.scheme},
                      {"allow_changes", options_.allow_changes}};
    if (options_.scheme == "certificate") {
        body["certificate_file"] = file("user.pem");
        body["key_file"] = file("user-key.pem");
    } else {
        body["user"] = user;
        body["password"] = password;
    }
    if (options_.tls) {
        body["tls"] = true;
        body["tls_ca_file"] = file("ca.pem");
        body["server_name"] = host_name(index);
    }
    return body;
}

void World::enroll(std::size_t index)
{
    must(ended(post("/v1/hosts", enrolment(index))));
    must(ended(post("/v1/storages", {{"host", host_name(index)}, {"path", "D:\\VMs"}})));
}

void World::furnish()
{
    json::array replicas;
    must(ended(post("/v1/networks", {{"name", "office"}, {"switch", "Customers"}, {"vlan", 42}})));
    for (std::size_t index = 0; index < host_count(); ++index) {
        trunk(index, 42);
        add_foreign_vm(index, "web1");
        add_foreign_vm(index, "web10");
        host(index).engine().storage().create_disk(
            {.path = "D:\\Images\\win.vhd", .size = ByteSize::gib(20).in_bytes()});
        enroll(index);
        replicas.push_back({{"host", host_name(index)}, {"path", "D:\\Images\\win.vhd"}});
    }
    must(ended(post("/v1/images", {{"name", "win"}, {"replicas", replicas}})));
    must(ended(post("/v1/plans", {{"name", "s"},
                                  {"processors", 1},
                                  {"memory_mib", 1024},
                                  {"disk_bytes", ByteSize::gib(20).in_bytes()}})));
    must(ended(post("/v1/plans", {{"name", "m"},
                                  {"processors", 2},
                                  {"memory_mib", 2048},
                                  {"disk_bytes", ByteSize::gib(40).in_bytes()}})));
}

} // namespace watari::world
