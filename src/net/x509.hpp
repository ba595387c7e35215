// For the sources of this module only: what a certificate says.
#pragma once

#include "core/clock.hpp"
#include "net/openssl.hpp"

#include <string>
#include <vector>

namespace watari::net {

/// SHA-256 of the whole certificate as "AB:CD:…".
std::string fingerprint_of(X509& certificate);
/// RFC 2253; foreign, but without control characters.
std::string subject_of(X509& certificate);
/// The DNS names and addresses it is for, or its common name when it has none; for people.
std::string names_of(X509& certificate);
/// The channel binding `tls-server-end-point`: its hash by the algorithm it is signed with, SHA-256
/// for MD5, SHA-1 and unknown ones (RFC 5929, 4.1).
std::string end_point_of(X509& certificate);
WallTime not_before(X509& certificate);
WallTime not_after(X509& certificate);

/// Certificates of a PEM text in order; empty when it holds none or a broken one.
std::vector<openssl::Certificate> certificates_from(std::string_view pem);
/// nullptr: no private key, or one locked by a pass phrase.
openssl::Key key_from(std::string_view pem);

} // namespace watari::net
