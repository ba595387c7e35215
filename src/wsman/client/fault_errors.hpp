#pragma once

#include "core/error.hpp"
#include "wsman/client/session.hpp"
#include "wsman/codec/message.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace watari::wsman {

/// What was asked, for the texts of errors.
struct Asked {
    Effect effect = Effect::reads;
    std::string action; ///< "Get", "Enumerate", or the method's name
    std::string ns = {};
    std::string class_name = {};
    std::string object = {};       ///< the keys as "Name=…"
    std::string resource_uri = {}; ///< in place of that of ns and class
    std::vector<std::pair<std::string, std::string>> options = {}; ///< w:OptionSet
    std::optional<std::chrono::milliseconds> patience = {};        ///< OperationTimeout, at most
    std::string query = {};
    bool query_is_sound =
        false; ///< the query is WQL as far as we can tell: what the host rejects is a name in it
};

/// The Error for a fault, by the tables of data/faults (wsman.md 8.2 to 8.4), with the host's
/// number and words. A fault that leaves open whether a change was made is outcome_unknown.
Error fault_error(const Fault& fault, const Asked& asked);
/// The Error for an answer without SOAP (1.3); `path` is the HTTP path.
Error http_error(int status, const Asked& asked, const std::string& path);

/// The fault says that the answer did not fit the envelope (not that our request was wrong).
bool is_answer_too_large(const Fault& fault);
/// The fault says that the enumeration no longer exists, so there is nothing to release.
bool is_context_lost(const Fault& fault);

} // namespace watari::wsman
