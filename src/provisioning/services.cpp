#include "provisioning/services.hpp"

#include "messages/hyperv.hpp"
#include "messages/provisioning.hpp"
#include "messages/wsman.hpp"
#include "store/records/operation.hpp"

#include <boost/json.hpp>

namespace watari::provisioning {

namespace {

const boost::json::value* member(const boost::json::value& json, std::string_view name)
{
    const auto* object = json.if_object();
    const auto* found = object == nullptr ? nullptr : object->if_contains(name);
    return found == nullptr || found->is_null() ? nullptr : found;
}

void count(operations::StepContext& step, hyperv::RequestKind kind)
{
    if (kind != hyperv::RequestKind::job_poll) {
        step.count_requests(1);
        return;
    }
    note(step, "host_job_polls", number_in(step.result(), "host_job_polls").value_or(0) + 1);
}

} // namespace

hyperv::CallContext call_context(const Services& services, operations::StepContext& step)
{
    return {
        .deadline = step.deadline(),
        .operation_timeout = services.operation_timeout,
        .before_change = [&services, &step] { return step.mark_sent(services.operation_timeout); },
        .progress = [&step](int percent) { step.progress(percent); },
        .on_request = [&step](hyperv::RequestKind kind) { count(step, kind); }};
}

namespace {

/// What a guest refuses or never does says nothing against its host, which answered.
bool is_of_guest(const Error& error)
{
    const Message slow = message::guest_did_not_shut_down{};
    return is_guest_not_ready(error) || error.code() == slow.code;
}

/// An enrolled host speaks WS-Management: what answers with something else now (a proxy's page,
/// half a message) is not the host, and asking again later helps.
Error as_seen_from_here(const Error& error)
{
    const Message no_answer = message::wsman_bad_answer{};
    return error.kind() == ErrorKind::invalid && error.code() == no_answer.code
               ? error.with_kind(ErrorKind::unavailable)
               : error;
}

} // namespace

template <class T>
Task<T> on_host(Services& services, operations::StepContext& step, store::HostId host, Act<T> act)
{
    const auto connection = co_await services.fleet.connect(host, step.deadline());
    std::optional<Error> failure;
    try {
        if constexpr (std::is_void_v<T>) {
            co_await act(connection->driver(), call_context(services, step));
            services.fleet.answered(host);
            co_return;
        } else {
            auto result = co_await act(connection->driver(), call_context(services, step));
            services.fleet.answered(host);
            co_return result;
        }
    } catch (const Error& error) {
        failure = as_seen_from_here(error);
    }
    if (is_of_guest(*failure)) {
        services.fleet.answered(host);
    } else {
        services.fleet.failed(host, *failure);
    }
    throw std::move(*failure);
}

template Task<> on_host(Services&, operations::StepContext&, store::HostId, Act<void>);
template Task<hyperv::HostVmId> on_host(Services&, operations::StepContext&, store::HostId,
                                        Act<hyperv::HostVmId>);
template Task<std::vector<hyperv::VmSummary>>
on_host(Services&, operations::StepContext&, store::HostId, Act<std::vector<hyperv::VmSummary>>);
template Task<std::optional<hyperv::DiskFacts>>
on_host(Services&, operations::StepContext&, store::HostId, Act<std::optional<hyperv::DiskFacts>>);
template Task<std::optional<hyperv::Vm>> on_host(Services&, operations::StepContext&, store::HostId,
                                                 Act<std::optional<hyperv::Vm>>);
template Task<std::optional<hyperv::HostPath>>
on_host(Services&, operations::StepContext&, store::HostId, Act<std::optional<hyperv::HostPath>>);
template Task<hyperv::DiskFacts> on_host(Services&, operations::StepContext&, store::HostId,
                                         Act<hyperv::DiskFacts>);

bool is_guest_not_ready(const Error& error)
{
    const Message not_ready = message::guest_cannot_shut_down{};
    return error.code() == not_ready.code;
}

bool is_image_in_use(const Error& error)
{
    const Message in_use = message::image_in_use{};
    return error.code() == in_use.code;
}

Task<> if_there(Task<> undo)
{
    const Message gone = message::vm_not_on_host{};
    try {
        co_await std::move(undo);
    } catch (const Error& error) {
        if (error.code() != gone.code) {
            throw;
        }
    }
}

Task<store::VmRecord> vm_of(operations::StepContext& step)
{
    const auto id = step.operation().vm;
    if (!id) {
        throw Error{ErrorKind::internal, message::operation_without_vm{}};
    }
    co_return co_await step.store().read([&](store::Transaction& transaction) {
        return store::get<store::VmRecord>(transaction, *id);
    });
}

store::HostId host_of(const store::VmRecord& vm)
{
    if (!vm.host) {
        throw Error{ErrorKind::conflict, message::vm_not_placed{.vm = vm.name}};
    }
    return *vm.host;
}

hyperv::OwnershipMark mark_of(const Services& services, store::VmId vm)
{
    return {services.site, hyperv::VmId{vm.value()}};
}

hyperv::HostPath folder_of_vm(const store::VmRecord& vm)
{
    return vm.disk_path
               ? std::string{hyperv::folder_of(*vm.disk_path)} + "\\" + vm.id.value().lower()
               : std::string{};
}

hyperv::VmRef reference(const Services& services, const store::VmRecord& vm)
{
    if (!vm.host_guid) {
        throw Error{ErrorKind::conflict, message::vm_not_placed{.vm = vm.name}};
    }
    return {.guid = hyperv::HostVmId{*vm.host_guid},
            .mark = mark_of(services, vm.id),
            .folder = folder_of_vm(vm)};
}

std::optional<std::string> text_in(const boost::json::value& json, std::string_view name)
{
    const auto* found = member(json, name);
    const auto* text = found == nullptr ? nullptr : found->if_string();
    return text == nullptr ? std::nullopt : std::optional{std::string{text->data(), text->size()}};
}

std::optional<std::int64_t> number_in(const boost::json::value& json, std::string_view name)
{
    const auto* found = member(json, name);
    return found != nullptr && found->is_number() ? std::optional{found->to_number<std::int64_t>()}
                                                  : std::nullopt;
}

bool flag_in(const boost::json::value& json, std::string_view name)
{
    const auto* found = member(json, name);
    return found != nullptr && found->is_bool() && found->get_bool();
}

void note(operations::StepContext& step, std::string_view name, boost::json::value value)
{
    auto& result = step.result();
    if (!result.is_object()) {
        result = boost::json::object{};
    }
    result.get_object()[name] = std::move(value);
}

} // namespace watari::provisioning
