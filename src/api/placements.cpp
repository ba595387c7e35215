#include "api/resources.hpp"

namespace watari::api {

contract::Placement placement_view(const provisioning::Explanation& explanation, Language language)
{
    contract::Placement placement;
    placement.chosen = explanation.chosen;
    for (const auto& candidate : explanation.candidates) {
        contract::Candidate view;
        view.host = candidate.host_name;
        view.fits = candidate.fits();
        view.memory_free_mib = static_cast<std::int64_t>(candidate.memory_free.in_mib_rounded_up());
        view.storage_free_bytes = static_cast<std::int64_t>(candidate.storage_free.in_bytes());
        view.storage =
            candidate.storage_path.empty() ? std::nullopt : std::optional{candidate.storage_path};
        for (const auto& refusal : candidate.why_not) {
            view.why_not.push_back(render(refusal, language));
        }
        placement.candidates.push_back(std::move(view));
    }
    return placement;
}

} // namespace watari::api
