#pragma once

#include "client/operation_text.hpp"

#include <string>

namespace watari::client {

/// A line per hop, and below one that failed or warns what helps.
std::string text_of(const contract::Diagnosis& diagnosis, const TextStyle& style);

} // namespace watari::client
