#include "hyperv/connect/doctor.hpp"

#include "auth/test_kdc.hpp"
#include "core/simulated_clock.hpp"
#include "http/server.hpp"
#include "hyperv/connect/doctor_report.hpp"
#include "hyperv/connect/doctor_walk.hpp"
#include "messages/auth.hpp"
#include "messages/net.hpp"
#include "net/memory.hpp"
#include "sim/authentication.hpp"
#include "sim/fleet.hpp"
#include "sim/tls.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/json.hpp>

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

// The doctor at simulated hosts, one failure per hop.

namespace watari::hyperv {
namespace {

using std::chrono_literals::operator""s;
using std::chrono_literals::operator""min;
using std::chrono_literals::operator""h;
using testing::Contains;
using testing::HasSubstr;

const std::string password = "pass-Word 1!";

/// A name server that knows no name, in front of a network.
class NamelessNetwork final : public net::Network
{
public:
    Task<std::unique_ptr<net::Stream>> connect(const net::Endpoint& to, Deadline) override
    {
        throw Error{ErrorKind::unavailable, message::name_not_found{.name = to.address}};
        co_return nullptr;
    }
    std::unique_ptr<net::Listener> listen(const net::Endpoint&) override { return nullptr; }
};

/// Says that it is later than it is.
class FastClock final : public Clock
{
public:
    FastClock(Clock& inner, std::chrono::seconds ahead) : inner_(inner), ahead_(ahead) {}

    WallTime now() const override { return inner_.now() + ahead_; }
    SteadyTime steady() const override { return inner_.steady(); }
    Task<> sleep_until(SteadyTime when) override { return inner_.sleep_until(when); }
    std::unique_ptr<Timer> call_at(SteadyTime when, std::function<void()> then) override
    {
        return inner_.call_at(when, std::move(then));
    }

private:
    Clock& inner_;
    std::chrono::seconds ahead_;
};

struct Doctor : testing::Test {
    boost::asio::io_context loop;
    SimulatedClock clock{loop};
    net::MemoryNetwork network{loop.get_executor(), clock};
    std::unique_ptr<Random> random = seeded_random(5);
    Logons logons{clock, nullptr};
    const net::Endpoint plain{.address = "10.0.0.1", .port = 5985};
    const net::Endpoint secure{.address = "10.0.0.1", .port = 5986};
    std::string folder = (std::filesystem::temp_directory_path() / "watari-doctor-XXXXXX").string();
    sim::Authentication authentication{.schemes = "ntlm",
                                       .accounts = {{"Administrator", auth::Secret{password}}}};
    sim::HostOptions options = host_options();
    std::unique_ptr<sim::SimulatedHost> host;
    std::unique_ptr<http::Server> other;
    HostAddress address{.endpoint = plain,
                        .user = "Administrator",
                        .password = password,
                        .scheme = LogonScheme::ntlm};

    Doctor() { EXPECT_NE(::mkdtemp(folder.data()), nullptr); }
    ~Doctor() override { std::filesystem::remove_all(folder); }

    static sim::HostOptions host_options()
    {
        sim::HostOptions options;
        options.service.allow_unencrypted = false;
        return options;
    }

    void start()
    {
        options.service.authentication = sim::authentication(authentication);
        host = std::make_unique<sim::SimulatedHost>(loop.get_executor(), clock, options);
        host->listen(network, plain);
    }

    void start_tls(const net::KeyPair& pair)
    {
        start();
        host->listen_tls(network, secure, pair);
        address.endpoint = secure;
        address.tls.emplace();
    }
    net::KeyPair authority() const { return sim::authority_in(folder, clock.now()); }
    net::KeyPair certificate_of(const std::string& name) const
    {
        return sim::host_certificate(authority(), name, "10.0.0.1", clock.now());
    }

    /// Something else than WinRM, which answers everything so.
    void start_other(std::function<http::Response(const http::Request&)> answer)
    {
        auto handler = [answer = std::move(answer)](http::Request request, http::Caller) {
            return answer_by(answer(request));
        };
        other = std::make_unique<http::Server>(loop.get_executor(), clock, network.listen(plain),
                                               std::move(handler), http::ServerOptions{});
        other->start();
    }
    static Task<http::Response> answer_by(http::Response response) { co_return response; }

