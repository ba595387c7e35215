#pragma once

#include "core/error.hpp"

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/json/fwd.hpp>

/// What the generated contract (contract/contract.hpp, from docs/openapi.yaml) stands on: rules of
/// values and the collecting of every problem of a request at once.
namespace watari::contract {

/// One wrong field. `pointer` is a JSON Pointer into the body, or "query:name", "header:name",
/// "path:name".
struct WrongField {
    std::string pointer;
    Message message;
};

/// Everything wrong with one request.
class InvalidRequest : public Error
{
public:
    explicit InvalidRequest(std::vector<WrongField> problems);
    const std::vector<WrongField>& problems() const noexcept { return problems_; }

private:
    std::vector<WrongField> problems_;
};

/// The constraints of one value, as the contract states them.
struct Rules {
    std::int64_t minimum = std::numeric_limits<std::int64_t>::min();
    std::int64_t maximum = std::numeric_limits<std::int64_t>::max();
    std::size_t length_min = 0; ///< in characters (code points)
    std::size_t length_max = std::numeric_limits<std::size_t>::max();
    std::size_t items_min = 0;
    std::size_t items_max = std::numeric_limits<std::size_t>::max();
    std::string_view pattern = {}; ///< ECMAScript
    std::string_view values = {};  ///< "a|b|c"
    bool is_uuid = false;
    bool is_time = false;
};

/// Where the decoder stands, and what it has found wrong so far.
class Reader
{
public:
    void problem(Message message) { problems_.push_back({pointer_, std::move(message)}); }
    void problem_at(std::string pointer, Message message)
    {
        problems_.push_back({std::move(pointer), std::move(message)});
    }
    std::vector<WrongField>& problems() noexcept { return problems_; }

    /// Moves into a member or element while alive.
    class Inside
    {
    public:
        Inside(Reader& reader, std::string_view part);
        ~Inside() { reader_.pointer_.resize(length_); }

    private:
        Reader& reader_;
        std::size_t length_;
    };

private:
    std::string pointer_;
    std::vector<WrongField> problems_;
};

void decode(const boost::json::value& json, std::string& into, const Rules& rules, Reader& reader);
void decode(const boost::json::value& json, std::int64_t& into, const Rules& rules, Reader& reader);
void decode(const boost::json::value& json, bool& into, const Rules& rules, Reader& reader);

/// nullptr when `json` is no array or breaks the rules (the problem is noted).
const boost::json::array* array_of(const boost::json::value& json, const Rules& rules,
                                   Reader& reader);
std::size_t size_of(const boost::json::array& array) noexcept;
const boost::json::value& element_of(const boost::json::array& array, std::size_t index);

template <class T>
concept DecodesItself = requires(const boost::json::value& json, T& into, Reader& reader) {
    decode(json, into, reader);
};

template <DecodesItself T>
void decode(const boost::json::value& json, T& into, const Rules&, Reader& reader)
{
    decode(json, into, reader);
}

template <class T>
void decode(const boost::json::value& json, std::vector<T>& into, const Rules& rules,
            Reader& reader)
{
    if (const auto* array = array_of(json, rules, reader)) {
        for (std::size_t i = 0; i < size_of(*array); ++i) {
            const Reader::Inside inside{reader, std::to_string(i)};
            decode(element_of(*array, i), into.emplace_back(), Rules{}, reader);
        }
    }
}

/// Reads one JSON object and, at the end, refuses members nobody asked for.
class ObjectReader
{
public:
    ObjectReader(const boost::json::value& json, Reader& reader);

    template <class T>
    void required(std::string_view name, T& into, const Rules& rules)
    {
        const Reader::Inside inside{reader_, name};
        if (const auto* member = find(name)) {
            decode(*member, into, rules, reader_);
        } else if (object_ != nullptr) {
            missing();
        }
    }

    template <class T>
    void optional(std::string_view name, std::optional<T>& into, const Rules& rules)
    {
        const Reader::Inside inside{reader_, name};
        if (const auto* member = find(name)) {
            decode(*member, into.emplace(), rules, reader_);
        }
    }

    template <class T>
    void optional(std::string_view name, std::vector<T>& into, const Rules& rules)
    {
        const Reader::Inside inside{reader_, name};
        if (const auto* member = find(name)) {
            decode(*member, into, rules, reader_);
        }
    }

    void end(bool closed);

private:
    const boost::json::value* find(std::string_view name);
    void missing();

    const boost::json::object* object_ = nullptr;
    Reader& reader_;
    std::vector<std::string_view> known_;
};

void put(boost::json::object& json, std::string_view name, const std::string& value);
void put(boost::json::object& json, std::string_view name, std::int64_t value);
void put(boost::json::object& json, std::string_view name, bool value);
void put(boost::json::object& json, std::string_view name, boost::json::value value);
void put_array(boost::json::object& json, std::string_view name, std::size_t count,
               const std::function<boost::json::value(std::size_t)>& element);
boost::json::value to_json(const std::string& value);
boost::json::value to_json(std::int64_t value);

template <class T>
concept EncodesItself = requires(const T& value) { encode(value); };

template <EncodesItself T>
void put(boost::json::object& json, std::string_view name, const T& value)
{
    put(json, name, encode(value));
}

template <class T>
void put(boost::json::object& json, std::string_view name, const std::vector<T>& values)
{
    put_array(json, name, values.size(), [&](std::size_t i) {
        if constexpr (EncodesItself<T>) {
            return encode(values[i]);
        } else {
            return to_json(values[i]);
        }
    });
}

template <class T>
void put(boost::json::object& json, std::string_view name, const std::optional<T>& value)
{
    if (value) {
        put(json, name, *value);
    }
}

/// A request as HTTP gave it; look-ups return nullopt when the name is not there.
struct RawCall {
    std::vector<std::pair<std::string, std::string>> path = {};
    std::vector<std::pair<std::string, std::string>> query = {};
    std::function<std::optional<std::string>(std::string_view)> header = {};
    std::string_view body = {};
};

class CallReader
{
public:
    explicit CallReader(const RawCall& raw) : raw_(raw) {}

    void path(std::string_view name, std::string& into, const Rules& rules);
    void query(std::string_view name, std::optional<std::string>& into, const Rules& rules);
    void query(std::string_view name, std::optional<std::int64_t>& into, const Rules& rules);
    void query(std::string_view name, std::optional<bool>& into, const Rules& rules);
    void header(std::string_view name, std::optional<std::string>& into, const Rules& rules);

    template <class T>
    void body(T& into)
    {
        with_json([&](const boost::json::value& json) { decode(json, into, reader_); }, true);
    }

    template <class T>
    void body(std::optional<T>& into)
    {
        with_json([&](const boost::json::value& json) { decode(json, into.emplace(), reader_); },
                  false);
    }

    void no_body();
    /// Refuses query parameters nobody asked for; throws InvalidRequest when anything was wrong.
    void end();

private:
    void with_json(const std::function<void(const boost::json::value&)>& use, bool required);
    const std::string* in_query(std::string_view name);
    void text(std::string pointer, const std::string& value, std::string& into, const Rules& rules);

    const RawCall& raw_;
    Reader reader_;
    std::vector<std::string_view> known_query_;
};

[[noreturn]] void throw_unknown_operation();

} // namespace watari::contract
