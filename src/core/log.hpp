#pragma once

#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>

#include <fmt/format.h>

namespace watari::log {

enum class Level { debug, info, warn, error };

struct Field {
    template <class Value>
    Field(std::string_view field_name, const Value& field_value)
        : name(field_name), value(fmt::format("{}", field_value))
    {
    }

    std::string_view name;
    std::string value;
};

/// Receives every event; called on any thread.
using Sink = std::function<void(Level, std::string_view event, std::initializer_list<Field>)>;

/// Set once in main() (and by tests that read what was logged). Until then events go to standard
/// error.
void set_sink(Sink sink);
/// One line per event through spdlog: time, level, event, fields; to `path`, or to standard error
/// when empty.
Sink spdlog_sink(Level least, const std::string& path = {});

/// Someone's request failed, or we cannot go on.
void error(std::string_view event, std::initializer_list<Field> fields = {});
/// Odd, but handled.
void warn(std::string_view event, std::initializer_list<Field> fields = {});
/// A rare change of state that an operator wants to see.
void info(std::string_view event, std::initializer_list<Field> fields = {});
/// For developers.
void debug(std::string_view event, std::initializer_list<Field> fields = {});

} // namespace watari::log
