#pragma once

#include "core/error.hpp"
#include "store/value.hpp"

namespace watari::store {

/// An Error as data: code, arguments, the peer's words, frames. Rendered only at the edges.
struct StoredError {
    ErrorKind kind = ErrorKind::internal;
    Message message = {};
    PeerSays peer = {};
    std::vector<std::string> frames = {};

    static StoredError from(const Error& error);
    Error to_error() const;

    boost::json::value to_json() const;
    /// Throws internal on anything that to_json does not make.
    static StoredError from_json(const boost::json::value& json);

    friend bool operator==(const StoredError&, const StoredError&) = default;
};

template <>
struct Cell<StoredError> {
    static Value to(const StoredError& error);
    static StoredError from(const Value& value);
};

} // namespace watari::store
