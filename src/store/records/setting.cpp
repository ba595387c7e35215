#include "store/records/setting.hpp"

namespace watari::store {

std::optional<std::string> find_setting(Transaction& transaction, std::string_view name)
{
    const auto rows = transaction.query("SELECT value FROM settings WHERE name = $1", {name});
    return rows.empty() ? std::nullopt : std::optional{rows.front().get<std::string>("value")};
}

void set_setting(Transaction& transaction, std::string_view name, std::string_view value)
{
    transaction.execute("INSERT INTO settings (name, value) VALUES ($1, $2) ON CONFLICT (name) DO "
                        "UPDATE SET value = $2",
                        {name, value});
}

Uuid site_id(Transaction& transaction, Uuid proposed)
{
    if (const auto known = find_setting(transaction, "site_id")) {
        return Cell<Uuid>::from(*known);
    }
    set_setting(transaction, "site_id", proposed.lower());
    return proposed;
}

} // namespace watari::store
