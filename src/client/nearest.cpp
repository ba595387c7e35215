#include "client/nearest.hpp"

#include <algorithm>

namespace watari::client {

namespace {

constexpr std::size_t length_max = 40; ///< no word of ours is longer

/// Slips between two words (optimal string alignment).
std::size_t distance(std::string_view from, std::string_view to)
{
    std::vector<std::size_t> before;
    std::vector<std::size_t> last(to.size() + 1);
    for (std::size_t j = 0; j <= to.size(); ++j) {
        last[j] = j;
    }
    for (std::size_t i = 1; i <= from.size(); ++i) {
        std::vector<std::size_t> now(to.size() + 1, i);
        for (std::size_t j = 1; j <= to.size(); ++j) {
            const std::size_t wrong = from[i - 1] == to[j - 1] ? 0 : 1;
            now[j] = std::min({last[j] + 1, now[j - 1] + 1, last[j - 1] + wrong});
            if (i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1]) {
                now[j] = std::min(now[j], before[j - 2] + 1);
            }
        }
        before = std::move(last);
        last = std::move(now);
    }
    return last.back();
}

} // namespace

std::optional<std::string> nearest(std::string_view given, const std::vector<std::string>& known)
{
    const std::string* best = nullptr;
    std::size_t slips_least = 3;
    if (given.size() > length_max) {
        return std::nullopt;
    }
    for (const auto& word : known) {
        const auto slips = distance(given, word);
        if (slips < slips_least && 3 * slips <= std::max(given.size(), word.size())) {
            slips_least = slips;
            best = &word;
        }
    }
    return best == nullptr ? std::nullopt : std::optional{*best};
}

} // namespace watari::client
