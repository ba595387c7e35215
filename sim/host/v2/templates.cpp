#include "sim/host/v2/shapes.hpp"

#include "schema/templates.hpp"

#include <map>
#include <utility>

namespace watari::sim::host::v2 {

/// Templates stand beside the instances of their class (`Microsoft:Definition\<pool>\Default`);
/// pools and capabilities lead to them.
void add_templates(Repository& repository, Host& host)
{
    std::map<std::string, std::vector<cim::Instance>> by_class;
    for (cim::Instance& instance :
         schema::default_templates(host.generation(), schema::v2_namespace)) {
        by_class[instance.class_name()].push_back(std::move(instance));
    }
    for (auto& [class_name, instances] : by_class) {
        repository.add_constant(class_name, instances);
    }
}

} // namespace watari::sim::host::v2
