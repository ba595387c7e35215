// For the tests of this module only: both ends of a TLS connection on a simulated network.
#pragma once

#include "core/simulated_clock.hpp"
#include "net/certificates.hpp"
#include "net/memory.hpp"
#include "net/tls.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <optional>
#include <string>

namespace watari::net {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;
using std::chrono_literals::operator""h;

using Failure = std::pair<ErrorKind, std::string>;

inline std::span<const std::byte> bytes_of(std::string_view text)
{
    return std::as_bytes(std::span{text.data(), text.size()});
}

class TemporaryFolder
{
public:
    TemporaryFolder()
    {
        std::string path = (std::filesystem::temp_directory_path() / "watari-tls-XXXXXX").string();
        if (::mkdtemp(path.data()) == nullptr) {
            throw std::runtime_error{"no temporary folder"};
        }
        path_ = path;
    }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    ~TemporaryFolder() { std::filesystem::remove_all(path_); }

    std::string operator/(const std::string& name) const { return (path_ / name).string(); }

private:
    std::filesystem::path path_;
};

/// An authority and what it issues, valid around `now`.
struct Authority {
    explicit Authority(WallTime now_is) : now(now_is) {}

    WallTime now;
    CertificateWishes wishes(const std::string& name) const
    {
        return {.common_name = name, .not_before = now - 24h, .not_after = now + 24h * 3650};
    }
    KeyPair pair = make_authority(wishes("Test authority"));

    KeyPair issue(const std::string& name) const
    {
        CertificateWishes asked = wishes(name);
        asked.names = {name};
        return make_certificate(pair, asked);
    }
};

/// Accepts one connection and shakes hands on it.
inline Task<> accept_one(Listener& listener, std::unique_ptr<Stream>& into,
                         std::optional<Error>& failure)
{
    try {
        into = co_await listener.accept();
        co_await into->write_all({}, Deadline::never());
    } catch (const Error& error) {
        failure = error;
    }
}

struct TlsWorld : testing::Test {
    boost::asio::io_context loop;
    SimulatedClock clock{loop};
    MemoryNetwork network{loop.get_executor(), clock};
    TemporaryFolder folder;
    Authority authority{clock.now()};
    TlsClientOptions options;
    TlsServerOptions offered;
    std::shared_ptr<TlsServer> identity;
    std::unique_ptr<Listener> listener;
    std::unique_ptr<Stream> client;
    std::unique_ptr<Stream> server;
    std::optional<Error> server_failure;
    const Endpoint at{.address = "10.0.0.1", .port = 5986};

    TlsWorld()
    {
        write_key_pair(authority.pair, folder / "ca.pem", folder / "ca-key.pem");
        options.ca_files = {folder / "ca.pem"};
        options.server_name = "hv01.example";
        offer(authority.issue("hv01.example"));
    }

    Deadline in(std::chrono::nanoseconds time) const { return Deadline::after(clock, time); }

    void offer(const KeyPair& pair)
    {
        offered.certificate = pair.certificate;
        offered.key = pair.key;
    }

    void listen()
    {
        identity = std::make_shared<TlsServer>(offered);
        listener = tls_listener(network.listen(at), clock, identity);
    }

    void connect()
    {
        if (!listener) {
            listen();
        }
        server_failure.reset();
        spawn(loop.get_executor(), accept_one(*listener, server, server_failure), "accept");
        client = clock.run(tls_network(network, clock, options)->connect(at, in(60s)));
        clock.advance(0s);
        ASSERT_FALSE(server_failure) << server_failure->what();
    }

    /// Of a connect() that must fail.
    Error refusal()
    {
        if (!listener) {
            listen();
        }
        spawn(loop.get_executor(), accept_one(*listener, server, server_failure), "accept");
        try {
            client = clock.run(tls_network(network, clock, options)->connect(at, in(60s)));
        } catch (const Error& error) {
            clock.advance(5s);
            return error;
        }
        return {ErrorKind::internal, Message{"nothing_was_thrown", {}}};
    }

    template <class T>
    Failure failure_of(Task<T> task)
    {
        try {
            clock.run(std::move(task));
        } catch (const Error& error) {
            return {error.kind(), error.code()};
        }
        return {ErrorKind::internal, "nothing was thrown"};
    }

    void write(Stream& stream, std::string_view text)
    {
        clock.run(stream.write_all(bytes_of(text), in(10s)));
    }

    std::string read(Stream& stream)
    {
        std::string text(1U << 16, '\0');
        text.resize(clock.run(stream.read_some(std::as_writable_bytes(std::span{text}), in(10s))));
        return text;
    }

    Failure read_failure(Stream& stream)
    {
        std::byte into{};
        return failure_of(stream.read_some({&into, 1}, in(10s)));
    }
};

inline std::string argument(const Error& error, std::string_view name)
{
    for (const auto& [key, value] : error.message().arguments) {
        if (key == name) {
            return value;
        }
    }
    return "no such argument";
}

} // namespace watari::net
