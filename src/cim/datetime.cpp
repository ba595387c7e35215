#include "cim/value.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include <fmt/format.h>

namespace watari::cim {

namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::minutes;

constexpr std::size_t cim_size = 25;
/// The longest interval CIM can write: 99999999 days and all but a microsecond of another.
constexpr microseconds interval_max = microseconds{days{100'000'000}} - microseconds{1};

bool all_digits(std::string_view text)
{
    return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

/// A field of fixed width: digits, or '*' throughout for `unknown`. nullopt otherwise.
std::optional<std::int64_t> field(std::string_view text, std::int64_t unknown)
{
    if (std::ranges::all_of(text, [](char c) { return c == '*'; })) {
        return unknown;
    }
    if (!all_digits(text)) {
        return std::nullopt;
    }
    std::int64_t number = 0;
    for (const char c : text) {
        number = number * 10 + (c - '0');
    }
    return number;
}

/// Microseconds may end in '*' where the clock was not that exact.
std::optional<std::int64_t> fraction_field(std::string_view text)
{
    std::string digits{text};
    const auto first = digits.find('*');
    if (first != std::string::npos) {
        if (digits.find_first_not_of('*', first) != std::string::npos) {
            return std::nullopt;
        }
        std::fill(digits.begin() + static_cast<std::ptrdiff_t>(first), digits.end(), '0');
    }
    return field(digits, 0);
}

std::optional<microseconds> time_of_day(std::string_view clock, std::string_view fraction)
{
    const auto hour = field(clock.substr(0, 2), 0);
    const auto minute = field(clock.substr(2, 2), 0);
    const auto second = field(clock.substr(4, 2), 0);
    const auto micros = fraction_field(fraction);
    if (!hour || !minute || !second || !micros || *hour > 23 || *minute > 59 || *second > 59) {
        return std::nullopt;
    }
    return hours{*hour} + minutes{*minute} + seconds{*second} + microseconds{*micros};
}

/// Whole days, hours, minutes, seconds and microseconds of a length.
struct Parts {
    std::int64_t days;
    std::int64_t hours;
    std::int64_t minutes;
    std::int64_t seconds;
    std::int64_t micros;
};

Parts parts(microseconds length)
{
    length = std::clamp(length, microseconds{0}, interval_max);
    const auto whole_days = std::chrono::duration_cast<days>(length);
    const std::chrono::hh_mm_ss rest{length - whole_days};
    return {whole_days.count(), rest.hours().count(), rest.minutes().count(),
            rest.seconds().count(), rest.subseconds().count()};
}

/// Years 0 to 9999, which is what both spellings can write.
WallTime printable(WallTime time)
{
    using namespace std::chrono_literals;
    const WallTime first = std::chrono::sys_days{0y / 1 / 1};
    const WallTime last = std::chrono::sys_days{10000y / 1 / 1} - microseconds{1};
    return std::clamp(time, first, last);
}

/// ".00417", or nothing: zeros at the end are not printed.
std::string trimmed_fraction(std::int64_t micros)
{
    if (micros == 0) {
        return {};
    }
    auto text = fmt::format(".{:06}", micros);
    text.erase(text.find_last_not_of('0') + 1);
    return text;
}

/// Reads `<digits><unit>` from the front; leaves `text` alone when the unit is another.
std::optional<std::int64_t> take_part(std::string_view& text, char unit)
{
    std::size_t size = 0;
    std::int64_t number = 0;
    while (size < text.size() && size < 15 && text[size] >= '0' && text[size] <= '9') {
        number = number * 10 + (text[size++] - '0');
    }
    if (size == 0 || size == text.size() || text[size] != unit) {
        return std::nullopt;
    }
    text.remove_prefix(size + 1);
    return number;
}

/// Seconds with an optional fraction, of which the first six digits count.
std::optional<microseconds> take_seconds(std::string_view& text)
{
    const auto point = text.find('.');
    if (point == std::string_view::npos) {
        const auto whole = take_part(text, 'S');
        return whole && *whole < 1'000'000'000'000 ? std::optional<microseconds>{seconds{*whole}}
                                                   : std::nullopt;
    }
    const auto digits = text.substr(0, point);
    const auto fraction = text.substr(point + 1, text.size() - point - 2);
    if (text.back() != 'S' || point + 2 > text.size() || digits.size() > 12 ||
        !all_digits(digits) || !all_digits(fraction)) {
        return std::nullopt;
    }
    std::string micros{fraction.substr(0, 6)};
    micros.resize(6, '0');
    text = {};
    return seconds{field(digits, 0).value_or(0)} + microseconds{field(micros, 0).value_or(0)};
}

/// PnDTnHnMnS. Years and months have no fixed length and must be zero; CIM knows no negative
/// intervals.
std::optional<microseconds> duration_from(std::string_view text)
{
    if (!text.starts_with('P') || text.size() < 3 || text.ends_with('T')) {
        return std::nullopt;
    }
    text.remove_prefix(1);
    if (take_part(text, 'Y').value_or(0) != 0 || take_part(text, 'M').value_or(0) != 0) {
        return std::nullopt;
    }
    const auto whole_days = take_part(text, 'D').value_or(0);
    std::int64_t whole_hours = 0;
    std::int64_t whole_minutes = 0;
    microseconds rest{0};
    if (text.starts_with('T')) {
        text.remove_prefix(1);
        whole_hours = take_part(text, 'H').value_or(0);
        whole_minutes = take_part(text, 'M').value_or(0);
        if (!text.empty()) {
            const auto taken = take_seconds(text);
            if (!taken) {
                return std::nullopt;
            }
            rest = *taken;
        }
    }
    // Each bound alone keeps the sum below 2^63 microseconds.
    if (!text.empty() || whole_days > 99'999'999 || whole_hours > 100'000'000 ||
        whole_minutes > 1'000'000'000 || rest > microseconds{100'000'000'000'000'000}) {
        return std::nullopt;
    }
    const microseconds day_part = days{whole_days};
    const microseconds time_part = hours{whole_hours} + minutes{whole_minutes} + rest;
    return day_part > interval_max - time_part ? std::nullopt : std::optional{day_part + time_part};
}

std::optional<DateTime> interval_from_cim(std::string_view text)
{
    const auto whole_days = field(text.substr(0, 8), 0);
    const auto time = time_of_day(text.substr(8, 6), text.substr(15, 6));
    const auto zone = field(text.substr(22, 3), 0);
    if (!whole_days || !time || zone != 0) {
        return std::nullopt;
    }
    return DateTime::interval(days{*whole_days} + *time);
}

std::optional<DateTime> moment_from_cim(std::string_view text)
{
    const auto year = field(text.substr(0, 4), 0);
    const auto month = field(text.substr(4, 2), 1);
    const auto day = field(text.substr(6, 2), 1);
    const auto time = time_of_day(text.substr(8, 6), text.substr(15, 6));
    const auto offset = field(text.substr(22, 3), 0);
    if (!year || !month || !day || !time || !offset) {
        return std::nullopt;
    }
    const std::chrono::year_month_day date{std::chrono::year{static_cast<int>(*year)},
                                           std::chrono::month{static_cast<unsigned>(*month)},
                                           std::chrono::day{static_cast<unsigned>(*day)}};
    if (!date.ok()) {
        return std::nullopt;
    }
    const minutes east{text[21] == '-' ? -*offset : *offset};
    return DateTime::moment(WallTime{std::chrono::sys_days{date}} + *time - east);
}

} // namespace

