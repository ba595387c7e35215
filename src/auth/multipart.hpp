#pragma once

#include "auth/scheme.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace watari::auth {

/// Names the protocol of a sealed body. It follows the scheme of the Authorization header, not the
/// mechanism that SPNEGO chose (wsman.md 10.4).
inline constexpr std::string_view negotiate_sealed = "application/HTTP-SPNEGO-session-encrypted";
inline constexpr std::string_view kerberos_sealed = "application/HTTP-Kerberos-session-encrypted";

/// What a sealed body carries. The views are into the body it was read from.
struct Sealed {
    std::string_view protocol;
    std::string_view original_type; ///< "application/soap+xml;charset=UTF-8"
    std::size_t length = 0;         ///< of the plain text, padding of the mechanism included
    std::string_view signature;     ///< NTLM: 16 bytes; Kerberos: the header of the wrap token
    std::string_view data;
};

/// Whether the content type announces a sealed body.
bool is_sealed(std::string_view content_type);
/// Byte for byte as Windows writes it: horizontal tabs before part headers, no blank line, no line
/// end before the closing boundary. Source: MS-WSMV 2.2.9.1; wsman.md 10.4.
Body write_sealed(const Sealed& sealed);
/// Throws invalid: message::sealed_body_truncated, sealed_body_wrong_boundary,
/// sealed_body_malformed.
Sealed read_sealed(const Body& body, std::string_view protocol);

} // namespace watari::auth
