#pragma once

#include "contract/contract.hpp"
#include "http/message.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace watari::api {

/// Path and decoded query of a request target. Throws invalid: message::target_malformed.
struct Target {
    std::string path; ///< still encoded, split by the route
    std::vector<std::pair<std::string, std::string>> query;
};
Target parse_target(std::string_view target);

struct Match {
    const contract::Route* route = nullptr;
    std::vector<std::pair<std::string, std::string>> parameters; ///< decoded
};
/// Throws: not_found (message::no_such_path), unsupported with the methods that exist
/// (message::method_not_allowed).
Match match_route(std::string_view method, std::string_view path);

} // namespace watari::api
