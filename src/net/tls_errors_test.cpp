// Every way a TLS connection fails, with what is said about it.
#include "net/tls_test_world.hpp"

#include <fstream>

namespace watari::net {
namespace {

Failure of(const Error& error)
{
    return {error.kind(), error.code()};
}

const auto unauthenticated = ErrorKind::unauthenticated;

TEST_F(TlsWorld, a_self_signed_certificate_is_refused_with_its_fingerprint)
{
    const KeyPair own = make_self_signed(authority.wishes("HV01"));
    offer(own);
    const Error error = refusal();
    EXPECT_EQ(of(error), (Failure{unauthenticated, "tls_self_signed"}));
    EXPECT_EQ(argument(error, "fingerprint"), certificate_fingerprint(own.certificate));
    EXPECT_EQ(argument(error, "subject"), "CN=HV01");
    EXPECT_EQ(argument(error, "endpoint"), at.text());
    ASSERT_TRUE(server_failure);
    EXPECT_EQ(server_failure->code(), "tls_client_gave_up");
}

TEST_F(TlsWorld, a_self_signed_certificate_may_be_trusted_as_its_own_authority)
{
    CertificateWishes wishes = authority.wishes("hv01.example");
    wishes.names = {"hv01.example"};
    const KeyPair own = make_self_signed(wishes);
    write_key_pair(own, folder / "own.pem", folder / "own-key.pem");
    options.ca_files.push_back(folder / "own.pem");
    offer(own);
    connect();
}

TEST_F(TlsWorld, a_certificate_of_an_unknown_authority_is_refused)
{
    offer(Authority{clock.now()}.issue("hv01.example"));
    const Error error = refusal();
    EXPECT_EQ(of(error), (Failure{unauthenticated, "tls_untrusted"}));
    EXPECT_EQ(argument(error, "fingerprint"), identity->fingerprint());
}

TEST_F(TlsWorld, the_authorities_of_this_machine_do_not_know_ours)
{
    options.ca_files.clear();
    EXPECT_EQ(refusal().code(), "tls_untrusted");
}

TEST_F(TlsWorld, a_certificate_for_another_name_is_refused_with_both_names)
{
    options.server_name = "hv02.example";
    const Error error = refusal();
    EXPECT_EQ(of(error), (Failure{unauthenticated, "tls_wrong_name"}));
    EXPECT_EQ(argument(error, "name"), "hv02.example");
    EXPECT_EQ(argument(error, "names"), "hv01.example");
}

TEST_F(TlsWorld, without_a_name_the_address_must_be_in_the_certificate)
{
    options.server_name.clear();
    const Error error = refusal();
    EXPECT_EQ(of(error), (Failure{unauthenticated, "tls_wrong_name"}));
    EXPECT_EQ(argument(error, "name"), "10.0.0.1");
    CertificateWishes wishes = authority.wishes("hv01");
    wishes.addresses = {"10.0.0.1", "fe80::1"};
    offer(make_certificate(authority.pair, wishes));
    listener.reset();
    connect();
    options.server_name = "10.0.0.2";
    EXPECT_EQ(argument(refusal(), "names"), "10.0.0.1, fe80:0:0:0:0:0:0:1");
}

TEST_F(TlsWorld, a_name_may_stand_in_the_subject_alone_as_windows_hosts_have_it)
{
    options.server_name = "HV01";
    offer(make_certificate(authority.pair, authority.wishes("hv01")));
    connect();
}

TEST_F(TlsWorld, dates_are_judged_by_the_clock_of_the_program)
{
    CertificateWishes wishes = authority.wishes("hv01.example");
    wishes.names = {"hv01.example"};
    wishes.not_before = clock.now() - 48h;
    wishes.not_after = clock.now() - 1h;
    offer(make_certificate(authority.pair, wishes));
    const Error expired = refusal();
    EXPECT_EQ(of(expired), (Failure{unauthenticated, "tls_expired"}));
    EXPECT_EQ(argument(expired, "time"), to_rfc3339(wishes.not_after));

    wishes.not_before = clock.now() + 2h;
    wishes.not_after = clock.now() + 48h;
    offer(make_certificate(authority.pair, wishes));
    listener.reset();
    const Error early = refusal();
    EXPECT_EQ(of(early), (Failure{unauthenticated, "tls_not_yet_valid"}));
    clock.advance(3h);
    listener.reset();
    connect();
}

TEST_F(TlsWorld, a_certificate_for_signing_certificates_only_is_refused_in_the_words_of_openssl)
{
    offer(authority.pair);
    options.server_name = "Test authority";
    const Error error = refusal();
    EXPECT_EQ(of(error), (Failure{unauthenticated, "tls_certificate_bad"}));
    EXPECT_FALSE(error.peer().text.empty());
}

TEST_F(TlsWorld, a_pinned_certificate_needs_no_authority_name_or_date)
{
    CertificateWishes wishes = authority.wishes("elsewhere");
    wishes.not_after = clock.now() - 1h;
    const KeyPair own = make_self_signed(wishes);
    offer(own);
    options = {.trust = TlsTrust::fingerprint,
               .fingerprint = certificate_fingerprint(own.certificate)};
    connect();
}

TEST_F(TlsWorld, another_certificate_than_the_pinned_one_is_refused_with_both_fingerprints)
{
    const std::string pinned = certificate_fingerprint(authority.pair.certificate);
    options = {.trust = TlsTrust::fingerprint, .fingerprint = pinned};
    const Error error = refusal();
    EXPECT_EQ(of(error), (Failure{unauthenticated, "tls_fingerprint_mismatch"}));
    EXPECT_EQ(argument(error, "expected"), pinned);
    EXPECT_EQ(argument(error, "found"), identity->fingerprint());
    options.fingerprint = "AB:CD";
    EXPECT_EQ(of(refusal()), (Failure{ErrorKind::invalid, "tls_fingerprint_invalid"}));
}

TEST_F(TlsWorld, who_trusts_nothing_reaches_anybody)
{
    offer(make_self_signed(authority.wishes("elsewhere")));
    options = {.trust = TlsTrust::nothing};
    connect();
    EXPECT_TRUE(client->security().encrypted);
}

TEST_F(TlsWorld, a_host_of_2008_r2_is_refused_with_the_version_it_offers)
{
    offered.version_min = offered.version_max = TlsVersion::tls_1_0;
    const Error error = refusal();
    EXPECT_EQ(of(error), (Failure{ErrorKind::unsupported, "tls_too_old"}));
    EXPECT_EQ(argument(error, "version"), "TLS 1.0");

    offered.version_max = TlsVersion::tls_1_2; // after the registry change
    listener.reset();
    connect();
    EXPECT_EQ(client->security().protocol, "TLS 1.2");
}

TEST_F(TlsWorld, a_host_that_only_says_no_to_our_versions_is_refused)
{
    offered.version_min = TlsVersion::tls_1_0;
    offered.version_max = TlsVersion::tls_1_1;
    EXPECT_EQ(of(refusal()), (Failure{ErrorKind::unsupported, "tls_no_common_version"}));
}

/// Accepts one connection, answers whatever comes with `text` and keeps it open until `end`.
Task<> answer_once(Listener& listener, std::string text, Deadline end, std::string& received)
{
    const auto stream = co_await listener.accept();
    std::string piece(1U << 12, '\0');
    piece.resize(co_await stream->read_some(std::as_writable_bytes(std::span{piece}), end));
    received = piece;
    co_await stream->write_all(bytes_of(text), end);
}

TEST_F(TlsWorld, a_peer_that_speaks_plain_http_is_named)
{
    const auto plain = network.listen(at);
    std::string received;
    spawn(loop.get_executor(),
          answer_once(*plain, "HTTP/1.1 400 Bad Request\r\n\r\n", in(9s), received), "plain");
    EXPECT_EQ(failure_of(tls_network(network, clock, options)->connect(at, in(60s))),
              (Failure{ErrorKind::unsupported, "tls_not_spoken"}));
}

TEST_F(TlsWorld, plain_bytes_on_a_tls_port_get_the_answer_that_was_set)
{
    offered.answer_to_plain = "use https\n";
    listen();
    spawn(loop.get_executor(), accept_one(*listener, server, server_failure), "accept");
    const auto plain = clock.run(network.connect(at, in(1s)));
    write(*plain, "POST /wsman HTTP/1.1\r\n\r\n");
    EXPECT_EQ(read(*plain), "use https\n");
    clock.advance(5s);
    ASSERT_TRUE(server_failure);
    EXPECT_EQ(of(*server_failure), (Failure{ErrorKind::invalid, "tls_expected"}));
}

TEST_F(TlsWorld, a_peer_that_closes_or_resets_during_the_handshake_is_named)
{
    const auto plain = network.listen(at);
    std::string received;
    spawn(loop.get_executor(), answer_once(*plain, "", in(9s), received), "closes");
    EXPECT_EQ(failure_of(tls_network(network, clock, options)->connect(at, in(60s))),
              (Failure{ErrorKind::unavailable, "tls_handshake_cut"}));
    const auto timer = clock.call_at(clock.steady() + 1s, [&] { network.cut(at.address); });
    EXPECT_EQ(failure_of(tls_network(network, clock, options)->connect(at, in(60s))),
              (Failure{ErrorKind::unavailable, "connection_reset"}));
}

TEST_F(TlsWorld, a_handshake_keeps_its_deadline)
{
    const auto silent = network.listen(at);
    const auto start = clock.steady();
    EXPECT_EQ(failure_of(tls_network(network, clock, options)->connect(at, in(7s))),
              (Failure{ErrorKind::timed_out, "tls_handshake_timed_out"}));
    EXPECT_EQ(clock.steady() - start, 7s);
}

TEST_F(TlsWorld, a_demanded_client_certificate_that_is_missing_is_said_at_the_first_read)
{
    offered.client_certificates = ClientCertificates::required;
    listen();
    spawn(loop.get_executor(), accept_one(*listener, server, server_failure), "accept");
    client = clock.run(tls_network(network, clock, options)->connect(at, in(60s)));
    EXPECT_EQ(read_failure(*client), (Failure{unauthenticated, "tls_client_certificate_refused"}));
    clock.advance(5s);
    ASSERT_TRUE(server_failure);
    EXPECT_EQ(of(*server_failure), (Failure{unauthenticated, "tls_client_certificate_missing"}));
}

TEST_F(TlsWorld, a_client_certificate_of_an_unknown_authority_is_refused)
{
    offered.client_certificates = ClientCertificates::required;
    offered.client_ca_files = {folder / "ca.pem"};
    offered.version_max = TlsVersion::tls_1_2; // there the handshake itself tells
    write_key_pair(Authority{clock.now()}.issue("stranger"), folder / "c.pem",
                   folder / "c-key.pem");
    options.certificate_file = folder / "c.pem";
    options.key_file = folder / "c-key.pem";
    EXPECT_EQ(of(refusal()), (Failure{unauthenticated, "tls_client_certificate_refused"}));
    EXPECT_EQ(server_failure->code(), "tls_untrusted");

    write_key_pair(authority.issue("known"), folder / "c.pem", folder / "c-key.pem");
    server_failure.reset();
    connect();
    EXPECT_EQ(server->security().peer_subject, "CN=known");
}

TEST_F(TlsWorld, bytes_that_are_neither_tls_nor_text_are_refused)
{
    listen();
    spawn(loop.get_executor(), accept_one(*listener, server, server_failure), "accept");
    const auto plain = clock.run(network.connect(at, in(1s)));
    write(*plain, std::string(64, '\x01'));
    clock.advance(5s);
    ASSERT_TRUE(server_failure);
    EXPECT_EQ(of(*server_failure), (Failure{ErrorKind::unavailable, "tls_failed"}));
}

struct TlsFiles : TlsWorld {
    std::string file(const std::string& name, const std::string& text)
    {
        std::ofstream{folder / name} << text;
        return folder / name;
    }
    static Failure failure(const TlsServerOptions& options)
    {
        try {
            const TlsServer server{options};
        } catch (const Error& error) {
            return of(error);
        }
        return {ErrorKind::internal, "nothing was thrown"};
    }
};

TEST_F(TlsFiles, files_that_do_not_hold_what_they_should_are_named)
{
    const KeyPair pair = authority.issue("a");
    const std::string certificate = file("a.pem", pair.certificate);
    const std::string key = file("a-key.pem", pair.key);
    const auto other = file("b-key.pem", authority.issue("b").key);
    const auto garbage = file("garbage.pem", "-----BEGIN CERTIFICATE-----\nnothing\n");
    const auto kind = ErrorKind::invalid;
    EXPECT_EQ(failure({.certificate_file = folder / "none", .key_file = key}),
              (Failure{ErrorKind::not_found, "tls_file_unreadable"}));
    EXPECT_EQ(failure({.certificate_file = certificate, .key_file = certificate}),
              (Failure{kind, "tls_key_unreadable"}));
    EXPECT_EQ(failure({.certificate_file = garbage, .key_file = key}),
              (Failure{kind, "tls_certificate_unreadable"}));
    EXPECT_EQ(failure({.certificate_file = certificate, .key_file = other}),
              (Failure{kind, "tls_key_mismatch"}));
    options.ca_files = {garbage};
    EXPECT_EQ(of(refusal()), (Failure{kind, "tls_certificate_unreadable"}));
}

TEST_F(TlsFiles, a_key_behind_a_pass_phrase_is_refused_without_asking_for_it)
{
    const std::string locked = folder / "locked.pem";
    const std::string command =
        "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -aes256 -pass pass:secret "
        "-out " +
        locked + " 2>/dev/null";
    ASSERT_EQ(std::system(command.c_str()), 0);
    const std::string certificate = file("a.pem", authority.issue("a").certificate);
    EXPECT_EQ(failure({.certificate_file = certificate, .key_file = locked}),
              (Failure{ErrorKind::invalid, "tls_key_unreadable"}));
}

} // namespace
} // namespace watari::net
