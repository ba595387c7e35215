#include "auth/negotiate.hpp"

#include "auth/gss.hpp"
#include "auth/multipart.hpp"
#include "auth/ntlm_accounts.hpp"
#include "auth/sealing.hpp"
#include "auth/text.hpp"
#include "auth/tokens.hpp"
#include "core/error.hpp"
#include "messages/auth.hpp"

#include <algorithm>

namespace watari::auth {

namespace {

constexpr std::string_view negotiate = "Negotiate";
constexpr std::string_view kerberos = "Kerberos";

/// What all connections of a service share.
struct Service {
    explicit Service(NegotiateService its_options);

    NegotiateService options;
    std::optional<NtlmAccounts> ntlm;
    gss::Credential raw_ntlm;
    gss::Credential spnego_ntlm;
    gss::Credential raw_kerberos;
    gss::Credential spnego_kerberos;
};

gss::Credential acceptor(gss_name_t name, gss_OID mechanism, gss_OID inside,
                         const gss::Store& store, const std::string& keytab)
{
    gss::Acquired acquired = gss::acquire(
        {.name = name, .mechanism = mechanism, .inside = inside, .usage = GSS_C_ACCEPT}, store);
    if (!acquired.credential) {
        const PeerSays says{.code = acquired.failure.minor, .text = acquired.failure.text};
        if (keytab.empty()) {
            throw Error{ErrorKind::unsupported, message::ntlm_not_installed{}, says};
        }
        throw Error{ErrorKind::invalid, message::server_keytab_unusable{.path = keytab}, says};
    }
    return std::move(acquired.credential);
}

Service::Service(NegotiateService its_options) : options(std::move(its_options))
{
    const gss_OID spnego = gss::spnego_mechanism();
    if (!options.accounts.empty()) {
        gss::require_ntlm();
        ntlm.emplace(options.accounts);
        // gss-ntlmssp keeps a file of accounts only with a named credential. Names without a
        // service, because it would put the principal into its challenge, which Windows does not,
        // and clients that know the host by another name would end there. SPNEGO shows the name to
        // Kerberos, too, which looks it up: one that needs no DNS.
        const gss::Name name = gss::import("@" + options.host, GSS_C_NT_HOSTBASED_SERVICE);
        const gss::Name local = gss::import("@localhost", GSS_C_NT_HOSTBASED_SERVICE);
        const gss::Store store{{"ntlmssp_keyfile", Secret{ntlm->path()}}};
        const gss_OID mechanism = gss::ntlm_mechanism();
        raw_ntlm = acceptor(name.get(), mechanism, nullptr, store, {});
        spnego_ntlm = acceptor(local.get(), spnego, mechanism, store, {});
    }
    if (!options.keytab.empty()) {
        const gss::Store store{{"keytab", Secret{"FILE:" + options.keytab}}};
        const gss_OID mechanism = gss::kerberos_mechanism();
        raw_kerberos = acceptor(nullptr, mechanism, nullptr, store, options.keytab);
        spnego_kerberos = acceptor(nullptr, spnego, mechanism, store, options.keytab);
    }
}

/// The name of an admitted account as `accounts` spell it: `DOMAIN\user` was matched by its user.
std::string account_named(const std::vector<Credentials>& accounts, std::string_view principal)
{
    const std::string_view user = principal.substr(principal.find('\\') + 1);
    const auto known = std::ranges::find_if(accounts, [&](const Credentials& account) {
        return same_ignoring_case(account.user, user) ||
               same_ignoring_case(account.user, principal);
    });
    return known == accounts.end() ? std::string{principal} : known->user;
}

class NegotiateServer final : public ServerScheme
{
public:
    NegotiateServer(std::shared_ptr<const Service> service, const Connection& connection)
        : service_(std::move(service)),
          must_bind_(connection.encrypted && service_->options.binding == ChannelBinding::strict),
          bindings_(service_->options.binding == ChannelBinding::none ? std::string{}
                                                                      : connection.server_end_point)
    {
    }

    Verdict check(std::optional<std::string_view> authorization) override;
    void unseal(Body& body) override;
    void seal(Body& body) override;

private:
    Verdict refusal() const;
    void forget()
    {
        context_.reset();
        admitted_ = false;
    }
    /// Whether `token` may go to the library; a first token starts over.
    bool begin_or_go_on(std::string_view token, bool as_kerberos);
    void choose(gss_cred_id_t credential, Split split, bool as_kerberos);
    Verdict accept(std::string_view token);
    bool is_bound(std::string_view token, OM_uint32 flags) const;
    std::string_view scheme() const { return as_kerberos_ ? kerberos : negotiate; }

