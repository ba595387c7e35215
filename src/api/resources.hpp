#pragma once

#include "api/call.hpp"
#include "contract/contract.hpp"
#include "fleet/fleet.hpp"
#include "http/message.hpp"
#include "operations/engine.hpp"
#include "provisioning/orders.hpp"
#include "store/database.hpp"

#include <functional>
#include <map>
#include <optional>
#include <string>

namespace watari::api {

/// What every resource works with.
struct Parts {
    store::Store& store;
    operations::Engine& engine;
    provisioning::Orders& orders;
    fleet::Fleet& fleet;
    Clock& clock;
    Random& random;
    /// Titles of the steps, by workflow and step ("create_vm/place").
    std::map<std::string, Message> step_titles = {};
    std::string version = {};
};

contract::Placement placement_view(const provisioning::Explanation& explanation, Language language);

/// The handlers of every operationId, one file per resource.
class Resources final : public contract::Handlers<Task<http::Response>, Call>
{
public:
    explicit Resources(Parts parts) : parts_(std::move(parts)) {}

    // hosts.cpp
    Task<http::Response> list_hosts(Call& call, contract::ListHostsCall request) override;
    Task<http::Response> enroll_host(Call& call, contract::EnrollHostCall request) override;
    Task<http::Response> get_host(Call& call, contract::GetHostCall request) override;
    Task<http::Response> update_host(Call& call, contract::UpdateHostCall request) override;
    Task<http::Response> allow_changes(Call& call, contract::AllowChangesCall request) override;
    Task<http::Response> observe_host(Call& call, contract::ObserveHostCall request) override;
    Task<http::Response> remove_host(Call& call, contract::RemoveHostCall request) override;
    Task<http::Response> refresh_host(Call& call, contract::RefreshHostCall request) override;
    Task<http::Response> diagnose_host(Call& call, contract::DiagnoseHostCall request) override;
    // storages.cpp
    Task<http::Response> list_storages(Call& call, contract::ListStoragesCall request) override;
    Task<http::Response> add_storage(Call& call, contract::AddStorageCall request) override;
    // images.cpp
    Task<http::Response> list_images(Call& call, contract::ListImagesCall request) override;
    Task<http::Response> add_image(Call& call, contract::AddImageCall request) override;
    Task<http::Response> get_image(Call& call, contract::GetImageCall request) override;
    // plans.cpp
    Task<http::Response> list_plans(Call& call, contract::ListPlansCall request) override;
    Task<http::Response> add_plan(Call& call, contract::AddPlanCall request) override;
    // networks.cpp
    Task<http::Response> list_networks(Call& call, contract::ListNetworksCall request) override;
    Task<http::Response> add_network(Call& call, contract::AddNetworkCall request) override;
    // vms.cpp
    Task<http::Response> list_vms(Call& call, contract::ListVmsCall request) override;
    Task<http::Response> create_vm(Call& call, contract::CreateVmCall request) override;
    Task<http::Response> get_vm(Call& call, contract::GetVmCall request) override;
    Task<http::Response> delete_vm(Call& call, contract::DeleteVmCall request) override;
    Task<http::Response> start_vm(Call& call, contract::StartVmCall request) override;
    Task<http::Response> stop_vm(Call& call, contract::StopVmCall request) override;
    Task<http::Response> resize_vm(Call& call, contract::ResizeVmCall request) override;
    // operations.cpp
    Task<http::Response> list_operations(Call& call, contract::ListOperationsCall request) override;
    Task<http::Response> get_operation(Call& call, contract::GetOperationCall request) override;
    Task<http::Response> cancel_operation(Call& call,
                                          contract::CancelOperationCall request) override;
    // service.cpp
    Task<http::Response> livez(Call& call, contract::LivezCall request) override;
    Task<http::Response> readyz(Call& call, contract::ReadyzCall request) override;

private:
    using Submit = std::function<Task<store::OperationRecord>(provisioning::Asker)>;

    /// Submits once per Idempotency-Key, then answers 202 with the operation; waits for its end
    /// when `prefer` asks for it.
    Task<http::Response> accepted(Call& call, std::optional<std::string> key,
                                  std::optional<std::string> prefer, std::string reason,
                                  Submit submit);
    Task<std::optional<http::Response>> first_answer(Call& call, const std::string& key);
    std::string title_of(const std::string& kind, const std::string& step, Language language) const;
    contract::Operation view(store::Transaction& transaction,
                             const store::OperationRecord& operation, Language language) const;
    Task<contract::Operation> view_of(store::OperationId id, Language language);

    Parts parts_;
};

http::Response json_response(int status, const boost::json::value& json);

/// Empty when the host is gone.
std::string host_name(store::Transaction& transaction, store::HostId host);

/// Where a page starts and how long it is. Tokens are opaque: the last id seen.
struct Page {
    std::optional<Uuid> after;
    std::size_t size = 100;
};
/// Throws invalid: message::page_token_unknown.
Page page_of(const std::optional<std::int64_t>& size, const std::optional<std::string>& token);

/// Fills `into` (items, next_page_token) with one page of records, newest first.
template <class List, class Record, class View>
void fill_page(List& into, store::Transaction& transaction, store::Selection selection,
               const Page& page, View view)
{
    selection.after = page.after;
    selection.limit = page.size + 1;
    selection.newest_first = true;
    auto records = store::list<Record>(transaction, selection);
    if (records.size() > page.size) {
        records.resize(page.size);
        into.next_page_token = records.back().id.value().lower();
    }
    for (const auto& record : records) {
        into.items.push_back(view(record));
    }
}

} // namespace watari::api
