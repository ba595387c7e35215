#include "wsman/client/stub_host.hpp"

namespace watari::wsman {
namespace {

using namespace testing_support;
using namespace std::chrono_literals;

/// Hosts, or who pretends to be one, that answer with what should bring a client down.
class Hostile : public StubHost
{
protected:
    void answer_with(std::string body)
    {
        answer = [body = std::move(body)](const Request&) {
            return http::Response{.status = 200, .body = body};
        };
        if (!server) {
            start();
        }
    }
    Failure read() { return failure_of(session->get(vm(), in(60s))); }
    Failure change()
    {
        return failure_of(session->invoke(vm(), "M", {}, Effect::changes, in(60s)));
    }

    static std::string envelope(const std::string& content)
    {
        return R"(<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body>)" +
               content + "</s:Body></s:Envelope>";
    }
};

std::string repeated(std::string_view text, int times)
{
    std::string all;
    all.reserve(text.size() * static_cast<std::size_t>(times));
    for (int i = 0; i < times; ++i) {
        all += text;
    }
    return all;
}

std::string billion_laughs()
{
    std::string entities = R"(<!ENTITY l0 "ha">)";
    for (int i = 1; i < 30; ++i) {
        entities += "<!ENTITY l" + std::to_string(i) + " \"" +
                    repeated("&l" + std::to_string(i - 1) + ";", 10) + "\">";
    }
    return R"(<?xml version="1.0"?><!DOCTYPE s [)" + entities + "]><s>&l29;</s>";
}

TEST_F(Hostile, bombs_and_broken_text_are_bad_answers)
{
    std::string attributes = "<a";
    std::string prefixes = "<a";
    for (int i = 0; i < 100'000; ++i) {
        attributes += " a" + std::to_string(i) + "='1'";
        prefixes += " xmlns:a" + std::to_string(i) + "='urn:x'";
    }
    const std::vector<std::pair<std::string, std::string>> bodies{
        {"a document type", billion_laughs()},
        {"an external entity",
         R"(<!DOCTYPE s [<!ENTITY x SYSTEM "file:///etc/passwd">]><s>&x;</s>)"},
        {"depth", envelope(repeated("<a>", 100'000) + repeated("</a>", 100'000))},
        {"depth without end", repeated("<a>", 1'000'000)},
        {"a hundred thousand attributes", envelope(attributes + "/>")},
        {"a hundred thousand namespaces", envelope(prefixes + "/>")},
        {"bytes that are no UTF-8", envelope("<a>\xff\xfe\xfa</a>")},
        {"UTF-8 of too many bytes", envelope("<a>\xc0\xaf</a>")},
        {"half a surrogate", envelope("<a>\xed\xa0\x80</a>")},
        {"a zero", envelope(std::string{"<a>\0</a>", 8})},
        {"UTF-16 cut in the middle", std::string{"\xff\xfe<\0s", 5}},
        {"an entity nobody declared", envelope("&bomb;")},
        {"a reference beyond Unicode", envelope("&#x110000;")},
        {"another's envelope", "<Envelope xmlns='urn:other'><Body/></Envelope>"},
    };
    for (const auto& [what, body] : bodies) {
        answer_with(body);
        EXPECT_EQ(read(), (Failure{ErrorKind::invalid, "wsman_bad_answer"})) << what;
        EXPECT_EQ(change(), (Failure{ErrorKind::outcome_unknown, "wsman_bad_answer"})) << what;
    }
}

Task<> pour(http::BodyWriter& out, std::size_t megabytes)
{
    const std::string megabyte(1U << 20U, 'x');
    for (std::size_t i = 0; i < megabytes; ++i) {
        co_await out.write(megabyte);
    }
}

TEST_F(Hostile, an_answer_of_a_hundred_megabytes_is_not_taken)
{
    answer = [](const Request&) {
        http::Response response;
        response.stream = [](http::BodyWriter& out) { return pour(out, 100); };
        return response;
    };
    start();
    EXPECT_EQ(read(), (Failure{ErrorKind::exhausted, "http_answer_too_large"}));
    EXPECT_EQ(received.size(), 1U) << "it would be as large again";
    EXPECT_EQ(change(), (Failure{ErrorKind::outcome_unknown, "http_answer_too_large"}));
}

TEST_F(Hostile, a_list_that_never_ends_is_ended_by_us)
{
    answer = [](const Request& request) {
        return std::holds_alternative<Release>(request.body)
                   ? soap(request, EmptyResponse{})
                   : soap(request, batch(request, 1, 100, "again"));
    };
    start({.rows_max = 10'000});
    EXPECT_EQ(failure_of(session->query(ns, "select * from Msvm_X", in(1h))),
              (Failure{ErrorKind::exhausted, "wsman_list_too_long"}));
    EXPECT_EQ(records.back(), "Release Msvm_X");
}

Task<> drip(http::BodyWriter& out, Clock& clock)
{
    for (;;) {
        co_await out.write("<");
        co_await clock.sleep_for(1s);
    }
}

TEST_F(Hostile, an_answer_that_comes_drop_by_drop_is_given_up)
{
    answer = [this](const Request&) {
        http::Response response;
        response.stream = [this](http::BodyWriter& out) -> Task<> { return drip(out, clock); };
        return response;
    };
    start();
    const SteadyTime began = clock.steady();
    EXPECT_EQ(failure_of(session->get(vm(), in(1h))).first, ErrorKind::timed_out);
    EXPECT_LT(clock.steady() - began, 2min);
}

} // namespace
} // namespace watari::wsman
