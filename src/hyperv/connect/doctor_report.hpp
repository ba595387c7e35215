#pragma once

#include "core/catalogue.hpp"
#include "hyperv/connect/doctor.hpp"

#include <string>

namespace watari::hyperv {

/// `Diagnosis` of docs/openapi.yaml as JSON, for the API and for who asks a host directly; with the
/// exchange when it is wanted. Holds no secret.
std::string diagnosis_json(const Diagnosis& diagnosis, Language language, bool with_exchange);

} // namespace watari::hyperv
