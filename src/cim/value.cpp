#include "cim/value.hpp"

#include "cim/instance.hpp"
#include "cim/object_path.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include <fmt/format.h>

namespace watari::cim {

namespace {

constexpr std::array<std::pair<Type, std::string_view>, 16> type_names{{
    {Type::boolean, "boolean"},
    {Type::string, "string"},
    {Type::char16, "char16"},
    {Type::uint8, "uint8"},
    {Type::sint8, "sint8"},
    {Type::uint16, "uint16"},
    {Type::sint16, "sint16"},
    {Type::uint32, "uint32"},
    {Type::sint32, "sint32"},
    {Type::uint64, "uint64"},
    {Type::sint64, "sint64"},
    {Type::real32, "real32"},
    {Type::real64, "real64"},
    {Type::datetime, "datetime"},
    {Type::reference, "ref"},
    {Type::object, "object"},
}};

char lower(char c) noexcept
{
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::string_view trimmed(std::string_view text)
{
    constexpr std::string_view white_space = " \t\r\n";
    const auto first = text.find_first_not_of(white_space);
    if (first == std::string_view::npos) {
        return {};
    }
    return text.substr(first, text.find_last_not_of(white_space) - first + 1);
}

template <class Number>
std::optional<Value> parse_integer(std::string_view text)
{
    text = trimmed(text);
    if (text.size() > 1 && text.front() == '+' && text[1] != '-') {
        text.remove_prefix(1);
    }
    Number number{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size()) {
        return std::nullopt;
    }
    if constexpr (std::is_signed_v<Number>) {
        return Value{std::int64_t{number}};
    } else {
        return Value{std::uint64_t{number}};
    }
}

std::optional<Value> parse_boolean(std::string_view text)
{
    text = trimmed(text);
    if (same_name(text, "true") || text == "1") {
        return Value{true};
    }
    if (same_name(text, "false") || text == "0") {
        return Value{false};
    }
    return std::nullopt;
}

std::optional<Value> parse_real(std::string_view text, double largest)
{
    text = trimmed(text);
    if (same_name(text, "NaN")) {
        return Value{std::numeric_limits<double>::quiet_NaN()};
    }
    if (same_name(text, "INF") || same_name(text, "-INF")) {
        const double infinity = std::numeric_limits<double>::infinity();
        return Value{text.front() == '-' ? -infinity : infinity};
    }
    if (text.size() > 1 && text.front() == '+' && text[1] != '-') {
        text.remove_prefix(1);
    }
    double number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size() ||
        !(std::abs(number) <= largest)) {
        return std::nullopt;
    }
    return Value{number};
}

/// One character of the Basic Multilingual Plane in UTF-8.
bool is_char16(std::string_view text)
{
    if (text.empty()) {
        return false;
    }
    const auto first = static_cast<unsigned char>(text.front());
    const std::size_t length = first < 0x80 ? 1 : first < 0xE0 ? 2 : 3;
    return text.size() == length && first < 0xF0;
}

std::string real_text(double number)
{
    if (std::isnan(number)) {
        return "NaN";
    }
    if (std::isinf(number)) {
        return number < 0 ? "-INF" : "INF";
    }
    return fmt::format("{}", number);
}

template <class Number>
bool in_range(const Value& value)
{
    if constexpr (std::is_signed_v<Number>) {
        const auto number = value.signed_integer();
        return number && std::in_range<Number>(*number);
    } else {
        const auto number = value.unsigned_integer();
        return number && std::in_range<Number>(*number);
    }
}

} // namespace

std::string_view to_string(Type type) noexcept
{
    return type_names[static_cast<std::size_t>(type)].second;
}

std::optional<Type> type_from(std::string_view name) noexcept
{
    for (const auto& [type, text] : type_names) {
        if (same_name(text, name)) {
            return type;
        }
    }
    if (same_name(name, "reference")) {
        return Type::reference;
    }
    return same_name(name, "instance") ? std::optional{Type::object} : std::nullopt;
}

Value::Value(const ObjectPath& value) : data_(std::make_shared<const ObjectPath>(value)) {}
Value::Value(const Instance& value) : data_(std::make_shared<const Instance>(value)) {}

std::optional<bool> Value::boolean() const
{
    const auto* value = std::get_if<bool>(&data_);
    return value == nullptr ? std::nullopt : std::optional{*value};
}

std::optional<std::uint64_t> Value::unsigned_integer() const
{
    if (const auto* value = std::get_if<std::uint64_t>(&data_)) {
        return *value;
    }
    const auto* value = std::get_if<std::int64_t>(&data_);
    return value == nullptr || *value < 0 ? std::nullopt
                                          : std::optional{static_cast<std::uint64_t>(*value)};
}

std::optional<std::int64_t> Value::signed_integer() const
{
    if (const auto* value = std::get_if<std::int64_t>(&data_)) {
        return *value;
    }
    const auto* value = std::get_if<std::uint64_t>(&data_);
    return value == nullptr || !std::in_range<std::int64_t>(*value)
               ? std::nullopt
               : std::optional{static_cast<std::int64_t>(*value)};
}

std::optional<double> Value::real() const
{
    if (const auto* value = std::get_if<double>(&data_)) {
        return *value;
    }
    if (const auto* value = std::get_if<std::uint64_t>(&data_)) {
        return static_cast<double>(*value);
    }
    const auto* value = std::get_if<std::int64_t>(&data_);
    return value == nullptr ? std::nullopt : std::optional{static_cast<double>(*value)};
}

const ObjectPath* Value::reference() const noexcept
{
    const auto* value = std::get_if<Reference>(&data_);
    return value == nullptr ? nullptr : value->get();
}

const Instance* Value::embedded() const noexcept
{
    const auto* value = std::get_if<Embedded>(&data_);
    return value == nullptr ? nullptr : value->get();
}

bool operator==(const Value& a, const Value& b)
{
    if (a.data_.index() != b.data_.index()) {
        const auto whole = a.signed_integer();
        return whole.has_value() && whole == b.signed_integer();
    }
    if (const auto *x = a.reference(), *y = b.reference(); x != nullptr && y != nullptr) {
        return *x == *y;
    }
    if (const auto *x = a.embedded(), *y = b.embedded(); x != nullptr && y != nullptr) {
        return *x == *y;
    }
    return a.data_ == b.data_;
}

std::string Value::text() const
{
    if (const auto* value = std::get_if<bool>(&data_)) {
        return *value ? "true" : "false";
    }
    if (const auto* value = std::get_if<std::uint64_t>(&data_)) {
        return fmt::format_int{*value}.str();
    }
    if (const auto* value = std::get_if<std::int64_t>(&data_)) {
        return fmt::format_int{*value}.str();
    }
    if (const auto* value = std::get_if<double>(&data_)) {
        return real_text(*value);
    }
    if (const auto* value = string()) {
        return *value;
    }
    const auto* value = datetime();
    return value == nullptr ? std::string{} : value->cim();
}

std::optional<Value> Value::parse(Type type, std::string_view text)
{
    switch (type) {
    case Type::boolean:
        return parse_boolean(text);
    case Type::string:
        return Value{text};
    case Type::char16:
        return is_char16(text) ? std::optional{Value{text}} : std::nullopt;
    case Type::uint8:
        return parse_integer<std::uint8_t>(text);
    case Type::sint8:
        return parse_integer<std::int8_t>(text);
    case Type::uint16:
        return parse_integer<std::uint16_t>(text);
    case Type::sint16:
        return parse_integer<std::int16_t>(text);
    case Type::uint32:
        return parse_integer<std::uint32_t>(text);
    case Type::sint32:
        return parse_integer<std::int32_t>(text);
    case Type::uint64:
        return parse_integer<std::uint64_t>(text);
    case Type::sint64:
        return parse_integer<std::int64_t>(text);
    case Type::real32:
        return parse_real(text, std::numeric_limits<float>::max());
    case Type::real64:
        return parse_real(text, std::numeric_limits<double>::max());
    case Type::datetime: {
        const auto cim = DateTime::from_cim(trimmed(text));
        const auto value = cim ? cim : DateTime::from_xs(text);
        return value ? std::optional{Value{*value}} : std::nullopt;
    }
    case Type::reference:
    case Type::object:
        return std::nullopt;
    }
    return std::nullopt;
}

bool Value::fits(Type type, bool is_array) const
{
    if (is_null()) {
        return true;
    }
    if (const auto* values = array()) {
        return is_array && std::ranges::all_of(*values, [&](const Value& value) {
                   return value.fits(type, false);
               });
    }
    if (is_array) {
        return false;
    }
    switch (type) {
    case Type::boolean:
        return boolean().has_value();
    case Type::string:
        return string() != nullptr;
    case Type::char16:
        return string() != nullptr && is_char16(*string());
    case Type::uint8:
        return in_range<std::uint8_t>(*this);
    case Type::sint8:
        return in_range<std::int8_t>(*this);
    case Type::uint16:
        return in_range<std::uint16_t>(*this);
    case Type::sint16:
        return in_range<std::int16_t>(*this);
    case Type::uint32:
        return in_range<std::uint32_t>(*this);
    case Type::sint32:
        return in_range<std::int32_t>(*this);
    case Type::uint64:
        return in_range<std::uint64_t>(*this);
    case Type::sint64:
        return in_range<std::int64_t>(*this);
    case Type::real32:
    case Type::real64:
        return real().has_value();
    case Type::datetime:
        return datetime() != nullptr;
    case Type::reference:
        return reference() != nullptr;
    case Type::object:
        return embedded() != nullptr;
    }
    return false;
}

bool same_name(std::string_view a, std::string_view b) noexcept
{
    return a.size() == b.size() &&
           std::ranges::equal(a, b, [](char x, char y) { return x == y || lower(x) == lower(y); });
}

std::string folded(std::string_view name)
{
    std::string out{name};
    std::ranges::transform(out, out.begin(), lower);
    return out;
}

} // namespace watari::cim
