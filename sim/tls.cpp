#include "sim/tls.hpp"

#include "http/server.hpp"

#include <filesystem>

namespace watari::sim {

namespace {

using std::chrono_literals::operator""h;

constexpr std::chrono::hours authority_life = 24h * 3650;
constexpr std::chrono::hours host_life = 24h * 365;
/// Clients' clocks are seldom ours to the second.
constexpr std::chrono::hours clock_skew = 24h;

} // namespace

net::TlsServerOptions tls_of(Generation generation, const Profile& profile,
                             const net::KeyPair& pair)
{
    net::TlsServerOptions options{.certificate = pair.certificate,
                                  .key = pair.key,
                                  .version_min = net::TlsVersion::tls_1_0,
                                  .version_max = net::TlsVersion::tls_1_2,
                                  .answer_to_plain = http::https_expected_answer()};
    if (!profile.yes("tls12_enabled")) {
        options.version_max = net::TlsVersion::tls_1_0;
    } else if (generation >= Generation::ws2022) {
        options.version_min = net::TlsVersion::tls_1_2;
        options.version_max = net::TlsVersion::tls_1_3;
    }
    return options;
}

net::KeyPair authority_in(const std::string& folder, WallTime now)
{
    const std::string certificate = folder + "/ca.pem";
    const std::string key = folder + "/ca-key.pem";
    if (std::filesystem::exists(certificate) && std::filesystem::exists(key)) {
        return net::read_key_pair(certificate, key);
    }
    std::error_code failed; // shows when the files are written
    std::filesystem::create_directories(folder, failed);
    auto made = net::make_authority({.common_name = "Simulated hosts",
                                     .not_before = now - clock_skew,
                                     .not_after = now + authority_life});
    net::write_key_pair(made, certificate, key);
    return made;
}

net::KeyPair host_certificate(const net::KeyPair& authority, const std::string& name,
                              const std::string& address, WallTime now)
{
    return net::make_certificate(authority, {.common_name = name,
                                             .names = {name},
                                             .addresses = {address},
                                             .not_before = now - clock_skew,
                                             .not_after = now + host_life});
}

} // namespace watari::sim
