// HTTP over TLS on loopback, with our own ends and with those of curl and openssl.
#include "http/client.hpp"
#include "http/server.hpp"
#include "net/certificates.hpp"
#include "net/tcp.hpp"
#include "net/tls.hpp"

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <thread>

#include <sys/wait.h>
#include <unistd.h>

namespace watari::http {
namespace {

using std::chrono_literals::operator""s;
using std::chrono_literals::operator""h;

Task<> write_many(BodyWriter& writer)
{
    const std::string piece(1U << 14, 'y');
    for (int i = 0; i < 64; ++i) {
        co_await writer.write(piece);
    }
}

Task<Response> echo(Request request, Caller)
{
    if (request.target == "/stream") {
        co_return Response{.stream = write_many};
    }
    co_return Response{.body = "echo " + std::move(request.body)};
}

Task<> send_one(Client& client, Request request, Deadline deadline, std::optional<Response>& answer,
                std::optional<Error>& failure)
{
    try {
        answer = co_await client.send(std::move(request), deadline);
    } catch (const Error& error) {
        failure = error;
    }
}

struct TlsExchange : testing::Test {
    boost::asio::io_context loop;
    std::unique_ptr<Clock> clock = system_clock(loop.get_executor());
    std::unique_ptr<net::Network> network = net::tcp_network(loop.get_executor(), *clock);
    std::string folder;
    net::TlsServerOptions offered;
    net::TlsClientOptions trust;
    std::unique_ptr<Server> server;

    TlsExchange()
    {
        folder = (std::filesystem::temp_directory_path() / "watari-https-XXXXXX").string();
        EXPECT_NE(::mkdtemp(folder.data()), nullptr);
        net::CertificateWishes wishes{.common_name = "Test authority",
                                      .not_before = clock->now() - 24h,
                                      .not_after = clock->now() + 24h};
        const auto authority = net::make_authority(wishes);
        wishes.common_name = "hv01";
        wishes.names = {"hv01"};
        wishes.addresses = {"127.0.0.1"};
        write_key_pair(authority, path("ca.pem"), path("ca-key.pem"));
        write_key_pair(make_certificate(authority, wishes), path("host.pem"), path("key.pem"));
        offered.certificate_file = path("host.pem");
        offered.key_file = path("key.pem");
        offered.answer_to_plain = https_expected_answer();
        trust.ca_files = {path("ca.pem")};
    }
    ~TlsExchange() override { std::filesystem::remove_all(folder); }

    std::string path(const std::string& name) const { return folder + "/" + name; }
    std::string url(const std::string& target) const
    {
        return "https://" + server->local().text() + target;
    }
    Deadline soon() const { return Deadline::after(*clock, 20s); }

    void serve(ServerOptions options = {})
    {
        auto listener = network->listen({.address = "127.0.0.1", .port = 0});
        server =
            std::make_unique<Server>(loop.get_executor(), *clock,
                                     net::tls_listener(std::move(listener), *clock,
                                                       std::make_shared<net::TlsServer>(offered)),
                                     echo, std::move(options));
        server->start();
    }

    /// The answer's body, or the code of the failure.
    std::string outcome(Client& client, Request request)
    {
        std::optional<Response> answer;
        std::optional<Error> failure;
        spawn(loop.get_executor(), send_one(client, std::move(request), soon(), answer, failure),
              "test");
        while (!answer && !failure && loop.run_one_for(30s) > 0) {
        }
        return failure ? failure->code() : answer ? answer->body : "nothing happened";
    }

