#include "sim/faults.hpp"

#include "cim/value.hpp"
#include "core/error.hpp"
#include "messages/sim.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace watari::sim {

namespace {

namespace json = boost::json;

constexpr std::array effect_names{
    std::pair{"return_code", FaultEffect::return_code},
    std::pair{"fault", FaultEffect::fault},
    std::pair{"job_error", FaultEffect::job_error},
    std::pair{"job_hangs", FaultEffect::job_hangs},
    std::pair{"job_slow", FaultEffect::job_slow},
    std::pair{"delay", FaultEffect::delay},
    std::pair{"lost_request", FaultEffect::lost_request},
    std::pair{"lost_answer", FaultEffect::lost_answer},
    std::pair{"late_execution", FaultEffect::late_execution},
    std::pair{"duplicate", FaultEffect::duplicate},
    std::pair{"cut", FaultEffect::cut},
    std::pair{"garbage", FaultEffect::garbage},
    std::pair{"hang", FaultEffect::hang},
    std::pair{"swallow", FaultEffect::swallow},
    std::pair{"host_restart", FaultEffect::host_restart},
    std::pair{"service_restart", FaultEffect::service_restart},
    std::pair{"disk_full", FaultEffect::disk_full},
    std::pair{"http_status", FaultEffect::http_status},
};

[[noreturn]] void malformed(std::string why)
{
    throw Error{ErrorKind::invalid, message::faults_malformed{.why = std::move(why)}};
}

std::string text_in(const json::value& value, std::string_view key)
{
    if (!value.is_string()) {
        malformed(fmt::format("\"{}\" is no text", key));
    }
    return std::string{value.as_string()};
}

double number_in(const json::value& value, std::string_view key)
{
    boost::system::error_code failed;
    const auto number = value.to_number<double>(failed);
    if (failed || number < 0) {
        malformed(fmt::format("\"{}\" is no number", key));
    }
    return number;
}

FaultEffect effect_in(const json::value& value)
{
    const std::string name = text_in(value, "effect");
    const auto at =
        std::ranges::find_if(effect_names, [&](const auto& pair) { return name == pair.first; });
    if (at == effect_names.end()) {
        malformed(fmt::format("there is no effect \"{}\"", name));
    }
    return at->second;
}

FaultRule rule_in(const json::value& value)
{
    if (!value.is_object()) {
        malformed("a rule is no object");
    }
    FaultRule rule;
    bool has_effect = false;
    for (const auto& [key, member] : value.as_object()) {
        if (key == "effect") {
            rule.effect = effect_in(member);
            has_effect = true;
        } else if (key == "operation") {
            rule.operation = text_in(member, key);
        } else if (key == "method") {
            rule.method = text_in(member, key);
        } else if (key == "class") {
            rule.class_name = text_in(member, key);
        } else if (key == "nth") {
            rule.nth = static_cast<std::uint64_t>(number_in(member, key));
        } else if (key == "times") {
            rule.times = static_cast<std::uint64_t>(number_in(member, key));
        } else if (key == "probability") {
            rule.probability = number_in(member, key);
        } else if (key == "number") {
            rule.number = static_cast<std::uint32_t>(number_in(member, key));
        } else if (key == "subcode") {
            rule.subcode = text_in(member, key);
        } else if (key == "text") {
            rule.text = text_in(member, key);
        } else if (key == "delay_ms") {
            rule.delay =
                std::chrono::milliseconds{static_cast<std::int64_t>(number_in(member, key))};
        } else if (key == "factor") {
            rule.factor = number_in(member, key);
        } else if (key == "volume") {
            rule.letter = text_in(member, key).substr(0, 1).c_str()[0];
        } else {
            malformed(fmt::format("a rule has no \"{}\"", std::string_view{key}));
        }
    }
    if (!has_effect) {
        malformed("a rule has no \"effect\"");
    }
    return rule;
}

bool fits(const std::string& wanted, const std::string& have)
{
    return wanted.empty() || cim::same_name(wanted, have);
}

} // namespace

std::string_view to_string(FaultEffect effect) noexcept
{
    const auto at =
        std::ranges::find_if(effect_names, [&](const auto& pair) { return effect == pair.second; });
    return at == effect_names.end() ? std::string_view{"?"} : std::string_view{at->first};
}

std::vector<FaultRule> faults_from_json(std::string_view text)
{
    boost::system::error_code failed;
    const json::value document = json::parse(json::string_view{text.data(), text.size()}, failed);
    if (failed || !document.is_array()) {
        malformed("it is no JSON list");
    }
    std::vector<FaultRule> rules;
    for (const json::value& value : document.as_array()) {
        rules.push_back(rule_in(value));
    }
    return rules;
}

void Faults::add(FaultRule rule)
{
    rules_.push_back(Counted{.rule = std::move(rule)});
}

void Faults::fail_next(std::string method, std::uint32_t return_code)
{
    add({.operation = "Invoke",
         .method = std::move(method),
         .times = 1,
         .effect = FaultEffect::return_code,
         .number = return_code});
}

std::optional<FaultRule> Faults::match(const RequestFacts& facts)
{
    std::optional<FaultRule> acting;
    for (Counted& counted : rules_) {
        const FaultRule& rule = counted.rule;
        if (!fits(rule.operation, facts.operation) || !fits(rule.method, facts.method) ||
            !fits(rule.class_name, facts.class_name)) {
            continue;
        }
        ++counted.matched;
        const bool is_spent = (rule.times != 0 && counted.acted >= rule.times) ||
                              (rule.nth != 0 && counted.matched != rule.nth);
        if (acting || is_spent ||
            (rule.probability < 1.0 && random_.fraction() >= rule.probability)) {
            continue;
        }
        ++counted.acted;
        acting = rule;
    }
    if (acting && on_act_) {
        on_act_(*acting);
    }
    return acting;
}

} // namespace watari::sim