    std::shared_ptr<const Service> service_;
    bool must_bind_;
    gss::Bindings bindings_;
    gss_cred_id_t credential_ = nullptr; ///< of service_
    std::optional<Sealing> sealing_;
    Split split_ = Split::ntlm;
    bool as_kerberos_ = false;
    gss::Context context_;
    bool admitted_ = false;
    std::string account_;
};

ServerScheme::Verdict NegotiateServer::refusal() const
{
    Verdict verdict{.challenges = {std::string{negotiate}}};
    if (service_->raw_kerberos) {
        verdict.challenges.emplace_back(kerberos);
    }
    return verdict;
}

ServerScheme::Verdict NegotiateServer::check(std::optional<std::string_view> authorization)
{
    if (!authorization) {
        return admitted_ ? Verdict{.admitted = true, .account = account_} : refusal();
    }
    const auto offer = read_offer(*authorization);
    if (!offer || !offer->token) {
        return refusal();
    }
    const bool as_kerberos = same_ignoring_case(offer->scheme, kerberos);
    if (!as_kerberos && !same_ignoring_case(offer->scheme, negotiate)) {
        return refusal();
    }
    if (!begin_or_go_on(*offer->token, as_kerberos)) {
        forget();
        return refusal();
    }
    return accept(*offer->token);
}

void NegotiateServer::choose(gss_cred_id_t credential, Split split, bool as_kerberos)
{
    forget();
    credential_ = credential;
    split_ = split;
    as_kerberos_ = as_kerberos;
    sealing_.emplace(split, as_kerberos ? kerberos_sealed : negotiate_sealed);
}

bool NegotiateServer::begin_or_go_on(std::string_view token, bool as_kerberos)
{
    const Service& service = *service_;
    const TokenKind kind = kind_of(token);
    if (is_first(token)) {
        if (kind == TokenKind::kerberos) {
            choose(service.raw_kerberos.get(), Split::kerberos, as_kerberos);
        } else if (kind == TokenKind::ntlm && !as_kerberos) {
            choose(service.raw_ntlm.get(), Split::ntlm, false);
        } else if (kind == TokenKind::spnego && !as_kerberos) {
            if (service.spnego_kerberos && offers_kerberos(token)) {
                choose(service.spnego_kerberos.get(), Split::kerberos, false);
            } else {
                choose(service.spnego_ntlm.get(), Split::ntlm, false);
            }
        } else {
            return false;
        }
        return credential_ != nullptr;
    }
    return context_ && !admitted_ && as_kerberos == as_kerberos_;
}

bool NegotiateServer::is_bound(std::string_view token, OM_uint32 flags) const
{
    return !must_bind_ || (split_ == Split::kerberos ? (flags & GSS_C_CHANNEL_BOUND_FLAG) != 0
                                                     : ntlm_binds_channel(token));
}

/// Any failure is the same refusal: what was wrong is not told to who failed.
ServerScheme::Verdict NegotiateServer::accept(std::string_view token)
{
    gss_buffer_desc input = gss::lend(token);
    gss::Buffer output;
    gss::Name user;
    OM_uint32 minor = 0;
    OM_uint32 flags = 0;
    const OM_uint32 major =
        gss_accept_sec_context(&minor, context_.out(), credential_, &input, bindings_.get(),
                               user.out(), nullptr, output.out(), &flags, nullptr, nullptr);
    const bool complete = major == GSS_S_COMPLETE;
    if (GSS_ERROR(major) || (complete && !is_bound(token, flags))) {
        forget();
        return refusal();
    }
    Verdict verdict{.admitted = complete, .continues = !complete};
    if (!output.view().empty()) {
        verdict.challenges.push_back(offer_text(scheme(), output.view()));
    }
    if (complete) {
        admitted_ = true;
        account_ = account_named(service_->options.accounts, gss::display(user.get()));
        verdict.account = account_;
    }
    return verdict;
}

void NegotiateServer::unseal(Body& body)
{
    if (is_sealed(body.content_type)) {
        if (!admitted_) {
            throw Error{ErrorKind::invalid, message::sealed_body_tampered{}};
        }
        sealing_->unseal(context_.get(), body);
    }
}

void NegotiateServer::seal(Body& body)
{
    if (admitted_ && !body.bytes.empty()) {
        sealing_->seal(context_.get(), body);
    }
}

} // namespace

MakeServerScheme negotiate_server(NegotiateService service)
{
    auto shared = std::make_shared<const Service>(std::move(service));
    return [shared](const Connection& connection) -> std::unique_ptr<ServerScheme> {
        return std::make_unique<NegotiateServer>(shared, connection);
    };
}

} // namespace watari::auth
