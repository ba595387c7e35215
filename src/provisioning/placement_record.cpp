// How a decision is kept and explained later. Refused hosts take a few numbers each: the words are
// made when somebody asks.
#include "provisioning/placement.hpp"
#include "provisioning/rules.hpp"
#include "provisioning/services.hpp"

#include <boost/json.hpp>

namespace watari::provisioning {

namespace {

namespace json = boost::json;

/// Of the hosts that fitted, so many are kept beside those refused.
constexpr std::size_t fitting_kept = 20;

json::object wish_json(const Wish& wish)
{
    return {{"memory_bytes", wish.memory.in_bytes()},
            {"processors", wish.processors},
            {"disk_bytes", wish.disk.in_bytes()},
            {"image", wish.image_name},
            {"network", wish.network_name}};
}

ByteSize bytes_in(const json::value& json, std::string_view name)
{
    return ByteSize::bytes(static_cast<std::uint64_t>(number_in(json, name).value_or(0)));
}

Wish wish_from(const json::value& json)
{
    Wish wish;
    wish.memory = bytes_in(json, "memory_bytes");
    wish.processors = number_in(json, "processors").value_or(0);
    wish.disk = bytes_in(json, "disk_bytes");
    wish.image_name = text_in(json, "image").value_or("");
    wish.network_name = text_in(json, "network").value_or("");
    return wish;
}

/// [host, storage, memory free, storage free, broken rules, processors, state]; the last three of
/// refused hosts only.
enum Cell : std::size_t { host, storage, memory_free, storage_free, broken, processors, state };

std::string text_at(const json::array& row, Cell cell)
{
    return std::string{std::string_view{row.at(cell).as_string()}};
}

std::uint64_t number_at(const json::array& row, Cell cell)
{
    return row.at(cell).to_number<std::uint64_t>();
}

Candidate candidate_from(const json::array& row, const Wish& wish)
{
    Candidate candidate{.host_name = text_at(row, Cell::host),
                        .storage_path = text_at(row, Cell::storage),
                        .memory_free = ByteSize::bytes(number_at(row, Cell::memory_free)),
                        .storage_free = ByteSize::bytes(number_at(row, Cell::storage_free))};
    if (row.size() > Cell::broken) {
        const Seen seen{.host = candidate.host_name,
                        .state = text_at(row, Cell::state),
                        .memory_free = candidate.memory_free,
                        .storage_free = candidate.storage_free,
                        .processors = static_cast<std::int64_t>(number_at(row, Cell::processors))};
        candidate.why_not = reasons(static_cast<Broken>(number_at(row, Cell::broken)), seen, wish);
    }
    return candidate;
}

Explanation read(const json::object& record)
{
    Explanation explanation{.chosen = text_in(record, "chosen")};
    const auto wish = wish_from(record.at("wish"));
    for (const auto* list : {"best", "refused"}) {
        for (const auto& row : record.at(list).as_array()) {
            explanation.candidates.push_back(candidate_from(row.as_array(), wish));
        }
    }
    return explanation;
}

} // namespace

json::value to_json(const Decision& decision)
{
    const auto row_of = [&](const Decision::Judged& judged) {
        const auto& view = *decision.snapshot_->hosts[judged.host];
        const auto* where =
            view.storages.empty() ? nullptr : &view.storages[judged.verdict.storage];
        json::array row;
        row.reserve(Cell::state + 1);
        row.emplace_back(view.name);
        row.emplace_back(where == nullptr ? std::string_view{} : std::string_view{where->path});
        row.emplace_back(view.memory_free.in_bytes());
        row.emplace_back(where == nullptr ? 0 : where->free.in_bytes());
        if (!judged.verdict.fits()) {
            row.emplace_back(judged.verdict.broken);
            row.emplace_back(view.processors);
            row.emplace_back(store::name_of(view.state));
        }
        return row;
    };
    json::array best;
    for (const auto& judged : decision.ranked(std::min(fitting_kept, decision.fitting_))) {
        best.push_back(row_of(judged));
    }
    json::array refused;
    for (const auto& judged : decision.judged_) {
        if (!judged.verdict.fits()) {
            refused.push_back(row_of(judged));
        }
    }
    return json::object{{"wish", wish_json(decision.wish_)},
                        {"looked_at", decision.looked_at()},
                        {"fitting", decision.fitting_},
                        {"best", std::move(best)},
                        {"refused", std::move(refused)}};
}

Explanation explain(const json::value& record)
{
    try {
        return read(record.as_object());
    } catch (const std::exception&) {
        return {};
    }
}

} // namespace watari::provisioning
