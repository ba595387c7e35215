#include "cim/wql.hpp"

#include "cim/wql_condition.hpp"

#include <algorithm>
#include <compare>

namespace watari::cim::wql {

namespace {

using Kind = Condition::Kind;

constexpr std::string_view class_property = "__CLASS";
constexpr std::string_view this_property = "__THIS";

/// The UTF-8 character at the front; a byte that cannot be part of one counts as a character.
std::string_view front_character(std::string_view text)
{
    std::size_t size = 1;
    if (static_cast<unsigned char>(text.front()) >= 0xC0) {
        while (size < 4 && size < text.size() &&
               (static_cast<unsigned char>(text[size]) & 0xC0U) == 0x80) {
            ++size;
        }
    }
    return text.substr(0, size);
}

/// `[abc]`, `[a-z]` or `[^…]` at the front of a pattern.
struct CharacterSet {
    std::string_view inside;
    bool inverted;
    std::size_t size;
};

std::optional<CharacterSet> character_set(std::string_view pattern)
{
    const auto end = pattern.find(']', 1);
    if (!pattern.starts_with('[') || end == std::string_view::npos) {
        return std::nullopt;
    }
    auto inside = pattern.substr(1, end - 1);
    const bool inverted = inside.starts_with('^');
    inside.remove_prefix(inverted ? 1 : 0);
    return CharacterSet{inside, inverted, end + 1};
}

bool contains(const CharacterSet& set, std::string_view character)
{
    const std::string wanted = folded(character);
    bool found = false;
    for (auto rest = set.inside; !rest.empty() && !found;) {
        const std::string first = folded(front_character(rest));
        rest.remove_prefix(first.size());
        std::string last = first;
        if (rest.size() > 1 && rest.front() == '-') {
            last = folded(front_character(rest.substr(1)));
            rest.remove_prefix(1 + last.size());
        }
        found = first <= wanted && wanted <= last; // UTF-8 sorts as its code points do
    }
    return found != set.inverted;
}

/// How much of the pattern matches the one character; 0 when it does not. `pattern` is neither
/// empty nor at '%'.
std::size_t matches_one(std::string_view pattern, std::string_view character)
{
    if (pattern.front() == '_') {
        return 1;
    }
    if (const auto set = character_set(pattern)) {
        return contains(*set, character) ? set->size : 0;
    }
    const auto wanted = front_character(pattern);
    return same_name(wanted, character) ? wanted.size() : 0;
}

/// Goes back to the last '%' only, so the time is at most the product of both lengths.
bool like(std::string_view text, std::string_view pattern)
{
    std::optional<std::string_view> pattern_after_run;
    std::string_view text_at_run;
    while (!text.empty() || !pattern.empty()) {
        if (pattern.starts_with('%')) {
            pattern.remove_prefix(1);
            pattern_after_run = pattern;
            text_at_run = text;
            continue;
        }
        const auto character = text.empty() ? text : front_character(text);
        const std::size_t used =
            text.empty() || pattern.empty() ? 0 : matches_one(pattern, character);
        if (used != 0) {
            pattern.remove_prefix(used);
            text.remove_prefix(character.size());
        } else if (pattern_after_run && !text_at_run.empty()) {
            text_at_run.remove_prefix(front_character(text_at_run).size());
            text = text_at_run;
            pattern = *pattern_after_run;
        } else {
            return false;
        }
    }
    return true;
}

std::partial_ordering order_of_texts(std::string_view a, std::string_view b)
{
    return folded(a) <=> folded(b);
}

std::optional<Value> as_number(const Value& value)
{
    if (value.real()) {
        return value;
    }
    if (const auto flag = value.boolean()) {
        return Value{*flag ? 1 : 0};
    }
    if (const auto* text = value.string()) {
        for (const Type type : {Type::uint64, Type::sint64, Type::real64, Type::boolean}) {
            if (const auto number = Value::parse(type, *text)) {
                return as_number(*number);
            }
        }
    }
    return std::nullopt;
}

std::partial_ordering order_of_numbers(const Value& left, const Value& right)
{
    const auto a = as_number(left);
    const auto b = as_number(right);
    if (!a || !b) {
        return std::partial_ordering::unordered;
    }
    const auto a_signed = a->signed_integer();
    const auto b_signed = b->signed_integer();
    if (a_signed && b_signed) {
        return *a_signed <=> *b_signed;
    }
    const auto a_unsigned = a->unsigned_integer();
    const auto b_unsigned = b->unsigned_integer();
    if (a_unsigned && b_unsigned) {
        return *a_unsigned <=> *b_unsigned;
    }
    return *a->real() <=>
           *b->real(); // a negative and a huge integer, too, keep their order as reals
}

std::partial_ordering order_of_datetimes(const DateTime& value, const Value& literal)
{
    const auto read = Value::parse(Type::datetime, literal.text());
    if (!read) {
        return order_of_texts(value.cim(), literal.text());
    }
    const DateTime& other = *read->datetime();
    if (value.is_interval() != other.is_interval()) {
        return std::partial_ordering::unordered;
    }
    return value.is_interval() ? value.length() <=> other.length() : value.time() <=> other.time();
}

/// References are the same or not; there is no order among them.
std::partial_ordering order_of_references(const ObjectPath& value, const Value& literal)
{
    const auto path = ObjectPath::parse(literal.text());
    return path && value.names_same_instance(*path) ? std::partial_ordering::equivalent
                                                    : std::partial_ordering::unordered;
}

std::partial_ordering order(const Value& value, const Value& literal)
{
    if (const auto* text = value.string()) {
        return order_of_texts(*text, literal.text());
    }
    if (const auto* datetime = value.datetime()) {
        return order_of_datetimes(*datetime, literal);
    }
    if (const auto* reference = value.reference()) {
        return order_of_references(*reference, literal);
    }
    return order_of_numbers(value, literal);
}

bool compares(Kind kind, const Value& value, const Value& literal)
{
    const auto result = order(value, literal);
    switch (kind) {
    case Kind::equal:
        return result == 0;
    case Kind::not_equal:
        return result != 0;
    case Kind::less:
        return result < 0;
    case Kind::less_equal:
        return result <= 0;
    case Kind::greater:
        return result > 0;
    case Kind::greater_equal:
        return result >= 0;
    default:
        return false;
    }
}

class Evaluation
{
public:
    Evaluation(const Instance& instance, IsA is_a, const void* context)
        : instance_(instance), is_a_(is_a), context_(context)
    {
    }

