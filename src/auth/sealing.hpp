#pragma once

#include "auth/gss.hpp"
#include "auth/scheme.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace watari::auth {

/// How a context splits what it wraps into signature and data (wsman.md 10.5).
enum class Split { ntlm, kerberos };

/// Seals and opens the bodies of one connection, in order.
class Sealing
{
public:
    Sealing(Split split, std::string_view protocol) : split_(split), protocol_(protocol) {}

    void seal(gss_ctx_id_t context, Body& body);
    /// Throws invalid: message::sealed_body_tampered, sealed_body_replayed,
    /// sealed_body_wrong_length and what read_sealed() throws. The context is dead then.
    void unseal(gss_ctx_id_t context, Body& body);

private:
    std::string opened_ntlm(gss_ctx_id_t context, const struct Sealed& sealed);
    std::string opened_kerberos(gss_ctx_id_t context, const struct Sealed& sealed);

    Split split_;
    std::string_view protocol_;
    std::optional<std::uint32_t> last_number_; ///< of the NTLM messages received
};

} // namespace watari::auth
