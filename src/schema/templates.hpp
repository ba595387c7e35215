#pragma once

#include "cim/instance.hpp"
#include "generations/generation.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace watari::schema {

/// The `Default` device templates hosts of this generation offer in `ns`
/// (data/schema/templates.json): recorded in v1, partly inferred in v2. Properties that the
/// generation lacks are left out; empty where it lacks the namespace.
std::vector<cim::Instance> default_templates(Generation generation, std::string_view ns);

/// Memory and processor settings of a fresh VM in v1, without InstanceID. Recorded.
std::vector<cim::Instance> v1_new_vm_settings();

/// What one kind of device is called in each API. Empty and nullopt: that API has no such kind.
struct ResourceSubtype {
    std::string v1_class, v1_subtype;
    std::optional<std::uint16_t> v1_type;
    std::string v2_class, v2_subtype;
    std::optional<std::uint16_t> v2_type;
    std::string pool_id;  ///< of v1, where recorded
    std::string evidence; ///< recorded-live, documented, …
};

const std::vector<ResourceSubtype>& resource_subtypes();

} // namespace watari::schema
