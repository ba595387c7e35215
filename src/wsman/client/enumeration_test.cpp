#include "wsman/client/enumeration.hpp"

#include "wsman/client/batch_size.hpp"
#include "wsman/client/host_quota.hpp"
#include "wsman/client/stub_host.hpp"

#include <malloc.h>

#include <map>

namespace watari::wsman {
namespace {

using namespace testing_support;
using namespace std::chrono_literals;

TEST(BatchSizes, are_halved_down_to_one)
{
    BatchSize size{5};
    EXPECT_TRUE(size.halve());
    EXPECT_EQ(size.get(), 2U);
    EXPECT_TRUE(size.halve());
    EXPECT_EQ(size.get(), 1U);
    EXPECT_FALSE(size.halve());
}

TEST(BatchSizes, grow_by_what_elements_take_and_never_beyond_what_fits)
{
    BatchSize size{100};
    const auto full = [&size](std::size_t each) {
        size.learn({.items = size.get(), .bytes = size.get() * each, .room = 512'000});
        return size.get();
    };
    EXPECT_EQ(full(1000), 200U);
    EXPECT_EQ(full(1000), 384U) << "three quarters of the envelope";
    EXPECT_EQ(full(1000), 384U);
    EXPECT_EQ(full(100), 500U) << "more is not polite";
    EXPECT_EQ(full(100'000), 500U) << "it fitted";
}

TEST(BatchSizes, do_not_grow_by_a_batch_that_is_not_full_nor_right_after_halving)
{
    BatchSize size{100};
    size.learn({.items = 99, .bytes = 99, .room = 512'000});
    EXPECT_EQ(size.get(), 100U);
    size.halve();
    for (int i = 0; i < 3; ++i) {
        size.learn({.items = 50, .bytes = 50, .room = 512'000});
        EXPECT_EQ(size.get(), 50U);
    }
    size.learn({.items = 50, .bytes = 50, .room = 512'000});
    EXPECT_EQ(size.get(), 100U);
}

/// A host with `count` instances that gives as many as are asked for and fit into the envelope.
class ManyInstances : public StubHost
{
protected:
    void have(int instances, std::size_t bytes_each = 0)
    {
        answer = [this, instances, bytes_each](const Request& request) {
            return given(request, instances, bytes_each);
        };
        start();
    }
    http::Response given(const Request& request, int instances, std::size_t bytes_each)
    {
        if (std::holds_alternative<Release>(request.body)) {
            return soap(request, EmptyResponse{});
        }
        const auto* pull = std::get_if<Pull>(&request.body);
        const int first = pull != nullptr ? std::stoi(pull->context) : 1;
        const auto wanted = pull != nullptr
                                ? pull->max_elements.value_or(1)
                                : std::get<Enumerate>(request.body).max_elements.value_or(1);
        asked.push_back(wanted);
        rooms.push_back(*request.header.max_envelope_size);
        const int last = std::min(instances, first + static_cast<int>(wanted) - 1);
        auto items = batch(request, first, last, last < instances ? std::to_string(last + 1) : "");
        if (bytes_each > 0) {
            for (Item& item : items.items) {
                item.instance->set("Filling", cim::Type::string,
                                   cim::Value{std::string(bytes_each, 'x')});
            }
        }
        auto answer = soap(request, std::move(items));
        return answer.body.size() > rooms.back() ? refuse(request, faults::encoding_limit)
                                                 : std::move(answer);
    }
    std::size_t rows_of_query()
    {
        return clock.run(session->query(ns, "select * from Msvm_X", in(60s))).size();
    }

    std::vector<std::uint64_t> asked;
    std::vector<std::uint64_t> rooms;
};

TEST_F(ManyInstances, come_in_larger_batches_when_they_are_small)
{
    have(1500);
    EXPECT_EQ(rows_of_query(), 1500U);
    EXPECT_EQ(asked, (std::vector<std::uint64_t>{200, 400, 500, 500}));
}

TEST_F(ManyInstances, come_in_smaller_batches_when_they_do_not_fit)
{
    have(150, 10'000);
    EXPECT_EQ(rows_of_query(), 150U);
    ASSERT_GE(asked.size(), 4U);
    EXPECT_EQ(asked[0], 200U);
    EXPECT_EQ(asked[1], 100U);
    EXPECT_EQ(asked[2], 50U);
    EXPECT_EQ(asked[3], 25U);
    EXPECT_EQ(rooms.back(), 512'000U) << "no need to raise it";
}

TEST_F(ManyInstances, of_which_one_alone_does_not_fit_get_a_larger_envelope_once)
{
    have(3, 600'000);
    connect({.max_elements = 2}, {});
    EXPECT_EQ(rows_of_query(), 3U);
    EXPECT_EQ(rooms.back(), 4 * 512'000U);
}

TEST_F(ManyInstances, of_which_one_is_larger_than_any_envelope_are_told)
{
    have(3, 3'000'000);
    connect({.max_elements = 2}, {});
    EXPECT_EQ(failure_of(session->query(ns, "select * from Msvm_X", in(60s))),
              (Failure{ErrorKind::exhausted, "wsman_answer_too_large"}));
    EXPECT_EQ(rooms, (std::vector<std::uint64_t>{512'000, 512'000, 4 * 512'000}));
}

TEST_F(ManyInstances, beyond_what_may_be_held_at_once_are_refused_and_released)
{
    have(1000);
    const Failure too_long{ErrorKind::exhausted, "wsman_list_too_long"};
    connect({.rows_max = 300}, {});
    EXPECT_EQ(failure_of(session->query(ns, "select * from Msvm_X", in(60s))), too_long);
    EXPECT_EQ(records,
              (std::vector<std::string>{"Enumerate Msvm_X", "Pull Msvm_X", "Release Msvm_X"}));
    connect({.bytes_max = 1000}, {});
    EXPECT_EQ(failure_of(session->enumerate(ns, "Msvm_X", in(60s))), too_long);
    connect({.rows_max = 1000}, {});
    EXPECT_EQ(rows_of_query(), 1000U);
}

/// Live bytes of the process; 0 where the allocator does not say (sanitizers).
std::size_t live_bytes()
{
    const auto info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

TEST_F(ManyInstances, a_hundred_thousand_stream_in_constant_memory)
{
    constexpr std::size_t instances = 100'000;
    have(instances, 200);
    std::size_t rows = 0;
    std::size_t after_some = 0;
    std::size_t most = 0;
    const auto take = [&](const std::vector<cim::Instance>& some) {
        rows += some.size();
        received.clear();
        headers.clear();
        most = std::max(most, live_bytes());
        if (after_some == 0 && rows > 2000) {
            after_some = most;
        }
        return true;
    };
    clock.run(session->stream(ns, "select * from Msvm_X", take, in(1h)));
    EXPECT_EQ(rows, instances);
    EXPECT_LT(most, after_some + (2U << 20)) << "100 times as many rows, and no more memory";
}

Task<> query_and_count(Session& session, Deadline deadline, std::map<std::string, int>& ends)
{
    std::string end = "ok";
    try {
        co_await session.query(ns, "select * from Msvm_X", deadline);
    } catch (const Error& error) {
        end = error.code();
    }
    ++ends[end];
}

TEST_F(ManyInstances, no_more_than_five_lists_are_open_at_a_time)
{
    have(1000);
    int open = 0;
    int most = 0;
    answer = [&, inner = answer](const Request& request) {
        const auto* pull = std::get_if<Pull>(&request.body);
        open += pull == nullptr ? 1 : 0;
        most = std::max(most, open);
        auto given = inner(request);
        open -= given.body.find("EndOfSequence") == std::string::npos ? 0 : 1;
        return given;
    };
    thinking_time = 100ms;
    connect({}, {.connections_max = 20});
    std::map<std::string, int> ends;
    for (int i = 0; i < 30; ++i) {
        spawn(loop.get_executor(), query_and_count(*session, in(60s), ends), "query");
    }
    clock.advance(60s);
    EXPECT_EQ(ends, (std::map<std::string, int>{{"ok", 30}}));
    EXPECT_EQ(most, 5);
}

TEST_F(ManyInstances, who_waits_too_long_or_behind_too_many_is_told)
{
    have(10);
    thinking_time = 10s;
    const auto quota =
        std::make_shared<HostQuota>(clock, HostQuota::Limits{.under_way_max = 1, .waiting_max = 3});
    connect({.quota = quota}, {});
    std::map<std::string, int> ends;
    for (int i = 0; i < 5; ++i) {
        spawn(loop.get_executor(), query_and_count(*session, in(i == 0 ? 15s : 5s), ends), "query");
    }
    clock.advance(60s);
    EXPECT_EQ(ends, (std::map<std::string, int>{
                        {"ok", 1}, {"no_free_slot", 3}, {"wsman_queue_full", 1}}));
}

} // namespace
} // namespace watari::wsman
