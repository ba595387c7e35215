// The template bodies of store/value.hpp; included by it only.
#pragma once

#include "store/value.hpp"

#include <limits>
#include <utility>

namespace watari::store {

template <NamedEnum Enum>
std::string_view name_of(Enum value)
{
    for (const auto& [known, name] : EnumNames<Enum>::names) {
        if (known == value) {
            return name;
        }
    }
    throw_out_of_range("an enumeration");
}

template <NamedEnum Enum>
std::optional<Enum> enum_from(std::string_view name) noexcept
{
    for (const auto& [known, text] : EnumNames<Enum>::names) {
        if (text == name) {
            return known;
        }
    }
    return std::nullopt;
}

template <class T>
const T& cell_as(const Value& value, std::string_view wanted)
{
    const T* found = std::get_if<T>(&value);
    if (found == nullptr) {
        throw_wrong_cell(value, wanted);
    }
    return *found;
}

template <std::integral T>
struct Cell<T> {
    static Value to(T value)
    {
        if constexpr (!std::is_same_v<T, bool>) {
            if (!std::in_range<std::int64_t>(value)) {
                throw_out_of_range("an integer");
            }
        }
        return static_cast<std::int64_t>(value);
    }
    static T from(const Value& value)
    {
        const auto number = cell_as<std::int64_t>(value, "an integer");
        if constexpr (!std::is_same_v<T, bool>) {
            if (!std::in_range<T>(number)) {
                throw_out_of_range("an integer");
            }
        }
        return static_cast<T>(number);
    }
};

template <>
struct Cell<double> {
    static Value to(double value) { return value; }
    static double from(const Value& value)
    {
        const auto* whole = std::get_if<std::int64_t>(&value);
        return whole != nullptr ? static_cast<double>(*whole) : cell_as<double>(value, "a number");
    }
};

template <>
struct Cell<std::string> {
    static Value to(const std::string& value) { return value; }
    static std::string from(const Value& value) { return cell_as<std::string>(value, "text"); }
};

template <>
struct Cell<Blob> {
    static Value to(const Blob& value) { return value; }
    static Blob from(const Value& value) { return cell_as<Blob>(value, "bytes"); }
};

template <>
struct Cell<ByteSize> {
    static Value to(ByteSize value) { return Cell<std::uint64_t>::to(value.in_bytes()); }
    static ByteSize from(const Value& value)
    {
        return ByteSize::bytes(Cell<std::uint64_t>::from(value));
    }
};

template <>
struct Cell<WallTime> {
    static Value to(WallTime value) { return time_to_text(value); }
    static WallTime from(const Value& value)
    {
        const auto time = wall_time_from(cell_as<std::string>(value, "a time"));
        if (!time) {
            throw_wrong_cell(value, "a time");
        }
        return *time;
    }
};

template <>
struct Cell<std::chrono::milliseconds> {
    static Value to(std::chrono::milliseconds value)
    {
        return static_cast<std::int64_t>(value.count());
    }
    static std::chrono::milliseconds from(const Value& value)
    {
        return std::chrono::milliseconds{cell_as<std::int64_t>(value, "milliseconds")};
    }
};

template <>
struct Cell<Uuid> {
    static Value to(const Uuid& value) { return value.lower(); }
    static Uuid from(const Value& value)
    {
        const auto uuid = Uuid::parse(cell_as<std::string>(value, "a UUID"));
        if (!uuid) {
            throw_wrong_cell(value, "a UUID");
        }
        return *uuid;
    }
};

template <>
struct Cell<boost::json::value> {
    static Value to(const boost::json::value& value);
    static boost::json::value from(const Value& value);
};

template <class Tag, class Inner>
struct Cell<Strong<Tag, Inner>> {
    static Value to(const Strong<Tag, Inner>& value) { return Cell<Inner>::to(value.value()); }
    static Strong<Tag, Inner> from(const Value& value)
    {
        return Strong<Tag, Inner>{Cell<Inner>::from(value)};
    }
};

template <NamedEnum Enum>
struct Cell<Enum> {
    static Value to(Enum value) { return std::string{name_of(value)}; }
    static Enum from(const Value& value)
    {
        const auto found = enum_from<Enum>(cell_as<std::string>(value, "a name"));
        if (!found) {
            throw_wrong_cell(value, "a known name");
        }
        return *found;
    }
};

template <class T>
struct Cell<std::optional<T>> {
    static Value to(const std::optional<T>& value) { return value ? Cell<T>::to(*value) : Value{}; }
    static std::optional<T> from(const Value& value)
    {
        return std::holds_alternative<std::monostate>(value)
                   ? std::nullopt
                   : std::optional<T>{Cell<T>::from(value)};
    }
};

} // namespace watari::store
