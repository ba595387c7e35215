#pragma once

#include "cim/declared_types.hpp"
#include "hyperv/connect/doctor_trace.hpp"
#include "programs/watari/direct_host.hpp"
#include "wsman/client/metadata.hpp"

#include <map>
#include <memory>
#include <optional>
#include <string>

namespace watari::cli {

/// What every verb of `watari wmi` is told.
struct WmiFlags {
    DirectFlags direct;
    std::string ns; ///< empty: Hyper-V's
    bool traced = false;
};

/// The host a `watari wmi` command speaks to: any that speaks WS-Management.
class WmiHost
{
public:
    /// `session` outlives it.
    WmiHost(Session& session, const WmiFlags& flags);
    ~WmiHost();

    wsman::Session& wsman() noexcept { return host_->wsman(); }
    std::string address() const { return host_->address().endpoint.text(); }
    /// For one question.
    Deadline soon() const;

    /// The namespace given, or root/virtualization/v2, or root/virtualization where that is absent.
    Task<std::string> ns();
    /// As the host describes it; as it is documented where the host describes none, with a note.
    Task<wsman::SharedClass> declaration(std::string ns, std::string class_name);
    /// All classes of the namespace, a batch at a time; the documented ones of Windows Server 2008
    /// R2 where the host describes none, with a note.
    Task<> each_class(std::string ns, wsman::TakeClasses take, wsman::ClassDetail detail);
    /// From now on instances of the namespace are read by these.
    void use_types(const std::string& ns, std::shared_ptr<const cim::DeclaredTypes> types);

private:
    void print_trace();

    Session& session_;
    std::string ns_;
    std::chrono::seconds timeout_;
    std::map<std::string, std::shared_ptr<const cim::DeclaredTypes>> types_; ///< by folded name
    std::unique_ptr<hyperv::DoctorTrace> trace_;
    std::unique_ptr<DirectHost> host_;
};

} // namespace watari::cli
