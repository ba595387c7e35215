#include "http/codec.hpp"

#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <optional>

namespace watari::http {

namespace {

namespace beast = boost::beast::http;
using Parser = beast::request_parser<beast::string_body>;

int status_of(const boost::system::error_code& failure)
{
    if (failure == beast::error::header_limit) {
        return 431;
    }
    return failure == beast::error::body_limit ? 413 : 400;
}

/// 0 when the head is one we serve.
int objection_to(const Parser::value_type& head)
{
    const auto codings = head.count(beast::field::transfer_encoding);
    if (head.version() == 11 && head.count(beast::field::host) != 1) {
        return 400;
    }
    if (codings > 1 || (codings == 1 && head.version() != 11)) {
        return 400;
    }
    if (codings == 1 &&
        !same_ignoring_case(std::string{head[beast::field::transfer_encoding]}, "chunked")) {
        return 501;
    }
    return 0;
}

} // namespace

struct RequestReader::State {
    explicit State(Limits its_limits) : limits(its_limits) { start(); }

    Limits limits;
    std::optional<Parser> parser;
    std::string pending; ///< bytes the parser has not used
    std::optional<ReceivedRequest> head;
    bool expects_continue = false;
    std::optional<int> refused;

    void start()
    {
        parser.emplace();
        parser->header_limit(static_cast<std::uint32_t>(limits.header_bytes_max));
        parser->body_limit(limits.body_bytes_max);
        parser->eager(false); // until the head is read: trailers must not become header fields
        head.reset();
        expects_continue = false;
    }

    void read_head()
    {
        const auto& message = parser->get();
        if (const int status = objection_to(message)) {
            refused = status;
            return;
        }
        head.emplace();
        head->request.method = std::string{message.method_string()};
        head->request.target = std::string{message.target()};
        for (const auto& field : message) {
            head->request.headers.add(std::string{field.name_string()}, std::string{field.value()});
        }
        head->keep_alive = parser->keep_alive();
        head->takes_chunks = message.version() == 11;
        expects_continue =
            message.version() == 11 &&
            same_ignoring_case(std::string{message[beast::field::expect]}, "100-continue");
        parser->eager(true);
    }

    /// How many bytes were used.
    std::size_t parse(std::string_view bytes)
    {
        std::size_t used = 0;
        while (!parser->got_some() && bytes.substr(used).starts_with("\r\n")) { // RFC 9112, 2.2
            used += 2;
        }
        if (!parser->got_some() && bytes.substr(used) == "\r") {
            return used;
        }
        if (!parser->got_some() && used < bytes.size() &&
            static_cast<unsigned char>(bytes[used]) <
                ' ') { // TLS, say: no line end would ever come
            refused = 400;
        }
        while (used < bytes.size() && !parser->is_done() && !refused) {
            boost::system::error_code failure;
            const auto step = parser->put(
                boost::asio::const_buffer{bytes.data() + used, bytes.size() - used}, failure);
            used += step;
            if (failure && failure != beast::error::need_more) {
                refused = status_of(failure);
                break;
            }
            if (!head && parser->is_header_done()) {
                read_head();
            } else if (failure || step == 0) {
                break;
            }
        }
        return used;
    }

    void feed(std::string_view bytes)
    {
        if (pending.empty()) {
            const auto used = parse(bytes);
            pending.assign(bytes.substr(used));
        } else {
            pending.append(bytes);
            pending.erase(0, parse(pending));
        }
        // The parser itself has no limit for chunk headers and trailers.
        if (!refused && !parser->is_done() && pending.size() > limits.header_bytes_max) {
            refused = head ? 400 : 431;
        }
    }
};

RequestReader::RequestReader(Limits limits) : state_(std::make_unique<State>(limits)) {}
RequestReader::~RequestReader() = default;

void RequestReader::feed(std::string_view bytes)
{
    if (state_->refused) {
        return;
    }
    if (complete()) {
        state_->pending.append(bytes);
    } else {
        state_->feed(bytes);
    }
}

bool RequestReader::begun() const noexcept
{
    return state_->parser->got_some() || !state_->pending.empty();
}

bool RequestReader::head_complete() const noexcept
{
    return state_->head.has_value();
}

bool RequestReader::complete() const noexcept
{
    return !state_->refused && state_->head && state_->parser->is_done();
}

bool RequestReader::wants_continue() const noexcept
{
    return !state_->refused && state_->expects_continue && !state_->parser->is_done();
}

std::optional<int> RequestReader::refused() const noexcept
{
    return state_->refused;
}

ReceivedRequest RequestReader::take()
{
    ReceivedRequest taken = std::move(*state_->head);
    taken.request.body = std::move(state_->parser->get().body());
    const std::string rest = std::exchange(state_->pending, {});
    state_->start();
    if (!rest.empty()) {
        state_->feed(rest);
    }
    return taken;
}

} // namespace watari::http
