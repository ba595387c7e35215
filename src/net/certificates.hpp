#pragma once

#include "core/clock.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace watari::net {

/// A certificate and its private key, both PEM.
struct KeyPair {
    std::string certificate;
    std::string key;
};

enum class SignatureHash { sha1, sha256, sha384 };

struct CertificateWishes {
    std::string common_name;
    std::vector<std::string> names = {};     ///< DNS names
    std::vector<std::string> addresses = {}; ///< IP addresses
    WallTime not_before;
    WallTime not_after;
    SignatureHash hash = SignatureHash::sha256;
};

/// An authority for simulated hosts and tests, which signs itself. Keys are P-256.
KeyPair make_authority(const CertificateWishes& wishes);
/// For servers and clients alike. Throws invalid (message::certificate_name_invalid,
/// tls_certificate_unreadable, tls_key_unreadable of the authority).
KeyPair make_certificate(const KeyPair& authority, const CertificateWishes& wishes);
/// As a Windows host makes them for itself.
KeyPair make_self_signed(const CertificateWishes& wishes);

/// Of the first certificate: SHA-256 as "AB:CD:…". Throws invalid
/// (message::tls_certificate_unreadable).
std::string certificate_fingerprint(std::string_view certificate_pem);
/// "ab:cd:…" or "abcd…" of 32 bytes as "AB:CD:…"; nullopt when it is something else.
std::optional<std::string> fingerprint_from(std::string_view text);

/// Both files are replaced as a whole; the key's is readable by its owner alone. Throws unavailable
/// (message::tls_file_unwritable).
void write_key_pair(const KeyPair& pair, const std::string& certificate_file,
                    const std::string& key_file);
/// Throws not_found (message::tls_file_unreadable).
KeyPair read_key_pair(const std::string& certificate_file, const std::string& key_file);

} // namespace watari::net
