#include "hyperv/connect/doctor_walk.hpp"

#include "hyperv/connect/probe.hpp"
#include "messages/doctor.hpp"
#include "messages/hyperv.hpp"
#include "wsman/client/channel.hpp"

#include <array>
#include <utility>

#include <fmt/format.h>

// From the password to the first WMI answer.

namespace watari::hyperv {

namespace {

constexpr std::string_view config_uri = "http://schemas.microsoft.com/wbem/wsman/1/config";
constexpr std::string_view service_class = "Msvm_VirtualSystemManagementService";
constexpr std::string_view os_ns = "root/cimv2";

/// What `name` says in an answer of Windows' WS-Management configuration, wherever it stands.
std::optional<std::uint64_t> number_in(const cim::Instance& config, std::string_view name)
{
    for (const auto& property : config.properties()) {
        if (const auto* inner = property.value.embedded()) {
            if (const auto found = number_in(*inner, name)) {
                return found;
            }
        } else if (property.name == name) {
            return cim::Value::parse(cim::Type::uint64, property.value.text())
                .and_then([](const cim::Value& value) { return value.unsigned_integer(); });
        }
    }
    return std::nullopt;
}

} // namespace

/// Everything after this goes over the one connection that is made here: the password is tried
/// once.
Task<> DoctorWalk::log_on()
{
    http::ClientOptions options;
    try {
        options = logons_.client_options(address_, "2.0");
    } catch (const Error& error) {
        fail(HopId::password, error);
        co_return;
    }
    options.connections_max = 1;
    options.response_bytes_max = doctor_answer_bytes_max;
    options.make_guard = trace_.listen(std::move(options.make_guard));
    http::Client client{network_, clock_, address_.endpoint, std::move(options)};
    wsman::SessionOptions session_options{.max_envelope_size = 153'600};
    session_options.retry.attempts_max = 1; // what is wrong is to be seen
    session_options.types_of = [](std::string_view) -> const cim::TypeSource& {
        return cim::untyped();
    };
    wsman::Session session{client, clock_, random_, std::move(session_options)};
    if (co_await look_at_generation(session) && co_await look_at_quotas(client)) {
        co_await look_at_wmi(session);
    }
}

Task<> DoctorWalk::read_identity(wsman::Session& session)
{
    identity_ = co_await session.identify(within(doctor_answer_max));
}

/// What must have gone well for the host to answer, or to fail where it did.
void DoctorWalk::judge_logon_passed(const Error* later)
{
    const HopId at =
        later == nullptr ? HopId::generation : hop_of(*later).value_or(HopId::password);
    const bool is_kerberos = address_.scheme == LogonScheme::kerberos;
    const std::string scheme{to_string(address_.scheme)};
    if (at == HopId::spn) {
        pass(HopId::password, message::doctor_password_by_domain{.user = address_.user});
    } else if (at > HopId::spn) {
        pass(HopId::password,
             message::doctor_password_accepted{.scheme = scheme, .user = address_.user});
    }
    if (at > HopId::spn && !is_kerberos) {
        skip(HopId::spn, message::doctor_spn_not_used{});
    } else if (at > HopId::spn) {
        pass(HopId::spn, message::doctor_spn_works{.service = "HTTP/" + host_name()});
    }
    if (at <= HopId::encryption) {
        return;
    }
    if (address_.tls) {
        pass(HopId::encryption, message::doctor_encryption_tls{});
    } else if (address_.scheme == LogonScheme::basic) {
        warn(HopId::encryption, message::doctor_encryption_none{});
    } else {
        pass(HopId::encryption, message::doctor_encryption_sealed{.scheme = scheme});
    }
}

Task<bool> DoctorWalk::look_at_generation(wsman::Session& session)
{
    const auto failure = co_await failure_of(read_identity(session));
    judge_logon_passed(failure ? &*failure : nullptr);
    if (failure) {
        co_return fail(HopId::password, *failure);
    }
    const auto generation = generation_of_version(identity_.os_version);
    if (!generation) {
        warn(HopId::generation, message::doctor_generation_unknown{
                                    .stack = identity_.stack, .version = identity_.os_version});
        co_return true;
    }
    hosts_ = *generation == Generation::ws2008r2sp1 ? CommandFor::ws2008r2sp1
                                                    : CommandFor::ws2012_and_later;
    pass(HopId::generation,
         message::doctor_generation_known{.generation = std::string{full_name(*generation)},
                                          .stack = identity_.stack,
                                          .version = identity_.os_version});
    co_return true;
}

Task<> DoctorWalk::read_config(http::Client& client)
{
    wsman::SessionOptions options;
    options.retry.attempts_max = 1;
    wsman::Channel channel{client, clock_, random_, std::move(options)};
    const wsman::Asked asked{
        .action = "Get", .class_name = "Config", .resource_uri = std::string{config_uri}};
    auto response =
        co_await channel.exchange(wsman::Get{}, {}, {}, asked, within(doctor_answer_max));
    config_ = wsman::expect<wsman::InstanceResponse>(std::move(response), asked).instance;
}

/// Only administrators may read them (wsman.md 9): not being shown them is no failure, running
/// into one is.
Task<bool> DoctorWalk::look_at_quotas(http::Client& client)
{
    struct Quota {
        std::string_view name;
        std::uint64_t least;
    };
    // What sessions here ask for: wsman.md 9, rules 2, 4 and 5.
    constexpr std::array quotas = {Quota{"MaxEnvelopeSizekb", 150}, Quota{"MaxTimeoutms", 60'000},
                                   Quota{"MaxConcurrentOperationsPerUser", 5},
                                   Quota{"MaxConnections", 5}, Quota{"MaxBatchItems", 200}};
    const auto failure = co_await failure_of(read_config(client));
    if (failure && (hop_of(*failure) == HopId::quotas || hop_of(*failure) == HopId::http)) {
        co_return fail(HopId::quotas, *failure);
    }
    std::vector<std::string> shown;
    bool low = false;
    for (const auto& [name, least] : quotas) {
        const auto value = config_ ? number_in(*config_, name) : std::nullopt;
        if (value) {
            shown.push_back(fmt::format("{} {}", name, *value));
            low = low || *value < least;
        }
    }
    if (shown.empty()) {
        skip(HopId::quotas, message::doctor_quotas_not_shown{});
    } else if (low) {
        warn(HopId::quotas, message::doctor_quotas_low{.quotas = joined(shown)});
    } else {
        pass(HopId::quotas, message::doctor_quotas_read{.quotas = joined(shown)});
    }
    co_return true;
}

Task<> DoctorWalk::read_os(wsman::Session& session)
{
    co_await session.enumerate(os_ns, "Win32_OperatingSystem", within(doctor_answer_max));
}

Task<> DoctorWalk::find_service(wsman::Session& session, Namespace ns)
{
    auto found = co_await session.enumerate(ns_name(ns), service_class, within(doctor_answer_max));
    class_is_there_ = true;
    if (!found.empty()) {
        service_ = std::move(found.front());
    }
}

/// The service class is looked for as the probe does. A host hides instances from accounts without
/// rights in Hyper-V instead of refusing them (UNVERIFIED).
Task<> DoctorWalk::look_at_wmi(wsman::Session& session)
{
    std::optional<Error> failure = co_await failure_of(read_os(session));
    std::string_view ns;
    for (const Namespace candidate : namespaces_of(address_.ns)) {
        if (failure || service_) {
            break;
        }
        ns = ns_name(candidate);
        failure = co_await failure_of(find_service(session, candidate));
        const bool is_absent = failure && (failure->kind() == ErrorKind::unsupported ||
                                           failure->kind() == ErrorKind::not_found);
        if (is_absent) {
            trace_.note_failure(*failure);
            failure.reset();
        }
    }
    if (failure) {
        fail(HopId::rights, *failure);
        co_return;
    }
    if (class_is_there_ && !service_) {
        fail(HopId::rights,
             message::doctor_rights_sees_nothing{.ns = std::string{ns}, .user = address_.user});
        co_return;
    }
    pass(HopId::rights,
         message::doctor_rights_given{.namespaces = service_ ? fmt::format("{}, {}", os_ns, ns)
                                                             : std::string{os_ns},
                                      .user = address_.user});
    if (service_) {
        pass(HopId::ns, message::doctor_namespace_found{
                            .computer = (*service_)["SystemName"].text(), .ns = std::string{ns}});
    } else {
        fail(HopId::ns, no_namespace(address_));
    }
}

} // namespace watari::hyperv
