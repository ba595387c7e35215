#include "hyperv/v1/dialect.hpp"

namespace watari::hyperv::v1 {

namespace {

using Service = schema::v1::Msvm_ImageManagementService;
using DiskInfo = schema::v1::Msvm_VirtualHardDiskInfo;

Task<Done> copy_file(Act& act, const NewDisk& disk)
{
    using Convert = Service::ConvertVirtualHardDisk;
    schema::Call<Convert> call;
    call.set(Convert::SourcePath, disk.copy_of)
        .set(Convert::DestinationPath, disk.path)
        .set(Convert::Type, wmi::disk_type(disk.kind));
    co_return co_await act.change(call);
}

template <class Create>
Task<Done> create_new(Act& act, NewDisk disk)
{
    schema::Call<Create> call;
    call.set(Create::Path, disk.path).set(Create::MaxInternalSize, disk.size.in_bytes());
    co_return co_await act.change(call);
}

Task<Done> create_child(Act& act, const NewDisk& disk)
{
    using Create = Service::CreateDifferencingVirtualHardDisk;
    schema::Call<Create> call;
    call.set(Create::Path, disk.path).set(Create::ParentPath, disk.parent);
    co_return co_await act.change(call);
}

} // namespace

Task<std::optional<DiskFacts>> Images::find(Act& act, HostPath path)
{
    using Read = Service::GetVirtualHardDiskInfo;
    schema::Call<Read> call;
    call.set(Read::Path, path);
    std::optional<cim::Instance> found;
    try {
        found = (co_await act.ask(call)).get(Read::Info);
    } catch (const Error& error) {
        if (error.kind() != ErrorKind::not_found) {
            throw;
        }
    }
    if (!found) {
        co_return std::nullopt;
    }
    const schema::Object<DiskInfo> info{std::move(*found)};
    co_return DiskFacts{.path = path,
                        .format = DiskFormat::vhd, // this service knows no other
                        .kind = wmi::disk_kind_of(info.get(DiskInfo::Type).value_or(0)),
                        .size = ByteSize::bytes(info.get(DiskInfo::MaxInternalSize).value_or(0)),
                        .file_size = ByteSize::bytes(info.get(DiskInfo::FileSize).value_or(0)),
                        .parent = info.get(DiskInfo::ParentPath).value_or(""),
                        .in_use = info.get(DiskInfo::InUse).value_or(false) ||
                                  info.get(DiskInfo::InSavedState).value_or(false)};
}

Task<Done> Images::make(Act& act, const NewDisk& disk)
{
    if (!disk.copy_of.empty()) {
        co_return co_await copy_file(act, disk);
    }
    if (!disk.parent.empty()) {
        co_return co_await create_child(act, disk);
    }
    if (disk.kind == DiskKind::fixed) {
        co_return co_await create_new<Service::CreateFixedVirtualHardDisk>(act, disk);
    }
    co_return co_await create_new<Service::CreateDynamicVirtualHardDisk>(act, disk);
}

Task<Done> Images::resize(Act& act, HostPath path, ByteSize size)
{
    using Expand = Service::ExpandVirtualHardDisk;
    schema::Call<Expand> call;
    call.set(Expand::Path, path).set(Expand::MaxInternalSize, size.in_bytes());
    co_return co_await act.change(call);
}

} // namespace watari::hyperv::v1
