#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace watari::client {

/// The known word that was probably meant: at most two slips away (a letter too many, too few,
/// wrong, or two swapped), and never more than a third of the word.
std::optional<std::string> nearest(std::string_view given, const std::vector<std::string>& known);

} // namespace watari::client
