#pragma once

#include "core/uuid.hpp"

#include <algorithm>
#include <array>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

namespace watari::vhd {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;
using ByteSpan = std::span<std::uint8_t>;

inline constexpr std::uint64_t kib = 1024;
inline constexpr std::uint64_t mib = 1024 * kib;
inline constexpr std::uint64_t gib = 1024 * mib;
inline constexpr std::uint64_t tib = 1024 * gib;

/// VHD is big-endian, VHDX little-endian. The caller has checked that the number lies inside
/// `bytes`.
template <std::unsigned_integral T>
T get_big(ByteView bytes, std::size_t offset)
{
    T value = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i) {
        value = static_cast<T>((static_cast<std::uint64_t>(value) << 8) | bytes[offset + i]);
    }
    return value;
}

template <std::unsigned_integral T>
T get_little(ByteView bytes, std::size_t offset)
{
    T value = 0;
    for (std::size_t i = sizeof(T); i-- > 0;) {
        value = static_cast<T>((static_cast<std::uint64_t>(value) << 8) | bytes[offset + i]);
    }
    return value;
}

template <std::unsigned_integral T>
void put_big(ByteSpan bytes, std::size_t offset, T value)
{
    for (std::size_t i = sizeof(T); i-- > 0;) {
        bytes[offset + i] = static_cast<std::uint8_t>(value);
        value = static_cast<T>(static_cast<std::uint64_t>(value) >> 8);
    }
}

template <std::unsigned_integral T>
void put_little(ByteSpan bytes, std::size_t offset, T value)
{
    for (std::size_t i = 0; i < sizeof(T); ++i) {
        bytes[offset + i] = static_cast<std::uint8_t>(value);
        value = static_cast<T>(static_cast<std::uint64_t>(value) >> 8);
    }
}

/// The id as printed, which is how VHD stores it.
inline Uuid get_uuid(ByteView bytes, std::size_t offset)
{
    Uuid uuid;
    std::ranges::copy(bytes.subspan(offset, 16), uuid.bytes.begin());
    return uuid;
}

inline void put_uuid(ByteSpan bytes, std::size_t offset, const Uuid& uuid)
{
    std::ranges::copy(uuid.bytes, bytes.begin() + static_cast<std::ptrdiff_t>(offset));
}

/// The binary GUID of VHDX: its first three fields are little-endian numbers.
inline Uuid swapped_guid(Uuid uuid)
{
    std::ranges::reverse(uuid.bytes.begin(), uuid.bytes.begin() + 4);
    std::ranges::reverse(uuid.bytes.begin() + 4, uuid.bytes.begin() + 6);
    std::ranges::reverse(uuid.bytes.begin() + 6, uuid.bytes.begin() + 8);
    return uuid;
}

inline Uuid get_guid(ByteView bytes, std::size_t offset)
{
    return swapped_guid(get_uuid(bytes, offset));
}

inline void put_guid(ByteSpan bytes, std::size_t offset, const Uuid& uuid)
{
    put_uuid(bytes, offset, swapped_guid(uuid));
}

inline bool has_text(ByteView bytes, std::size_t offset, std::string_view text)
{
    return offset <= bytes.size() && text.size() <= bytes.size() - offset &&
           std::memcmp(bytes.data() + offset, text.data(), text.size()) == 0;
}

inline void put_text(ByteSpan bytes, std::size_t offset, std::string_view text)
{
    std::memcpy(bytes.data() + offset, text.data(), text.size());
}

inline bool is_zero(ByteView bytes)
{
    return bytes.empty() ||
           (bytes[0] == 0 && std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0);
}

inline constexpr std::uint64_t divide_up(std::uint64_t value, std::uint64_t unit)
{
    return value / unit + (value % unit != 0 ? 1 : 0);
}

/// `value` is far below 2^64.
inline constexpr std::uint64_t round_up(std::uint64_t value, std::uint64_t unit)
{
    return divide_up(value, unit) * unit;
}

/// Whether [offset, offset+length) lies below `end`, without overflow.
inline constexpr bool fits(std::uint64_t offset, std::uint64_t length, std::uint64_t end)
{
    return offset <= end && length <= end - offset;
}

inline constexpr bool overlap(std::uint64_t a, std::uint64_t a_length, std::uint64_t b,
                              std::uint64_t b_length)
{
    return a < b + b_length && b < a + a_length;
}

} // namespace watari::vhd
