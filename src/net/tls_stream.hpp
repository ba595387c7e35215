// For the sources of this module only: a TlsSession between a Stream and its user.
#pragma once

#include "net/tls_session.hpp"

namespace watari::net {

struct TlsStreamSetup {
    openssl::Context::pointer context; ///< referenced by the connection from then on
    TlsExpectation expectation;
    std::chrono::seconds handshake_timeout;
    std::string answer_to_plain = {};
};

class TlsStream final : public Stream
{
public:
    TlsStream(std::unique_ptr<Stream> raw, Clock& clock, TlsStreamSetup setup);
    ~TlsStream() override;

    /// What the first read or write would do by itself.
    Task<> handshake(Deadline deadline);
    Task<std::size_t> read_some(std::span<std::byte> into, Deadline deadline) override;
    Task<> write_all(std::span<const std::byte> bytes, Deadline deadline) override;
    void close() noexcept override;
    bool stale() noexcept override;
    Endpoint peer() const override;
    Security security() const override;

private:
    struct State;
    std::shared_ptr<State> state_; ///< coroutines may outlive the stream
};

} // namespace watari::net
