#pragma once

#include <string_view>

namespace watari::auth {

/// Without regard to ASCII case, as header names, scheme names and Windows accounts compare.
bool same_ignoring_case(std::string_view a, std::string_view b) noexcept;
char lower(char letter) noexcept;
/// Without spaces and tabs at both ends.
std::string_view trimmed(std::string_view text) noexcept;

} // namespace watari::auth
