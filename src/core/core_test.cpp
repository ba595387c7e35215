#include "core/byte_size.hpp"
#include "core/pool.hpp"
#include "core/simulated_clock.hpp"
#include "core/strong.hpp"
#include "core/sync.hpp"
#include "core/uuid.hpp"

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <thread>

namespace watari {
namespace {

using std::chrono_literals::operator""min;
using std::chrono_literals::operator""s;

TEST(Uuid, reads_what_it_prints_in_every_form)
{
    auto random = seeded_random(1);
    const Uuid uuid = Uuid::random(*random);
    EXPECT_EQ(Uuid::parse(uuid.lower()), uuid);
    EXPECT_EQ(Uuid::parse(uuid.upper()), uuid);
    EXPECT_EQ(Uuid::parse(uuid.braced()), uuid);
    EXPECT_EQ(Uuid::parse("6b29fc40-ca47-1067-b31d-00dd010662d"), std::nullopt);
    EXPECT_EQ(Uuid::parse("6b29fc40xca47-1067-b31d-00dd010662da"), std::nullopt);
}

TEST(Uuid, ordered_ids_sort_by_time)
{
    auto random = seeded_random(1);
    const auto start = std::chrono::system_clock::time_point{} + 500s;
    EXPECT_LT(Uuid::ordered(start, *random), Uuid::ordered(start + 1s, *random));
}

TEST(ByteSize, parses_units_and_refuses_what_does_not_fit)
{
    EXPECT_EQ(ByteSize::parse("40GiB"), ByteSize::gib(40));
    EXPECT_EQ(ByteSize::parse("40 G"), ByteSize::gib(40));
    EXPECT_EQ(ByteSize::parse("512"), ByteSize::bytes(512));
    EXPECT_EQ(ByteSize::parse("1.5GiB"), std::nullopt);
    EXPECT_EQ(ByteSize::parse("99999999999TiB"), std::nullopt);
    EXPECT_THROW(ByteSize::tib(UINT64_MAX), Error);
    EXPECT_THROW(ByteSize::bytes(5).in_whole_mib(), Error);
    EXPECT_THROW(ByteSize::bytes(1) - ByteSize::bytes(2), Error);
    EXPECT_EQ(ByteSize::mib(1536).human(), "1.5 GiB");
}

TEST(WallTime, reads_what_it_prints)
{
    const WallTime time = SimulatedClock::default_start + std::chrono::microseconds{1234};
    EXPECT_EQ(to_rfc3339(time), "2026-01-01T00:00:00.001234Z");
    EXPECT_EQ(wall_time_from(to_rfc3339(time)), time);
    EXPECT_EQ(wall_time_from("2026-01-01T09:00:00+09:00"), SimulatedClock::default_start);
    EXPECT_EQ(wall_time_from("2026-02-30T00:00:00Z"), std::nullopt);
    EXPECT_EQ(wall_time_from("yesterday"), std::nullopt);
}

TEST(SimulatedClock, ten_minutes_pass_at_once)
{
    boost::asio::io_context loop;
    SimulatedClock clock{loop};
    const auto before = clock.now();
    clock.run([](Clock& c) -> Task<> { co_await c.sleep_for(10min); }(clock));
    EXPECT_EQ(clock.now() - before, 10min);
}

TEST(Signal, wakes_waiters_and_gives_up_at_the_deadline)
{
    boost::asio::io_context loop;
    SimulatedClock clock{loop};
    Signal signal;
    const auto timer = clock.call_at(clock.steady() + 5s, [&] { signal.notify_all(); });
    EXPECT_FALSE(clock.run(signal.wait(clock, Deadline::after(clock, 1s))));
    EXPECT_TRUE(clock.run(signal.wait(clock, Deadline::after(clock, 10s))));
}

Task<> hold(Semaphore& semaphore, Clock& clock, int& running, int& most)
{
    const auto permit = co_await semaphore.acquire(clock, Deadline::after(clock, 60s));
    most = std::max(most, ++running);
    co_await clock.sleep_for(1s);
    --running;
}

TEST(Semaphore, admits_no_more_than_its_permits)
{
    boost::asio::io_context loop;
    SimulatedClock clock{loop};
    Semaphore semaphore{2};
    int running = 0;
    int most = 0;
    for (int i = 0; i < 10; ++i) {
        spawn(loop.get_executor(), hold(semaphore, clock, running, most), "hold");
    }
    clock.advance(30s);
    EXPECT_EQ(most, 2);
    EXPECT_EQ(running, 0);
    EXPECT_EQ(semaphore.free(), 2U);
}

Task<> take_turn(Semaphore& semaphore, Clock& clock, std::vector<int>& order, int number)
{
    const auto permit = co_await semaphore.acquire(clock, Deadline::never());
    order.push_back(number);
    co_await clock.sleep_for(1s);
}

Task<> take_a_turn_at(Semaphore& semaphore, Clock& clock, std::vector<int>& order, int number,
                      std::chrono::seconds at)
{
    co_await clock.sleep_for(at);
    co_await take_turn(semaphore, clock, order, number);
}

TEST(Semaphore, serves_first_come_first_served_even_as_a_permit_comes_free)
{
    boost::asio::io_context loop;
    SimulatedClock clock{loop};
    Semaphore semaphore{1};
    std::vector<int> order;
    for (int number = 0; number < 4;
         ++number) { // 2 and 3 ask at the very moment 0 gives its permit back
        spawn(loop.get_executor(),
              take_a_turn_at(semaphore, clock, order, number, number < 2 ? 0s : 1s), "turn");
    }
    clock.advance(30s);
    EXPECT_EQ(order, (std::vector{0, 1, 2, 3}));
    EXPECT_EQ(semaphore.free(), 1U);
}

TEST(Pool, runs_work_on_another_thread_and_returns_home)
{
    boost::asio::io_context loop;
    auto pool = thread_pool(1);
    std::thread::id worker;
    std::thread::id after;
    spawn(
        loop.get_executor(),
        [](Pool& p, std::thread::id& w, std::thread::id& a) -> Task<> {
            w = co_await on_pool(p, [] { return std::this_thread::get_id(); });
            a = std::this_thread::get_id();
        }(*pool, worker, after),
        "pool");
    loop.run();
    EXPECT_NE(worker, std::this_thread::get_id());
    EXPECT_EQ(after, std::this_thread::get_id());
}

TEST(Error, names_what_we_did_then_what_the_peer_said)
{
    Error error{ErrorKind::conflict,
                Message{"disk_in_use", {{"path", "D:\\a.vhd"}}},
                {.code = 32774, .text = "System is in use"}};
    error.add_frame("attaching disk");
    error.add_frame("creating vm web-7");
    EXPECT_STREQ(
        error.what(),
        "creating vm web-7: attaching disk: disk_in_use (conflict) path=D:\\a.vhd peer_code=32774 "
        "peer: System is in use");
}

} // namespace
} // namespace watari
