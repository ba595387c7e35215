#include "sim/test_served_host.hpp"

#include "core/error.hpp"
#include "wsman/client/password_tries.hpp"

#include <fmt/format.h>

#include <algorithm>

/// Vectors of the protocol digest that need HTTP, authentication or quotas: a served host, and
/// clients without and with our own guard. Names are the digest's.
namespace watari::sim {
namespace {

using std::chrono::seconds;

constexpr std::string_view content_type = "Content-Type";
constexpr std::string_view part_end = "application/octet-stream\r\n";
constexpr std::size_t trailer_bytes = 24;

std::vector<std::string> challenges_of(const http::Response& answer)
{
    std::vector<std::string> challenges;
    for (const std::string_view value : answer.headers.all("WWW-Authenticate")) {
        challenges.emplace_back(value);
    }
    return challenges;
}

std::string replaced(std::string text, std::string_view from, std::string_view to)
{
    for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
        text.replace(at, from.size(), to);
    }
    return text;
}

/// The same frame with other part headers; what is sealed in it stays.
std::string reframed(const std::string& frame, std::string_view from, std::string_view to)
{
    const std::size_t sealed = frame.find(part_end) + part_end.size();
    return replaced(frame.substr(0, sealed), from, to) +
           frame.substr(sealed, frame.size() - sealed - trailer_bytes) +
           replaced(frame.substr(frame.size() - trailer_bytes), from, to);
}

std::string utf16(std::string_view ascii)
{
    std::string bytes;
    for (const char letter : ascii) {
        bytes += {letter, '\0'};
    }
    return bytes;
}

/// What a failing act throws, as "kind code".
template <class Act>
std::string failure_of(Act act)
{
    try {
        act();
    } catch (const Error& error) {
        return fmt::format("{} {}", to_string(error.kind()), error.code());
    }
    return "none";
}

class WireVectors : public ServedHost
{
protected:
    /// NTLM's legs with empty bodies. Returns the status of the last one.
    int shake_hands(const auth::Credentials& account = administrator())
    {
        scheme = ntlm(account)({});
        std::vector<std::string> challenges;
        legs.clear();
        for (int leg = 0; leg < 2; ++leg) {
            last = post("", {{"Authorization", *scheme->next(challenges)}});
            challenges = challenges_of(last);
            legs.push_back(last);
        }
        return last.status;
    }
    /// A sealed message as our own frame.
    auth::Body sealed(std::string text, std::string type = std::string{wsman::names::content_type})
    {
        auth::Body body{std::move(type), std::move(text)};
        scheme->seal(body);
        return body;
    }
    http::Response post_sealed(const auth::Body& body)
    {
        last = post(body.bytes, {{std::string{content_type}, body.content_type}});
        return last;
    }
    /// The SOAP inside a sealed answer.
    std::string opened(const http::Response& answer)
    {
        auth::Body body{std::string{*answer.headers.get(content_type)}, answer.body};
        EXPECT_TRUE(auth::is_sealed(body.content_type)) << body.content_type;
        scheme->unseal(body);
        return body.bytes;
    }

    wsman::IdentifyResponse identity(const Headers& headers = {})
    {
        wsman::Request request;
        request.body = wsman::Identify{};
        return std::get<wsman::IdentifyResponse>(ask(request, headers).body);
    }
    wsman::Fault fault(const wsman::Request& request, const Headers& headers = {})
    {
        const auto answer = ask(request, headers);
        EXPECT_EQ(last.status, 500) << last.body;
        const auto* found = std::get_if<wsman::Fault>(&answer.body);
        return found == nullptr ? wsman::Fault{} : *found;
    }

