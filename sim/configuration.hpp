#pragma once

#include "cim/instance.hpp"
#include "generations/quotas.hpp"

#include <string_view>

namespace watari::sim {

bool is_configuration(std::string_view resource_uri) noexcept;

/// WinRM's own settings (winrm/config), the quotas among them; administrators alone may read them.
/// Source: wsman.md 9; which elements stand in which is UNVERIFIED.
cim::Instance configuration(const ServiceQuotas& quotas, bool allow_unencrypted);

} // namespace watari::sim
