#include "auth/negotiate.hpp"

#include "auth/client_credential.hpp"
#include "auth/gss_errors.hpp"
#include "auth/multipart.hpp"
#include "auth/sealing.hpp"
#include "auth/text.hpp"
#include "auth/tokens.hpp"
#include "messages/auth.hpp"

#include <gssapi/gssapi_krb5.h>

namespace watari::auth {

namespace {

constexpr OM_uint32 wanted_flags = GSS_C_MUTUAL_FLAG | GSS_C_REPLAY_FLAG | GSS_C_SEQUENCE_FLAG |
                                   GSS_C_CONF_FLAG | GSS_C_INTEG_FLAG;

/// A Kerberos principal names a host, never its address (wsman.md 10.1).
bool is_address(std::string_view host)
{
    return host.find(':') != std::string_view::npos ||
           host.find_first_not_of("0123456789.") == std::string_view::npos;
}

class NegotiateClient final : public ClientScheme
{
public:
    NegotiateClient(std::shared_ptr<ClientCredential> credential, const Connection& connection)
        : credential_(std::move(credential)),
          account_(credential_->account()),
          scheme_(account_.mechanism == Mechanism::kerberos ? "Kerberos" : "Negotiate"),
          seals_(!connection.encrypted || account_.seals_over_tls),
          bindings_(connection.server_end_point),
          sealing_(credential_->is_kerberos() ? Split::kerberos : Split::ntlm,
                   account_.mechanism == Mechanism::kerberos ? kerberos_sealed : negotiate_sealed)
    {
    }

    std::optional<std::string> next(std::span<const std::string> challenges) override;
    bool established() const override { return complete_ && !refused_; }
    bool has_handshake() const override { return true; }
    bool seals() const override { return seals_; }
    std::optional<std::string> may_block() const override
    {
        return credential_->is_kerberos() ? std::optional{credential_->realm()} : std::nullopt;
    }
    std::optional<std::string> per_request() const override { return std::nullopt; }
    void seal(Body& body) override;
    void unseal(Body& body) override;

private:
    std::optional<std::string> token_for_us(std::span<const std::string> challenges);
    std::optional<std::string> step(std::string_view token);
    OM_uint32 call(std::string_view token, gss::Buffer& output, OM_uint32& minor);
    void check_flags() const;
    gss::Name target() const;
    Party party() const
    {
        return {.user = credential_->user(),
                .service = account_.service + "/" + account_.host,
                .keytab = account_.keytab};
    }

