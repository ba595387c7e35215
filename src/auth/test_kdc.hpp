#pragma once

#include <string>

namespace watari::auth::testing_support {

/// A Kerberos KDC of its own, on loopback and in a temporary folder; from its construction on this
/// process finds its realms in the KDC's configuration. Needs the package krb5-kdc.
class TestKdc
{
public:
    TestKdc();
    TestKdc(const TestKdc&) = delete;
    TestKdc& operator=(const TestKdc&) = delete;
    ~TestKdc();

    static constexpr const char* realm = "WATARI.TEST";
    static constexpr const char* host = "win-host.watari.test";
    /// A realm whose KDC is a port nobody listens on, and one whose KDC never answers.
    static constexpr const char* dead_realm = "DEAD.TEST";
    static constexpr const char* mute_realm = "MUTE.TEST";
    /// Cuts whoever waits for the mute one; it refuses from then on.
    void end_mute();

    std::string service_keytab() const { return folder_ + "/service.keytab"; }
    std::string user_keytab() const { return folder_ + "/operator.keytab"; }
    /// HTTP/other.watari.test exists in the KDC and is not in service_keytab().
    static constexpr const char* other_host = "other.watari.test";

private:
    void write_configuration(int port) const;
    void make_principals() const;
    void start();

    std::string folder_;
    int port_ = 0;
    int mute_ = -1; ///< listens, never accepts
    int process_ = -1;
};

} // namespace watari::auth::testing_support
