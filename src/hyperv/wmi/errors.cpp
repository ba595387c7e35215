#include "hyperv/wmi/errors.hpp"

#include "messages/hyperv.hpp"

namespace watari::hyperv::wmi {

namespace {

/// Of what was read back and is not as asked: perhaps not yet.
ErrorKind kind_of_difference(const Act& act)
{
    return act.all_certain() ? ErrorKind::conflict : ErrorKind::outcome_unknown;
}

} // namespace

bool is_refusal(const Error& error)
{
    switch (error.kind()) {
    case ErrorKind::conflict:
    case ErrorKind::invalid:
    case ErrorKind::denied:
    case ErrorKind::not_found:
        return true;
    default:
        return false;
    }
}

void throw_not_on_host(const Act& act, const HostVmId& vm)
{
    throw Error{ErrorKind::not_found,
                message::vm_not_on_host{.guid = vm.value().upper(), .host = act.host()}};
}

void throw_must_be_off(const VmSummary& vm)
{
    throw Error{
        ErrorKind::conflict,
        message::vm_must_be_off{.name = vm.name, .state = std::string{to_string(vm.state)}}};
}

void throw_vm_not_as_asked(const Act& act, const std::string& name, std::string what)
{
    throw Error{
        kind_of_difference(act),
        message::vm_not_as_asked{.host = act.host(), .name = name, .what = std::move(what)}};
}

void throw_disk_not_as_asked(const Act& act, const HostPath& path, std::string what)
{
    throw Error{
        kind_of_difference(act),
        message::disk_not_as_asked{.host = act.host(), .path = path, .what = std::move(what)}};
}

void throw_has_checkpoints(const Act& act, const HostPath& path, std::string holder)
{
    throw Error{ErrorKind::conflict, message::disk_has_checkpoints{.holder = std::move(holder),
                                                                   .host = act.host(),
                                                                   .path = path}};
}

void throw_disk_missing(const Act& act, const HostPath& path)
{
    throw Error{ErrorKind::not_found, message::disk_missing{.host = act.host(), .path = path}};
}

} // namespace watari::hyperv::wmi
