#pragma once

#include "cim/instance.hpp"
#include "core/uuid.hpp"

#include <optional>
#include <string>
#include <vector>

namespace watari::sim {

/// A port of a virtual switch: of the uplink, of the host, made by a v1 client, or of a connected
/// VM.
struct SwitchPort {
    enum class Kind { external, internal, vm };
    std::string name; ///< GUID text; v1 clients choose it
    std::string friendly_name;
    Kind kind = Kind::vm;
    bool made_by_client = false;      ///< v1 CreateSwitchPort
    std::optional<Uuid> vm;           ///< whose NIC is connected
    std::string connection;           ///< its connection's device id
    std::vector<std::uint16_t> trunk; ///< v1: TrunkedVLANList of the endpoint
    std::uint16_t access_vlan =
        0; ///< v1: of a port without connection; else the connection's VLAN feature
    std::uint16_t endpoint_mode = 2; ///< v1: DesiredEndpointMode, 2 access, 5 trunk
    cim::Instance other;
};

struct Switch {
    Uuid id;
    std::string name;
    std::string notes;
    std::optional<Uuid> uplink; ///< the adapter of an external switch
    bool host_has_port = false; ///< internal, or external with the management system allowed
    std::vector<SwitchPort> ports;

    SwitchPort* find_port(std::string_view name) noexcept;
};

/// A physical adapter of the host.
struct Adapter {
    Uuid id;
    std::string name = "Intel(R) 82574L Gigabit Network Connection";
    std::string mac;
    std::uint64_t bits_per_second = 1'000'000'000;
};

} // namespace watari::sim
