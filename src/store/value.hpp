#pragma once

#include "core/byte_size.hpp"
#include "core/clock.hpp"
#include "core/strong.hpp"
#include "core/uuid.hpp"

#include <boost/json/value.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

namespace watari::store {

using Blob = std::vector<std::byte>;
/// What a database holds in one cell.
using Value = std::variant<std::monostate, std::int64_t, double, std::string, Blob>;

/// The names of an enumeration as the database, REST and CLI spell them: `static constexpr
/// std::pair<E, std::string_view> names[]`, specialised beside the enumeration.
template <class Enum>
struct EnumNames;

template <class Enum>
concept NamedEnum = std::is_enum_v<Enum> && requires { EnumNames<Enum>::names; };

/// Throws internal when the value has no name.
template <NamedEnum Enum>
std::string_view name_of(Enum value);
template <NamedEnum Enum>
std::optional<Enum> enum_from(std::string_view name) noexcept;

/// How one C++ type is kept in a cell: `to(value)` and `from(cell)`; from throws a std::exception
/// on what does not fit.
template <class T>
struct Cell;

/// One argument of a statement. Made from every type that has a Cell.
class Param
{
public:
    Param() = default;
    Param(std::nullptr_t) {}
    Param(std::nullopt_t) {}
    Param(const char* text) : value_(std::string{text}) {}
    Param(std::string_view text) : value_(std::string{text}) {}
    template <class T>
        requires requires(const T& source) { Cell<T>::to(source); }
    Param(const T& source) : value_(Cell<T>::to(source))
    {
    }

    const Value& value() const noexcept { return value_; }

private:
    Value value_;
};

/// Sorts as text in time order: always six digits of fraction.
std::string time_to_text(WallTime time);
[[noreturn]] void throw_wrong_cell(const Value& found, std::string_view wanted);
[[noreturn]] void throw_out_of_range(std::string_view wanted);

} // namespace watari::store

#include "store/value_cells.hpp"
