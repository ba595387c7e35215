#pragma once

#include "hyperv/connect/doctor.hpp"

#include <optional>
#include <string>
#include <vector>

namespace watari::hyperv {

/// What the lines are about.
struct CommandSubject {
    std::uint16_t port = 0;
    std::string name; ///< the host's, as its service principal has it
    std::string user;
    std::string scheme; ///< "Negotiate", as WinRM's configuration names it
    bool tls = false;
    std::optional<CommandFor> hosts = {}; ///< once known: lines for others are left out
};

/// What to run on the host when a hop shows the message `code`. Reviewed against Microsoft's
/// documentation; UNVERIFIED, since none was run on a host.
std::vector<HostCommand> commands_for(std::string_view code, const CommandSubject& subject);

/// What to say above them, besides what the message says itself.
std::optional<Message> remedy_for(std::string_view code);

} // namespace watari::hyperv
