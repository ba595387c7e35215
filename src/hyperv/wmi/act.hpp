#pragma once

#include "cim/instance.hpp"
#include "cim/object_path.hpp"
#include "hyperv/driver.hpp"
#include "hyperv/wmi/held_disks.hpp"
#include "hyperv/wmi/host_job.hpp"
#include "hyperv/wmi/ids.hpp"
#include "hyperv/wmi/surroundings.hpp"
#include "schema/typed.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace watari::hyperv::wmi {

/// What the calls of one driver share.
struct Shared {
    std::string_view ns; ///< "root/virtualization/v2"
    Surroundings around;
    HostJobs jobs;
    HeldDisks held = {}; ///< kept for a moment after delete_vm
};

/// How a changing method ended.
struct Done {
    std::uint32_t return_value = 0;
    cim::Instance output;
    std::string job = {};   ///< InstanceID of the host job; empty: the method answered at once
    bool is_certain = true; ///< false: the host job was lost, only the effect tells
    std::string method = {};
};

/// One call of the driver: its requests are attributed to its context, its changes announced before
/// they leave, its host jobs awaited.
class Act
{
public:
    Act(Shared& shared, CallContext context);
    Act(const Act&) = delete;
    Act& operator=(const Act&) = delete;

    Shared& shared() noexcept { return shared_; }
    const std::string& host() const noexcept { return shared_.around.host_name; }
    Clock& clock() noexcept { return shared_.around.clock; }
    Random& random() noexcept { return shared_.around.random; }
    Deadline deadline() const noexcept { return context_.deadline; }
    const Capabilities& capabilities() const noexcept { return shared_.around.capabilities; }
    bool has(Capability capability) const noexcept { return capabilities().has(capability); }

    Task<cim::Instance> get(cim::ObjectPath path);
    /// nullopt: there is none.
    Task<std::optional<cim::Instance>> find(cim::ObjectPath path);
    /// In the driver's namespace, or in another.
    Task<std::vector<cim::Instance>> query(std::string wql);
    Task<std::vector<cim::Instance>> query(std::string wql, std::string_view ns);

    /// A method that only reads. Throws by host_error() unless it returns 0.
    template <class Method>
    Task<schema::Result<Method>> ask(const schema::Call<Method>& call)
    {
        co_return schema::Result<Method>{
            co_await ask(service_path<typename Method::Class>(), Method::name, call.parameters())};
    }
    /// A method that changes the host: before_change, the request, its host job. Throws by
    /// host_error() what it refuses, unless the number is in `also_fine`; outcome_unknown when the
    /// host job outlives the deadline.
    template <class Method>
    Task<Done> change(cim::ObjectPath target, const schema::Call<Method>& call,
                      std::vector<std::uint32_t> also_fine = {})
    {
        co_return co_await change(std::move(target), Method::name, call.parameters(),
                                  std::move(also_fine));
    }
    template <class Method>
    Task<Done> change(const schema::Call<Method>& call)
    {
        co_return co_await change(service_path<typename Method::Class>(), Method::name,
                                  call.parameters(), {});
    }
    /// As change(), but the ReturnValue is the caller's to judge and no host job is expected.
    Task<cim::Instance> send_change(cim::ObjectPath target, std::string_view method,
                                    const cim::Instance& input);
    /// WS-Transfer Put: only network objects of v1 take it (v1.json put_rule).
    Task<> put(cim::ObjectPath path, const cim::Instance& instance);

    /// Throws outcome_unknown (message::host_job_lost) if `done` is not certain: for effects that
    /// are not there.
    void require_certain(const Done& done) const;
    /// Whether every change of this act ended before our eyes. Where one did not, what is read back
    /// may still change.
    bool all_certain() const noexcept { return all_certain_; }

private:
    Task<cim::Instance> ask(cim::ObjectPath target, std::string_view method,
                            const cim::Instance& input);
    Task<Done> change(cim::ObjectPath target, std::string_view method, const cim::Instance& input,
                      std::vector<std::uint32_t> also_fine);
    Task<> await_job(Done& done, const cim::ObjectPath& job);

    Shared& shared_;
    CallContext context_;
    wsman::Session session_;
    wsman::Session polls_;
    bool all_certain_ = true;
};

/// For error contexts: "starting VM 1B2C…".
std::string frame(std::string_view doing, const HostVmId& vm);

/// A result reference of a changing method: from its answer; empty when it came with 4096.
template <class Method>
std::vector<cim::ObjectPath> results(const Done& done,
                                     const schema::ArrayOut<Method, cim::ObjectPath>& parameter)
{
    return schema::Result<Method>{done.output}.get(parameter);
}

} // namespace watari::hyperv::wmi
