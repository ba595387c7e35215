#pragma once

#include "cim/instance.hpp"
#include "wsman/client/session.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace watari::wsman {

/// A change of an instance that a subscription was told of.
struct Event {
    std::string class_name; ///< "__InstanceModificationEvent"
    cim::Instance before;   ///< empty when the host sent none
    cim::Instance after;
};

/// Events of WMI, pulled. An option only: hosts of Stack 3.0 should offer it, nobody has recorded
/// one that does (wsman.md 6), and what matters is decided by polling.
class Subscription
{
public:
    /// `SELECT * FROM __InstanceModificationEvent WITHIN n WHERE TargetInstance ISA '<class>'`.
    /// Throws unsupported (message::wmi_no_events) where the host offers none, and what Session's
    /// operations throw. `session` outlives it.
    static Task<std::unique_ptr<Subscription>> open(Session& session, std::string_view ns,
                                                    std::string_view class_name,
                                                    std::chrono::seconds within, Deadline deadline);

    /// Waits for events until `deadline`, in steps of the session's operation timeout; none came:
    /// an empty list. Throws not_found when the host has dropped the subscription.
    Task<std::vector<Event>> next(Deadline deadline);
    /// Best effort: a host drops a subscription nobody pulls.
    Task<> close(Deadline deadline);

private:
    Subscription(Session& session, std::string ns, std::string identifier, std::string context)
        : session_(session),
          ns_(std::move(ns)),
          identifier_(std::move(identifier)),
          context_(std::move(context))
    {
    }

    Session& session_;
    std::string ns_;
    std::string identifier_;
    std::string context_;
};

} // namespace watari::wsman
