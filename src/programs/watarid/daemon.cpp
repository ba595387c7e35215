#include "programs/watarid/daemon.hpp"

#include "api/api.hpp"
#include "auth/scheme.hpp"
#include "core/log.hpp"
#include "hyperv/connect/connect.hpp"
#include "messages/watarid.hpp"
#include "programs/watarid/housekeeping.hpp"
#include "provisioning/orders.hpp"
#include "provisioning/workflows.hpp"
#include "store/records/project.hpp"
#include "store/records/setting.hpp"
#include "store/secret_box.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace watari {

namespace {

constexpr std::string_view default_project = "default";

/// The folder where everything durable lies, for its owner only.
std::filesystem::path own_folder(const std::filesystem::path& folder)
{
    std::error_code failure;
    const bool made = std::filesystem::create_directories(folder, failure);
    if (failure) {
        throw Error{
            ErrorKind::denied,
            message::data_folder_refused{.folder = folder.string()},
            {.code = static_cast<std::uint32_t>(failure.value()), .text = failure.message()}};
    }
    if (made) {
        std::filesystem::permissions(folder, std::filesystem::perms::owner_all);
    }
    return folder;
}

/// Written under another name first, so that a reader never sees half of it.
void write_secret_file(const std::filesystem::path& path, std::string_view text)
{
    const auto unfinished = path.string() + ".new";
    const int file = ::open(unfinished.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    const bool written =
        file >= 0 && ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
        ::fsync(file) == 0;
    const int reason = errno;
    if (file >= 0) {
        ::close(file);
    }
    if (!written) {
        throw Error{ErrorKind::denied,
                    message::token_file_refused{.path = path.string()},
                    {.code = static_cast<std::uint32_t>(reason), .text = std::strerror(reason)}};
    }
    std::filesystem::rename(unfinished, path);
}

std::string new_token(Random& random)
{
    std::array<std::uint64_t, 4> words{};
    for (auto& word : words) {
        word = random.next();
    }
    return fmt::format("watari_{:016x}", fmt::join(words, ""));
}

std::map<std::string, Message> titles_of(const std::vector<operations::Workflow>& workflows)
{
    std::map<std::string, Message> titles;
    for (const auto& workflow : workflows) {
        for (const auto& step : workflow.steps) {
            titles.emplace(workflow.name + "/" + step.id, step.title);
        }
    }
    return titles;
}

/// One that cannot be ordered now is told of again by the fleet.
Task<> remove_twins(provisioning::Orders& orders, store::VmId vm)
{
    try {
        co_await orders.remove_twins(vm);
    } catch (const Error& error) {
        log::warn("twin_not_removed", {{"vm", vm}, {"error", error.what()}});
    }
}

} // namespace

/// In the order they are made; each stands on those above it.
struct Daemon::Parts {
    Parts(const Seams& seams, const DaemonOptions& options)
        : data(own_folder(options.data)),
          secrets(store::open_secret_box(data / "secrets.key")),
          store(store::sqlite::open(data / "watari.db", seams.clock, options.sqlite)),
          connector(
              hyperv::make_connector(seams.network, seams.clock, seams.random, seams.blocking))
    {
    }

