#pragma once

#include <compare>
#include <functional>
#include <utility>

#include <fmt/format.h>

namespace watari {

/// A value that cannot be swapped with another of the same representation: `using VmId =
/// Strong<struct VmIdTag, Uuid>`.
template <class Tag, class Value>
class Strong
{
public:
    Strong() = default;
    explicit Strong(Value value) : value_(std::move(value)) {}

    const Value& value() const noexcept { return value_; }

    friend auto operator<=>(const Strong&, const Strong&) = default;

private:
    Value value_{};
};

} // namespace watari

template <class Tag, class Value>
struct std::hash<watari::Strong<Tag, Value>> {
    std::size_t operator()(const watari::Strong<Tag, Value>& strong) const noexcept
    {
        return std::hash<Value>{}(strong.value());
    }
};

template <class Tag, class Value>
struct fmt::formatter<watari::Strong<Tag, Value>> : fmt::formatter<Value> {
    template <class Context>
    auto format(const watari::Strong<Tag, Value>& strong, Context& context) const
    {
        return fmt::formatter<Value>::format(strong.value(), context);
    }
};