    std::shared_ptr<ClientCredential> credential_;
    const NegotiateAccount& account_; ///< of credential_
    std::string_view scheme_;
    bool seals_;
    gss::Bindings bindings_;
    Sealing sealing_;
    std::shared_ptr<const gss::Credential> acquired_;
    gss::Name target_;
    gss::Context context_;
    OM_uint32 flags_ = 0;
    bool begun_ = false;
    bool complete_ = false;
    bool refused_ = false;
};

std::optional<std::string> NegotiateClient::next(std::span<const std::string> challenges)
{
    if (!begun_) {
        begun_ = true;
        acquired_ = credential_->get();
        target_ = target();
        return step({});
    }
    if (refused_ || (complete_ && challenges.empty())) {
        return std::nullopt;
    }
    if (challenges.empty()) {
        throw Error{ErrorKind::unauthenticated,
                    message::host_not_proven{.user = credential_->user()}};
    }
    const auto token = token_for_us(challenges);
    if (!token || complete_) {
        refused_ = refused_ || !token;
        return std::nullopt;
    }
    return step(*token);
}

/// nullopt: the host names the scheme without a token, which is its refusal.
std::optional<std::string> NegotiateClient::token_for_us(std::span<const std::string> challenges)
{
    bool offered = false;
    std::string others;
    for (const std::string& challenge : challenges) {
        const auto offer = read_offer(challenge);
        if (offer && same_ignoring_case(offer->scheme, scheme_)) {
            if (offer->token) {
                return offer->token;
            }
            offered = true;
        } else {
            others.append(others.empty() ? "" : ", ")
                .append(challenge.substr(0, challenge.find(' ')));
        }
    }
    if (!offered) {
        throw Error{ErrorKind::unauthenticated,
                    message::scheme_not_offered{.offered = others, .scheme = std::string{scheme_}}};
    }
    if (credential_->is_kerberos()) {
        throw Error{ErrorKind::unauthenticated,
                    message::kerberos_ticket_refused{.service = party().service}};
    }
    return std::nullopt;
}

OM_uint32 NegotiateClient::call(std::string_view token, gss::Buffer& output, OM_uint32& minor)
{
    if (!credential_->is_kerberos() && !ntlm_challenge_names_target(token)) {
        return GSS_S_DEFECTIVE_TOKEN;
    }
    gss_buffer_desc input = gss::lend(token);
    return gss_init_sec_context(&minor, acquired_->get(), context_.out(), target_.get(),
                                outer_mechanism(account_.mechanism), wanted_flags, 0,
                                bindings_.get(), token.empty() ? GSS_C_NO_BUFFER : &input, nullptr,
                                output.out(), &flags_, nullptr);
}

std::optional<std::string> NegotiateClient::step(std::string_view token)
{
    gss::Buffer output;
    OM_uint32 minor = 0;
    const OM_uint32 major = call(token, output, minor);
    if (GSS_ERROR(major)) {
        gss::Failure failed = gss::failure(major, minor, outer_mechanism(account_.mechanism));
        if (token.empty() && account_.mechanism == Mechanism::spnego_kerberos) {
            failed = credential_->why_no_ticket(target_.get());
        }
        context_.reset();
        credential_->drop(acquired_); // whatever is wrong with its tickets, new ones are due
        throw credential_->is_kerberos() ? kerberos_error(failed, party())
                                         : ntlm_error(failed, party());
    }
    complete_ = major == GSS_S_COMPLETE;
    if (complete_) {
        check_flags();
    }
    if (output.view().empty()) {
        return std::nullopt;
    }
    return offer_text(scheme_, output.view());
}

/// The realm is left to the KDC, and the name as it is: Kerberos would ask the DNS for another one.
gss::Name NegotiateClient::target() const
{
    return credential_->is_kerberos()
               ? gss::import(account_.service + "/" + account_.host + "@",
                             const_cast<gss_OID>(GSS_KRB5_NT_PRINCIPAL_NAME))
               : gss::import(account_.service + "@" + account_.host, GSS_C_NT_HOSTBASED_SERVICE);
}

void NegotiateClient::check_flags() const
{
    if (seals_ && (flags_ & GSS_C_CONF_FLAG) == 0) {
        throw Error{ErrorKind::unauthenticated,
                    message::sealing_not_agreed{.user = credential_->user()}};
    }
}

void NegotiateClient::seal(Body& body)
{
    if (seals_ && !body.bytes.empty()) {
        sealing_.seal(context_.get(), body);
    }
}

/// Whoever answers a sealed request in the clear is not the host that shook hands. What does not
/// open leaves open whether the request took effect.
void NegotiateClient::unseal(Body& body)
{
    if (!is_sealed(body.content_type)) {
        if (seals_ && !body.bytes.empty()) {
            throw Error{ErrorKind::outcome_unknown, message::body_not_sealed{}};
        }
        return;
    }
    try {
        sealing_.unseal(context_.get(), body);
    } catch (const Error& error) {
        throw error.with_kind(ErrorKind::outcome_unknown);
    }
}

} // namespace

MakeClientScheme negotiate_client(NegotiateAccount account)
{
    auto shared = std::make_shared<ClientCredential>(std::move(account));
    if (!shared->is_kerberos()) {
        gss::require_ntlm();
    } else if (is_address(shared->account().host)) {
        throw Error{ErrorKind::invalid,
                    message::kerberos_needs_host_name{.host = shared->account().host}};
    }
    return [shared](const Connection& connection) -> std::unique_ptr<ClientScheme> {
        return std::make_unique<NegotiateClient>(shared, connection);
    };
}

} // namespace watari::auth
