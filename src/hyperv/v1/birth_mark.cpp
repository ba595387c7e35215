#include "hyperv/v1/birth_mark.hpp"

#include "cim/value.hpp"
#include "hyperv/ownership.hpp"

namespace watari::hyperv::v1 {

bool carries_mark(const OwnershipMark& mark, std::string_view name, std::string_view notes,
                  std::string_view folder)
{
    if (const auto marked = mark_in(notes)) {
        return *marked == mark;
    }
    while (folder.ends_with('\\') || folder.ends_with('/')) {
        folder.remove_suffix(1);
    }
    return cim::same_name(name, birth_name(mark.vm)) ||
           cim::same_name(file_name(folder), mark.vm.value().lower());
}

} // namespace watari::hyperv::v1
