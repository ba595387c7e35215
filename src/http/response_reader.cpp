#include "http/codec.hpp"

#include "core/error.hpp"
#include "messages/http.hpp"

#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <optional>

namespace watari::http {

namespace {

namespace beast = boost::beast::http;
using Parser = beast::response_parser<beast::string_body>;

constexpr int interim_max = 8;
constexpr char tls_alert = 0x15;
constexpr char tls_handshake = 0x16;

[[noreturn]] void throw_bad(std::string why)
{
    throw Error{ErrorKind::outcome_unknown, message::http_bad_answer{.why = std::move(why)}};
}

} // namespace

struct ResponseReader::State {
    explicit State(Limits its_limits) : limits(its_limits) { start(); }

    Limits limits;
    std::optional<Parser> parser;
    std::string pending;
    std::optional<Response> head;
    bool begun = false;
    int interim = 0;

    void start()
    {
        parser.emplace();
        parser->header_limit(static_cast<std::uint32_t>(limits.header_bytes_max));
        parser->body_limit(limits.body_bytes_max);
        parser->eager(false); // until the head is read: trailers must not become header fields
        head.reset();
    }

    void read_head()
    {
        const auto& message = parser->get();
        const auto status = static_cast<int>(message.result_int());
        if (status < 100 || status > 599 || status == 101) {
            throw_bad("status " + std::to_string(status));
        }
        if (status < 200) {
            if (++interim > interim_max) {
                throw_bad("too many interim answers");
            }
            start();
            return;
        }
        const auto codings = message.count(beast::field::transfer_encoding);
        if (codings > 1 ||
            (codings == 1 &&
             !same_ignoring_case(std::string{message[beast::field::transfer_encoding]},
                                 "chunked"))) {
            throw_bad("transfer coding " + std::string{message[beast::field::transfer_encoding]});
        }
        head.emplace();
        head->status = status;
        for (const auto& field : message) {
            head->headers.add(std::string{field.name_string()}, std::string{field.value()});
        }
        parser->eager(true);
    }

    [[noreturn]] void fail(const boost::system::error_code& failure) const
    {
        if (failure == beast::error::body_limit || failure == beast::error::header_limit) {
            const auto limit = failure == beast::error::body_limit ? limits.body_bytes_max
                                                                   : limits.header_bytes_max;
            throw Error{ErrorKind::outcome_unknown,
                        message::http_answer_too_large{.limit = std::to_string(limit)}};
        }
        throw_bad(failure.message());
    }

    std::size_t parse(std::string_view bytes)
    {
        std::size_t used = 0;
        while (used < bytes.size() && !parser->is_done()) {
            boost::system::error_code failure;
            const auto step = parser->put(
                boost::asio::const_buffer{bytes.data() + used, bytes.size() - used}, failure);
            used += step;
            if (failure && failure != beast::error::need_more) {
                fail(failure);
            }
            if (!head && parser->is_header_done()) {
                read_head();
            } else if (failure || step == 0) {
                break;
            }
        }
        return used;
    }
};

ResponseReader::ResponseReader(Limits limits) : state_(std::make_unique<State>(limits)) {}
ResponseReader::~ResponseReader() = default;

void ResponseReader::feed(std::string_view bytes)
{
    State& state = *state_;
    if (!state.begun && !bytes.empty() &&
        (bytes.front() == tls_alert || bytes.front() == tls_handshake)) {
        throw Error{ErrorKind::outcome_unknown, message::http_answer_is_tls{}};
    }
    state.begun = state.begun || !bytes.empty();
    if (state.pending.empty()) {
        const auto used = state.parse(bytes);
        state.pending.assign(bytes.substr(used));
    } else {
        state.pending.append(bytes);
        state.pending.erase(0, state.parse(state.pending));
    }
    // The parser itself has no limit for chunk headers and trailers.
    if (!complete() && state.pending.size() > state.limits.header_bytes_max) {
        state.fail(make_error_code(beast::error::header_limit));
    }
}

void ResponseReader::end()
{
    boost::system::error_code failure;
    if (state_->head && !state_->parser->is_done()) {
        state_->parser->put_eof(failure);
    }
    if (failure || !complete()) {
        throw Error{ErrorKind::outcome_unknown, message::http_answer_cut{}};
    }
}

bool ResponseReader::begun() const noexcept
{
    return state_->begun;
}

bool ResponseReader::complete() const noexcept
{
    return state_->head && state_->parser->is_done();
}

bool ResponseReader::connection_reusable() const noexcept
{
    return complete() && state_->parser->keep_alive() && state_->pending.empty();
}

Response ResponseReader::take()
{
    Response taken = std::move(*state_->head);
    taken.body = std::move(state_->parser->get().body());
    return taken;
}

} // namespace watari::http
