#pragma once

#include "core/catalogue.hpp"
#include "generations/generation.hpp"

#include <string>
#include <vector>

namespace watari::cli {

/// What a host is to be prepared for.
struct Preparation {
    Generation generation{};
    bool is_domain = false;             ///< the account is the domain's
    bool https = false;                 ///< in place of sealed HTTP
    std::vector<std::string> from = {}; ///< addresses of Watari: 10.0.0.5, 10.0.0.0/24
    std::string account = "watari";     ///< of a domain: DOMAIN\user
    std::string storage = "D:\\Watari";
    std::string share = {}; ///< name of a share of the storage; empty: none
};

/// A Windows PowerShell script that lets Watari in with least privilege, and can be run again;
/// `undo`: the script that takes it back. Throws invalid for values that no script may carry
/// (message::prepare_…).
std::string prepare_script(const Preparation& preparation, bool undo, Language language);

} // namespace watari::cli
