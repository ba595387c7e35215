#include "sim/enumerations.hpp"

#include "core/uuid.hpp"

#include <algorithm>
#include <utility>

namespace watari::sim {

std::string Enumerations::open(Enumeration enumeration)
{
    expire();
    enumeration.expires = clock_.steady() + idle_;
    std::string context = "uuid:" + Uuid::random(random_).upper();
    open_.emplace(context, std::move(enumeration));
    return context;
}

Enumeration* Enumerations::find(const std::string& context)
{
    expire();
    const auto at = open_.find(context);
    if (at == open_.end()) {
        return nullptr;
    }
    at->second.expires = clock_.steady() + idle_;
    return &at->second;
}

bool Enumerations::close(const std::string& context, const std::string& account)
{
    const Enumeration* enumeration = find(context);
    return enumeration != nullptr && enumeration->account == account && open_.erase(context) > 0;
}

void Enumerations::given(const std::string& context, std::size_t count, bool was_last)
{
    if (Enumeration* enumeration = find(context)) {
        enumeration->given += count;
        if (was_last) {
            open_.erase(context);
        }
    }
}

std::size_t Enumerations::count_of(const std::string& account)
{
    expire();
    return static_cast<std::size_t>(std::ranges::count_if(
        open_, [&](const auto& entry) { return entry.second.account == account; }));
}

void Enumerations::expire()
{
    std::erase_if(
        open_, [now = clock_.steady()](const auto& entry) { return entry.second.expires <= now; });
}

} // namespace watari::sim
