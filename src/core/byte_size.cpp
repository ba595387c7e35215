#include "core/byte_size.hpp"

#include "core/error.hpp"
#include "messages/core.hpp"

#include <array>
#include <charconv>

#include <fmt/format.h>

namespace watari {

namespace {

[[noreturn]] void out_of_range()
{
    throw Error{ErrorKind::invalid, message::size_out_of_range{}};
}

std::uint64_t multiply(std::uint64_t a, std::uint64_t b)
{
    std::uint64_t product = 0;
    if (__builtin_mul_overflow(a, b, &product)) {
        out_of_range();
    }
    return product;
}

constexpr std::uint64_t kibibyte = 1024;
constexpr std::uint64_t mebibyte = kibibyte * 1024;
constexpr std::uint64_t gibibyte = mebibyte * 1024;
constexpr std::uint64_t tebibyte = gibibyte * 1024;

struct Unit {
    std::string_view name;
    std::string_view letter;
    std::uint64_t bytes;
};

constexpr std::array<Unit, 4> units{{{"TiB", "T", tebibyte},
                                     {"GiB", "G", gibibyte},
                                     {"MiB", "M", mebibyte},
                                     {"KiB", "K", kibibyte}}};

} // namespace

ByteSize ByteSize::kib(std::uint64_t count)
{
    return ByteSize{multiply(count, kibibyte)};
}

ByteSize ByteSize::mib(std::uint64_t count)
{
    return ByteSize{multiply(count, mebibyte)};
}

ByteSize ByteSize::gib(std::uint64_t count)
{
    return ByteSize{multiply(count, gibibyte)};
}

ByteSize ByteSize::tib(std::uint64_t count)
{
    return ByteSize{multiply(count, tebibyte)};
}

std::optional<ByteSize> ByteSize::parse(std::string_view text)
{
    std::uint64_t count = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (failure != std::errc{} || end == text.data()) {
        return std::nullopt;
    }
    std::string_view suffix{end, static_cast<std::size_t>(text.data() + text.size() - end)};
    if (suffix.starts_with(' ')) {
        suffix.remove_prefix(1);
    }
    if (suffix.empty() || suffix == "B") {
        return ByteSize{count};
    }
    for (const auto& unit : units) {
        if (suffix == unit.name || suffix == unit.letter) {
            std::uint64_t product = 0;
            if (__builtin_mul_overflow(count, unit.bytes, &product)) {
                return std::nullopt;
            }
            return ByteSize{product};
        }
    }
    return std::nullopt;
}

std::uint64_t ByteSize::in_whole_mib() const
{
    if (bytes_ % mebibyte != 0) {
        throw Error{ErrorKind::invalid,
                    message::size_not_whole_mib{.bytes = std::to_string(bytes_)}};
    }
    return bytes_ / mebibyte;
}

std::uint64_t ByteSize::in_mib_rounded_up() const noexcept
{
    return bytes_ / mebibyte + (bytes_ % mebibyte != 0 ? 1 : 0);
}

std::string ByteSize::human() const
{
    for (const auto& unit : units) {
        if (bytes_ >= unit.bytes) {
            if (bytes_ % unit.bytes == 0) {
                return fmt::format("{} {}", bytes_ / unit.bytes, unit.name);
            }
            return fmt::format("{:.1f} {}",
                               static_cast<double>(bytes_) / static_cast<double>(unit.bytes),
                               unit.name);
        }
    }
    return fmt::format("{} bytes", bytes_);
}

ByteSize operator+(ByteSize a, ByteSize b)
{
    std::uint64_t sum = 0;
    if (__builtin_add_overflow(a.bytes_, b.bytes_, &sum)) {
        out_of_range();
    }
    return ByteSize{sum};
}

ByteSize operator-(ByteSize a, ByteSize b)
{
    if (b.bytes_ > a.bytes_) {
        out_of_range();
    }
    return ByteSize{a.bytes_ - b.bytes_};
}

ByteSize operator*(ByteSize a, std::uint64_t factor)
{
    return ByteSize{multiply(a.bytes_, factor)};
}

} // namespace watari
