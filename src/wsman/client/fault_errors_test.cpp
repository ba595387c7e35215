#include "wsman/client/fault_errors.hpp"

#include "core/known_fault.hpp"
#include "faults/http.hpp"
#include "faults/wsman.hpp"
#include "wsman/client/stub_host.hpp"

namespace watari::wsman {
namespace {

using namespace testing_support;
using namespace std::chrono_literals;

/// What a test sees of an Error.
struct Seen {
    ErrorKind kind = ErrorKind::internal;
    std::string code = "nothing was thrown";
    std::string row;

    friend bool operator==(const Seen&, const Seen&) = default;
};

void PrintTo(const Seen& seen, std::ostream* out)
{
    *out << to_string(seen.kind) << " " << seen.code << " " << seen.row;
}

class FaultErrors : public StubHost
{
protected:
    /// What a request of this sort (`when` in data/faults) and effect comes to.
    Seen ask(std::string_view when, Effect effect)
    {
        if (when == "sound_query") {
            return seen_of(session->query(ns, "select * from Msvm_X", in(600s)));
        }
        const cim::ObjectPath object =
            when == "no_object" ? cim::ObjectPath{ns, "Msvm_X", {}} : vm();
        return seen_of(session->invoke(object, "DoIt", {}, effect, in(600s)));
    }

    template <class T>
    Seen seen_of(Task<T> task)
    {
        try {
            clock.run(std::move(task));
        } catch (const Error& error) {
            const auto* row = known_fault_of(error.message());
            return {error.kind(), error.code(), row == nullptr ? "" : std::string{row->name}};
        }
        return {};
    }

    void refuse_with(Fault fault)
    {
        answer = [fault = std::move(fault)](const Request& request) {
            return soap(request, fault);
        };
    }

    /// The fault comes to the row's error, of a read and of a change.
    void expect_row(const Fault& fault, std::string_view when, std::string_view name)
    {
        SCOPED_TRACE(name);
        const auto* row = find_known_fault(name);
        ASSERT_NE(row, nullptr);
        refuse_with(fault);
        EXPECT_EQ(ask(when, Effect::reads),
                  (Seen{row->read, std::string{row->code}, std::string{name}}));
        if (when != "sound_query") {
            EXPECT_EQ(ask(when, Effect::changes),
                      (Seen{row->change, std::string{row->code}, std::string{name}}));
        }
    }

