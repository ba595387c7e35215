#pragma once

#include "core/catalogue.hpp"
#include "http/message.hpp"
#include "store/ids.hpp"

#include <chrono>
#include <optional>
#include <string>

namespace watari::api {

/// One authenticated request on its way through a handler.
struct Call {
    Language language = Language::en;
    std::string request_id;
    std::string actor; ///< the token's name
    store::TokenId token;
    store::ProjectId project;
    /// Of method, path and canonical body, when there is an Idempotency-Key: what it stands for.
    std::string request_hash = {};
};

/// `wait=N` of a Prefer header, at most five minutes; nullopt when it asks for no waiting.
std::optional<std::chrono::seconds> wait_in(std::string_view prefer);

/// SHA-256 in hex.
std::string sha256_hex(std::string_view bytes);

} // namespace watari::api