std::optional<DateTime> DateTime::from_cim(std::string_view text)
{
    if (text.size() != cim_size || text[14] != '.') {
        return std::nullopt;
    }
    if (text[21] == ':') {
        return interval_from_cim(text);
    }
    return text[21] == '+' || text[21] == '-' ? moment_from_cim(text) : std::nullopt;
}

std::optional<DateTime> DateTime::from_xs(std::string_view text)
{
    while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front())) != 0) {
        text.remove_prefix(1);
    }
    while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back())) != 0) {
        text.remove_suffix(1);
    }
    if (text.starts_with('P')) {
        const auto length = duration_from(text);
        return length ? std::optional{interval(*length)} : std::nullopt;
    }
    auto time = wall_time_from(text);
    if (!time && text.size() >= 19 && (text.back() >= '0' && text.back() <= '9')) {
        time = wall_time_from(std::string{text} + "Z"); // xs:dateTime may leave the zone out
    }
    return time ? std::optional{moment(*time)} : std::nullopt;
}

std::string DateTime::cim() const
{
    if (interval_) {
        const Parts p = parts(*interval_);
        return fmt::format("{:08}{:02}{:02}{:02}.{:06}:000", p.days, p.hours, p.minutes, p.seconds,
                           p.micros);
    }
    const WallTime time = printable(time_);
    const auto date = std::chrono::floor<days>(time);
    const std::chrono::year_month_day ymd{date};
    const Parts p = parts(time - date);
    return fmt::format("{:04}{:02}{:02}{:02}{:02}{:02}.{:06}+000", static_cast<int>(ymd.year()),
                       static_cast<unsigned>(ymd.month()), static_cast<unsigned>(ymd.day()),
                       p.hours, p.minutes, p.seconds, p.micros);
}

std::string DateTime::xs() const
{
    if (interval_) {
        const Parts p = parts(*interval_);
        return fmt::format("P{}DT{}H{}M{}{}S", p.days, p.hours, p.minutes, p.seconds,
                           trimmed_fraction(p.micros));
    }
    const WallTime time = printable(time_);
    const auto date = std::chrono::floor<days>(time);
    const std::chrono::year_month_day ymd{date};
    const Parts p = parts(time - date);
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}{}Z", static_cast<int>(ymd.year()),
                       static_cast<unsigned>(ymd.month()), static_cast<unsigned>(ymd.day()),
                       p.hours, p.minutes, p.seconds, trimmed_fraction(p.micros));
}

} // namespace watari::cim
