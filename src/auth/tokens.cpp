#include "auth/tokens.hpp"

#include "auth/scheme.hpp"
#include "auth/text.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace watari::auth {

namespace {

using namespace std::string_view_literals;

constexpr std::string_view ntlm_signature = "NTLMSSP\0"sv;
constexpr std::string_view ntlm_negotiate = "NTLMSSP\0\x01\0\0\0"sv;
constexpr std::string_view ntlm_challenge = "NTLMSSP\0\x02\0\0\0"sv;
constexpr std::string_view ntlm_authenticate = "NTLMSSP\0\x03\0\0\0"sv;
constexpr std::string_view spnego_oid = "\x06\x06\x2b\x06\x01\x05\x05\x02"sv;
constexpr std::string_view kerberos_oid = "\x06\x09\x2a\x86\x48\x86\xf7\x12\x01\x02\x02"sv;
/// The misprint of the Kerberos identifier that Windows 2000 made permanent (MS-SPNG 1.9).
constexpr std::string_view kerberos_oid_of_windows =
    "\x06\x09\x2a\x86\x48\x82\xf7\x12\x01\x02\x02"sv;
/// Mechanism lists stand at the beginning of a negotiation and are short.
constexpr std::size_t mechanisms_bytes_max = 256;

/// An integer of `size` bytes, least significant first; nullopt past the end.
std::optional<std::size_t> integer(std::string_view bytes, std::size_t at, std::size_t size)
{
    if (at > bytes.size() || bytes.size() - at < size) {
        return std::nullopt;
    }
    std::size_t value = 0;
    for (std::size_t i = 0; i < size; ++i) {
        value |= std::size_t{static_cast<unsigned char>(bytes[at + i])} << (8 * i);
    }
    return value;
}

/// The bytes a field at `at` (length, allocated, offset) points to; empty when it points outside.
std::string_view field(std::string_view message, std::size_t at)
{
    const auto length = integer(message, at, 2);
    const auto offset = integer(message, at + 4, 4);
    if (!length || !offset || *offset > message.size() || message.size() - *offset < *length) {
        return {};
    }
    return message.substr(*offset, *length);
}

/// The mechanism of RFC 2743's frame: 60, a DER length, the identifier.
std::string_view framed(std::string_view token)
{
    if (token.size() < 2 || token[0] != '\x60') {
        return {};
    }
    const auto first = static_cast<unsigned char>(token[1]);
    const std::size_t length_bytes = (first & 0x80U) != 0 ? 1U + (first & 0x7FU) : 1U;
    return length_bytes > 5 || token.size() < 1 + length_bytes ? std::string_view{}
                                                               : token.substr(1 + length_bytes);
}

} // namespace

std::optional<Offer> read_offer(std::string_view header)
{
    header = trimmed(header);
    const std::size_t space = header.find(' ');
    Offer offer{.scheme = header.substr(0, space), .token = std::nullopt};
    if (offer.scheme.empty()) {
        return std::nullopt;
    }
    if (space == std::string_view::npos) {
        return offer;
    }
    const std::string_view text = trimmed(header.substr(space));
    if (text.size() > token_bytes_max / 3 * 4) {
        return std::nullopt;
    }
    offer.token = base64_decode(text);
    if (!offer.token || offer.token->empty()) {
        return std::nullopt;
    }
    return offer;
}

std::string offer_text(std::string_view scheme, std::string_view token)
{
    std::string text{scheme};
    if (!token.empty()) {
        text.append(" ").append(base64_encode(token));
    }
    return text;
}

TokenKind kind_of(std::string_view token) noexcept
{
    if (token.starts_with(ntlm_signature)) {
        return TokenKind::ntlm;
    }
    if (token.starts_with('\xa1') || framed(token).starts_with(spnego_oid)) {
        return TokenKind::spnego; // A1: a later token of a negotiation (RFC 4178)
    }
    return framed(token).starts_with(kerberos_oid) ? TokenKind::kerberos : TokenKind::unknown;
}

bool is_first(std::string_view token) noexcept
{
    return token.starts_with(ntlm_negotiate) || !framed(token).empty();
}

bool offers_kerberos(std::string_view spnego_token) noexcept
{
    const std::string_view list = spnego_token.substr(0, mechanisms_bytes_max);
    return list.find(kerberos_oid) != std::string_view::npos ||
           list.find(kerberos_oid_of_windows) != std::string_view::npos;
}

bool ntlm_binds_channel(std::string_view token) noexcept
{
    constexpr std::size_t nt_response_field = 20; // MS-NLMP 2.2.1.3
    constexpr std::size_t pairs_at = 16 + 28;     // proof and fixed part, MS-NLMP 2.2.2.7
    constexpr std::size_t channel_bindings = 10;
    const std::size_t begin = token.find(ntlm_authenticate);
    if (begin == std::string_view::npos) {
        return false;
    }
    const std::string_view response = field(token.substr(begin), nt_response_field);
    for (std::size_t at = pairs_at; at < response.size();) {
        const auto id = integer(response, at, 2);
        const auto length = integer(response, at + 2, 2);
        if (!id || !length || *id == 0) {
            return false;
        }
        if (*id == channel_bindings) {
            const std::string_view hash =
                response.substr(std::min(at + 4, response.size()), *length);
            return hash.size() == 16 && hash.find_first_not_of('\0') != std::string_view::npos;
        }
        at += 4 + *length;
    }
    return false;
}

/// Each place that looks like one counts: which of them the library will read is its affair.
bool ntlm_challenge_names_target(std::string_view token) noexcept
{
    constexpr std::size_t target_name_field = 12; // MS-NLMP 2.2.1.2
    constexpr std::size_t flags_field = 20;
    constexpr std::size_t target_is_domain_or_server = 0x30000; // MS-NLMP 2.2.2.5
    for (std::size_t at = token.find(ntlm_challenge); at != std::string_view::npos;
         at = token.find(ntlm_challenge, at + 1)) {
        const auto length = integer(token, at + target_name_field, 2);
        const auto flags = integer(token, at + flags_field, 4);
        if (length == 0U && flags && (*flags & target_is_domain_or_server) != 0) {
            return false;
        }
    }
    return true;
}

} // namespace watari::auth
