#include "hyperv/wmi/files.hpp"

#include "hyperv/backoff.hpp"
#include "hyperv/host_errors.hpp"
#include "hyperv/ownership.hpp"
#include "messages/hyperv.hpp"
#include "schema/cimv2.hpp"

namespace watari::hyperv::wmi {

namespace {

using DataFile = schema::cimv2::CIM_DataFile;
using Directory = schema::cimv2::Win32_Directory;

/// How long what delete_vm read of the host's disks stays good for the files deleted right after
/// it.
constexpr std::chrono::seconds held_for{10};
/// Without a deadline a file in use is tried for so long.
constexpr std::chrono::seconds patience{60};

/// CIM_DataFile.Delete. Source: call-sequences.md.
constexpr std::uint32_t deleted = 0;
constexpr std::uint32_t not_there =
    9; // name not found (documented for the class; UNVERIFIED that hosts say it here)
constexpr std::uint32_t sharing_violation = 15;

/// `D:\`.
constexpr std::size_t root_length = 3;

Task<> require_unheld(Act& act, HostPath path, ReadHeldDisks read_held_disks)
{
    HeldDisks& known = act.shared().held;
    const bool is_fresh = known.read_at && act.clock().steady() - *known.read_at < held_for;
    if (!is_fresh) {
        known = co_await read_held_disks(act);
    }
    if (const HeldDisk* holder = known.find(path)) {
        throw Error{
            ErrorKind::conflict,
            message::disk_in_use{.holder = holder->medium_id, .host = act.host(), .path = path}};
    }
}

/// One selector with the full path [documented]: never a filtered query, which scans the disk.
template <class Class>
cim::ObjectPath named(const HostPath& path)
{
    return {std::string{Class::ns}, std::string{Class::class_name}, {{"Name", cim::Value{path}}}};
}

/// The method's own number; nullopt: there is no such file.
Task<std::optional<std::uint32_t>> send_delete(Act& act, HostPath path)
{
    try {
        const auto output = co_await act.send_change(named<DataFile>(path), DataFile::Delete::name,
                                                     schema::Call<DataFile::Delete>{}.parameters());
        const auto code = schema::Result<DataFile::Delete>{output}.return_value();
        co_return code == not_there ? std::nullopt : std::optional{code};
    } catch (const Error& error) {
        if (error.kind() != ErrorKind::not_found) {
            throw;
        }
    }
    co_return std::nullopt;
}

} // namespace

Task<std::optional<HostPath>> find_folder(Act& act, HostPath path)
{
    require_local(path);
    std::ranges::replace(path, '/', '\\');
    while (path.ends_with('\\') && path.size() > root_length) {
        path.pop_back();
    }
    if (!co_await act.find(named<Directory>(path))) {
        co_return std::nullopt;
    }
    co_return path;
}

Task<bool> has_file(Act& act, HostPath path)
{
    std::ranges::replace(path, '/', '\\');
    co_return (co_await act.find(named<DataFile>(path))).has_value();
}

Task<> delete_disk(Act& act, HostPath path, VmId vm, ReadHeldDisks read_held_disks)
{
    require_local(path);
    if (!carries_id(path, vm)) {
        throw Error{ErrorKind::invalid,
                    message::disk_not_ours{.path = path, .vm = vm.value().lower()}};
    }
    std::ranges::replace(path, '/', '\\');
    co_await require_unheld(act, path, read_held_disks);
    const Deadline until = act.deadline().sooner(Deadline::after(act.clock(), patience));
    Backoff backoff;
    while (true) {
        const auto code = co_await send_delete(act, path);
        if (!code || *code == deleted) {
            co_return;
        }
        if (*code != sharing_violation || until.passed(act.clock())) {
            throw file_error(act.host(), path, *code);
        }
        co_await act.clock().sleep_for(backoff.next());
    }
}

} // namespace watari::hyperv::wmi