    std::filesystem::path data;
    std::unique_ptr<store::SecretBox> secrets;
    std::unique_ptr<store::Store> store;
    std::unique_ptr<hyperv::Connector> connector;
    std::unique_ptr<fleet::Fleet> fleet = {};
    provisioning::Inventory inventory{*store};
    std::unique_ptr<provisioning::Services> services = {};
    std::unique_ptr<operations::Engine> engine = {};
    std::unique_ptr<provisioning::Orders> orders = {};
    std::unique_ptr<api::Api> api = {};
    std::unique_ptr<Housekeeping> housekeeping = {};
    std::shared_ptr<net::TlsServer> identity = {}; ///< null: plain HTTP
    std::unique_ptr<http::Server> server = {};
    Signal ended = {};
    int running = 0; ///< of engine, fleet and housekeeping
    std::exception_ptr failure = {};
    std::function<void()> on_failure = {};
};

Daemon::Daemon(Seams seams, DaemonOptions options)
    : seams_(std::move(seams)),
      options_(std::move(options)),
      parts_(std::make_unique<Parts>(seams_, options_))
{
    parts_->on_failure = options_.on_failure;
}

Daemon::~Daemon() = default;

Task<> Daemon::prepare()
{
    Parts& parts = *parts_;
    const Uuid proposed = Uuid::random(seams_.random);
    const auto new_id = [this] {
        return Uuid::ordered(std::chrono::system_clock::time_point{seams_.clock.now()},
                             seams_.random);
    };
    const Uuid project = new_id();
    const Uuid token_id = new_id();
    const std::string token = new_token(seams_.random);
    const bool has_file = std::filesystem::exists(token_file());
    const Uuid site = co_await parts.store->transact([&](store::Transaction& transaction) {
        if (!store::find_project_by_name(transaction, default_project)) {
            store::insert(transaction, store::ProjectRecord{.id = store::ProjectId{project},
                                                            .name = std::string{default_project}});
        }
        if (!has_file) {
            store::insert(transaction,
                          store::TokenRecord{.id = store::TokenId{token_id},
                                             .name = "admin-" + token_id.lower().substr(0, 8),
                                             .role = store::Role::admin,
                                             .hash = api::sha256_hex(token)});
        }
        return store::site_id(transaction, proposed);
    });
    if (!has_file) {
        write_secret_file(token_file(), token + "\n");
    }
    const auto on_back = [&parts](store::HostId host) {
        if (parts.engine) {
            parts.engine->host_is_back(host);
        }
    };
    const auto on_twin = [this, &parts](store::VmId vm) {
        if (parts.orders) {
            spawn(seams_.executor, run_until_stopped(remove_twins(*parts.orders, vm), parts),
                  "removal of twins");
        }
    };
    parts.fleet = std::make_unique<fleet::Fleet>(
        fleet::Fleet::Parts{*parts.store, *parts.secrets, *parts.connector, seams_.clock,
                            hyperv::SiteId{site}, on_back, on_twin},
        options_.fleet);
    parts.services = std::make_unique<provisioning::Services>(
        provisioning::Services{*parts.store, *parts.fleet, parts.inventory, hyperv::SiteId{site},
                               options_.operation_timeout});
}

/// Runs one of the daemon's long tasks; stop() waits on `ended` for all of them. Without one of
/// them nothing accepted would be done any more.
Task<> Daemon::run_until_stopped(Task<> task, Parts& parts)
{
    ++parts.running;
    std::exception_ptr failure;
    try {
        co_await std::move(task);
    } catch (...) {
        failure = std::current_exception();
    }
    --parts.running;
    parts.ended.notify_all();
    if (failure) {
        parts.failure = failure;
        if (parts.on_failure) {
            parts.on_failure();
        }
        std::rethrow_exception(failure);
    }
}

Task<> Daemon::start()
{
    co_await prepare();
    Parts& parts = *parts_;
    auto workflows = provisioning::all_workflows(*parts.services);
    auto titles = titles_of(workflows);
    parts.engine = std::make_unique<operations::Engine>(*parts.store, seams_.clock, seams_.random,
                                                        seams_.executor, std::move(workflows),
                                                        options_.engine);
    co_await parts.engine->check();
    parts.orders = std::make_unique<provisioning::Orders>(
        *parts.services, *parts.secrets, *parts.engine, seams_.clock, seams_.random);
    parts.api = std::make_unique<api::Api>(api::Parts{.store = *parts.store,
                                                      .engine = *parts.engine,
                                                      .orders = *parts.orders,
                                                      .fleet = *parts.fleet,
                                                      .clock = seams_.clock,
                                                      .random = seams_.random,
                                                      .step_titles = std::move(titles),
                                                      .version = options_.version});
    auto listener = seams_.network.listen(options_.listen);
    if (options_.tls) {
        parts.identity = std::make_shared<net::TlsServer>(*options_.tls);
        listener = net::tls_listener(std::move(listener), seams_.clock, parts.identity);
    }
    parts.server =
        std::make_unique<http::Server>(seams_.executor, seams_.clock, std::move(listener),
                                       parts.api->handler(), http::ServerOptions{});
    spawn(seams_.executor, run_until_stopped(parts.engine->run(), parts), "operation engine");
    spawn(seams_.executor, run_until_stopped(parts.fleet->run(), parts), "fleet");
    parts.housekeeping = std::make_unique<Housekeeping>(*parts.store, seams_.clock);
    spawn(seams_.executor, run_until_stopped(parts.housekeeping->run(), parts), "housekeeping");
    parts.server->start();
    log::info("watarid_started", {{"address", address().text()}, {"data", parts.data.string()}});
}

Task<> Daemon::stop(Deadline deadline)
{
    Parts& parts = *parts_;
    if (parts.server) {
        co_await parts.server->drain(deadline);
    }
    if (parts.fleet) {
        parts.fleet->stop();
    }
    if (parts.engine) {
        co_await parts.engine->stop(deadline);
    }
    if (parts.housekeeping) {
        parts.housekeeping->stop();
    }
    while (parts.running > 0) { // all have been told, and cancelled where they did not listen
        co_await parts.ended.wait();
    }
    log::info("watarid_stopped", {});
}

std::exception_ptr Daemon::failure() const
{
    return parts_->failure;
}

void Daemon::reload_certificate()
{
    if (parts_->identity) {
        parts_->identity->reload();
        log::info("certificate_reloaded", {{"fingerprint", parts_->identity->fingerprint()}});
    }
}

net::Endpoint Daemon::address() const
{
    return parts_->server->local();
}

std::filesystem::path Daemon::token_file() const
{
    return options_.data / "admin.token";
}

store::Store& Daemon::store()
{
    return *parts_->store;
}

operations::Engine& Daemon::engine()
{
    return *parts_->engine;
}

} // namespace watari
