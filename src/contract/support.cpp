#include "contract/support.hpp"

#include "core/clock.hpp"
#include "core/uuid.hpp"
#include "messages/contract.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <charconv>
#include <regex>

namespace watari::contract {

namespace {

std::size_t code_points(std::string_view text)
{
    return static_cast<std::size_t>(std::ranges::count_if(
        text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

bool is_one_of(std::string_view values, std::string_view text)
{
    while (!values.empty()) {
        const auto bar = values.find('|');
        if (values.substr(0, bar) == text) {
            return true;
        }
        values.remove_prefix(bar == std::string_view::npos ? values.size() : bar + 1);
    }
    return false;
}

std::string comma_separated(std::string_view values)
{
    std::string text;
    for (const char c : values) {
        text += c == '|' ? std::string{", "} : std::string{c};
    }
    return text;
}

std::optional<Message> problem_of(std::string_view text, const Rules& rules)
{
    const std::size_t length = code_points(text);
    if (length < rules.length_min) {
        return message::field_too_short{.at_least = std::to_string(rules.length_min)};
    }
    if (length > rules.length_max) {
        return message::field_too_long{.at_most = std::to_string(rules.length_max)};
    }
    if (!rules.values.empty() && !is_one_of(rules.values, text)) {
        return message::field_not_one_of{.values = comma_separated(rules.values)};
    }
    if (!rules.pattern.empty() &&
        !std::regex_match(text.begin(), text.end(),
                          std::regex{rules.pattern.begin(), rules.pattern.end()})) {
        return message::field_no_match{.pattern = std::string{rules.pattern}};
    }
    if (rules.is_uuid && !Uuid::parse(text)) {
        return message::field_not_uuid{};
    }
    if (rules.is_time && !wall_time_from(text)) {
        return message::field_not_time{};
    }
    return std::nullopt;
}

std::optional<Message> problem_of(std::int64_t number, const Rules& rules)
{
    if (number < rules.minimum) {
        return message::field_too_small{.at_least = std::to_string(rules.minimum)};
    }
    if (number > rules.maximum) {
        return message::field_too_large{.at_most = std::to_string(rules.maximum)};
    }
    return std::nullopt;
}

} // namespace

InvalidRequest::InvalidRequest(std::vector<WrongField> problems)
    : Error(ErrorKind::invalid, message::request_invalid{.count = std::to_string(problems.size())}),
      problems_(std::move(problems))
{
}

Reader::Inside::Inside(Reader& reader, std::string_view part)
    : reader_(reader), length_(reader.pointer_.size())
{
    reader_.pointer_ += '/';
    for (const char c : part) {
        if (c == '~') {
            reader_.pointer_ += "~0";
        } else if (c == '/') {
            reader_.pointer_ += "~1";
        } else {
            reader_.pointer_ += c;
        }
    }
}

void decode(const boost::json::value& json, std::string& into, const Rules& rules, Reader& reader)
{
    const auto* text = json.if_string();
    if (text == nullptr) {
        reader.problem(message::field_wrong_type{.expected = "string"});
        return;
    }
    into.assign(text->data(), text->size());
    if (auto problem = problem_of(into, rules)) {
        reader.problem(std::move(*problem));
    }
}

void decode(const boost::json::value& json, std::int64_t& into, const Rules& rules, Reader& reader)
{
    if (const auto* number = json.if_int64()) {
        into = *number;
        if (auto problem = problem_of(into, rules)) {
            reader.problem(std::move(*problem));
        }
    } else if (json.is_uint64()) {
        reader.problem(message::field_too_large{
            .at_most =
                std::to_string(std::min(rules.maximum, std::numeric_limits<std::int64_t>::max()))});
    } else {
        reader.problem(message::field_wrong_type{.expected = "integer"});
    }
}

void decode(const boost::json::value& json, bool& into, const Rules&, Reader& reader)
{
    if (const auto* flag = json.if_bool()) {
        into = *flag;
    } else {
        reader.problem(message::field_wrong_type{.expected = "boolean"});
    }
}

const boost::json::array* array_of(const boost::json::value& json, const Rules& rules,
                                   Reader& reader)
{
    const auto* array = json.if_array();
    if (array == nullptr) {
        reader.problem(message::field_wrong_type{.expected = "array"});
        return nullptr;
    }
    if (array->size() < rules.items_min) {
        reader.problem(message::field_too_few{.at_least = std::to_string(rules.items_min)});
        return nullptr;
    }
    if (array->size() > rules.items_max) {
        reader.problem(message::field_too_many{.at_most = std::to_string(rules.items_max)});
        return nullptr;
    }
    return array;
}

std::size_t size_of(const boost::json::array& array) noexcept
{
    return array.size();
}

const boost::json::value& element_of(const boost::json::array& array, std::size_t index)
{
    return array[index];
}

ObjectReader::ObjectReader(const boost::json::value& json, Reader& reader)
    : object_(json.if_object()), reader_(reader)
{
    if (object_ == nullptr) {
        reader_.problem(message::field_wrong_type{.expected = "object"});
    }
}

const boost::json::value* ObjectReader::find(std::string_view name)
{
    known_.push_back(name);
    return object_ == nullptr ? nullptr : object_->if_contains(name);
}

void ObjectReader::missing()
{
    reader_.problem(message::field_required{});
}

void ObjectReader::end(bool closed)
{
    if (!closed || object_ == nullptr) {
        return;
    }
    for (const auto& member : *object_) {
        const std::string_view name{member.key().data(), member.key().size()};
        if (std::ranges::find(known_, name) == known_.end()) {
            const Reader::Inside inside{reader_, name};
            reader_.problem(message::field_unknown{});
        }
    }
}

void put(boost::json::object& json, std::string_view name, const std::string& value)
{
    json.emplace(name, value);
}

void put(boost::json::object& json, std::string_view name, std::int64_t value)
{
    json.emplace(name, value);
}

void put(boost::json::object& json, std::string_view name, bool value)
{
    json.emplace(name, value);
}

void put(boost::json::object& json, std::string_view name, boost::json::value value)
{
    json.emplace(name, std::move(value));
}

void put_array(boost::json::object& json, std::string_view name, std::size_t count,
               const std::function<boost::json::value(std::size_t)>& element)
{
    boost::json::array array;
    array.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
        array.push_back(element(i));
    }
    json.emplace(name, std::move(array));
}

boost::json::value to_json(const std::string& value)
{
    return boost::json::value(value);
}

boost::json::value to_json(std::int64_t value)
{
    return boost::json::value(value);
}

void CallReader::text(std::string pointer, const std::string& value, std::string& into,
                      const Rules& rules)
{
    into = value;
    if (auto problem = problem_of(value, rules)) {
        reader_.problem_at(std::move(pointer), std::move(*problem));
    }
}

void CallReader::path(std::string_view name, std::string& into, const Rules& rules)
{
    for (const auto& [candidate, value] : raw_.path) {
        if (candidate == name) {
            text("path:" + candidate, value, into, rules);
        }
    }
}

const std::string* CallReader::in_query(std::string_view name)
{
    known_query_.push_back(name);
    for (const auto& [candidate, value] : raw_.query) {
        if (candidate == name) {
            return &value;
        }
    }
    return nullptr;
}

void CallReader::query(std::string_view name, std::optional<std::string>& into, const Rules& rules)
{
    if (const auto* value = in_query(name)) {
        text("query:" + std::string{name}, *value, into.emplace(), rules);
    }
}

void CallReader::query(std::string_view name, std::optional<std::int64_t>& into, const Rules& rules)
{
    const auto* value = in_query(name);
    if (value == nullptr) {
        return;
    }
    std::int64_t number = 0;
    const auto [end, failure] =
        std::from_chars(value->data(), value->data() + value->size(), number);
    if (failure != std::errc{} || end != value->data() + value->size()) {
        reader_.problem_at("query:" + std::string{name},
                           message::field_wrong_type{.expected = "integer"});
        return;
    }
    into = number;
    if (auto problem = problem_of(number, rules)) {
        reader_.problem_at("query:" + std::string{name}, std::move(*problem));
    }
}

void CallReader::query(std::string_view name, std::optional<bool>& into, const Rules&)
{
    const auto* value = in_query(name);
    if (value == nullptr) {
        return;
    }
    if (*value != "true" && *value != "false") {
        reader_.problem_at("query:" + std::string{name},
                           message::field_not_one_of{.values = "true, false"});
        return;
    }
    into = *value == "true";
}

void CallReader::header(std::string_view name, std::optional<std::string>& into, const Rules& rules)
{
    if (const auto value = raw_.header ? raw_.header(name) : std::nullopt) {
        text("header:" + std::string{name}, *value, into.emplace(), rules);
    }
}

void CallReader::with_json(const std::function<void(const boost::json::value&)>& use, bool required)
{
    if (raw_.body.empty()) {
        if (required) {
            reader_.problem(message::body_required{});
        }
        return;
    }
    boost::json::parse_options options;
    options.max_depth = 32;
    boost::system::error_code failure;
    const auto json = boost::json::parse(raw_.body, failure, {}, options);
    if (failure) {
        reader_.problem(message::body_not_json{.why = failure.message()});
        return;
    }
    use(json);
}

void CallReader::no_body()
{
    if (!raw_.body.empty()) {
        reader_.problem(message::body_unexpected{});
    }
}

void CallReader::end()
{
    for (const auto& [name, value] : raw_.query) {
        if (std::ranges::find(known_query_, std::string_view{name}) == known_query_.end()) {
            reader_.problem_at("query:" + name, message::field_unknown{});
        }
    }
    if (!reader_.problems().empty()) {
        throw InvalidRequest{std::move(reader_.problems())};
    }
}

void throw_unknown_operation()
{
    throw Error{ErrorKind::internal, message::operation_not_in_contract{}};
}

} // namespace watari::contract
