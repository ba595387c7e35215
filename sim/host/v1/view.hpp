#pragma once

#include "sim/host/owner.hpp"
#include "sim/host/v1/words.hpp"
#include "sim/repository.hpp"

#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace watari::sim::host::v1 {

/// An instance being filled; the repository gives values their declared types.
class Row
{
public:
    explicit Row(std::string_view class_name) : instance_(std::string{class_name}) {}
    explicit Row(cim::Instance instance) : instance_(std::move(instance)) {}

    Row& set(std::string_view name, cim::Value value)
    {
        instance_.set(name, cim::Type::string, std::move(value));
        return *this;
    }
    cim::Instance take() { return std::move(instance_); }

private:
    cim::Instance instance_;
};

cim::Value numbers(const std::vector<std::uint16_t>& values);
cim::Value texts(const std::vector<std::string>& values);
cim::Value moment(WallTime time);
/// 1601-01-01T00:00:00Z: never.
cim::Value never();

/// One host in this namespace: paths, ids and look-ups its providers share. Providers keep copies.
class View
{
public:
    View(Host& host, Repository& repository) : host_(&host), repository_(&repository) {}

    Host& host() const noexcept { return *host_; }
    Repository& repository() const noexcept { return *repository_; }
    const Profile& profile() const noexcept { return host_->profile(); }

    cim::ObjectPath path(std::string_view class_name, std::vector<cim::ObjectPath::Key> keys) const;
    cim::ObjectPath by_id(std::string_view class_name, std::string instance_id) const;
    cim::ObjectPath host_system() const;
    cim::ObjectPath system(const Uuid& vm) const;
    /// Of a VM or a checkpoint.
    cim::ObjectPath settings(const Uuid& owner) const;
    cim::ObjectPath global_settings(const Uuid& vm) const;
    cim::ObjectPath device_settings(const Uuid& owner, const Device& device) const;
    cim::ObjectPath live_device(const Uuid& vm, std::string_view class_name,
                                std::string device_id) const;
    cim::ObjectPath network(const Switch& network) const;
    /// Msvm_SwitchPort, Msvm_VLANEndpoint, Msvm_SwitchLANEndpoint: the same keys.
    cim::ObjectPath port(std::string_view class_name, const Switch& network,
                         const SwitchPort& port) const;
    cim::ObjectPath job(const Job& job) const;

    /// "Microsoft:<owner>\<device>"; without a device the settings themselves.
    std::string instance_id(const Uuid& owner, std::string_view device = {}) const;

    /// The VM a reference parameter names. Throws refuse(32773).
    Vm& vm_of(const cim::Instance& input, std::string_view parameter) const;
    /// The device a path of settings names, of `vm` and its current settings. Throws refuse(32773).
    const Device& device_of(Vm& vm, const cim::ObjectPath& path) const;

    MethodAnswer started(const Job& job) const;
    /// What a running VM's changes answer: 4096 and a host job that ends as the act did. The act
    /// may add what it affected.
    using JobAct = std::function<MethodAnswer(std::vector<Subject>& affected)>;
    MethodAnswer in_job(JobRequest request, const JobAct& act) const;

private:
    Host* host_;
    Repository* repository_;
};

/// Text of an input parameter. Throws refuse(32773) when it is null.
const std::string& text_of(const cim::Instance& input, std::string_view parameter);
/// Elements of an array parameter; null is none.
std::vector<cim::Value> elements(const cim::Value& value);

/// A method as the repository wants it: refusals leave it with v1's return codes.
std::function<MethodAnswer(const MethodCall&)>
method(std::function<MethodAnswer(const MethodCall&)> act);

/// The row of a management service, for the file that has its methods.
void produce_service(const View& view, std::string_view class_name, const Sink& sink);
/// `Microsoft:Definition\\<pool>\\{Default,Minimum,Maximum,Increment}` of this class, if the
/// demand can mean them.
void produce_templates(const View& view, const Demand& demand, std::string_view class_name,
                       const Sink& sink);
std::uint64_t count_templates(const View& view, std::string_view class_name);

/// The parts of the namespace.
void add_systems(const View& view);
void add_settings(const View& view);
void add_devices(const View& view);
void add_management(const View& view);
void add_images(const View& view);
void add_networks(const View& view);
void add_jobs(const View& view);
void add_pools(const View& view);

} // namespace watari::sim::host::v1
