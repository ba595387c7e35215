#include "wsman/codec/codec.hpp"
#include "wsman/codec/names.hpp"

#include <charconv>
#include <cstdint>

#include <fmt/format.h>

namespace watari::wsman {

std::string resource_uri(std::string_view ns, std::string_view class_name)
{
    std::string uri{names::wmi_prefix};
    uri.reserve(uri.size() + ns.size() + class_name.size() + 1);
    for (const char c : ns) {
        uri += c == '\\' ? '/' : c;
    }
    uri += '/';
    uri += class_name;
    return uri;
}

std::string class_metadata_uri()
{
    return std::string{names::class_metadata_prefix} + "*";
}

bool is_class_metadata(std::string_view uri) noexcept
{
    return cim::same_name(uri.substr(0, names::class_metadata_prefix.size()),
                          names::class_metadata_prefix);
}

std::optional<ResourceName> parse_resource_uri(std::string_view uri)
{
    // White space around the URI is tolerated (wsman.md 2.1).
    constexpr std::string_view space = " \t\r\n";
    const auto first = uri.find_first_not_of(space);
    if (first == std::string_view::npos) {
        return std::nullopt;
    }
    uri = uri.substr(first, uri.find_last_not_of(space) - first + 1);

    if (cim::same_name(uri.substr(0, names::wmi_prefix.size()), names::wmi_prefix)) {
        uri.remove_prefix(names::wmi_prefix.size());
        const auto slash = uri.rfind('/');
        if (slash == std::string_view::npos || slash == 0 || slash + 1 == uri.size()) {
            return std::nullopt;
        }
        return ResourceName{std::string{uri.substr(0, slash)}, std::string{uri.substr(slash + 1)}};
    }
    if (cim::same_name(uri.substr(0, names::cim_schema_prefix.size()), names::cim_schema_prefix)) {
        uri.remove_prefix(names::cim_schema_prefix.size());
        if (uri.empty() || uri.contains('/')) {
            return std::nullopt;
        }
        return ResourceName{{}, std::string{uri}};
    }
    return std::nullopt;
}

namespace {

/// Takes "12" or "12.5" from the front as milliseconds; nullopt when there is no number.
std::optional<std::int64_t> take_thousandths(std::string_view& text, bool& has_fraction)
{
    std::int64_t whole = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), whole);
    constexpr std::int64_t whole_max = 1'000'000'000;
    if (problem != std::errc{} || whole < 0 || whole > whole_max || text.starts_with('-')) {
        return std::nullopt;
    }
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    std::int64_t thousandths = whole * 1000;
    if (text.starts_with('.')) {
        has_fraction = true;
        text.remove_prefix(1);
        std::int64_t unit = 100;
        std::size_t digits = 0;
        for (; digits < text.size() && text[digits] >= '0' && text[digits] <= '9'; ++digits) {
            thousandths += (text[digits] - '0') * unit;
            unit /= 10;
        }
        if (digits == 0) {
            return std::nullopt;
        }
        text.remove_prefix(digits);
    }
    return thousandths;
}

} // namespace

std::optional<std::chrono::milliseconds> duration_from(std::string_view text)
{
    if (!text.starts_with('P')) {
        return std::nullopt;
    }
    text.remove_prefix(1);
    std::int64_t total = 0;
    bool in_time = false;
    bool any = false;
    std::string_view units_left = "YMD"; // in this order, each at most once
    while (!text.empty()) {
        if (!in_time && text.starts_with('T')) {
            in_time = true;
            units_left = "HMS";
            text.remove_prefix(1);
            if (text.empty()) {
                return std::nullopt;
            }
            continue;
        }
        bool has_fraction = false;
        const auto amount = take_thousandths(text, has_fraction);
        if (!amount || text.empty()) {
            return std::nullopt;
        }
        const char unit = text.front();
        text.remove_prefix(1);
        const auto at = units_left.find(unit);
        if (at == std::string_view::npos || (has_fraction && unit != 'S')) {
            return std::nullopt;
        }
        units_left.remove_prefix(at + 1);
        if (!in_time && unit != 'D') {
            if (*amount != 0) {
                return std::nullopt; // years and months must be zero
            }
        } else {
            const std::int64_t factor = unit == 'D'   ? 86400
                                        : unit == 'H' ? 3600
                                        : unit == 'M' ? 60
                                                      : 1;
            total += *amount * factor;
        }
        any = true;
    }
    return any ? std::optional{std::chrono::milliseconds{total}} : std::nullopt;
}

std::string duration_text(std::chrono::milliseconds duration)
{
    return fmt::format("PT{}.{:03}S", duration.count() / 1000, duration.count() % 1000);
}

} // namespace watari::wsman
