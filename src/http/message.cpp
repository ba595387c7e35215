#include "http/message.hpp"

#include "http/codec.hpp"

#include <algorithm>

namespace watari::http {

void Headers::set(std::string_view name, std::string value)
{
    const auto same = [&](const auto& field) { return same_ignoring_case(field.first, name); };
    const auto first = std::ranges::find_if(fields_, same);
    if (first == fields_.end()) {
        add(std::string{name}, std::move(value));
        return;
    }
    first->second = std::move(value);
    fields_.erase(std::remove_if(first + 1, fields_.end(), same), fields_.end());
}

void Headers::erase(std::string_view name)
{
    std::erase_if(fields_,
                  [&](const auto& field) { return same_ignoring_case(field.first, name); });
}

std::optional<std::string_view> Headers::get(std::string_view name) const noexcept
{
    for (const auto& [known, value] : fields_) {
        if (same_ignoring_case(known, name)) {
            return value;
        }
    }
    return std::nullopt;
}

std::vector<std::string_view> Headers::all(std::string_view name) const
{
    std::vector<std::string_view> values;
    for (const auto& [known, value] : fields_) {
        if (same_ignoring_case(known, name)) {
            values.emplace_back(value);
        }
    }
    return values;
}

std::string_view reason_phrase(int status) noexcept
{
    switch (status) {
    case 100:
        return "Continue";
    case 200:
        return "OK";
    case 201:
        return "Created";
    case 202:
        return "Accepted";
    case 204:
        return "No Content";
    case 206:
        return "Partial Content";
    case 301:
        return "Moved Permanently";
    case 302:
        return "Found";
    case 303:
        return "See Other";
    case 304:
        return "Not Modified";
    case 307:
        return "Temporary Redirect";
    case 308:
        return "Permanent Redirect";
    case 400:
        return "Bad Request";
    case 401:
        return "Unauthorized";
    case 403:
        return "Forbidden";
    case 404:
        return "Not Found";
    case 405:
        return "Method Not Allowed";
    case 406:
        return "Not Acceptable";
    case 408:
        return "Request Timeout";
    case 409:
        return "Conflict";
    case 410:
        return "Gone";
    case 412:
        return "Precondition Failed";
    case 413:
        return "Content Too Large";
    case 415:
        return "Unsupported Media Type";
    case 417:
        return "Expectation Failed";
    case 422:
        return "Unprocessable Content";
    case 428:
        return "Precondition Required";
    case 429:
        return "Too Many Requests";
    case 431:
        return "Request Header Fields Too Large";
    case 500:
        return "Internal Server Error";
    case 501:
        return "Not Implemented";
    case 502:
        return "Bad Gateway";
    case 503:
        return "Service Unavailable";
    case 504:
        return "Gateway Timeout";
    case 505:
        return "HTTP Version Not Supported";
    default:
        return "";
    }
}

} // namespace watari::http
