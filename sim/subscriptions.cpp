#include "sim/subscriptions.hpp"

#include "core/uuid.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>
#include <vector>

namespace watari::sim {

namespace {

constexpr std::string_view event_class = "__InstanceModificationEvent";
/// A subscriber who does not pull is no reason to keep everything.
constexpr std::size_t events_max = 10'000;

/// Words as WQL separates them; quotes stay.
std::vector<std::string> words_of(std::string_view text)
{
    std::vector<std::string> words;
    std::string word;
    for (const char c : text) {
        if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
            if (!word.empty()) {
                words.push_back(std::exchange(word, {}));
            }
        } else {
            word += c;
        }
    }
    if (!word.empty()) {
        words.push_back(std::move(word));
    }
    return words;
}

std::optional<double> seconds_from(const std::string& text)
{
    double seconds = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    const bool is_number = problem == std::errc{} && end == text.data() + text.size();
    constexpr double seconds_max = 86'400;
    return is_number && seconds > 0 && seconds <= seconds_max ? std::optional{seconds}
                                                              : std::nullopt;
}

std::optional<std::string> quoted(const std::string& word)
{
    const bool is_quoted = word.size() > 2 && word.front() == word.back() &&
                           (word.front() == '\'' || word.front() == '"');
    return is_quoted ? std::optional{word.substr(1, word.size() - 2)} : std::nullopt;
}

} // namespace

std::optional<EventQuery> event_query_from(std::string_view wql)
{
    const std::vector<std::string> words = words_of(wql);
    static constexpr std::array<std::string_view, 10> expected{
        "select", "*", "from", event_class, "within", "", "where", "targetinstance", "isa", ""};
    if (words.size() != expected.size()) {
        return std::nullopt;
    }
    for (std::size_t at = 0; at < expected.size(); ++at) {
        if (!expected.at(at).empty() && !cim::same_name(words[at], expected.at(at))) {
            return std::nullopt;
        }
    }
    const auto within = seconds_from(words[5]);
    auto class_name = quoted(words.back());
    if (!within || !class_name) {
        return std::nullopt;
    }
    return EventQuery{std::move(*class_name),
                      std::chrono::milliseconds{static_cast<std::int64_t>(*within * 1000)}};
}

void Subscription::look(Repository& repository)
{
    std::map<std::string, cim::Instance> now;
    for (cim::Instance& instance : repository.enumerate(query.class_name)) {
        std::string path = repository.path_text(instance);
        const auto before = seen.find(path);
        if (before != seen.end() && before->second != instance && events.size() < events_max) {
            cim::Instance event{std::string{event_class}};
            event.set("PreviousInstance", cim::Type::object, cim::Value{before->second});
            event.set("TargetInstance", cim::Type::object, cim::Value{instance});
            events.push_back({std::move(event), {}, {}});
        }
        now.emplace(std::move(path), std::move(instance));
    }
    seen = std::move(now);
}

wsman::ItemsResponse Subscription::take(std::size_t count)
{
    wsman::ItemsResponse answer{.is_pull = true, .has_items = true};
    count = std::min(count, events.size());
    const auto end = events.begin() + static_cast<std::ptrdiff_t>(count);
    answer.items.assign(std::make_move_iterator(events.begin()), std::make_move_iterator(end));
    events.erase(events.begin(), end);
    return answer;
}

std::string Subscriptions::open(Subscription subscription)
{
    subscription.identifier = Uuid::random(random_).upper();
    std::string context = "uuid:" + Uuid::random(random_).upper();
    open_.emplace(context, std::move(subscription));
    return context;
}

Subscription* Subscriptions::find(const std::string& context)
{
    std::erase_if(
        open_, [now = clock_.steady()](const auto& entry) { return entry.second.expires <= now; });
    const auto at = open_.find(context);
    return at == open_.end() ? nullptr : &at->second;
}

bool Subscriptions::close(const std::string& identifier, const std::string& account)
{
    return std::erase_if(open_, [&](const auto& entry) {
               return entry.second.identifier == identifier && entry.second.account == account;
           }) > 0;
}

} // namespace watari::sim
