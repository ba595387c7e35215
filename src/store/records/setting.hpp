#pragma once

#include "store/database.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace watari::store {

std::optional<std::string> find_setting(Transaction& transaction, std::string_view name);
void set_setting(Transaction& transaction, std::string_view name, std::string_view value);

/// This installation's id, which is in every ownership mark; `proposed` is kept if there is none
/// yet.
Uuid site_id(Transaction& transaction, Uuid proposed);

} // namespace watari::store
