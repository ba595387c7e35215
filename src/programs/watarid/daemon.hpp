#pragma once

#include "core/clock.hpp"
#include "core/pool.hpp"
#include "core/random.hpp"
#include "fleet/fleet.hpp"
#include "http/server.hpp"
#include "net/network.hpp"
#include "net/tls.hpp"
#include "operations/engine.hpp"
#include "store/sqlite/sqlite.hpp"

#include <exception>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace watari {

/// The outside world as the control plane sees it: made once, in main() or in a test.
struct Seams {
    Executor executor;
    Clock& clock;
    Random& random;
    net::Network& network;
    Pool* blocking = nullptr; ///< for logons that may wait for a KDC; null: they wait on the loop
};

struct DaemonOptions {
    std::filesystem::path data; ///< database, key, token; made (mode 0700) when absent
    net::Endpoint listen{"127.0.0.1", 8420};
    std::optional<net::TlsServerOptions> tls = {}; ///< absent: plain HTTP
    store::sqlite::Options sqlite = {};
    operations::EngineOptions engine = {};
    fleet::FleetOptions fleet = {};
    std::chrono::seconds operation_timeout{60}; ///< see provisioning::Services
    std::string version = "0.1.0";
    /// Told when the control plane cannot go on: failure() says why.
    std::function<void()> on_failure = {};
};

/// The control plane, whole: store, fleet, engine, orders and REST API on one loop.
class Daemon
{
public:
    /// Opens the store and the key. Throws what they throw.
    Daemon(Seams seams, DaemonOptions options);
    ~Daemon();

    /// Makes site, default project and admin token at the first start; goes on with unfinished
    /// operations; listens. Throws conflict (message::port_in_use), unsupported (an operation needs
    /// a workflow this program lacks).
    Task<> start();
    /// Ends requests and steps under way until `deadline`.
    Task<> stop(Deadline deadline);

    /// What ended the engine or the fleet; null while they work and when they were stopped.
    std::exception_ptr failure() const;

    /// Reads certificate and key again, for connections to come. Throws what TlsServer::reload
    /// throws, and then nothing changed.
    void reload_certificate();

    net::Endpoint address() const;
    std::filesystem::path token_file() const;
    store::Store& store();
    operations::Engine& engine();

private:
    struct Parts;
    Task<> prepare();
    static Task<> run_until_stopped(Task<> task, Parts& parts);

    Seams seams_;
    DaemonOptions options_;
    std::unique_ptr<Parts> parts_;
};

} // namespace watari