    Diagnosis look(Clock& by, net::Network& over)
    {
        return clock.run(diagnose(over, by, *random, address, logons, Deadline::after(by, 2min)));
    }
    Diagnosis look() { return look(clock, network); }

    /// The hop that failed, and with what: "port: connection_refused". Those before it did not, and
    /// those after it were not reached.
    static std::string failure_in(const Diagnosis& diagnosis)
    {
        std::string failed;
        for (const Hop& hop : diagnosis.hops) {
            if (hop.state == HopState::failed) {
                EXPECT_TRUE(failed.empty()) << to_string(hop.id) << " failed too";
                failed = std::string{to_string(hop.id)} + ": " + hop.seen.code;
            }
        }
        EXPECT_EQ(diagnosis.healthy(), failed.empty());
        return failed;
    }
    std::string failure() { return failure_in(look()); }
    static std::vector<std::string> lines(const Hop& hop)
    {
        std::vector<std::string> texts;
        for (const HostCommand& command : hop.commands) {
            texts.push_back(command.text);
        }
        return texts;
    }
    static std::string states(const Diagnosis& diagnosis)
    {
        std::string text;
        for (const Hop& hop : diagnosis.hops) {
            text += to_string(hop.state).front();
        }
        return text;
    }
};

TEST_F(Doctor, walks_to_the_first_wmi_answer_of_every_generation)
{
    for (const Generation generation :
         {Generation::ws2008r2sp1, Generation::ws2012, Generation::ws2012r2}) {
        options.engine.generation = generation;
        start();
        const auto diagnosis = look();
        EXPECT_EQ(failure_in(diagnosis), "");
        EXPECT_THAT(render(diagnosis.hop(HopId::generation).seen, Language::en),
                    HasSubstr(full_name(generation)));
        EXPECT_THAT(render(diagnosis.hop(HopId::ns).seen, Language::en),
                    HasSubstr(generation == Generation::ws2008r2sp1 ? "root/virtualization "
                                                                    : "root/virtualization/v2"));
        EXPECT_EQ(diagnosis.hop(HopId::password).state, HopState::passed);
        EXPECT_EQ(diagnosis.hop(HopId::encryption).seen.code, "doctor_encryption_sealed");
        host.reset();
    }
}

TEST_F(Doctor, names_a_name_nobody_knows)
{
    NamelessNetwork nameless;
    address.endpoint.address = "hv-01.example.net";
    const auto diagnosis = look(clock, nameless);
    EXPECT_EQ(failure_in(diagnosis), "name: name_not_found");
    EXPECT_EQ(states(diagnosis), "fsssssssssssss");
    EXPECT_TRUE(diagnosis.hop(HopId::name).remedy);
}

TEST_F(Doctor, names_a_closed_port_and_how_to_make_a_listener)
{
    const auto diagnosis = look();
    EXPECT_EQ(failure_in(diagnosis), "port: connection_refused");
    EXPECT_THAT(lines(diagnosis.hop(HopId::port)), Contains("Set-WSManQuickConfig -Force"));
    EXPECT_THAT(lines(diagnosis.hop(HopId::port)), Contains("winrm quickconfig -transport:http"));
}

TEST_F(Doctor, names_a_firewall_that_drops)
{
    start();
    network.set_black_hole("10.0.0.1", true);
    const auto diagnosis = look();
    EXPECT_EQ(failure_in(diagnosis), "port: connect_timed_out");
    EXPECT_THAT(lines(diagnosis.hop(HopId::port)),
                Contains(HasSubstr("New-NetFirewallRule -DisplayName 'Watari 5985'")));
    EXPECT_LT(diagnosis.hop(HopId::port).took, 30s);
}

/// Greets whoever comes, and says nothing more.
Task<> talk_ssh(net::Listener& listener)
{
    const std::string greeting = "SSH-2.0-OpenSSH_9.2\r\n";
    std::vector<std::unique_ptr<net::Stream>> callers;
    for (;;) {
        try {
            callers.push_back(co_await listener.accept());
            co_await callers.back()->write_all(std::as_bytes(std::span{greeting}),
                                               Deadline::never());
        } catch (const Error& error) {
            if (error.kind() == ErrorKind::cancelled) {
                co_return;
            }
        }
    }
}

TEST_F(Doctor, names_a_port_that_speaks_no_http)
{
    const auto listener = network.listen(plain);
    spawn(loop.get_executor(), talk_ssh(*listener), "ssh");
    EXPECT_EQ(failure(), "http: http_bad_answer");
    listener->close();
    loop.poll();
}

TEST_F(Doctor, names_a_web_server_without_winrm)
{
    start_other([](const http::Request&) { return http::Response{.status = 404}; });
    const auto diagnosis = look();
    EXPECT_EQ(failure_in(diagnosis), "http: doctor_wrong_prefix");
    EXPECT_THAT(lines(diagnosis.hop(HopId::http)), Contains(HasSubstr("URLPrefix=\"wsman\"")));
}

TEST_F(Doctor, names_a_page_in_place_of_ws_management)
{
    start_other([](const http::Request&) {
        return http::Response{.status = 200, .body = "<html>Welcome</html>"};
    });
    EXPECT_EQ(failure(), "identify: wsman_bad_answer");
}

TEST_F(Doctor, names_a_service_that_is_overloaded)
{
    start_other([](const http::Request&) { return http::Response{.status = 503}; });
    EXPECT_EQ(failure(), "http: wsman_service_busy");
}

TEST_F(Doctor, names_a_gateway_that_fails)
{
    start_other([](const http::Request&) { return http::Response{.status = 502}; });
    EXPECT_EQ(failure(), "http: doctor_http_failed");
}

TEST_F(Doctor, names_tls_that_is_not_spoken)
{
    start();
    address.tls.emplace();
    EXPECT_EQ(failure(), "tls: tls_not_spoken");
}

TEST_F(Doctor, names_http_at_a_port_that_speaks_tls)
{
    start_tls(certificate_of("HV01"));
    address.tls.reset();
    const auto failed = failure();
    EXPECT_TRUE(failed.starts_with("http: ")) << failed;
}

TEST_F(Doctor, prints_the_registry_change_for_2008_r2_without_tls_1_2)
{
    options.engine.generation = Generation::ws2008r2sp1;
    start_tls(certificate_of("HV01"));
    const auto diagnosis = look();
    EXPECT_EQ(failure_in(diagnosis), "tls: tls_too_old");
    EXPECT_THAT(lines(diagnosis.hop(HopId::tls)),
                Contains(HasSubstr("SCHANNEL\\Protocols\\TLS 1.2\\Server\" /v Enabled")));
}

TEST_F(Doctor, trusts_the_authority_and_the_name)
{
    start_tls(certificate_of("HV01"));
    address.tls = net::TlsClientOptions{.ca_files = {folder + "/ca.pem"}, .server_name = "HV01"};
    const auto diagnosis = look();
    EXPECT_EQ(failure_in(diagnosis), "");
    EXPECT_EQ(diagnosis.hop(HopId::tls).seen.code, "doctor_tls_trusted");
    EXPECT_EQ(diagnosis.hop(HopId::encryption).seen.code, "doctor_encryption_tls");
}

TEST_F(Doctor, shows_the_fingerprint_of_a_certificate_it_does_not_trust_and_keeps_the_password)
{
    const auto pair = net::make_self_signed({.common_name = "HV01",
                                             .names = {"HV01"},
                                             .not_before = clock.now() - 24h,
                                             .not_after = clock.now() + 24h});
    start_tls(pair);
    address.tls->server_name = "HV01";
    const auto diagnosis = look();
    EXPECT_EQ(failure_in(diagnosis), "tls: tls_self_signed");
    ASSERT_TRUE(diagnosis.hop(HopId::tls).remedy);
    EXPECT_THAT(render(*diagnosis.hop(HopId::tls).remedy, Language::en),
                HasSubstr(net::certificate_fingerprint(pair.certificate)));
    // What anybody may ask is asked, and nobody logs on.
    EXPECT_EQ(diagnosis.hop(HopId::schemes).state, HopState::passed);
    EXPECT_EQ(diagnosis.hop(HopId::password).seen.code, "doctor_password_kept");
    for (const auto& traced : diagnosis.exchange) {
        EXPECT_EQ(traced.request.find("Authorization"), std::string::npos);
    }

    address.tls->trust = net::TlsTrust::fingerprint; // after a look at the host
    address.tls->fingerprint = net::certificate_fingerprint(pair.certificate);
    EXPECT_EQ(failure(), "");
}

TEST_F(Doctor, names_the_wrong_name_and_the_expired_certificate)
{
    start_tls(certificate_of("HV01"));
    address.tls = net::TlsClientOptions{.ca_files = {folder + "/ca.pem"}, .server_name = "HV02"};
    EXPECT_EQ(failure(), "tls: tls_wrong_name");
    host.reset();

    start_tls(net::make_certificate(authority(), {.common_name = "HV01",
                                                  .names = {"HV01"},
                                                  .not_before = clock.now() - 48h,
                                                  .not_after = clock.now() - 24h}));
    address.tls = net::TlsClientOptions{.ca_files = {folder + "/ca.pem"}, .server_name = "HV01"};
    EXPECT_EQ(failure(), "tls: tls_expired");
}

TEST_F(Doctor, warns_of_a_certificate_nobody_checks)
{
    start_tls(certificate_of("HV01"));
    address.tls->trust = net::TlsTrust::nothing;
    const auto diagnosis = look();
    EXPECT_EQ(failure_in(diagnosis), "");
    EXPECT_EQ(diagnosis.hop(HopId::tls).state, HopState::warning);
}

TEST_F(Doctor, names_a_scheme_that_is_not_offered)
{
    authentication.schemes = "basic";
    start();
    const auto diagnosis = look();
    EXPECT_EQ(failure_in(diagnosis), "schemes: scheme_not_offered");
    EXPECT_THAT(lines(diagnosis.hop(HopId::schemes)),
                Contains(HasSubstr("'@{Negotiate=\"true\"}'")));
}

TEST_F(Doctor, sends_no_basic_password_in_the_clear)
{
    authentication.schemes = "basic";
    options.service.allow_unencrypted = true;
    start();
    address.scheme = LogonScheme::basic;
    EXPECT_EQ(failure(), "schemes: basic_needs_encryption");
}

TEST_F(Doctor, names_the_refusal_of_messages_in_the_clear)
{
    authentication.schemes = "basic";
    start();
    address.scheme = LogonScheme::basic;
    address.basic_in_the_clear = true;
    EXPECT_EQ(failure(), "encryption: encryption_required");
}

TEST_F(Doctor, warns_of_messages_in_the_clear_that_are_allowed)
{
    authentication.schemes = "basic";
    options.service.allow_unencrypted = true;
    start();
    address.scheme = LogonScheme::basic;
    address.basic_in_the_clear = true;
    const auto diagnosis = look();
    EXPECT_EQ(failure_in(diagnosis), "");
    EXPECT_EQ(diagnosis.hop(HopId::encryption).state, HopState::warning);
}

TEST_F(Doctor, tries_a_wrong_password_once)
{
    start();
    address.password = "not this one";
    const auto diagnosis = look();
    EXPECT_EQ(failure_in(diagnosis), "password: authentication_refused");
    EXPECT_THAT(lines(diagnosis.hop(HopId::password)), Contains(HasSubstr("4625")));
    std::size_t logons_tried = 0;
    for (const auto& traced : diagnosis.exchange) {
        logons_tried += traced.request.find("Authorization: Negotiate") != std::string::npos;
    }
    EXPECT_EQ(logons_tried, 2U) << "the two messages of one NTLM handshake";
}

TEST_F(Doctor, warns_of_a_wrong_clock_and_stops_kerberos_there)
{
    start();
    FastClock ahead{clock, 10min};
    const auto diagnosis = look(ahead, network);
    EXPECT_EQ(failure_in(diagnosis), "");
    EXPECT_EQ(diagnosis.hop(HopId::clock).state, HopState::warning);
    EXPECT_THAT(render(diagnosis.hop(HopId::clock).seen, Language::en), HasSubstr("-600 s"));
    EXPECT_THAT(lines(diagnosis.hop(HopId::clock)), Contains("w32tm /resync"));
}

TEST_F(Doctor, names_the_hop_an_error_speaks_of_wherever_it_came_up)
{
    const auto at = [](const Message& message) {
        return hop_of(Error{ErrorKind::unauthenticated, message});
    };
    EXPECT_EQ(at(message::kerberos_clock_skew{}), HopId::clock);
    EXPECT_EQ(at(message::kerberos_service_key_wrong{}), HopId::spn);
    EXPECT_EQ(at(message::kerberos_ticket_expired{}), std::nullopt);
    EXPECT_EQ(hop_of(Error{ErrorKind::exhausted, message::host_not_proven{}}), HopId::spn);
}

TEST_F(Doctor, names_denied_rights)
{
    start();
    host->faults().add({.operation = "Enumerate",
                        .class_name = "Win32_OperatingSystem",
                        .effect = sim::FaultEffect::fault,
                        .number = 5,
                        .subcode = "wsman:AccessDenied"});
    const auto diagnosis = look();
    EXPECT_EQ(failure_in(diagnosis), "rights: wmi_access_denied");
    EXPECT_THAT(lines(diagnosis.hop(HopId::rights)),
                Contains(HasSubstr("LocalAccountTokenFilterPolicy")));
    EXPECT_EQ(diagnosis.hop(HopId::ns).state, HopState::skipped);
}

TEST_F(Doctor, names_a_quota_that_is_used_up)
{
    start();
    host->faults().add({.operation = "Enumerate",
                        .effect = sim::FaultEffect::fault,
                        .number = 2150859174,
                        .subcode = "wsman:QuotaLimit"});
    const auto diagnosis = look();
    EXPECT_EQ(failure_in(diagnosis), "quotas: wsman_quota");
    EXPECT_THAT(lines(diagnosis.hop(HopId::quotas)),
                Contains(HasSubstr("MaxConcurrentOperationsPerUser=\"1500\"")));
}

TEST_F(Doctor, shows_quotas_to_administrators_and_warns_of_low_ones)
{
    start();
    const auto usual = look();
    EXPECT_EQ(usual.hop(HopId::quotas).state, HopState::passed);
    EXPECT_THAT(render(usual.hop(HopId::quotas).seen, Language::en),
                HasSubstr("MaxEnvelopeSizekb 500"));
    EXPECT_THAT(render(usual.hop(HopId::quotas).seen, Language::en),
                HasSubstr("MaxConcurrentOperationsPerUser 1500"));
    host.reset();

    options.service.quotas = default_quotas(Generation::ws2012r2);
    options.service.quotas->envelope_bytes = 64U << 10U;
    start();
    const auto low = look();
    EXPECT_EQ(failure_in(low), "");
    EXPECT_EQ(low.hop(HopId::quotas).state, HopState::warning);
    EXPECT_THAT(lines(low.hop(HopId::quotas)), Contains(HasSubstr("MaxEnvelopeSizekb=\"500\"")));
}

TEST_F(Doctor, takes_no_offence_at_quotas_that_are_not_shown)
{
    options.service.access.set("Administrator", {.rights = sim::Rights::reader});
    start();
    const auto diagnosis = look();
    EXPECT_EQ(failure_in(diagnosis), "");
    EXPECT_EQ(diagnosis.hop(HopId::quotas).state, HopState::skipped);
}

TEST_F(Doctor, names_an_account_without_rights)
{
    options.service.access.set("Administrator", {.rights = sim::Rights::none});
    start();
    EXPECT_EQ(failure(), "rights: wmi_access_denied");
}

TEST_F(Doctor, names_a_local_administrator_whose_token_is_filtered)
{
    options.service.access.set("Administrator", {.is_local = true});
    start();
    const auto diagnosis = look();
    EXPECT_EQ(failure_in(diagnosis), "rights: wmi_access_denied");
    EXPECT_THAT(lines(diagnosis.hop(HopId::rights)),
                Contains(HasSubstr("LocalAccountTokenFilterPolicy")));
}

TEST_F(Doctor, names_a_host_without_hyper_v)
{
    start();
    host->faults().add({.operation = "Enumerate",
                        .class_name = "Msvm_VirtualSystemManagementService",
                        .effect = sim::FaultEffect::fault,
                        .number = 2147749904,
                        .subcode = "wsa:DestinationUnreachable"});
    const auto diagnosis = look();
    EXPECT_EQ(failure_in(diagnosis), "namespace: no_hyperv_namespace");
    EXPECT_THAT(lines(diagnosis.hop(HopId::ns)),
                Contains("Install-WindowsFeature Hyper-V -IncludeManagementTools -Restart"));
    EXPECT_THAT(lines(diagnosis.hop(HopId::ns)), Not(Contains(HasSubstr("Add-WindowsFeature"))));
}

TEST_F(Doctor, names_the_namespace_that_was_chosen_and_is_not_there)
{
    start(); // 2012 R2 has no v1
    address.ns = NamespaceChoice::v1;
    EXPECT_EQ(failure(), "namespace: namespace_not_there");
}

TEST_F(Doctor, names_where_answers_become_garbage)
{
    start();
    host->faults().add({.operation = "Enumerate",
                        .class_name = "Win32_OperatingSystem",
                        .effect = sim::FaultEffect::garbage});
    EXPECT_EQ(failure(), "rights: wsman_bad_answer");
}

TEST_F(Doctor, names_where_a_host_falls_silent)
{
    start();
    host->faults().add({.operation = "Enumerate", .effect = sim::FaultEffect::hang});
    const auto failed = failure();
    EXPECT_TRUE(failed.starts_with("rights: ")) << failed;
}

TEST_F(Doctor, tells_all_of_it_and_no_secret)
{
    authentication.schemes = "ntlm,basic";
    start();
    const auto diagnosis = look();
    const auto json = diagnosis_json(diagnosis, Language::ja, true);
    EXPECT_EQ(json.find(password), std::string::npos);
    EXPECT_EQ(json.find("TlRMTVNT"), std::string::npos) << "an NTLM token";
    const auto read = boost::json::parse(json).as_object();
    EXPECT_EQ(read.at("hops").as_array().size(), all_hops.size());
    EXPECT_GT(read.at("exchange").as_array().size(), 4U);
    EXPECT_THAT(json, HasSubstr("Authorization: Negotiate ***"));
    EXPECT_THAT(json, HasSubstr("IdentifyResponse"));

    const auto short_json = diagnosis_json(diagnosis, Language::en, false);
    EXPECT_TRUE(boost::json::parse(short_json).at("exchange").as_array().empty());
}

struct DoctorOfADomain : Doctor {
    static void SetUpTestSuite() { kdc = std::make_unique<auth::testing_support::TestKdc>(); }
    static void TearDownTestSuite() { kdc.reset(); }
    static std::unique_ptr<auth::testing_support::TestKdc> kdc;

