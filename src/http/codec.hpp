#pragma once

#include "http/message.hpp"

#include <memory>

namespace watari::http {

/// HTTP/1.1 as bytes, without I/O: what the client and the server read and write. Any slicing of
/// the bytes gives the same.

struct Limits {
    std::size_t header_bytes_max = 64U << 10;
    std::size_t body_bytes_max = 1U << 20;
};

struct ReceivedRequest {
    Request request;
    bool keep_alive = false;
    bool takes_chunks = false; ///< HTTP/1.1, not 1.0
};

/// Reads one request after the other.
class RequestReader
{
public:
    explicit RequestReader(Limits limits);
    ~RequestReader();

    /// Takes all of `bytes`; those after a complete request wait for take().
    void feed(std::string_view bytes);
    /// Whether any byte of a request has come that was not taken yet.
    bool begun() const noexcept;
    bool head_complete() const noexcept;
    bool complete() const noexcept;
    /// The head asks for "100 Continue" and the body is not there.
    bool wants_continue() const noexcept;
    /// The status to refuse with (400, 413, 431, 501); nothing more is read then.
    std::optional<int> refused() const noexcept;
    /// The complete request.
    ReceivedRequest take();

private:
    struct State;
    std::unique_ptr<State> state_;
};

/// Reads the answer to one request; interim answers (1xx) are skipped.
class ResponseReader
{
public:
    explicit ResponseReader(Limits limits);
    ~ResponseReader();

    /// Throws outcome_unknown: message::http_bad_answer, message::http_answer_too_large.
    void feed(std::string_view bytes);
    /// The peer has closed, which ends a body without length. Throws outcome_unknown:
    /// message::http_answer_cut.
    void end();
    /// Whether any byte has come.
    bool begun() const noexcept;
    bool complete() const noexcept;
    /// The connection is fit for another request: kept alive, and nothing came after the answer.
    bool connection_reusable() const noexcept;
    Response take();

private:
    struct State;
    std::unique_ptr<State> state_;
};

/// Start line and header fields with the closing empty line. Content-Length and Connection come
/// from the arguments alone; Host is added unless given. Throws invalid
/// (message::http_request_unsendable) rather than let a value break out of its line.
std::string request_head(const Request& request, std::string_view host);

enum class Framing { none, content_length, chunked, until_close };

struct ResponseHead {
    Framing framing = Framing::content_length;
    std::size_t body_bytes = 0;
    bool close = false;
    bool keep_alive_named = false; ///< HTTP/1.0 clients need to be told
    std::string_view server_name;
    std::string date; ///< empty: none
};
/// As request_head; a field that cannot be sent throws internal
/// (message::http_response_unsendable).
std::string response_head(const Response& response, const ResponseHead& head);

/// Whether `name` is a token of RFC 9110 and so may be a field name or a method.
bool is_token(std::string_view name) noexcept;

bool same_ignoring_case(std::string_view a, std::string_view b) noexcept;

} // namespace watari::http
