// Any bytes as handshake tokens: what reads them before GSSAPI does, a server that takes them in
// two legs (so that a challenge is open for the second), and clients that take them as the host's
// challenge. Nobody is ever admitted.
#include "auth/negotiate.hpp"
#include "auth/tokens.hpp"
#include "core/error.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <span>

using namespace watari;

/// The libraries behind GSSAPI lose memory at each handshake (src/auth/library_leaks.cpp); leaks of
/// our own show in auth_test.
extern "C" int __lsan_is_turned_off()
{
    return 1;
}

namespace {

const auth::MakeServerScheme& server()
{
    static const auth::MakeServerScheme made = auth::negotiate_server(
        {.accounts = {{.user = "fuzz", .password = auth::Secret{"not to be guessed"}}}});
    return made;
}

auth::MakeClientScheme client(auth::Mechanism mechanism)
{
    return auth::negotiate_client({.mechanism = mechanism,
                                   .user = "fuzz",
                                   .password = auth::Secret{"not to be guessed"},
                                   .host = "localhost"});
}

void read_alone(std::string_view token)
{
    static_cast<void>(auth::read_offer(token));
    static_cast<void>(auth::kind_of(token));
    static_cast<void>(auth::is_first(token));
    static_cast<void>(auth::offers_kerberos(token));
    static_cast<void>(auth::ntlm_binds_channel(token));
    const std::string text = auth::offer_text("Negotiate", token);
    const auto offer = auth::read_offer(text);
    if (!token.empty() && token.size() <= auth::token_bytes_max / 2 &&
        (!offer || offer->token != token)) {
        std::abort();
    }
}

void offer_to_server(std::span<const std::string_view> tokens)
{
    const auto scheme = server()({});
    for (const std::string_view token : tokens) {
        if (scheme->check(auth::offer_text("Negotiate", token)).admitted) {
            std::abort();
        }
    }
}

void challenge_client(const auth::MakeClientScheme& make, std::string_view token)
{
    const auto scheme = make({});
    try {
        scheme->next({});
        const std::array challenges{auth::offer_text("Negotiate", token)};
        scheme->next(challenges);
    } catch (const Error&) {
        return;
    }
}

} // namespace

/// The first byte says who gets the rest: a client of raw NTLM (0) or SPNEGO (1), or the server, as
/// one token (2) or as two of which the first has that many bytes.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    static const auth::MakeClientScheme ntlm = client(auth::Mechanism::ntlm);
    static const auth::MakeClientScheme spnego = client(auth::Mechanism::spnego_ntlm);
    if (size == 0) {
        return 0;
    }
    const std::string_view input{reinterpret_cast<const char*>(data + 1), size - 1};
    read_alone(input);
    if (data[0] < 2) {
        challenge_client(data[0] == 0 ? ntlm : spnego, input);
        return 0;
    }
    const std::size_t cut = data[0] == 2 ? input.size() : std::min<std::size_t>(data[0], size - 1);
    const std::array tokens{input.substr(0, cut), input.substr(cut)};
    offer_to_server(tokens);
    return 0;
}