    DoctorOfADomain()
    {
        authentication.schemes = "kerberos";
        authentication.keytab = kdc->service_keytab();
        address.scheme = LogonScheme::kerberos;
        address.user = "operator@WATARI.TEST";
        address.password = "secret";
        address.name = auth::testing_support::TestKdc::host;
    }
};
std::unique_ptr<auth::testing_support::TestKdc> DoctorOfADomain::kdc;

TEST_F(DoctorOfADomain, walks_by_kerberos)
{
    start();
    const auto diagnosis = look();
    EXPECT_EQ(failure_in(diagnosis), "");
    EXPECT_EQ(diagnosis.hop(HopId::spn).state, HopState::passed);
}

TEST_F(DoctorOfADomain, names_a_service_principal_the_domain_does_not_know)
{
    start();
    address.name = "nobody.watari.test";
    const auto diagnosis = look();
    EXPECT_EQ(failure_in(diagnosis), "spn: kerberos_service_unknown");
    EXPECT_EQ(diagnosis.hop(HopId::password).seen.code, "doctor_password_by_domain");
    EXPECT_THAT(lines(diagnosis.hop(HopId::spn)), Contains("setspn -Q HTTP/nobody.watari.test"));
}

TEST_F(DoctorOfADomain, names_a_service_principal_of_another_machine)
{
    start();
    address.name = auth::testing_support::TestKdc::other_host;
    const auto failed = failure();
    EXPECT_TRUE(failed.starts_with("spn: kerberos_")) << failed;
}

TEST_F(DoctorOfADomain, names_a_wrong_password_and_an_unknown_realm)
{
    start();
    address.password = "wrong";
    EXPECT_EQ(failure(), "password: kerberos_password_refused");
    address.user = "operator@NOWHERE.TEST";
    EXPECT_EQ(failure(), "password: kerberos_realm_unknown");
}

TEST_F(DoctorOfADomain, asks_no_domain_with_a_wrong_clock)
{
    start();
    FastClock ahead{clock, 10min};
    const auto diagnosis = look(ahead, network);
    EXPECT_EQ(failure_in(diagnosis), "clock: doctor_clock_wrong");
    EXPECT_EQ(diagnosis.hop(HopId::password).state, HopState::skipped);
}

} // namespace
} // namespace watari::hyperv
