#pragma once

#include "core/task.hpp"

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace watari::http {

/// Header fields in order; names compare without regard to case and may repeat (WWW-Authenticate).
class Headers
{
public:
    void add(std::string name, std::string value)
    {
        fields_.emplace_back(std::move(name), std::move(value));
    }
    void set(std::string_view name, std::string value);
    void erase(std::string_view name);
    std::optional<std::string_view> get(std::string_view name) const noexcept;
    std::vector<std::string_view> all(std::string_view name) const;
    const std::vector<std::pair<std::string, std::string>>& fields() const noexcept
    {
        return fields_;
    }

private:
    std::vector<std::pair<std::string, std::string>> fields_;
};

struct Request {
    std::string method = "GET";
    std::string target = "/";
    Headers headers = {};
    std::string body = {};
};

/// Gives the body of a streamed answer piece by piece; write() waits while the client is slow.
class BodyWriter
{
public:
    virtual ~BodyWriter() = default;
    /// Throws unavailable or timed_out when the client is gone or too slow.
    virtual Task<> write(std::string_view bytes) = 0;
};

struct Response {
    int status = 200;
    Headers headers = {};
    std::string body = {};
    /// Server side only: when set, the body is sent chunked by this function instead.
    std::function<Task<>(BodyWriter&)> stream = {};
    /// Server side only (simulator's faults): do not answer, drop the connection.
    bool drop_connection = false;
    /// Server side only: answer, then close.
    bool close_after = false;
};

std::string_view reason_phrase(int status) noexcept;

} // namespace watari::http
