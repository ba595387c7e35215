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

namespace {

constexpr std::pair<int, std::string_view> reasons[] = {
    {100, "Continue"},
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {206, "Partial Content"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {415, "Unsupported Media Type"},
    {417, "Expectation Failed"},
    {422, "Unprocessable Content"},
    {428, "Precondition Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
};

} // namespace

std::string_view reason_phrase(int status) noexcept
{
    const auto found =
        std::ranges::find(reasons, status, [](const auto& reason) { return reason.first; });
    return found == std::end(reasons) ? std::string_view{} : found->second;
}

} // namespace watari::http
