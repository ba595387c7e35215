#include "hyperv/connect/doctor_trace.hpp"

#include "core/simulated_clock.hpp"

#include <gtest/gtest.h>

namespace watari::hyperv {
namespace {

struct Traced : testing::Test {
    boost::asio::io_context loop;
    SimulatedClock clock{loop};
    DoctorTrace trace{clock, {"hunter2", "", "hunter2-too"}};

    static http::Request request(std::string authorization)
    {
        http::Request request{.method = "POST", .target = "/wsman"};
        request.headers.set("Authorization", std::move(authorization));
        request.headers.set("Host", "hv-01");
        return request;
    }
};

TEST_F(Traced, keeps_the_scheme_of_a_logon_and_never_its_token)
{
    trace.sent(request("Negotiate TlRMTVNTUAAB"), {});
    http::Response answer{.status = 401};
    answer.headers.add("WWW-Authenticate", "Negotiate TlRMTVNTUAAC");
    answer.headers.add("WWW-Authenticate", "Kerberos");
    answer.headers.add("WWW-Authenticate", "Basic realm=\"WSMAN\"");
    trace.answered(0, answer);
    const auto exchange = trace.take();
    ASSERT_EQ(exchange.size(), 1U);
    EXPECT_EQ(exchange[0].request, "POST /wsman\nAuthorization: Negotiate ***\nHost: hv-01\n");
    EXPECT_EQ(exchange[0].answer, "401\nWWW-Authenticate: Negotiate ***\nWWW-Authenticate: "
                                  "Kerberos\nWWW-Authenticate: Basic realm=\"WSMAN\"\n");
}

TEST_F(Traced, masks_a_secret_wherever_it_stands_the_longer_first)
{
    trace.sent(request("hunter2"), "<a>hunter2-too hunter2</a>");
    EXPECT_EQ(trace.take().at(0).request,
              "POST /wsman\nAuthorization: ***\nHost: hv-01\n\n<a>*** ***</a>");
}

TEST_F(Traced, says_why_no_answer_came)
{
    trace.sent(request("Basic YTpi"), {});
    clock.advance(std::chrono::seconds{2});
    trace.note_failure(Error{ErrorKind::timed_out, {"read_timed_out", {}}});
    const auto exchange = trace.take();
    EXPECT_TRUE(exchange.at(0).answer.starts_with("! ")) << exchange.at(0).answer;
    EXPECT_EQ(exchange.at(0).took, std::chrono::seconds{2});
}

TEST_F(Traced, cuts_a_long_answer)
{
    trace.sent(request(""), {});
    trace.answered(0, {.status = 200, .body = std::string(1U << 20, 'x')});
    EXPECT_LT(trace.take().at(0).answer.size(), 70'000U);
}

} // namespace
} // namespace watari::hyperv
