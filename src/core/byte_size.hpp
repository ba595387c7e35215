#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace watari {

/// A number of bytes. Hyper-V counts memory in MiB and disks in bytes: say which at the edge.
class ByteSize
{
public:
    constexpr ByteSize() = default;

    static constexpr ByteSize bytes(std::uint64_t count) { return ByteSize{count}; }
    /// Throws invalid when the product does not fit 64 bits.
    static ByteSize kib(std::uint64_t count);
    static ByteSize mib(std::uint64_t count);
    static ByteSize gib(std::uint64_t count);
    static ByteSize tib(std::uint64_t count);
    /// "512", "64MiB", "40 GiB" (KiB, MiB, GiB, TiB; K, M, G, T mean the same); nothing else.
    static std::optional<ByteSize> parse(std::string_view text);

    constexpr std::uint64_t in_bytes() const noexcept { return bytes_; }
    /// Throws invalid unless a whole number of MiB.
    std::uint64_t in_whole_mib() const;
    std::uint64_t in_mib_rounded_up() const noexcept;
    bool is_multiple_of(ByteSize unit) const noexcept
    {
        return unit.bytes_ != 0 && bytes_ % unit.bytes_ == 0;
    }
    /// "40 GiB", "1.5 GiB", "700 bytes": for people.
    std::string human() const;

    /// Throws invalid on overflow; subtraction below zero throws invalid.
    friend ByteSize operator+(ByteSize a, ByteSize b);
    friend ByteSize operator-(ByteSize a, ByteSize b);
    friend ByteSize operator*(ByteSize a, std::uint64_t factor);
    ByteSize& operator+=(ByteSize other) { return *this = *this + other; }
    ByteSize& operator-=(ByteSize other) { return *this = *this - other; }
    friend constexpr auto operator<=>(ByteSize, ByteSize) = default;

private:
    constexpr explicit ByteSize(std::uint64_t count) : bytes_(count) {}

    std::uint64_t bytes_ = 0;
};

} // namespace watari
