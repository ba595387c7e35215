#pragma once

#include "contract/contract.hpp"
#include "core/catalogue.hpp"
#include "core/error.hpp"
#include "http/message.hpp"

#include <string>

namespace watari::api {

/// HTTP status of an error kind: the one error table.
int status_of(const Error& error) noexcept;
contract::Problem problem_of(const Error& error, Language language, const std::string& request_id);
/// application/problem+json (RFC 9457).
http::Response problem_response(const Error& error, Language language,
                                const std::string& request_id);

} // namespace watari::api
