#include "net/tls.hpp"

#include "messages/net.hpp"
#include "net/certificates.hpp"
#include "net/pem_file.hpp"
#include "net/tls_context.hpp"
#include "net/tls_stream.hpp"
#include "net/x509.hpp"

namespace watari::net {

std::string_view to_string(TlsVersion version) noexcept
{
    switch (version) {
    case TlsVersion::tls_1_0:
        return "TLS 1.0";
    case TlsVersion::tls_1_1:
        return "TLS 1.1";
    case TlsVersion::tls_1_2:
        return "TLS 1.2";
    case TlsVersion::tls_1_3:
        return "TLS 1.3";
    }
    return "TLS";
}

namespace {

constexpr std::chrono::seconds client_handshake_max{60};

class TlsNetwork final : public Network
{
public:
    TlsNetwork(Network& plain, Clock& clock, TlsClientOptions options)
        : state_(std::make_shared<State>(plain, clock, std::move(options)))
    {
    }

    Task<std::unique_ptr<Stream>> connect(const Endpoint& to, Deadline deadline) override
    {
        return connect(state_, to, deadline);
    }

    std::unique_ptr<Listener> listen(const Endpoint& at) override
    {
        return state_->plain.listen(at);
    }

private:
    struct State {
        Network& plain;
        Clock& clock;
        TlsClientOptions options;
        openssl::Context context = {};
    };

    static Task<std::unique_ptr<Stream>> connect(std::shared_ptr<State> self, Endpoint to,
                                                 Deadline deadline)
    {
        if (!self->context) {
            prepare(*self);
        }
        auto raw = co_await self->plain.connect(to, deadline);
        auto stream =
            std::make_unique<TlsStream>(std::move(raw), self->clock,
                                        TlsStreamSetup{.context = self->context.get(),
                                                       .expectation = expectation_of(*self, to),
                                                       .handshake_timeout = client_handshake_max});
        co_await stream->handshake(deadline);
        co_return stream;
    }

    static void prepare(State& state)
    {
        TlsClientOptions& options = state.options;
        if (options.trust == TlsTrust::fingerprint) {
            const auto fingerprint = fingerprint_from(options.fingerprint);
            if (!fingerprint) {
                throw Error{ErrorKind::invalid,
                            message::tls_fingerprint_invalid{.text = options.fingerprint}};
            }
            options.fingerprint = *fingerprint;
        }
        state.context = client_context(options);
    }

    static TlsExpectation expectation_of(const State& state, const Endpoint& to)
    {
        const TlsClientOptions& options = state.options;
        return {.role = TlsRole::client,
                .trust = options.trust,
                .fingerprint = options.fingerprint,
                .name = options.server_name.empty() ? to.address : options.server_name,
                .peer = to,
                .now = state.clock.now()};
    }

    std::shared_ptr<State> state_;
};

} // namespace

struct TlsServer::State {
    explicit State(TlsServerOptions its_options)
        : options(std::move(its_options)), context(server_context(options))
    {
    }

    TlsServerOptions options;
    openssl::Context context;
};

namespace {

class TlsListener final : public Listener
{
public:
    TlsListener(std::unique_ptr<Listener> plain, Clock& clock, std::shared_ptr<TlsServer> server)
        : plain_(std::move(plain)), clock_(clock), server_(std::move(server))
    {
    }

    Task<std::unique_ptr<Stream>> accept() override
    {
        auto raw = co_await plain_->accept();
        const auto state = server_->state();
        const TlsServerOptions& options = state->options;
        const bool anybody = options.client_ca_files.empty();
        TlsExpectation expectation{.role = TlsRole::server,
                                   .trust = anybody ? TlsTrust::nothing : TlsTrust::authorities,
                                   .peer = raw->peer(),
                                   .now = clock_.now()};
        co_return std::make_unique<TlsStream>(
            std::move(raw), clock_,
            TlsStreamSetup{.context = state->context.get(),
                           .expectation = std::move(expectation),
                           .handshake_timeout = options.handshake_timeout,
                           .answer_to_plain = options.answer_to_plain});
    }

    Endpoint local() const override { return plain_->local(); }
    void close() noexcept override { plain_->close(); }

private:
    std::unique_ptr<Listener> plain_;
    Clock& clock_;
    std::shared_ptr<TlsServer> server_;
};

} // namespace

TlsServer::TlsServer(TlsServerOptions options)
    : state_(std::make_shared<const State>(std::move(options)))
{
}

TlsServer::~TlsServer() = default;

void TlsServer::reload()
{
    replace(state_->options);
}

void TlsServer::replace(TlsServerOptions options)
{
    state_ = std::make_shared<const State>(std::move(options));
}

std::string TlsServer::fingerprint() const
{
    return fingerprint_of(*SSL_CTX_get0_certificate(state_->context.get()));
}

std::unique_ptr<Network> tls_network(Network& plain, Clock& clock, TlsClientOptions options)
{
    return std::make_unique<TlsNetwork>(plain, clock, std::move(options));
}

std::unique_ptr<Listener> tls_listener(std::unique_ptr<Listener> plain, Clock& clock,
                                       std::shared_ptr<TlsServer> server)
{
    return std::make_unique<TlsListener>(std::move(plain), clock, std::move(server));
}

} // namespace watari::net