    template <class Table, class MakeFault>
    void expect_rows(const Table& table, MakeFault make)
    {
        for (const auto& [key, when, name] : table) {
            expect_row(make(key), when, name);
        }
    }
};

Fault numbered(std::uint32_t number)
{
    const bool is_wmi = number >> 12U == 0x80041;
    Fault fault;
    fault.is_sender = false;
    (is_wmi ? fault.wmi_code : fault.code) = number;
    return fault;
}

Fault named(std::string_view key)
{
    const auto slash = key.find('/');
    Fault fault;
    fault.must_understand = key == "s:MustUnderstand";
    fault.subcode = fault.must_understand ? "" : key.substr(0, slash);
    fault.detail_uri = slash == std::string_view::npos ? "" : key.substr(slash + 1);
    return fault;
}

TEST_F(FaultErrors, every_number_of_the_table_comes_to_its_row)
{
    start();
    expect_rows(wsman_faults::numbers, numbered);
    expect_rows(wsman_faults::weak_numbers, numbered);
}

TEST_F(FaultErrors, every_subcode_and_detail_of_the_table_comes_to_its_row)
{
    start();
    expect_rows(wsman_faults::subcodes, named);
    expect_rows(wsman_faults::weak_subcodes, named);
}

TEST_F(FaultErrors, every_cim_status_of_the_table_comes_to_its_row)
{
    start();
    expect_rows(wsman_faults::cim_statuses, [](std::uint32_t status) {
        Fault fault;
        fault.is_sender = false;
        fault.subcode = "wsman:InternalError";
        fault.as_wmi_error = true;
        fault.code = 0x80047777; // no row knows it
        fault.cim_status = status;
        return fault;
    });
}

TEST_F(FaultErrors, every_status_of_the_table_comes_to_its_row)
{
    start();
    for (const auto& [status, when, name] : http_faults::statuses) {
        SCOPED_TRACE(name);
        const auto* row = find_known_fault(name);
        ASSERT_NE(row, nullptr);
        answer = [status](const Request&) {
            return http::Response{.status = static_cast<int>(status)};
        };
        const std::string code{row->code};
        EXPECT_EQ(ask("", Effect::reads), (Seen{row->read, code, std::string{name}}));
        EXPECT_EQ(ask("", Effect::changes), (Seen{row->change, code, std::string{name}}));
    }
}

TEST_F(FaultErrors, what_no_row_knows_keeps_the_hosts_number_and_words)
{
    start();
    Fault fault;
    fault.subcode = "wsman:Odd";
    fault.code = 2150899999U;
    fault.message = "誰も知らない";
    refuse_with(fault);
    using enum ErrorKind;
    EXPECT_EQ(ask("", Effect::reads), (Seen{invalid, "wsman_fault", "wsman_fault"}));
    EXPECT_EQ(failure_of(session->get(vm(), in(60s))), (Failure{invalid, "wsman_fault"}));
    EXPECT_EQ(last_peer.code, 2150899999U);
    EXPECT_EQ(last_peer.text, "誰も知らない");
    fault.is_sender = false;
    refuse_with(fault);
    EXPECT_EQ(ask("", Effect::changes),
              (Seen{outcome_unknown, "wsman_host_failed", "wsman_host_failed"}));
    answer = [](const Request&) { return http::Response{.status = 599}; };
    EXPECT_EQ(ask("", Effect::changes),
              (Seen{outcome_unknown, "wsman_http_status", "http_server_failed"}));
    answer = [](const Request&) { return http::Response{.status = 418}; };
    EXPECT_EQ(ask("", Effect::reads),
              (Seen{unsupported, "wsman_http_status", "wsman_http_status"}));
}

TEST_F(FaultErrors, the_hresult_is_asked_before_the_subcode_and_a_bare_failure_after_it)
{
    start();
    Fault fault = named("wsa:DestinationUnreachable");
    fault.wmi_code = 0x80041010;
    refuse_with(fault);
    EXPECT_EQ(ask("", Effect::reads).row, "wmi_invalid_class");
    fault.wmi_code = 0x80041001;
    refuse_with(fault);
    EXPECT_EQ(ask("", Effect::reads).row, "instance_not_found");
}

/// A row of wsman.md 8.2 to 8.4, typed from there and not from data/faults.
struct Fact {
    std::uint32_t number;
    ErrorKind read;
    ErrorKind change;
};

TEST_F(FaultErrors, the_numbers_of_the_protocol_digest_mean_what_it_says)
{
    using enum ErrorKind;
    const std::vector<Fact> facts{
        {2150858752, not_found, not_found},
        {2147749890, not_found, not_found},
        {2150858811, unsupported, unsupported},
        {2150858770, unsupported, unsupported},
        {2150858754, unsupported, unsupported},
        {2147749904, unsupported, unsupported},
        {2147749902, unsupported, unsupported},
        {2150858753, unsupported, unsupported},
        {2150858771, unsupported, unsupported},
        {0x80041055, unsupported, unsupported},
        {0x8004102E, unsupported, unsupported},
        {5, denied, denied},
        {2150859012, denied, denied},
        {2150859013, denied, denied},
        {2150859014, denied, denied},
        {2150858842, invalid, invalid},
        {2150858843, invalid, invalid},
        {2150858844, invalid, invalid},
        {2150858845, invalid, invalid},
        {2150858847, invalid, invalid},
        {87, invalid, invalid},
        {2150858810, invalid, invalid},
        {2150858837, invalid, invalid},
        {2150858836, invalid, invalid},
        {2150858817, invalid, invalid},
        {2150858769, invalid, invalid},
        {2150858767, invalid, invalid},
        {2150858881, invalid, invalid},
        {2150858768, invalid, invalid},
        {2150858818, unsupported, unsupported},
        {2150858870, unsupported, unsupported},
        {2150858887, unsupported, unsupported},
        {2150858886, unsupported, unsupported},
        {2150858871, unsupported, unsupported},
        {2150858809, invalid, invalid},
        {2150858833, invalid, invalid},
        {2150858834, invalid, invalid},
        {2150858835, invalid, invalid},
        {2150858878, invalid, invalid},
        {2150858824, exhausted, outcome_unknown},
        {2150858825, exhausted, outcome_unknown},
        {2150858823, exhausted, outcome_unknown},
        {2150858790, exhausted, outcome_unknown},
        {2150858797, invalid, invalid},
        {2150858779, unavailable, unavailable},
        {2150858778, invalid, invalid},
        {2147749911, invalid, invalid},
        {2150858777, unsupported, unsupported},
        {2150858776, unsupported, unsupported},
        {2150859003, invalid, invalid},
        {2150858793, timed_out, outcome_unknown},
        {2150858780, timed_out, outcome_unknown},
        {2150858815, exhausted, exhausted},
        {2150859173, exhausted, exhausted},
        {2150859179, exhausted, exhausted},
        {2150859174, exhausted, exhausted},
        {2150859175, exhausted, exhausted},
        {2150859176, exhausted, exhausted},
        {2150859236, exhausted, exhausted},
        {2150859237, exhausted, exhausted},
        {2150859238, exhausted, exhausted},
        {2150859239, exhausted, exhausted},
        {2150859240, exhausted, exhausted},
        {2150859241, exhausted, exhausted},
        {2150859242, exhausted, exhausted},
        {2147749889, unavailable, outcome_unknown},
        {2150858755, unavailable, outcome_unknown},
        {183, conflict, conflict},
        {0x80041019, conflict, conflict},
        {2150859182, denied, denied},
        {2150858773, invalid, invalid},
        {2150858838, invalid, invalid},
        {2150858839, invalid, invalid},
        {2150858840, invalid, invalid},
        {2150858841, invalid, invalid},
        {2150858899, invalid, invalid},
        {2150858782, unsupported, unsupported},
        {2150858788, unavailable, outcome_unknown},
        {2150858786, unsupported, unsupported},
        {2150859067, invalid, invalid},
        {50, unsupported, unsupported},
        {0x80041033, unavailable, outcome_unknown},
        {0x80041003, denied, denied},
        {0x80041008, invalid, invalid},
        {0x80041013, unavailable, outcome_unknown},
        {0x8004102F, invalid, invalid},
    };
    start();
    for (const Fact& fact : facts) {
        SCOPED_TRACE(fact.number);
        refuse_with(numbered(fact.number));
        const Seen read = ask("", Effect::reads);
        EXPECT_EQ(read.kind, fact.read) << read.row;
        EXPECT_TRUE(read.row != "wsman_fault" && read.row != "wsman_host_failed");
        EXPECT_EQ(ask("", Effect::changes).kind, fact.change);
    }
}

} // namespace
} // namespace watari::wsman