    std::unique_ptr<auth::ClientScheme> scheme;
    std::vector<http::Response> legs;
};

TEST_F(WireVectors, v01_identify_without_account_names_the_stack_and_nothing_else)
{
    for (const auto& [generation, version] :
         {std::pair{Generation::ws2008r2sp1, "OS: 0.0.0 SP: 0.0 Stack: 2.0"},
          std::pair{Generation::ws2012r2, "OS: 0.0.0 SP: 0.0 Stack: 3.0"}}) {
        start_strict(generation);
        connect_bare();
        const auto answer = identity({{"WSMANIDENTIFY", "unauthenticated"}});
        EXPECT_EQ(last.status, 200);
        EXPECT_EQ(answer.product_version, version);
        EXPECT_TRUE(answer.security_profiles.empty());
    }
}

TEST_F(WireVectors, v02_identify_with_account_lists_what_is_enabled_from_stack_3_on)
{
    const std::string prefix = "http://schemas.dmtf.org/wbem/wsman/1/wsman/secprofile/";
    start_strict();
    connect(ntlm());
    auto answer = identity();
    EXPECT_EQ(answer.product_version, "OS: 6.3.9600 SP: 0.0 Stack: 3.0");
    EXPECT_EQ(answer.security_profiles,
              (std::vector<std::string>{prefix + "http/basic", prefix + "https/basic",
                                        prefix + "http/spnego-kerberos",
                                        prefix + "https/spnego-kerberos"}));
    start({.service = {.authentication = authentication(
                           {.schemes = "negotiate,certificate", .accounts = {administrator()}})}});
    connect(ntlm());
    EXPECT_EQ(
        identity().security_profiles,
        (std::vector<std::string>{prefix + "http/spnego-kerberos", prefix + "https/spnego-kerberos",
                                  prefix + "https/mutual"}));
    start_strict(Generation::ws2008r2sp1);
    connect(ntlm());
    answer = identity();
    EXPECT_EQ(answer.product_version, "OS: 6.1.7601 SP: 1.0 Stack: 2.0");
    EXPECT_TRUE(answer.security_profiles.empty());
}

Task<std::string> say(net::Stream& stream, std::string text, Deadline deadline)
{
    co_await stream.write_all(std::as_bytes(std::span{text}), deadline);
    std::vector<std::byte> buffer(4096);
    const std::size_t size = co_await stream.read_some(buffer, deadline);
    co_return std::string{reinterpret_cast<const char*>(buffer.data()), size};
}

TEST_F(WireVectors, v03_without_authorization_come_the_schemes_on_a_connection_kept_open)
{
    start_strict();
    const auto deadline = Deadline::after(clock, seconds{10});
    const auto stream = clock.run(network.connect(at, deadline));
    for (int i = 0; i < 3; ++i) {
        const std::string answer = clock.run(
            say(*stream, "POST /wsman HTTP/1.1\r\nHost: hv01\r\nContent-Length: 2\r\n\r\n<>",
                deadline));
        EXPECT_TRUE(answer.starts_with("HTTP/1.1 401 ")) << answer;
        EXPECT_NE(answer.find("\r\nContent-Length: 0\r\n"), std::string::npos) << answer;
        EXPECT_EQ(answer.find("Connection: close"), std::string::npos) << answer;
        EXPECT_TRUE(answer.ends_with("\r\n\r\n")) << answer;
        const auto negotiate = answer.find("\r\nWWW-Authenticate: Negotiate\r\n");
        EXPECT_NE(negotiate, std::string::npos) << answer;
        EXPECT_NE(answer.find("\r\nWWW-Authenticate: Basic realm=\"WSMAN\"\r\n", negotiate),
                  std::string::npos)
            << answer;
    }
    host->engine().profile().set("auth_header_order", "basic_first");
    connect_bare();
    EXPECT_EQ(challenges_of(post(identify())),
              (std::vector<std::string>{"Basic realm=\"WSMAN\"", "Negotiate"}));
}

TEST_F(WireVectors, v04_ntlm_takes_two_empty_legs_and_seals_what_follows)
{
    start_strict();
    connect_bare();
    EXPECT_EQ(shake_hands(), 200);
    EXPECT_EQ(legs[0].status, 401);
    ASSERT_EQ(challenges_of(legs[0]).size(), 1U);
    EXPECT_TRUE(challenges_of(legs[0]).front().starts_with("Negotiate TlRMTVNTUAAC"));
    EXPECT_EQ(legs[1].body, "");
    const auto answer = post_sealed(sealed(wsman::encode(get_disk())));
    EXPECT_EQ(answer.status, 200);
    EXPECT_NE(opened(answer).find("<p:Win32_LogicalDisk"), std::string::npos);
    connect_bare();
    EXPECT_EQ(post_sealed(sealed(wsman::encode(get_disk()))).status, 401);
}

TEST_F(WireVectors, v05_a_wrong_password_is_refused_without_token_and_tried_once_more_at_most)
{
    const auth::Credentials wrong{.user = "Administrator", .password = auth::Secret{"wrong"}};
    start_strict();
    connect_bare();
    EXPECT_EQ(shake_hands(wrong), 401);
    EXPECT_EQ(challenges_of(last).front(), "Negotiate");
    wsman::GuardShares shares{.tries = std::make_shared<wsman::PasswordTries>(), .clock = &clock};
    connect({.make_guard = wsman::client_guard(ntlm(wrong), shares)}, at);
    EXPECT_EQ(failure_of([&] { post(identify()); }), "unauthenticated authentication_refused");
    EXPECT_EQ(failure_of([&] { post(identify()); }), "unauthenticated authentication_refused");
    EXPECT_EQ(failure_of([&] { post(identify()); }), "unauthenticated password_not_tried_again");
    EXPECT_EQ(host->log().total(), 0U);
}

TEST_F(WireVectors, v06_a_message_in_the_clear_gets_an_empty_500_that_the_client_explains)
{
    start_strict();
    connect_bare();
    EXPECT_EQ(shake_hands(), 200);
    const auto answer = post(identify());
    EXPECT_EQ(answer.status, 500);
    EXPECT_EQ(answer.body, "");
    connect(auth::basic_client(administrator(), auth::InTheClear::allowed));
    EXPECT_EQ(
        failure_of([&] { clock.run(session()->identify(Deadline::after(clock, seconds{30}))); }),
        "denied encryption_required");
}

TEST_F(WireVectors, v07_a_frame_with_a_wrong_length_ends_the_connection)
{
    start_strict();
    connect_bare();
    EXPECT_EQ(shake_hands(), 200);
    const std::string text = wsman::encode(get_disk());
    auth::Body body = sealed(text);
    body.bytes = replaced(body.bytes, fmt::format("Length={}", text.size()),
                          fmt::format("Length={}", text.size() - 1));
    EXPECT_EQ(post_sealed(body).status, 400);
    EXPECT_EQ(post(identify()).status, 401) << "a new connection";
}

/// Between a host and its answers.
class Meddler final : public http::AdmissionGuard
{
public:
    Meddler(std::unique_ptr<http::AdmissionGuard> inner, bool& meddles)
        : inner_(std::move(inner)), meddles_(meddles)
    {
    }
    std::optional<http::Response> admit(http::Request& request, http::Caller& caller) override
    {
        return inner_->admit(request, caller);
    }
    void protect(http::Response& response) override
    {
        const std::size_t length = response.body.size();
        inner_->protect(response);
        if (meddles_ && length > 0) {
            response.body = replaced(response.body, fmt::format("Length={}", length),
                                     fmt::format("Length={}", length - 1));
        }
    }

private:
    std::unique_ptr<http::AdmissionGuard> inner_;
    bool& meddles_;
};

TEST_F(WireVectors, v07_an_answer_with_a_wrong_length_is_not_believed)
{
    start_strict();
    bool meddles = true;
    std::size_t connections = 0;
    const AdmissionOptions rules{.make_scheme = strict_service().authentication.make_scheme,
                                 .allow_unencrypted = false};
    const net::Endpoint elsewhere{.address = "10.0.0.2", .port = 5985};
    http::Server server{loop.get_executor(),
                        clock,
                        network.listen(elsewhere),
                        [this](http::Request request, http::Caller caller) {
                            return host->service().handle(std::move(request), std::move(caller));
                        },
                        {.make_guard = [&](const net::Security& security) {
                            ++connections;
                            return std::make_unique<Meddler>(admission(rules, security), meddles);
                        }}};
    server.start();
    connect({.make_guard = wsman::client_guard(ntlm())}, elsewhere);
    EXPECT_EQ(failure_of([&] { post(identify()); }), "outcome_unknown sealed_body_wrong_length");
    meddles = false;
    EXPECT_EQ(post(identify()).status, 200);
    EXPECT_EQ(connections, 2U);
}

TEST_F(WireVectors, v08_frames_as_other_clients_write_them_are_read)
{
    start_strict();
    connect_bare();
    ASSERT_EQ(shake_hands(), 200);
    const std::string text = wsman::encode(get_disk());
    const auto body_of = [](const std::string& answer) {
        return answer.substr(answer.find("<s:Body>"));
    };
    const std::string usual = body_of(opened(post_sealed(sealed(text))));
    EXPECT_NE(usual.find("<p:Win32_LogicalDisk"), std::string::npos);
    auth::Body body = sealed(text);
    body.bytes = reframed(body.bytes, "\t", "");
    EXPECT_EQ(body_of(opened(post_sealed(body))), usual);
    body = sealed(text);
    body.bytes = reframed(body.bytes, "--Encrypted", "-- Encrypted");
    EXPECT_EQ(body_of(opened(post_sealed(body))), usual);
    const std::string wide = "application/soap+xml;charset=UTF-16";
    EXPECT_EQ(body_of(opened(post_sealed(sealed(utf16(text), wide)))), usual);
    host->engine().profile().set("response_charset", "mirrors_request");
    const std::string mirrored = opened(post_sealed(sealed(utf16(text), wide)));
    EXPECT_EQ(mirrored.substr(mirrored.find(utf16("<s:Body>"))), utf16(usual));
}

TEST_F(WireVectors, v09_basic_goes_over_https_and_not_in_the_clear)
{
    start_strict();
    listen_tls();
    const auto make = auth::basic_client(administrator(), auth::InTheClear::refused);
    connect({.tls = trust(), .make_guard = wsman::client_guard(make)}, at_tls);
    EXPECT_EQ(post(identify()).status, 200);
    const auto before = host->log().total();
    connect(make);
    EXPECT_EQ(failure_of([&] { post(identify()); }), "invalid basic_needs_encryption");
    EXPECT_EQ(host->log().total(), before);
}

TEST_F(WireVectors, v51_operations_of_a_user_are_limited_by_the_service_and_by_its_plugin)
{
    const auto enumerate =
        TestHost::request(schema::cimv2_namespace, "Win32_LogicalDisk", wsman::Enumerate{});
    for (const auto& [generation, number] : {std::pair{Generation::ws2008r2sp1, 2150859174U},
                                             std::pair{Generation::ws2012r2, 2150859240U}}) {
        start_strict(generation);
        connect(ntlm());
        std::string context;
        for (int count = 0; count < 15; ++count) {
            context = std::get<wsman::ItemsResponse>(ask(enumerate).body).context;
        }
        const wsman::Fault refused = fault(enumerate);
        EXPECT_FALSE(refused.is_sender);
        EXPECT_EQ(refused.subcode, "wsman:InternalError");
        EXPECT_EQ(refused.code, number);
        EXPECT_EQ(refused.cim_status, 27U);
        EXPECT_NE(last.body.find("MSFT_WmiError"), std::string::npos);
        EXPECT_EQ(fault(get_disk()).code, number) << "a request is an operation, too";
        ask(TestHost::request(schema::cimv2_namespace, "Win32_LogicalDisk",
                              wsman::Release{.context = context}));
        ask(get_disk());
        EXPECT_EQ(last.status, 200) << last.body;
    }
}

TEST_F(WireVectors, v51_requests_under_way_count_as_operations)
{
    ServiceOptions service = strict_service();
    service.quotas = default_quotas(Generation::ws2012r2);
    service.quotas->plugin_operations_per_user = 1;
    start({.service = std::move(service)});
    host->faults().add(
        {.operation = "Get", .times = 1, .effect = FaultEffect::delay, .delay = seconds{20}});
    connect(ntlm());
    const auto slow = [](http::Client& over, SimulatedClock& time, std::string body) -> Task<> {
        http::Request request{.method = "POST", .target = "/wsman", .body = std::move(body)};
        request.headers.set("Content-Type", std::string{wsman::names::content_type});
        co_await over.send(std::move(request), Deadline::after(time, seconds{60}));
    };
    http::Client other{network, clock, at, {.make_guard = wsman::client_guard(ntlm())}};
    spawn(loop.get_executor(), slow(other, clock, wsman::encode(get_disk())), "a slow request");
    clock.advance(seconds{1});
    EXPECT_EQ(fault(get_disk()).code, 2150859240U);
    clock.advance(seconds{30});
    ask(get_disk());
    EXPECT_EQ(last.status, 200);
}

TEST_F(WireVectors, v52_a_request_beyond_the_envelope_gets_413_without_words)
{
    for (const auto& [generation, kib] :
         {std::pair{Generation::ws2008r2sp1, 150U}, std::pair{Generation::ws2012r2, 500U}}) {
        start_strict(generation);
        const std::string text = identify();
        const auto padded = [&](std::size_t size) {
            return text + std::string(size - text.size(), ' ');
        };
        connect(ntlm());
        EXPECT_EQ(post(padded(kib * 1024)).status, 200);
        const auto answer = post(padded(kib * 1024 + 1));
        EXPECT_EQ(answer.status, 413);
        EXPECT_EQ(answer.body, "");
        EXPECT_EQ(post(padded(kib * 2048)).status, 413);
        EXPECT_EQ(post(text).status, 200);
    }
}

TEST_F(WireVectors, v53_an_answer_beyond_the_clients_envelope_is_asked_for_once_more)
{
    start_strict();
    NewVm made{.settings = host->engine().fresh_settings(1), .id = Uuid::random(*random)};
    made.settings.notes = std::string(20'000, 'n');
    const Vm& vm = host->engine().define_vm(std::move(made));
    const cim::ObjectPath path{std::string{schema::v2_namespace},
                               "Msvm_VirtualSystemSettingData",
                               {{"InstanceID", "Microsoft:" + vm.id.upper()}}};
    connect(ntlm());
    auto get = TestHost::request(path.ns(), path.class_name(), wsman::Get{},
                                 {{"InstanceID", "Microsoft:" + vm.id.upper()}});
    get.header.max_envelope_size = 10'000;
    const wsman::Fault refused = fault(get);
    EXPECT_EQ(refused.subcode, "wsman:EncodingLimit") << last.body.size();
    EXPECT_EQ(refused.code, 2150858824U);
    const auto session_ = session(10'000);
    const auto found = clock.run(session_->get(path, Deadline::after(clock, seconds{30})));
    EXPECT_EQ(found["InstanceID"].text(), "Microsoft:" + vm.id.upper());
    EXPECT_EQ(session_->requests(), 2U);
}

TEST_F(WireVectors, v54_who_has_no_rights_is_denied_by_number)
{
    ServiceOptions service = strict_service();
    service.access.set("Administrator", {.rights = Rights::none});
    start({.service = service});
    connect(ntlm());
    const wsman::Fault refused = fault(get_disk());
    EXPECT_TRUE(refused.is_sender);
    EXPECT_EQ(refused.subcode, "wsman:AccessDenied");
    EXPECT_EQ(refused.code, 5U);
    EXPECT_FALSE(identity().product_version.empty());
    const auto path = cim::ObjectPath{
        std::string{schema::cimv2_namespace}, "Win32_LogicalDisk", {{"DeviceID", "C:"}}};
    EXPECT_TRUE(failure_of([&] {
                    clock.run(session()->get(path, Deadline::after(clock, seconds{30})));
                }).starts_with("denied "));
}

TEST_F(WireVectors, v55_after_a_closed_connection_a_client_authenticates_again_for_reads)
{
    start_strict();
    connect(ntlm());
    const auto path = cim::ObjectPath{
        std::string{schema::cimv2_namespace}, "Win32_LogicalDisk", {{"DeviceID", "C:"}}};
    const auto session_ = session();
    clock.run(session_->get(path, Deadline::after(clock, seconds{30})));
    host->engine().restart_service();
    const auto again = clock.run(session_->get(path, Deadline::after(clock, seconds{30})));
    EXPECT_EQ(again["DeviceID"].text(), "C:");
    EXPECT_EQ(host->log().total(), 2U);
}

TEST_F(WireVectors, v57_answers_in_chunks_are_read_the_same_plain_and_sealed)
{
    ServiceOptions service = strict_service();
    service.allow_unencrypted = true;
    start({.service = std::move(service)});
    for (const bool is_sealed : {false, true}) {
        connect(is_sealed ? ntlm()
                          : auth::basic_client(administrator(), auth::InTheClear::allowed));
        std::string bodies[2];
        for (const bool is_chunked : {false, true}) {
            host->engine().profile().set("chunked_answers", is_chunked ? "yes" : "no");
            const auto answer = post(wsman::encode(get_disk()));
            EXPECT_EQ(answer.status, 200);
            EXPECT_EQ(answer.headers.get("Transfer-Encoding").has_value(), is_chunked);
            bodies[is_chunked ? 1 : 0] = answer.body.substr(answer.body.find("<s:Body>"));
        }
        EXPECT_EQ(bodies[0], bodies[1]);
        EXPECT_NE(bodies[0].find("<p:Win32_LogicalDisk"), std::string::npos);
    }
}

// Beyond the vectors: what else hosts require.

TEST_F(WireVectors, chunked_requests_are_refused_where_the_switch_says_so)
{
    TestHost alone;
    alone.engine().profile().set("chunked_requests", "refused");
    http::Request request{.method = "POST", .target = "/wsman", .body = identify()};
    request.headers.set("Transfer-Encoding", "chunked");
    const auto answer =
        alone.clock.run(alone.host.service().handle(request, {.peer = {}, .account = "tester"}));
    EXPECT_EQ(answer.status, 500);
    EXPECT_EQ(TestHost::fault_code(wsman::decode_response(answer.body, cim::untyped())), 50U);
}

TEST_F(WireVectors, contexts_belong_to_who_opened_them)
{
    const auth::Credentials other{.user = "Other", .password = auth::Secret{"other"}};
    start({.service = {.authentication = authentication(
                           {.schemes = "negotiate", .accounts = {administrator(), other}})}});
    connect(ntlm());
    const auto context =
        std::get<wsman::ItemsResponse>(
            ask(TestHost::request(schema::cimv2_namespace, "Win32_LogicalDisk", wsman::Enumerate{}))
                .body)
            .context;
    const auto pull = TestHost::request(schema::cimv2_namespace, "Win32_LogicalDisk",
                                        wsman::Pull{.context = context});
    connect(ntlm(other));
    EXPECT_EQ(fault(pull).code, 2150858779U);
    connect(ntlm());
    ask(pull);
    EXPECT_EQ(last.status, 200);
}

TEST_F(WireVectors, a_service_that_starts_again_is_busy_for_a_while)
{
    start_strict();
    for (const FaultEffect effect : {FaultEffect::service_restart, FaultEffect::host_restart}) {
        host->faults().clear();
        host->faults().add({.times = 1, .effect = effect, .delay = seconds{5}});
        connect(ntlm());
        EXPECT_NE(failure_of([&] { post(identify()); }), "none");
        clock.advance(effect == FaultEffect::host_restart ? seconds{91} : seconds{1});
        connect_bare();
        const auto answer = post(identify());
        EXPECT_EQ(answer.status, 503);
        EXPECT_EQ(answer.body, "");
        connect(ntlm());
        EXPECT_EQ(failure_of([&] { post(identify()); }), "unavailable wsman_service_busy");
        clock.advance(seconds{5});
        connect(ntlm());
        EXPECT_EQ(post(identify()).status, 200);
    }
}

TEST_F(WireVectors, connections_beyond_the_quota_are_turned_away)
{
    ServiceOptions service = strict_service();
    service.quotas = default_quotas(Generation::ws2008r2sp1);
    EXPECT_EQ(service.quotas->connections, 25U);
    service.quotas->connections = 2;
    start({.service = std::move(service)});
    const auto deadline = Deadline::after(clock, seconds{10});
    const std::string request = "GET / HTTP/1.1\r\nHost: hv01\r\n\r\n";
    std::vector<std::unique_ptr<net::Stream>> streams;
    for (const std::string_view expected : {"HTTP/1.1 401 ", "HTTP/1.1 401 ", "HTTP/1.1 503 "}) {
        streams.push_back(clock.run(network.connect(at, deadline)));
        EXPECT_TRUE(clock.run(say(*streams.back(), request, deadline)).starts_with(expected));
    }
}

TEST_F(WireVectors, a_client_certificate_is_an_account)
{
    const auto authority = net::make_authority({.common_name = "Clients",
                                                .not_before = clock.now(),
                                                .not_after = clock.now() + std::chrono::hours{24}});
    const auto pair =
        net::make_certificate(authority, {.common_name = "robot",
                                          .not_before = clock.now(),
                                          .not_after = clock.now() + std::chrono::hours{24}});
    net::write_key_pair(pair, folder + "/robot.pem", folder + "/robot-key.pem");
    start({.service = {
               .authentication = authentication(
                   {.schemes = "negotiate,certificate",
                    .accounts = {administrator()},
                    .certificates = {{net::certificate_fingerprint(pair.certificate), "robot"}}}),
               .allow_unencrypted = false}});
    listen_tls();
    auto tls = trust();
    const auto make = wsman::client_guard(auth::certificate_client());
    connect({.tls = tls, .make_guard = make}, at_tls);
    EXPECT_EQ(post(identify()).status, 401);
    tls.certificate_file = folder + "/robot.pem";
    tls.key_file = folder + "/robot-key.pem";
    connect({.tls = tls, .make_guard = make}, at_tls);
    EXPECT_EQ(post(identify()).status, 200);
    EXPECT_EQ(host->log().entries().back().account, "robot");
}

} // namespace
} // namespace watari::sim
