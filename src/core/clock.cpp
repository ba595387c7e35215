#include "core/clock.hpp"

#include "messages/core.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <cctype>
#include <charconv>

#include <fmt/chrono.h>

namespace watari {

namespace {

class SystemTimer final : public Timer
{
public:
    SystemTimer(const Executor& executor, SteadyTime when, std::function<void()> then)
        : timer_(executor, when), then_(std::make_shared<std::function<void()>>(std::move(then)))
    {
        // The wait may have ended, its handler queued, before this timer is destroyed: the call
        // must not happen then either.
        timer_.async_wait([then = std::weak_ptr{then_}](boost::system::error_code failure) {
            if (const auto alive = then.lock(); alive && !failure) {
                (*alive)();
            }
        });
    }

private:
    boost::asio::steady_timer timer_;
    std::shared_ptr<std::function<void()>> then_;
};

class SystemClock final : public Clock
{
public:
    explicit SystemClock(Executor executor) : executor_(std::move(executor)) {}

    WallTime now() const override
    {
        return std::chrono::time_point_cast<std::chrono::microseconds>(
            std::chrono::system_clock::now());
    }

    SteadyTime steady() const override { return std::chrono::steady_clock::now(); }

    Task<> sleep_until(SteadyTime when) override
    {
        boost::asio::steady_timer timer{executor_, when};
        boost::system::error_code failure;
        co_await timer.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, failure));
        if (failure) {
            throw Error{ErrorKind::cancelled, message::cancelled{}};
        }
    }

    std::unique_ptr<Timer> call_at(SteadyTime when, std::function<void()> then) override
    {
        return std::make_unique<SystemTimer>(executor_, when, std::move(then));
    }

private:
    Executor executor_;
};

bool read_number(std::string_view& text, std::size_t digits, int& value)
{
    if (text.size() < digits) {
        return false;
    }
    const auto [end, failure] = std::from_chars(text.data(), text.data() + digits, value);
    if (failure != std::errc{} || end != text.data() + digits) {
        return false;
    }
    text.remove_prefix(digits);
    return true;
}

bool skip(std::string_view& text, char expected)
{
    if (!text.starts_with(expected)) {
        return false;
    }
    text.remove_prefix(1);
    return true;
}

} // namespace

std::unique_ptr<Clock> system_clock(Executor executor)
{
    return std::make_unique<SystemClock>(std::move(executor));
}

std::chrono::nanoseconds Deadline::left(const Clock& clock) const
{
    const auto now = clock.steady();
    return at_ <= now ? std::chrono::nanoseconds{0} : std::chrono::nanoseconds{at_ - now};
}

std::string to_rfc3339(WallTime time)
{
    const auto whole = std::chrono::floor<std::chrono::seconds>(time);
    const auto day = std::chrono::floor<std::chrono::days>(whole);
    const std::chrono::year_month_day date{day};
    const std::chrono::hh_mm_ss clock{whole - day};
    const auto micros = (time - whole).count();
    std::string text =
        fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(date.year()),
                    static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                    clock.hours().count(), clock.minutes().count(), clock.seconds().count());
    if (micros != 0) {
        text += fmt::format(".{:06}", micros);
    }
    return text + "Z";
}

std::optional<WallTime> wall_time_from(std::string_view text)
{
    int year = 0;
    int month = 0;
    int day = 0;
    int hour = 0;
    int minute = 0;
    int second = 0;
    if (!read_number(text, 4, year) || !skip(text, '-') || !read_number(text, 2, month) ||
        !skip(text, '-') || !read_number(text, 2, day) || !skip(text, 'T') ||
        !read_number(text, 2, hour) || !skip(text, ':') || !read_number(text, 2, minute) ||
        !skip(text, ':') || !read_number(text, 2, second)) {
        return std::nullopt;
    }
    const std::chrono::year_month_day date{std::chrono::year{year},
                                           std::chrono::month{static_cast<unsigned>(month)},
                                           std::chrono::day{static_cast<unsigned>(day)}};
    if (!date.ok() || hour > 23 || minute > 59 || second > 60) {
        return std::nullopt;
    }
    std::int64_t micros = 0;
    if (skip(text, '.')) {
        int digits = 0;
        while (!text.empty() && std::isdigit(static_cast<unsigned char>(text.front())) != 0) {
            if (digits++ < 6) {
                micros = micros * 10 + (text.front() - '0');
            }
            text.remove_prefix(1);
        }
        if (digits == 0) {
            return std::nullopt;
        }
        for (; digits < 6; ++digits) {
            micros *= 10;
        }
    }
    int offset_minutes = 0;
    if (text != "Z") {
        const int sign = text.starts_with('-') ? -1 : 1;
        int offset_hour = 0;
        int offset_minute = 0;
        if ((!skip(text, '+') && !skip(text, '-')) || !read_number(text, 2, offset_hour) ||
            !skip(text, ':') || !read_number(text, 2, offset_minute) || !text.empty()) {
            return std::nullopt;
        }
        offset_minutes = sign * (offset_hour * 60 + offset_minute);
    }
    return WallTime{std::chrono::sys_days{date} + std::chrono::hours{hour} +
                    std::chrono::minutes{minute - offset_minutes} + std::chrono::seconds{second} +
                    std::chrono::microseconds{micros}};
}

} // namespace watari
