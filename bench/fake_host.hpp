#pragma once

#include "core/random.hpp"
#include "hyperv/connect/connect.hpp"
#include "hyperv/connect/doctor.hpp"

namespace watari::bench {

/// A host that does every act at once and remembers what it needs to answer.
class FakeDriver final : public hyperv::Driver
{
public:
    explicit FakeDriver(hyperv::Capabilities capabilities, Random& random)
        : capabilities_(std::move(capabilities)), random_(random)
    {
    }

    hyperv::Namespace ns() const noexcept override { return hyperv::Namespace::v2; }
    const hyperv::Capabilities& capabilities() const noexcept override { return capabilities_; }

    Task<hyperv::HostFacts> host_facts(hyperv::CallContext) override
    {
        co_return hyperv::HostFacts{};
    }
    Task<std::vector<hyperv::VmSummary>> list_vms(hyperv::CallContext) override
    {
        co_return std::vector<hyperv::VmSummary>{};
    }
    Task<hyperv::Inventory> inventory(std::span<const hyperv::HostPath>,
                                      hyperv::CallContext) override
    {
        co_return hyperv::Inventory{};
    }
    Task<std::optional<hyperv::Vm>> find_vm(hyperv::HostVmId, hyperv::CallContext) override
    {
        co_return std::nullopt;
    }
    Task<std::vector<hyperv::VmSummary>> find_by_mark(hyperv::OwnershipMark,
                                                      hyperv::CallContext) override
    {
        co_return std::vector<hyperv::VmSummary>{};
    }
    Task<std::optional<hyperv::DiskFacts>> find_disk(hyperv::HostPath, hyperv::CallContext) override
    {
        co_return std::nullopt;
    }
    Task<std::optional<hyperv::HostPath>> find_folder(hyperv::HostPath path,
                                                      hyperv::CallContext) override
    {
        co_return path;
    }

    Task<hyperv::DiskFacts> create_disk(hyperv::NewDisk disk, hyperv::CallContext context) override
    {
        co_await context.before_change();
        co_return hyperv::DiskFacts{
            .path = disk.path, .format = disk.format, .kind = disk.kind, .size = disk.size};
    }
    Task<hyperv::DiskFacts> grow_disk(hyperv::GrowDisk disk, hyperv::CallContext context) override
    {
        co_await context.before_change();
        co_return hyperv::DiskFacts{.path = disk.path, .size = disk.size};
    }
    Task<> delete_disk(hyperv::HostPath, hyperv::VmId, hyperv::CallContext context) override
    {
        return context_of(std::move(context));
    }

    Task<hyperv::HostVmId> define_vm(hyperv::VmSpec, std::optional<hyperv::HostVmId>,
                                     hyperv::CallContext context) override
    {
        co_await context.before_change();
        co_return hyperv::HostVmId{Uuid::random(random_)};
    }
    Task<> add_devices(hyperv::VmRef, std::vector<hyperv::DiskAttachment>,
                       std::vector<hyperv::NicAttachment>, hyperv::CallContext context) override
    {
        return context_of(std::move(context));
    }
    Task<> start(hyperv::VmRef, hyperv::CallContext context) override
    {
        return context_of(std::move(context));
    }
    Task<> shut_down(hyperv::VmRef, hyperv::CallContext context) override
    {
        return context_of(std::move(context));
    }
    Task<> turn_off(hyperv::VmRef, hyperv::CallContext context) override
    {
        return context_of(std::move(context));
    }
    Task<> set_memory(hyperv::VmRef, ByteSize, hyperv::CallContext context) override
    {
        return context_of(std::move(context));
    }
    Task<> set_processors(hyperv::VmRef, unsigned, hyperv::CallContext context) override
    {
        return context_of(std::move(context));
    }
    Task<> set_resources(hyperv::VmRef, std::optional<ByteSize>, std::optional<unsigned>,
                         hyperv::CallContext context) override
    {
        return context_of(std::move(context));
    }
    Task<> delete_vm(hyperv::VmRef, bool, hyperv::CallContext context) override
    {
        return context_of(std::move(context));
    }

private:
    /// Even a fake host is changed only after that is durable.
    static Task<> context_of(hyperv::CallContext context) { co_await context.before_change(); }

    hyperv::Capabilities capabilities_;
    Random& random_;
};

class FakeConnection final : public hyperv::Connection
{
public:
    FakeConnection(hyperv::Probe probe, Random& random)
        : probe_(std::move(probe)), driver_(probe_.capabilities, random)
    {
    }

    hyperv::Driver& driver() override { return driver_; }
    const hyperv::Probe& probe() const override { return probe_; }
    std::uint64_t requests() const override { return 0; }

private:
    hyperv::Probe probe_;
    FakeDriver driver_;
};

class FakeConnector final : public hyperv::Connector
{
public:
    explicit FakeConnector(Random& random) : random_(random) {}

    Task<std::unique_ptr<hyperv::Connection>> open(hyperv::HostAddress, hyperv::OnRequest,
                                                   Deadline) override
    {
        co_return std::make_unique<FakeConnection>(hyperv::Probe{}, random_);
    }
    std::unique_ptr<hyperv::Connection> reopen(hyperv::HostAddress, hyperv::Probe known,
                                               hyperv::OnRequest) override
    {
        return std::make_unique<FakeConnection>(std::move(known), random_);
    }
    Task<hyperv::Diagnosis> diagnose(hyperv::HostAddress, Deadline) override
    {
        co_return hyperv::Diagnosis{};
    }

private:
    Random& random_;
};

} // namespace watari::bench
