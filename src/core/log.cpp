#include "core/log.hpp"

#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <mutex>

namespace watari::log {

namespace {

struct State {
    std::mutex mutex;
    std::shared_ptr<const Sink> sink;
};

State& state()
{
    static State instance;
    return instance;
}

spdlog::level::level_enum to_spdlog(Level level)
{
    switch (level) {
    case Level::debug:
        return spdlog::level::debug;
    case Level::info:
        return spdlog::level::info;
    case Level::warn:
        return spdlog::level::warn;
    case Level::error:
        return spdlog::level::err;
    }
    return spdlog::level::err;
}

/// Quotes a value that would not read back as one word; control characters never reach the log.
std::string quoted(const std::string& value)
{
    const bool plain = !value.empty() && value.find_first_of(" \t\r\n\"=\\") == std::string::npos;
    if (plain) {
        return value;
    }
    std::string text = "\"";
    for (const char c : value) {
        if (c == '"' || c == '\\') {
            text += '\\';
            text += c;
        } else if (c == '\n') {
            text += "\\n";
        } else if (static_cast<unsigned char>(c) < 0x20) {
            text += '?';
        } else {
            text += c;
        }
    }
    return text + "\"";
}

void write(Level level, std::string_view event, std::initializer_list<Field> fields)
{
    std::shared_ptr<const Sink> sink;
    {
        const std::lock_guard lock{state().mutex};
        if (!state().sink) {
            state().sink = std::make_shared<const Sink>(spdlog_sink(Level::warn));
        }
        sink = state().sink;
    }
    (*sink)(level, event, fields);
}

} // namespace

void set_sink(Sink sink)
{
    const std::lock_guard lock{state().mutex};
    state().sink = std::make_shared<const Sink>(std::move(sink));
}

Sink spdlog_sink(Level least, const std::string& path)
{
    spdlog::sink_ptr output;
    if (path.empty()) {
        output = std::make_shared<spdlog::sinks::stderr_sink_mt>();
    } else {
        output = std::make_shared<spdlog::sinks::basic_file_sink_mt>(path);
    }
    auto logger = std::make_shared<spdlog::logger>("watari", std::move(output));
    logger->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc);
    logger->set_level(to_spdlog(least));
    logger->flush_on(spdlog::level::info);
    return [logger](Level level, std::string_view event, std::initializer_list<Field> fields) {
        if (!logger->should_log(to_spdlog(level))) {
            return;
        }
        std::string line{event};
        for (const auto& field : fields) {
            line += fmt::format(" {}={}", field.name, quoted(field.value));
        }
        logger->log(to_spdlog(level), "{}", line);
    };
}

void error(std::string_view event, std::initializer_list<Field> fields)
{
    write(Level::error, event, fields);
}

void warn(std::string_view event, std::initializer_list<Field> fields)
{
    write(Level::warn, event, fields);
}

void info(std::string_view event, std::initializer_list<Field> fields)
{
    write(Level::info, event, fields);
}

void debug(std::string_view event, std::initializer_list<Field> fields)
{
    write(Level::debug, event, fields);
}

} // namespace watari::log
