#pragma once

#include "contract/contract.hpp"
#include "store/records/host.hpp"
#include "store/records/vm.hpp"

#include <map>
#include <optional>
#include <string>

namespace watari::api {

/// VMs as answers show them, within one transaction. What many VMs share (host, plan, image,
/// network, project) is read once.
class VmViews
{
public:
    explicit VmViews(store::Transaction& transaction) : transaction_(transaction) {}

    contract::Vm of(const store::VmRecord& record);

private:
    template <class Record>
    std::optional<std::string> name_of(const std::optional<typename Record::Id>& id);
    const std::optional<store::HostLabel>& host(store::HostId id);

    store::Transaction& transaction_;
    std::map<Uuid, std::optional<std::string>> names_;
    std::map<store::HostId, std::optional<store::HostLabel>> hosts_;
};

} // namespace watari::api
