#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/clock.hpp"

namespace watari::cim {

enum class Type {
    boolean,
    string,
    char16,
    uint8,
    sint8,
    uint16,
    sint16,
    uint32,
    sint32,
    uint64,
    sint64,
    real32,
    real64,
    datetime,
    reference,
    object, ///< an embedded instance given as structure (GetSummaryInformation), not as text
};

/// DSP0201 names: "uint16", "boolean", …; "ref" is reference, "instance" and "object" are object.
std::string_view to_string(Type type) noexcept;
std::optional<Type> type_from(std::string_view name) noexcept;

/// A CIM datetime: a moment or a length of time. Three spellings exist for one value: CIM text (in
/// CIM-XML), xs:dateTime (cim:Datetime) and xs:duration (cim:Interval) on the wire; wsman.md 4.4
/// and 5.5.
class DateTime
{
public:
    static DateTime moment(WallTime time) { return DateTime{time, std::nullopt}; }
    static DateTime interval(std::chrono::microseconds length) { return DateTime{{}, length}; }
    /// `ddddddddHHMMSS.mmmmmm:000`, `yyyymmddHHMMSS.mmmmmm+UUU`; '*' fields of a moment read as the
    /// earliest value.
    static std::optional<DateTime> from_cim(std::string_view text);
    /// xs:dateTime or xs:duration.
    static std::optional<DateTime> from_xs(std::string_view text);

    bool is_interval() const noexcept { return interval_.has_value(); }
    WallTime time() const noexcept { return time_; }
    std::chrono::microseconds length() const noexcept
    {
        return interval_.value_or(std::chrono::microseconds{0});
    }
    std::string cim() const;
    /// As Windows prints it: `2025-12-17T09:55:22.702341Z` (zeros of the fraction trimmed),
    /// `P0DT0H30M0S` [R].
    std::string xs() const;

    friend bool operator==(const DateTime&, const DateTime&) = default;

private:
    DateTime(WallTime time, std::optional<std::chrono::microseconds> length)
        : time_(time), interval_(length)
    {
    }

    WallTime time_;
    std::optional<std::chrono::microseconds> interval_;
};

class Instance;
class ObjectPath;

/// One CIM value: null, a scalar, or an array of scalars. Unsigned and signed integers keep 64
/// bits. References and embedded instances are shared immutable.
class Value
{
public:
    using Array = std::vector<Value>;
    using Reference = std::shared_ptr<const ObjectPath>;
    using Embedded = std::shared_ptr<const Instance>;

    Value() = default; ///< null
    Value(bool value) : data_(value) {}
    Value(std::uint64_t value) : data_(value) {}
    Value(std::int64_t value) : data_(value) {}
    Value(std::uint32_t value) : data_(std::uint64_t{value}) {}
    Value(std::uint16_t value) : data_(std::uint64_t{value}) {}
    Value(std::uint8_t value) : data_(std::uint64_t{value}) {}
    Value(int value) : data_(std::int64_t{value}) {}
    Value(double value) : data_(value) {}
    Value(std::string value) : data_(std::move(value)) {}
    Value(std::string_view value) : data_(std::string{value}) {}
    Value(const char* value) : data_(std::string{value}) {}
    Value(DateTime value) : data_(value) {}
    Value(const ObjectPath& value);
    Value(Reference value) : data_(std::move(value)) {}
    Value(const Instance& value);
    Value(Embedded value) : data_(std::move(value)) {}
    Value(Array value) : data_(std::move(value)) {}

    bool is_null() const noexcept { return std::holds_alternative<std::monostate>(data_); }
    bool is_array() const noexcept { return std::holds_alternative<Array>(data_); }

    /// nullopt when the value is null or of another kind; integers convert between signedness when
    /// they fit.
    std::optional<bool> boolean() const;
    std::optional<std::uint64_t> unsigned_integer() const;
    std::optional<std::int64_t> signed_integer() const;
    std::optional<double> real() const;
    const std::string* string() const noexcept { return std::get_if<std::string>(&data_); }
    const DateTime* datetime() const noexcept { return std::get_if<DateTime>(&data_); }
    const ObjectPath* reference() const noexcept;
    const Instance* embedded() const noexcept;
    const Array* array() const noexcept { return std::get_if<Array>(&data_); }

    /// Deep equality; 2 as unsigned equals 2 as signed. Strings compare exactly.
    friend bool operator==(const Value& a, const Value& b);

    /// The value as text of `type` (decimal, "true"/"false", CIM datetime); empty for null, arrays,
    /// references, instances.
    std::string text() const;
    /// Reads `text` as `type` (not reference, object); nullopt when it is not one or does not fit.
    static std::optional<Value> parse(Type type, std::string_view text);
    /// Whether this value could stand in a property of `type` (null always can); integers must fit.
    bool fits(Type type, bool is_array) const;

private:
    std::variant<std::monostate, bool, std::uint64_t, std::int64_t, double, std::string, DateTime,
                 Reference, Embedded, Array>
        data_;
};

/// ASCII case-insensitive comparison, as WMI compares names, keys and GUIDs.
bool same_name(std::string_view a, std::string_view b) noexcept;
/// Lower case, ASCII only: for keys of maps of names.
std::string folded(std::string_view name);

} // namespace watari::cim
