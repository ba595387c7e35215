#pragma once

#include "client/problem.hpp"
#include "core/clock.hpp"
#include "http/client.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace watari::client {

struct Server {
    net::Endpoint endpoint;
    bool tls = false;

    friend bool operator==(const Server&, const Server&) = default;
};

/// The server of "https://watari.example", "http://127.0.0.1:8420", "127.0.0.1:8420" or
/// "watari.example". Throws invalid (message::cli_server_not_understood).
Server server_from(std::string_view url);

/// What the server said: the value, and the JSON exactly as it came.
template <class T>
struct Answer {
    T value;
    std::string json;
};

struct ClientSettings {
    net::Endpoint server{"127.0.0.1", 8420};
    std::optional<net::TlsClientOptions> tls = {}; ///< absent: plain HTTP
    std::string token = {};                        ///< empty: none is sent
    Language language = Language::en;
};

/// The REST API as calls. Every call throws ClientProblem (the server refused), unavailable
/// (message::cli_no_server) or outcome_unknown. A request whose connection is cut is sent once more
/// where that is safe: reading, and orders with an Idempotency-Key, of which the server makes one
/// however often they come.
class Client
{
public:
    Client(net::Network& network, Clock& clock, ClientSettings settings);

    Task<Answer<contract::HostList>> list_hosts(std::size_t limit);
    Task<Answer<contract::Host>> get_host(std::string host);
    Task<Answer<contract::Operation>> enroll_host(contract::EnrollHost body, std::string key);
    Task<Answer<contract::Operation>> update_host(std::string host, contract::UpdateHost body,
                                                  std::string key);
    Task<Answer<contract::Operation>> allow_changes(std::string host, std::string key);
    Task<Answer<contract::Operation>> observe_host(std::string host, std::string key);
    /// Never sent twice: it tries a password. Gives up `time` later.
    Task<Answer<contract::Diagnosis>> diagnose_host(std::string host, bool with_exchange,
                                                    std::chrono::seconds time);
    Task<Answer<contract::Operation>> refresh_host(std::string host, std::string key);
    Task<Answer<contract::Operation>> remove_host(std::string host);
    Task<Answer<contract::StorageList>> list_storages(std::size_t limit);
    Task<Answer<contract::Operation>> add_storage(contract::AddStorage body, std::string key);
    Task<Answer<contract::ImageList>> list_images(std::size_t limit);
    Task<Answer<contract::Image>> get_image(std::string image);
    Task<Answer<contract::Operation>> add_image(contract::AddImage body, std::string key);
    Task<Answer<contract::PlanList>> list_plans(std::size_t limit);
    Task<Answer<contract::Operation>> add_plan(contract::AddPlan body, std::string key);
    Task<Answer<contract::NetworkList>> list_networks(std::size_t limit);
    Task<Answer<contract::Operation>> add_network(contract::AddNetwork body, std::string key);
    Task<Answer<contract::VmList>> list_vms(std::size_t limit);
    Task<Answer<contract::Vm>> get_vm(std::string vm);
    Task<Answer<contract::Operation>> create_vm(contract::CreateVm body, std::string key);
    /// What creating it would do; nothing is ordered.
    Task<Answer<contract::WorkPlan>> plan_vm(contract::CreateVm body);
    Task<Answer<contract::Operation>> start_vm(std::string vm, std::string key);
    Task<Answer<contract::Operation>> stop_vm(std::string vm, contract::StopVm body,
                                              std::string key);
    Task<Answer<contract::Operation>> resize_vm(std::string vm, contract::ResizeVm body,
                                                std::string key);
    Task<Answer<contract::Operation>> delete_vm(std::string vm, bool force);
    Task<Answer<contract::OperationList>> list_operations(std::size_t limit);
    /// With `wait` the server answers at the operation's end or after that time.
    Task<Answer<contract::Operation>> get_operation(std::string operation,
                                                    std::optional<std::chrono::seconds> wait = {});
    Task<Answer<contract::Operation>> cancel_operation(std::string operation);

    /// What a host that was asked without a server is like. Throws as the calls.
    static Answer<contract::Diagnosis> diagnosis_in(std::string json);

private:
    struct Call {
        contract::OperationId operation;
        std::string resource = {}; ///< what stands for the path's parameter
        std::vector<std::pair<std::string, std::string>> query = {};
        std::optional<std::string> body = {};
        std::string key = {};
        std::optional<std::chrono::seconds> wait = {};
    };

    Task<http::Response> send(Call call);
    Task<http::Response> send_once(const http::Request& request, Deadline deadline,
                                   bool repeatable);
    http::Request request_of(const Call& call) const;
    Error refused(const http::Response& response) const;
    template <class T>
    Task<Answer<T>> ask(Call call);
    Task<Answer<contract::Operation>> order(Call call);
    Task<Answer<contract::Operation>> order(contract::OperationId operation, std::string resource,
                                            std::string key);
    template <class Body>
    Task<Answer<contract::Operation>> order(contract::OperationId operation, const Body& body,
                                            std::string key, std::string resource = {});
    template <class List>
    Task<Answer<List>> list(contract::OperationId operation, std::size_t limit);

    Clock& clock_;
    ClientSettings settings_;
    http::Client http_;
};

} // namespace watari::client
