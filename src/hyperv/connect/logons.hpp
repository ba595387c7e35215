#pragma once

#include "http/client.hpp"
#include "hyperv/connect/connect.hpp"
#include "wsman/client/host_quota.hpp"
#include "wsman/client/kdc_waits.hpp"
#include "wsman/client/password_tries.hpp"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace watari::hyperv {

/// How connections to hosts are made, and what the logons of all of them share. Outlives them.
class Logons
{
public:
    /// `blocking` null: logons that may wait for a KDC wait on the loop.
    Logons(Clock& clock, Pool* blocking);

    /// `stack` as Identify says it; empty: not known yet. Throws what the scheme's maker throws.
    http::ClientOptions client_options(const HostAddress& address, const std::string& stack);
    /// What the account has under way on the host, over all connections.
    std::shared_ptr<wsman::HostQuota> quota_of(const HostAddress& address);

private:
    Clock& clock_;
    std::optional<wsman::KdcWaits> kdc_waits_;
    wsman::PasswordLedger passwords_;
    /// By endpoint and account, while a connection lives.
    std::map<std::pair<net::Endpoint, std::string>, std::weak_ptr<wsman::HostQuota>> quotas_;
};

} // namespace watari::hyperv
