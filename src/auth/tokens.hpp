#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace watari::auth {

/// `Negotiate YII…` or a bare `Negotiate`, of an Authorization or WWW-Authenticate header.
struct Offer {
    std::string_view scheme;
    std::optional<std::string> token; ///< decoded; nullopt: none given
};

/// What GSSAPI gets is bounded here: 64 KiB, the largest token Windows makes (MaxTokenSize).
inline constexpr std::size_t token_bytes_max = 64U << 10;

/// nullopt when what follows the scheme is not one base64 token of a sound size.
std::optional<Offer> read_offer(std::string_view header);
std::string offer_text(std::string_view scheme, std::string_view token);

enum class TokenKind { ntlm, spnego, kerberos, unknown };

/// By the first bytes: `NTLMSSP`, or the mechanism named in RFC 2743's frame.
TokenKind kind_of(std::string_view token) noexcept;
/// Whether it opens a handshake; later ones need the context of the first.
bool is_first(std::string_view token) noexcept;
/// Whether the first token of a SPNEGO negotiation names Kerberos among its mechanisms.
bool offers_kerberos(std::string_view spnego_token) noexcept;
/// Whether the NTLM AUTHENTICATE message in `token` (inside SPNEGO or not) binds itself to a TLS
/// channel. Source: MS-NLMP 2.2.2.1, MsvAvChannelBindings.
bool ntlm_binds_channel(std::string_view token) noexcept;
/// Whether the NTLM CHALLENGE in `token` (inside SPNEGO or not) names the target whose type it
/// gives: gss-ntlmssp does not survive one that does not [observed: version 1.2.0]. Source: MS-NLMP
/// 2.2.1.2.
bool ntlm_challenge_names_target(std::string_view token) noexcept;

} // namespace watari::auth
