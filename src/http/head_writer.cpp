#include "http/codec.hpp"

#include "core/error.hpp"
#include "messages/http.hpp"

#include <algorithm>

namespace watari::http {

namespace {

char lower(char letter)
{
    return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
}

bool is_field_value(std::string_view value)
{
    return std::ranges::all_of(value, [](char c) {
        return (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f) || c == '\t';
    });
}

bool is_target(std::string_view target)
{
    return !target.empty() && std::ranges::all_of(target, [](char c) {
        return static_cast<unsigned char>(c) > 0x20 && c != 0x7f;
    });
}

void append(std::string& head, std::string_view name, std::string_view value)
{
    head.append(name).append(": ").append(value).append("\r\n");
}

bool is_ours(std::string_view name)
{
    return same_ignoring_case(name, "Content-Length") ||
           same_ignoring_case(name, "Transfer-Encoding");
}

} // namespace

bool is_token(std::string_view name) noexcept
{
    constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
    return !name.empty() && std::ranges::all_of(name, [&](char c) {
        return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z') ||
               marks.find(c) != marks.npos;
    });
}

bool same_ignoring_case(std::string_view a, std::string_view b) noexcept
{
    return std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

std::string request_head(const Request& request, std::string_view host)
{
    if (!is_token(request.method) || !is_target(request.target)) {
        throw Error{ErrorKind::invalid, message::http_request_unsendable{.what = "request line"}};
    }
    std::string head;
    head.reserve(512);
    head.append(request.method).append(" ").append(request.target).append(" HTTP/1.1\r\n");
    if (!request.headers.get("Host")) {
        append(head, "Host", host);
    }
    if (!request.headers.get("Connection")) {
        append(head, "Connection", "Keep-Alive");
    }
    for (const auto& [name, value] : request.headers.fields()) {
        if (!is_token(name) || !is_field_value(value)) {
            throw Error{ErrorKind::invalid, message::http_request_unsendable{
                                                .what = is_token(name) ? name : "header name"}};
        }
        if (!is_ours(name)) {
            append(head, name, value);
        }
    }
    append(head, "Content-Length", std::to_string(request.body.size()));
    return head += "\r\n";
}

std::string response_head(const Response& response, const ResponseHead& say)
{
    std::string head;
    head.reserve(512);
    head.append("HTTP/1.1 ").append(std::to_string(response.status)).append(" ");
    head.append(reason_phrase(response.status)).append("\r\n");
    for (const auto& [name, value] : response.headers.fields()) {
        if (!is_token(name) || !is_field_value(value)) {
            throw Error{ErrorKind::internal, message::http_response_unsendable{
                                                 .what = is_token(name) ? name : "header name"}};
        }
        if (!is_ours(name) && !same_ignoring_case(name, "Connection")) {
            append(head, name, value);
        }
    }
    if (!say.server_name.empty() && !response.headers.get("Server")) {
        append(head, "Server", say.server_name);
    }
    if (!say.date.empty() && !response.headers.get("Date")) {
        append(head, "Date", say.date);
    }
    if (say.close) {
        append(head, "Connection", "close");
    } else if (say.keep_alive_named) {
        append(head, "Connection", "keep-alive");
    }
    switch (say.framing) {
    case Framing::none:
    case Framing::until_close:
        break;
    case Framing::content_length:
        append(head, "Content-Length", std::to_string(say.body_bytes));
        break;
    case Framing::chunked:
        append(head, "Transfer-Encoding", "chunked");
        break;
    }
    return head += "\r\n";
}

} // namespace watari::http
