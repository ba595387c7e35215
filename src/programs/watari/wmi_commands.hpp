#pragma once

#include "programs/watari/wmi_host.hpp"

#include <memory>
#include <string>
#include <vector>

/// The verbs of `watari wmi`, for its own files.
namespace watari::cli {

struct WmiQuestion {
    WmiFlags flags;
    std::string about; ///< class, query, path or pattern
    bool descriptions = false;
};
Task<client::ExitCode> wmi_identify(Session& session, WmiQuestion question);
Task<client::ExitCode> wmi_classes(Session& session, WmiQuestion question);
Task<client::ExitCode> wmi_class(Session& session, WmiQuestion question);
Task<client::ExitCode> wmi_query(Session& session, WmiQuestion question);
Task<client::ExitCode> wmi_get(Session& session, WmiQuestion question);

struct WmiCall {
    WmiFlags flags;
    std::string path;
    std::string method;
    std::vector<std::string> arguments; ///< "Name=value"
    bool yes = false;
};
Task<client::ExitCode> wmi_invoke(Session& session, WmiCall call);

struct WmiDump {
    WmiFlags flags;
    std::string folder;
    std::vector<std::string> namespaces; ///< empty: Hyper-V's
    std::vector<std::string> classes;    ///< of instances; empty: all
};
Task<client::ExitCode> wmi_dump(Session& session, WmiDump dump);

/// `Class.Key="value",…`, perhaps with a namespace. Throws invalid: message::cli_wmi_bad_path.
cim::ObjectPath path_from(const std::string& text);

} // namespace watari::cli
