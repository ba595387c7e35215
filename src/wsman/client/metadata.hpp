#pragma once

#include "cim/class_declaration.hpp"
#include "wsman/client/session.hpp"

#include <functional>
#include <string_view>
#include <vector>

/// Class metadata of hosts of Stack 3.0 (wsman.md 7). Hosts of Stack 2.0 have none.
namespace watari::wsman {

/// What is asked of a class besides its own elements.
struct ClassDetail {
    bool qualifiers = true;
    bool inherited = true;
};

/// Throws what Session's operations throw, and unsupported: message::wmi_class_missing,
/// wmi_namespace_missing, wmi_no_class_metadata (the host offers none).
Task<SharedClass> get_class(Session& session, std::string_view ns, std::string_view class_name,
                            Deadline deadline, ClassDetail detail = {});

/// All classes of the namespace, one batch at a time, in constant memory; `take` returns false to
/// stop. Throws as get_class().
using TakeClasses = std::function<bool(std::vector<SharedClass>)>;
Task<> enumerate_classes(Session& session, std::string_view ns, const TakeClasses& take,
                         Deadline deadline, ClassDetail detail = {});

} // namespace watari::wsman