    /// What a command prints while our loop runs.
    std::string output_of(const std::string& command)
    {
        std::string text;
        std::atomic<bool> ended = false;
        std::thread reader{[&] {
            std::array<char, 4096> piece{};
            FILE* pipe = ::popen((command + " 2>&1").c_str(), "r");
            while (const auto size = std::fread(piece.data(), 1, piece.size(), pipe)) {
                text.append(piece.data(), size);
            }
            ::pclose(pipe);
            ended = true;
        }};
        while (!ended) {
            loop.run_one_for(std::chrono::milliseconds{20});
        }
        reader.join();
        return text;
    }
};

TEST_F(TlsExchange, bodies_of_every_size_cross)
{
    serve();
    Client client{*network, *clock, server->local(), {.tls = trust}};
    for (const std::size_t size : {0U, 1U, 1000U, 100'000U, 900'000U}) {
        const std::string body(size, 'x');
        EXPECT_EQ(outcome(client, {.method = "POST", .body = body}), "echo " + body);
    }
    EXPECT_EQ(outcome(client, {.target = "/stream"}), std::string(1U << 20, 'y'));
    EXPECT_EQ(server->connections(), 1U);
}

TEST_F(TlsExchange, guards_of_both_ends_see_the_same_channel)
{
    ServerOptions options;
    net::Security theirs;
    options.make_guard = [&](const net::Security& security) {
        theirs = security;
        return nullptr;
    };
    serve(std::move(options));
    net::Security ours;
    Client client{*network,
                  *clock,
                  server->local(),
                  {.tls = trust, .make_guard = [&](const net::Security& security) {
                       ours = security;
                       return nullptr;
                   }}};
    EXPECT_EQ(outcome(client, {}), "echo ");
    EXPECT_TRUE(ours.encrypted);
    EXPECT_EQ(ours.server_end_point.size(), 32U);
    EXPECT_EQ(ours.server_end_point, theirs.server_end_point);
}

TEST_F(TlsExchange, http_and_https_mixed_up_are_told_apart)
{
    serve();
    Client plain{*network, *clock, server->local(), {}};
    EXPECT_NE(outcome(plain, {}).find("https"), std::string::npos);
    Server plain_server{loop.get_executor(),
                        *clock,
                        network->listen({.address = "127.0.0.1", .port = 0}),
                        echo,
                        {}};
    plain_server.start();
    Client tls{*network, *clock, plain_server.local(), {.tls = trust}};
    EXPECT_EQ(outcome(tls, {}), "tls_not_spoken");
}

TEST_F(TlsExchange, a_refused_client_certificate_is_no_unknown_outcome)
{
    offered.client_certificates = net::ClientCertificates::required;
    serve();
    Client client{*network, *clock, server->local(), {.tls = trust}};
    EXPECT_EQ(outcome(client, {.method = "POST", .body = "x"}), "tls_client_certificate_refused");
}

TEST_F(TlsExchange, curl_verifies_us_and_is_answered)
{
    serve();
    const std::string curl = "curl -sS --max-time 20 ";
    const std::string with_ca = curl + "--cacert " + path("ca.pem") + " ";
    EXPECT_EQ(output_of(with_ca + "-d body " + url("/")), "echo body");
    EXPECT_EQ(output_of(with_ca + url("/stream")).size(), 1U << 20);
    EXPECT_EQ(output_of(with_ca + "--tls-max 1.2 -d old " + url("/")), "echo old");
    EXPECT_EQ(output_of(with_ca + "-0 " + url("/stream")).size(), 1U << 20)
        << "HTTP/1.0: the end of the body is the end of TLS";
    EXPECT_NE(output_of(curl + url("/")).find("certificate"), std::string::npos);
    EXPECT_NE(output_of(curl + "http://" + server->local().text()).find("https"),
              std::string::npos);
    EXPECT_EQ(output_of(with_ca + "--tls-max 1.1 " + url("/")).find("echo"), std::string::npos);
}

TEST_F(TlsExchange, s_client_is_answered_and_told_of_a_missing_certificate)
{
    serve();
    const std::string call =
        "printf 'GET / HTTP/1.1\\r\\nHost: h\\r\\nConnection: close\\r\\n\\r\\n' | "
        "timeout 20 openssl s_client -quiet -verify_return_error "
        "-verify_hostname hv01 -CAfile " +
        path("ca.pem");
    const std::string answer = output_of(call + " -connect " + server->local().text());
    EXPECT_NE(answer.find("HTTP/1.1 200 OK"), std::string::npos) << answer;
    offered.client_certificates = net::ClientCertificates::required;
    serve();
    const std::string refused = output_of(call + " -connect " + server->local().text());
    EXPECT_NE(refused.find("certificate required"), std::string::npos) << refused;
}

/// `openssl s_server`, which tells its port.
class OpensslServer
{
public:
    explicit OpensslServer(const std::vector<std::string>& arguments)
    {
        std::array<int, 2> pipe{};
        EXPECT_EQ(::pipe(pipe.data()), 0);
        pid_ = ::fork();
        if (pid_ == 0) {
            ::dup2(pipe[1], 1);
            std::vector<std::string> all{"openssl", "s_server", "-accept", "127.0.0.1:0", "-www"};
            all.insert(all.end(), arguments.begin(), arguments.end());
            std::vector<char*> pointers;
            pointers.reserve(all.size() + 1);
            for (std::string& argument : all) {
                pointers.push_back(argument.data());
            }
            pointers.push_back(nullptr);
            ::execvp("openssl", pointers.data());
            ::_exit(127);
        }
        ::close(pipe[1]);
        FILE* out = ::fdopen(pipe[0], "r");
        std::array<char, 256> line{};
        const std::string mark = "ACCEPT 127.0.0.1:";
        while (std::fgets(line.data(), line.size(), out) != nullptr) {
            const std::string text{line.data()};
            if (text.starts_with(mark)) {
                port_ = static_cast<std::uint16_t>(std::stoi(text.substr(mark.size())));
                break;
            }
        }
        out_ = out;
    }
    OpensslServer(const OpensslServer&) = delete;
    OpensslServer& operator=(const OpensslServer&) = delete;
    ~OpensslServer()
    {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
        std::fclose(out_);
    }

