#include "provisioning/wishes.hpp"

#include "provisioning/services.hpp"

namespace watari::provisioning {

Wish wish_of(store::Transaction& transaction, const store::VmRecord& vm,
             const boost::json::value& input)
{
    Wish wish;
    wish.memory = ByteSize::mib(static_cast<std::uint64_t>(vm.wanted_memory_mib));
    wish.processors = vm.wanted_processors;
    wish.disk = vm.wanted_disk_bytes;
    wish.disk_source = vm.disk_source;
    wish.disk_format = text_in(input, "disk_format");
    if (vm.image) {
        wish.image = vm.image;
        auto image = store::get<store::ImageRecord>(transaction, *vm.image);
        wish.image_name = std::move(image.name);
        wish.image_format = std::move(image.format);
    }
    if (vm.network) {
        wish.network = vm.network;
        wish.network_name = store::get<store::NetworkRecord>(transaction, *vm.network).name;
    }
    if (const auto host = text_in(input, "host")) {
        if (const auto id = Uuid::parse(*host)) {
            wish.only_host = store::HostId{*id};
        }
    }
    return wish;
}

} // namespace watari::provisioning
