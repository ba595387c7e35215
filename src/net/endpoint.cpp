#include "net/network.hpp"

#include <arpa/inet.h>

#include <charconv>

#include <fmt/format.h>

namespace watari::net {

namespace {

std::optional<std::uint16_t> port_from(std::string_view text)
{
    std::uint16_t port = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (failure != std::errc{} || end != text.data() + text.size()) {
        return std::nullopt;
    }
    return port;
}

bool fits_an_address(std::string_view text)
{
    return !text.empty() && text.find_first_of(" \t\r\n/[]@") == std::string_view::npos;
}

} // namespace

bool is_loopback(std::string_view address) noexcept
{
    in_addr v4{};
    const bool is_v4 = ::inet_pton(AF_INET, std::string{address}.c_str(), &v4) == 1;
    return is_v4 ? (ntohl(v4.s_addr) >> 24) == 127 : address == "::1" || address == "localhost";
}

std::string Endpoint::text() const
{
    return address.find(':') == std::string::npos ? fmt::format("{}:{}", address, port)
                                                  : fmt::format("[{}]:{}", address, port);
}

std::optional<Endpoint> endpoint_from(std::string_view text)
{
    std::string_view address;
    std::string_view rest;
    if (text.starts_with('[')) {
        const auto close = text.find("]:");
        if (close == std::string_view::npos) {
            return std::nullopt;
        }
        address = text.substr(1, close - 1);
        rest = text.substr(close + 2);
    } else {
        const auto colon = text.find(':');
        if (colon == std::string_view::npos) {
            return std::nullopt;
        }
        address = text.substr(0, colon);
        rest = text.substr(colon + 1);
    }
    const auto port = port_from(rest);
    if (!port || !fits_an_address(address)) {
        return std::nullopt;
    }
    return Endpoint{.address = std::string{address}, .port = *port};
}

} // namespace watari::net