    net::Endpoint at() const { return {.address = "127.0.0.1", .port = port_}; }

private:
    pid_t pid_ = 0;
    std::uint16_t port_ = 0;
    FILE* out_ = nullptr;
};

TEST_F(TlsExchange, s_server_answers_us_in_every_version_we_speak)
{
    const std::vector<std::string> pair{"-cert", path("host.pem"), "-key", path("key.pem")};
    for (const char* version : {"-tls1_2", "-tls1_3"}) {
        auto arguments = pair;
        arguments.emplace_back(version);
        const OpensslServer openssl{arguments};
        trust.server_name = "hv01";
        Client client{*network, *clock, openssl.at(), {.tls = trust}};
        EXPECT_NE(outcome(client, {}).find("s_server"), std::string::npos) << version;
        trust.server_name = "hv02";
        Client wrong{*network, *clock, openssl.at(), {.tls = trust}};
        EXPECT_EQ(outcome(wrong, {}), "tls_wrong_name");
    }
    auto old = pair;
    old.insert(old.end(), {"-tls1", "-cipher", "DEFAULT:@SECLEVEL=0"});
    const OpensslServer openssl{old};
    Client client{*network, *clock, openssl.at(), {.tls = trust}};
    EXPECT_EQ(outcome(client, {}), "tls_no_common_version") << "it knows how we list our versions";
}

TEST_F(TlsExchange, s_server_that_demands_a_certificate_gets_ours)
{
    std::filesystem::copy_file(path("host.pem"), path("own.pem"));
    const OpensslServer openssl{{"-cert", path("host.pem"), "-key", path("key.pem"), "-Verify", "2",
                                 "-verify_return_error", "-CAfile", path("ca.pem")}};
    Client without{*network, *clock, openssl.at(), {.tls = trust}};
    EXPECT_EQ(outcome(without, {}), "tls_client_certificate_refused");
    trust.certificate_file = path("own.pem");
    trust.key_file = path("key.pem");
    Client with{*network, *clock, openssl.at(), {.tls = trust}};
    EXPECT_NE(outcome(with, {}).find("s_server"), std::string::npos);
}

} // namespace
} // namespace watari::http
