#pragma once

#include "store/database.hpp"

#include <cstdint>

namespace watari::store {

enum class Dialect { sqlite, postgresql };

/// The schema version this program writes.
std::int64_t newest_schema_version() noexcept;

/// Brings the database to the newest version, inside the caller's transaction.
/// Throws unsupported when a newer program made it.
void migrate(Transaction& transaction, Dialect dialect);

} // namespace watari::store
