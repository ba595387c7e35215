#include "http/codec.hpp"

#include "core/error.hpp"
#include "http/http_date.hpp"

#include <gtest/gtest.h>

namespace watari::http {
namespace {

constexpr Limits small{.header_bytes_max = 1024, .body_bytes_max = 100};

const std::string post =
    "POST /wsman HTTP/1.1\r\nHost: h\r\nX-A: 1\r\nx-a: 2\r\nContent-Length: 5\r\n\r\nhello";
const std::string chunked_post =
    "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
    "3;name=value\r\nhel\r\n2\r\nlo\r\n0\r\nAuthorization: late\r\n\r\n";

int refusal_of(std::string_view text)
{
    RequestReader reader{small};
    reader.feed(text);
    return reader.refused().value_or(0);
}

TEST(Headers, names_compare_without_regard_to_case_and_may_repeat)
{
    Headers headers;
    headers.add("WWW-Authenticate", "Negotiate");
    headers.add("www-authenticate", "Basic");
    EXPECT_EQ(headers.all("WWW-AUTHENTICATE"),
              (std::vector<std::string_view>{"Negotiate", "Basic"}));
    headers.set("Www-Authenticate", "Kerberos");
    EXPECT_EQ(headers.all("WWW-Authenticate"), (std::vector<std::string_view>{"Kerberos"}));
    headers.set("Host", "h");
    EXPECT_EQ(headers.get("host"), "h");
    headers.erase("HOST");
    EXPECT_EQ(headers.get("Host"), std::nullopt);
}

TEST(RequestReader, gives_the_same_request_for_every_slicing)
{
    for (const std::string& text : {post, chunked_post, "\r\n" + post}) {
        for (std::size_t cut = 0; cut <= text.size(); ++cut) {
            RequestReader reader{small};
            reader.feed(text.substr(0, cut));
            EXPECT_EQ(reader.complete(), cut == text.size());
            reader.feed(text.substr(cut));
            ASSERT_TRUE(reader.complete()) << text << " cut at " << cut;
            EXPECT_EQ(reader.take().request.body, "hello");
        }
        RequestReader bytewise{small};
        for (const char byte : text) {
            bytewise.feed({&byte, 1});
        }
        EXPECT_TRUE(bytewise.complete());
    }
}

TEST(RequestReader, reads_pipelined_requests_one_after_the_other)
{
    RequestReader reader{small};
    EXPECT_FALSE(reader.begun());
    reader.feed(post + chunked_post + post.substr(0, 10));
    for (int i = 0; i < 2; ++i) {
        ASSERT_TRUE(reader.complete());
        const auto received = reader.take();
        EXPECT_EQ(received.request.body, "hello");
        EXPECT_TRUE(received.keep_alive);
        EXPECT_EQ(received.request.headers.get("Authorization"), std::nullopt)
            << "a trailer is no header field";
    }
    EXPECT_TRUE(reader.begun());
    EXPECT_FALSE(reader.complete());
    reader.feed(post.substr(10));
    EXPECT_EQ(reader.take().request.headers.all("X-A"), (std::vector<std::string_view>{"1", "2"}));
    EXPECT_FALSE(reader.begun());
}

TEST(RequestReader, tells_when_a_client_waits_to_be_told_to_go_on)
{
    RequestReader reader{small};
    reader.feed("POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-Continue\r\nContent-Length: 2\r\n\r\n");
    EXPECT_TRUE(reader.wants_continue());
    reader.feed("ab");
    EXPECT_FALSE(reader.wants_continue());
    EXPECT_TRUE(reader.complete());
}

TEST(RequestReader, refuses_with_the_status_that_says_why)
{
    const std::string big(2000, 'x');
    EXPECT_EQ(refusal_of("nonsense\r\n\r\n"), 400);
    EXPECT_EQ(refusal_of("\x16\x03\x01"), 400) << "TLS: not waited for";
    EXPECT_EQ(refusal_of("GET / HTTP/2.0\r\nHost: h\r\n\r\n"), 400);
    EXPECT_EQ(refusal_of("GET / HTTP/1.1\r\n\r\n"), 400) << "no Host";
    EXPECT_EQ(refusal_of("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"), 400);
    EXPECT_EQ(refusal_of("GET / HTTP/1.1\r\nHost: h\r\nA B: c\r\n\r\n"), 400);
    EXPECT_EQ(
        refusal_of("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"),
        400);
    EXPECT_EQ(refusal_of("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n"), 400);
    EXPECT_EQ(refusal_of("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nTransfer-Encoding: "
                         "chunked\r\n\r\n"),
              400);
    EXPECT_EQ(refusal_of("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip\r\n\r\n"), 501);
    EXPECT_EQ(refusal_of("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"),
              501);
    EXPECT_EQ(refusal_of("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"), 400);
    EXPECT_EQ(refusal_of("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 101\r\n\r\n"), 413);
    EXPECT_EQ(
        refusal_of("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n65\r\n" + big),
        413);
    EXPECT_EQ(
        refusal_of("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1;" + big),
        400);
    EXPECT_EQ(refusal_of("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
              400);
    EXPECT_EQ(refusal_of("GET / HTTP/1.1\r\nHost: h\r\nX: " + big), 431);
    EXPECT_EQ(refusal_of("GET /" + big), 431);
    EXPECT_EQ(refusal_of("GET / HTTP/1.0\r\n\r\n"), 0);
}

std::string read_answer(std::string_view text, std::size_t cut)
{
    ResponseReader reader{small};
    reader.feed(text.substr(0, cut));
    reader.feed(text.substr(cut));
    if (!reader.complete()) {
        reader.end();
    }
    const auto response = reader.take();
    return std::to_string(response.status) + " " + response.body;
}

TEST(ResponseReader, gives_the_same_answer_for_every_slicing)
{
    const std::vector<std::pair<std::string, std::string>> answers = {
        {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "200 hello"},
        {"HTTP/1.1 500 \r\nTransfer-Encoding: chunked\r\n\r\n1\r\nh\r\n4\r\nello\r\n0\r\n\r\n",
         "500 hello"},
        {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "200 "},
        {"HTTP/1.1 204 No Content\r\n\r\n", "204 "},
        {"HTTP/1.0 200 OK\r\n\r\nuntil the end", "200 until the end"}};
    for (const auto& [text, expected] : answers) {
        for (std::size_t cut = 0; cut <= text.size(); ++cut) {
            EXPECT_EQ(read_answer(text, cut), expected) << text << " cut at " << cut;
        }
    }
}

TEST(ResponseReader, an_answer_cut_short_or_broken_leaves_the_outcome_unknown)
{
    const std::vector<std::pair<std::string, std::string>> broken = {
        {"", "http_answer_cut"},
        {"HTTP/1.1 200 OK\r\n", "http_answer_cut"},
        {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell", "http_answer_cut"},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", "http_answer_cut"},
        {"SSH-2.0-OpenSSH\r\n", "http_bad_answer"},
        {std::string("\x15\x03\x01\x00\x02\x02\x46", 7), "http_answer_is_tls"},
        {"HTTP/1.1 101 Switching Protocols\r\n\r\n", "http_bad_answer"},
        {"HTTP/1.1 999 x\r\n\r\n", "http_bad_answer"},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nxx", "http_bad_answer"},
        {"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", "http_bad_answer"},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", "http_bad_answer"},
        {"HTTP/1.1 200 OK\r\nContent-Length: 101\r\n\r\n", "http_answer_too_large"},
        {"HTTP/1.1 200 OK\r\n\r\n" + std::string(101, 'x'), "http_answer_too_large"},
        {"HTTP/1.1 200 OK\r\nX: " + std::string(2000, 'x'), "http_answer_too_large"}};
    for (const auto& [text, code] : broken) {
        try {
            read_answer(text, 0);
            ADD_FAILURE() << text;
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), code) << text;
            EXPECT_EQ(error.kind(), ErrorKind::outcome_unknown);
        }
    }
    std::string endless;
    for (int i = 0; i < 20; ++i) {
        endless += "HTTP/1.1 100 Continue\r\n\r\n";
    }
    EXPECT_THROW(read_answer(endless, 0), Error);
}

TEST(ResponseReader, a_connection_is_reusable_only_when_nothing_speaks_against_it)
{
    const auto reusable = [](std::string_view text) {
        ResponseReader reader{small};
        reader.feed(text);
        return reader.connection_reusable();
    };
    EXPECT_TRUE(reusable("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx"));
    EXPECT_FALSE(reusable("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nxy"))
        << "bytes nobody asked for";
    EXPECT_FALSE(reusable("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx"));
    EXPECT_FALSE(reusable("HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx"));
}

TEST(RequestHead, sends_exact_length_and_the_clients_own_fields)
{
    Request request{.method = "POST", .target = "/wsman", .headers = {}, .body = "abc"};
    request.headers.add("Content-Length", "99");
    request.headers.add("X-A", "1");
    EXPECT_EQ(request_head(request, "h:1"), "POST /wsman HTTP/1.1\r\nHost: h:1\r\nConnection: "
                                            "Keep-Alive\r\nX-A: 1\r\nContent-Length: 3\r\n\r\n");
    request.headers.add("host", "other");
    request.headers.add("connection", "close");
    EXPECT_EQ(request_head(request, "h:1"),
              "POST /wsman HTTP/1.1\r\nX-A: 1\r\nhost: other\r\nconnection: "
              "close\r\nContent-Length: 3\r\n\r\n");
}

TEST(RequestHead, lets_nothing_break_out_of_its_line)
{
    const std::string line_break = "a\r\nX: y";
    for (int place = 0; place < 4; ++place) {
        Request request;
        (place == 0 ? request.method : request.target) = place < 2 ? line_break : "/";
        if (place == 2) {
            request.headers.add("X", line_break);
        } else if (place == 3) {
            request.headers.add(line_break, "v");
        }
        EXPECT_THROW(request_head(request, "h"), Error) << place;
    }
}

TEST(HttpDate, is_written_as_the_standard_says)
{
    EXPECT_EQ(http_date(*wall_time_from("1994-11-06T08:49:37Z")), "Sun, 06 Nov 1994 08:49:37 GMT");
}

TEST(HttpDate, is_read_as_it_is_written)
{
    const auto time = *wall_time_from("2026-01-05T23:59:07Z");
    EXPECT_EQ(http_date_from(http_date(time)), time);
    for (const auto* text :
         {"", "now", "Sun, 06 Nov 1994 08:49:37 CET", "Sun, 06 Nov 1994 24:49:37 GMT",
          "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 06 Foo 1994 08:49:37 GMT",
          "Sun, -6 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 GMTx"}) {
        EXPECT_FALSE(http_date_from(text)) << text;
    }
}

} // namespace
} // namespace watari::http
