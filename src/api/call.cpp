#include "api/call.hpp"

#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

namespace watari::api {

namespace {

constexpr std::chrono::seconds longest_wait{300};

} // namespace

std::optional<std::chrono::seconds> wait_in(std::string_view prefer)
{
    while (!prefer.empty()) {
        const auto comma = prefer.find(',');
        auto item = prefer.substr(0, comma);
        while (item.starts_with(' ')) {
            item.remove_prefix(1);
        }
        if (item.starts_with("wait=")) {
            std::uint32_t number = 0;
            const auto [end, failure] =
                std::from_chars(item.data() + 5, item.data() + item.size(), number);
            if (failure == std::errc{}) {
                return std::min(std::chrono::seconds{number}, longest_wait);
            }
        }
        prefer.remove_prefix(comma == std::string_view::npos ? prefer.size() : comma + 1);
    }
    return std::nullopt;
}

std::string sha256_hex(std::string_view bytes)
{
    std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
    SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest.data());
    return fmt::format("{:02x}", fmt::join(digest, ""));
}

} // namespace watari::api