    bool holds(const Condition& condition) const
    {
        const auto each = [this](const Condition& operand) { return holds(operand); };
        switch (condition.kind) {
        case Kind::all_of:
            return std::ranges::all_of(condition.operands, each);
        case Kind::any_of:
            return std::ranges::any_of(condition.operands, each);
        case Kind::none_of:
            return std::ranges::none_of(condition.operands, each);
        case Kind::is_a:
            return is_of_class(condition.property, *condition.literal.string());
        default:
            return tests(condition, value(condition.property));
        }
    }

private:
    /// A comparison with null is false; that NOT makes it true is UNVERIFIED.
    static bool tests(const Condition& condition, const Value& value)
    {
        if (condition.kind == Kind::is_null) {
            return value.is_null();
        }
        if (value.is_null() || value.is_array() || value.embedded() != nullptr) {
            return false;
        }
        if (condition.kind == Kind::like) {
            return like(value.reference() != nullptr ? value.reference()->text() : value.text(),
                        *condition.literal.string());
        }
        return compares(condition.kind, value, condition.literal);
    }

    Value value(std::string_view property) const
    {
        if (same_name(property, class_property)) {
            return Value{instance_.class_name()};
        }
        return instance_[property];
    }

    bool is_of_class(std::string_view property, std::string_view base) const
    {
        std::string_view class_name = instance_.class_name();
        if (!same_name(property, this_property)) {
            const Instance* embedded = instance_[property].embedded();
            if (embedded == nullptr) {
                return false;
            }
            class_name = embedded->class_name();
        }
        return same_name(class_name, base) ||
               (is_a_ != nullptr && is_a_(context_, class_name, base));
    }

    const Instance& instance_;
    IsA is_a_;
    const void* context_;
};

std::optional<std::string> demanded_by(const Condition& condition, std::string_view property)
{
    if (condition.kind == Kind::equal && same_name(condition.property, property)) {
        const auto* text = condition.literal.string();
        return text == nullptr ? std::nullopt : std::optional{*text};
    }
    if (condition.kind == Kind::all_of) {
        for (const Condition& operand : condition.operands) {
            if (auto text = demanded_by(operand, property)) {
                return text;
            }
        }
    }
    return std::nullopt;
}

} // namespace

bool matches(const Select& select, const Instance& instance)
{
    return matches(select, instance, nullptr, nullptr);
}

bool matches(const Select& select, const Instance& instance, IsA is_a, const void* context)
{
    return select.where == nullptr || Evaluation{instance, is_a, context}.holds(*select.where);
}

std::optional<std::string> demanded(const Select& select, std::string_view property)
{
    return select.where == nullptr ? std::nullopt : demanded_by(*select.where, property);
}

} // namespace watari::cim::wql
