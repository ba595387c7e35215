#include "generations/generation.hpp"

#include <charconv>
#include <cstdint>

namespace watari {

namespace {

struct Row {
    std::string_view name;
    std::string_view full_name;
    std::string_view os_version;
    std::string_view wsman_stack;
};

// Beside data/generations/generations.json so that a program starts without parsing it;
// generations_test compares the two.
constexpr std::array<Row, all_generations.size()> rows{{
    {"ws2008r2sp1", "Windows Server 2008 R2 SP1", "6.1.7601", "2.0"},
    {"ws2012", "Windows Server 2012", "6.2.9200", "3.0"},
    {"ws2012r2", "Windows Server 2012 R2", "6.3.9600", "3.0"},
    {"vnext", "Windows Server vNext (Technical Preview)", "10.0.14300", "3.0"},
    {"ws2016", "Windows Server 2016", "10.0.14393", "3.0"},
    {"ws2019", "Windows Server 2019", "10.0.17763", "3.0"},
    {"ws2022", "Windows Server 2022", "10.0.20348", "3.0"},
    {"ws2025", "Windows Server 2025", "10.0.26100", "3.0"},
}};

struct VersionRule {
    std::uint32_t major;
    std::uint32_t minor;
    std::uint32_t build_min;
    std::uint32_t build_max;
    Generation generation;
};

// generations.json detection.version_rules, "corroborated". Builds after 26100 are newer than the
// table, which says to treat them as the newest release and to probe.
constexpr std::array version_rules{VersionRule{6, 1, 7600, 7601, Generation::ws2008r2sp1},
                                   VersionRule{6, 2, 9200, 9200, Generation::ws2012},
                                   VersionRule{6, 3, 9600, 9600, Generation::ws2012r2},
                                   VersionRule{6, 4, 9841, 9899, Generation::vnext},
                                   VersionRule{10, 0, 9900, 14392, Generation::vnext},
                                   VersionRule{10, 0, 14393, 14393, Generation::ws2016},
                                   VersionRule{10, 0, 16299, 17134, Generation::ws2016},
                                   VersionRule{10, 0, 17763, 17763, Generation::ws2019},
                                   VersionRule{10, 0, 17784, 19042, Generation::ws2019},
                                   VersionRule{10, 0, 20348, 20349, Generation::ws2022},
                                   VersionRule{10, 0, 25398, 25398, Generation::ws2022},
                                   VersionRule{10, 0, 26100, 26100, Generation::ws2025},
                                   VersionRule{10, 0, 26101, UINT32_MAX, Generation::ws2025}};

const Row& row(Generation generation) noexcept
{
    return rows[static_cast<std::size_t>(generation)];
}

/// The three leading numbers of "10.0.20348" or "10.0.20348.1"; false when there are fewer.
bool read_version(std::string_view text, std::array<std::uint32_t, 3>& numbers) noexcept
{
    const char* at = text.data();
    const char* end = at + text.size();
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        const auto [next, error] = std::from_chars(at, end, numbers[i]);
        if (error != std::errc{} || (i < 2 && (next == end || *next != '.'))) {
            return false;
        }
        at = i < 2 ? next + 1 : next;
    }
    return at == end || *at == '.';
}

} // namespace

std::string_view to_string(Generation generation) noexcept
{
    return row(generation).name;
}

std::string_view full_name(Generation generation) noexcept
{
    return row(generation).full_name;
}

std::optional<Generation> generation_from(std::string_view name) noexcept
{
    for (const Generation generation : all_generations) {
        if (row(generation).name == name) {
            return generation;
        }
    }
    return std::nullopt;
}

std::optional<Generation> generation_of_version(std::string_view os_version) noexcept
{
    std::array<std::uint32_t, 3> version{};
    if (!read_version(os_version, version)) {
        return std::nullopt;
    }
    for (const VersionRule& rule : version_rules) {
        if (rule.major == version[0] && rule.minor == version[1] && rule.build_min <= version[2] &&
            version[2] <= rule.build_max) {
            return rule.generation;
        }
    }
    return std::nullopt;
}

std::string_view os_version(Generation generation) noexcept
{
    return row(generation).os_version;
}

std::string_view wsman_stack(Generation generation) noexcept
{
    return row(generation).wsman_stack;
}

} // namespace watari
