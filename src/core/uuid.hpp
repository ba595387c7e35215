#pragma once

#include "core/random.hpp"

#include <array>
#include <chrono>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include <fmt/format.h>

namespace watari {

/// 16 bytes in printed order. The all-zero value is "none".
struct Uuid {
    std::array<std::uint8_t, 16> bytes{};

    /// Random (version 4).
    static Uuid random(Random& random);
    /// Time-ordered (version 7, RFC 9562): ids sort by creation time.
    static Uuid ordered(std::chrono::system_clock::time_point now, Random& random);
    /// Accepts 8-4-4-4-12 digits in any case, with or without braces; nothing else.
    static std::optional<Uuid> parse(std::string_view text) noexcept;

    bool is_nil() const noexcept { return *this == Uuid{}; }
    std::string lower() const;  ///< 01234567-89ab-…
    std::string upper() const;  ///< as Hyper-V prints it
    std::string braced() const; ///< {lower}

    friend auto operator<=>(const Uuid&, const Uuid&) = default;
};

} // namespace watari

template <>
struct std::hash<watari::Uuid> {
    std::size_t operator()(const watari::Uuid& uuid) const noexcept;
};

template <>
struct fmt::formatter<watari::Uuid> : fmt::formatter<std::string> {
    template <class Context>
    auto format(const watari::Uuid& uuid, Context& context) const
    {
        return fmt::formatter<std::string>::format(uuid.lower(), context);
    }
};
