#include "sim/configuration.hpp"

namespace watari::sim {

namespace {

constexpr std::string_view config_uri = "http://schemas.microsoft.com/wbem/wsman/1/config";

} // namespace

bool is_configuration(std::string_view resource_uri) noexcept
{
    return resource_uri == config_uri;
}

cim::Instance configuration(const ServiceQuotas& quotas, bool allow_unencrypted)
{
    constexpr std::uint64_t kib = 1024;
    const auto set = [](cim::Instance& into, std::string_view name, std::uint64_t value) {
        into.set(name, cim::Type::uint64, value);
    };
    cim::Instance service{"Service"};
    service.set("AllowUnencrypted", cim::Type::boolean, allow_unencrypted);
    set(service, "EnumerationTimeoutms",
        static_cast<std::uint64_t>(quotas.enumeration_timeout.count()));
    set(service, "MaxConcurrentOperationsPerUser", quotas.operations_per_user);
    set(service, "MaxConnections", quotas.connections);
    cim::Instance config{"Config"};
    set(config, "MaxBatchItems", quotas.batch_items);
    set(config, "MaxEnvelopeSizekb", quotas.envelope_bytes / kib);
    set(config, "MaxTimeoutms", static_cast<std::uint64_t>(quotas.timeout.count()));
    config.set("Service", cim::Type::object, cim::Value{service});
    return config;
}

} // namespace watari::sim
