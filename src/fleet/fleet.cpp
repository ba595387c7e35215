#include "fleet/fleet.hpp"

#include "core/log.hpp"
#include "fleet/host_address.hpp"
#include "fleet/host_facts.hpp"
#include "hyperv/connect/doctor.hpp"
#include "hyperv/ownership.hpp"
#include "messages/fleet.hpp"
#include "store/records/event.hpp"
#include "store/records/operation.hpp"
#include "store/records/vm.hpp"
#include "store/stored_error.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/json.hpp>

#include <algorithm>
#include <list>
#include <map>
#include <set>

namespace watari::fleet {

/// What this node remembers of a host between requests.
struct Fleet::HostState {
    std::shared_ptr<hyperv::Connection> connection = {};
    /// Shared with every connection there is or was: what is switched holds for all of them.
    std::shared_ptr<wsman::Observation> observation = std::make_shared<wsman::Observation>();
    std::int64_t version = 0; ///< of the record that observation is of
    Semaphore opening{
        1}; ///< one probe or login at a time: no storm of them at a host that comes back
    Semaphore refreshing{1};
    int failures = 0;
    SteadyTime resting_until = SteadyTime::min();
    SteadyTime inventory_due = SteadyTime::min();
    std::map<store::VmId, SteadyTime> twin_told = {}; ///< when each is told of again
};

struct Fleet::Refreshes {
    std::list<std::shared_ptr<boost::asio::cancellation_signal>> signals = {};
    Signal one_ended = {};
};

namespace {

constexpr std::chrono::hours twin_told_every{1};

bool says_unreachable(const Error& error)
{
    return error.kind() == ErrorKind::unavailable || error.kind() == ErrorKind::timed_out ||
           error.kind() == ErrorKind::outcome_unknown;
}

store::HostState state_after(const Error& error)
{
    if (error.kind() == ErrorKind::unauthenticated || error.kind() == ErrorKind::denied) {
        return store::HostState::refused;
    }
    return error.kind() == ErrorKind::unsupported ? store::HostState::unsupported
                                                  : store::HostState::unreachable;
}

store::ObservedPower observed(hyperv::PowerState state)
{
    switch (state) {
    case hyperv::PowerState::off:
        return store::ObservedPower::off;
    case hyperv::PowerState::running:
        return store::ObservedPower::running;
    case hyperv::PowerState::paused:
        return store::ObservedPower::paused;
    case hyperv::PowerState::saved:
        return store::ObservedPower::saved;
    case hyperv::PowerState::starting:
        return store::ObservedPower::starting;
    case hyperv::PowerState::stopping:
        return store::ObservedPower::stopping;
    case hyperv::PowerState::saving:
        return store::ObservedPower::saving;
    case hyperv::PowerState::pausing:
        return store::ObservedPower::pausing;
    case hyperv::PowerState::resuming:
        return store::ObservedPower::resuming;
    case hyperv::PowerState::unknown:
        return store::ObservedPower::unknown;
    }
    return store::ObservedPower::unknown;
}

/// Whether what a host shows says what the VM is. One that an operation works on, or that changed
/// since the host was looked at, is left alone.
bool is_settled(store::Transaction& transaction, const store::VmRecord& vm, WallTime since)
{
    if (!vm.host_guid || vm.updated >= since) {
        return false;
    }
    if (vm.lifecycle == store::Lifecycle::deleting) {
        return !store::operation_under_way(transaction, vm.id);
    }
    return vm.lifecycle == store::Lifecycle::ready || vm.lifecycle == store::Lifecycle::missing;
}

/// What the VM is when its host does not show it. A deletion that ended half way has removed it:
/// what remains of it waits to be deleted, it is not missed.
store::Lifecycle when_gone(const store::VmRecord& vm)
{
    return vm.lifecycle == store::Lifecycle::deleting ? store::Lifecycle::deleting
                                                      : store::Lifecycle::missing;
}

/// Whose mark a machine carries, or, before it has one, whose birth name.
std::optional<store::VmId> vm_of(const hyperv::VmSummary& machine, hyperv::SiteId site)
{
    if (machine.mark) {
        return machine.mark->site == site ? std::optional{store::VmId{machine.mark->vm.value()}}
                                          : std::nullopt;
    }
    const auto born = hyperv::born_as(machine.name);
    return born ? std::optional{store::VmId{born->value()}} : std::nullopt;
}

/// The VMs of ours whose mark a machine carries, off, that is not the one their row names: a
/// request that was delivered twice makes one.
std::set<store::VmId> twins_in(store::Transaction& transaction,
                               const std::vector<hyperv::VmSummary>& seen, hyperv::SiteId site,
                               WallTime since)
{
    std::set<store::VmId> twins;
    for (const auto& machine : seen) {
        const auto id = vm_of(machine, site);
        if (!id || machine.state != hyperv::PowerState::off) {
            continue;
        }
        const auto vm = store::find<store::VmRecord>(transaction, *id);
        const bool is_told_of = vm && (vm->lifecycle == store::Lifecycle::ready ||
                                       vm->lifecycle == store::Lifecycle::deleted);
        if (is_told_of && vm->host_guid != machine.guid.value() && vm->updated < since &&
            !store::operation_under_way(transaction, vm->id)) {
            twins.insert(vm->id);
        }
    }
    return twins;
}

/// Writes what the host has of our VMs into their rows. A VM no operation works on that is not on
/// its host any more is marked missing, and ready again when it is back; nothing is repaired here.
void record_vms(store::Transaction& transaction, const store::HostRecord& host,
                const std::vector<hyperv::VmSummary>& seen, WallTime since)
{
    std::map<Uuid, const hyperv::VmSummary*> by_guid;
    for (const auto& summary : seen) {
        by_guid.emplace(summary.guid.value(), &summary);
    }
    for (auto vm : store::vms_of_host(transaction, host.id)) {
        if (!is_settled(transaction, vm, since)) {
            continue;
        }
        const auto found = by_guid.find(*vm.host_guid);
        const auto before = vm;
        if (found == by_guid.end()) {
            vm.lifecycle = when_gone(vm);
            vm.observed_power = store::ObservedPower::unknown;
        } else {
            vm.lifecycle = store::Lifecycle::ready;
            vm.observed_power = observed(found->second->state);
            vm.observed_processors = found->second->processors;
            vm.observed_memory_mib =
                static_cast<std::int64_t>(found->second->memory_assigned.in_mib_rounded_up());
        }
        if (vm == before) {
            continue;
        }
        vm.observed_at = since;
        store::update(transaction, vm);
        if (vm.lifecycle != before.lifecycle) {
            store::append(transaction,
                          store::EventRecord{.kind = vm.lifecycle == store::Lifecycle::missing
                                                         ? "vm.missing"
                                                         : "vm.found",
                                             .project = vm.project,
                                             .subject_kind = "vm",
                                             .subject = vm.id.value(),
                                             .data = boost::json::object{{"host", host.name}}});
        }
    }
}

void record_volumes(store::Transaction& transaction, const store::HostRecord& host,
                    const hyperv::HostFacts& facts)
{
    for (auto storage : store::storages_of(transaction, host.id)) {
        const auto volume = std::ranges::find_if(facts.volumes, [&](const auto& candidate) {
            return hyperv::same_path(candidate.drive, hyperv::drive_of(storage.path));
        });
        if (volume != facts.volumes.end() &&
            (storage.volume_free != volume->free || storage.volume_size != volume->size)) {
            storage.volume_size = volume->size;
            storage.volume_free = volume->free;
            store::update(transaction, storage);
        }
    }
}

} // namespace

Fleet::Fleet(Parts parts, FleetOptions options)
    : store_(parts.store),
      secrets_(parts.secrets),
      connector_(parts.connector),
      clock_(parts.clock),
      site_(parts.site),
      on_back_(std::move(parts.on_back)),
      on_twin_(std::move(parts.on_twin)),
      options_(options),
      refreshes_(std::make_unique<Refreshes>())
{
}

Fleet::~Fleet() = default;

std::shared_ptr<Fleet::HostState> Fleet::state_of(store::HostId host)
{
    auto& slot = hosts_[host];
    if (!slot) {
        slot = std::make_shared<HostState>();
    }
    return slot;
}

void Fleet::refuse_while_resting(const HostState& state, const store::HostRecord& record) const
{
    if (clock_.steady() < state.resting_until) {
        const auto wait =
            std::chrono::ceil<std::chrono::seconds>(state.resting_until - clock_.steady());
        throw Error{
            ErrorKind::unavailable,
            message::host_resting{.host = record.name, .seconds = std::to_string(wait.count())}};
    }
}

Task<store::HostRecord> Fleet::load(store::HostId host, std::string& password)
{
    auto record = co_await store_.read([&](store::Transaction& transaction) {
        password = store::find_host_password(transaction, secrets_, host).value_or("");
        return store::get<store::HostRecord>(transaction, host);
    });
    noticed(record);
    co_return record;
}

void Fleet::noticed(const store::HostRecord& record)
{
    HostState& state = *state_of(record.id);
    if (record.version < state.version) {
        return; // read before a change that was told since
    }
    state.version = record.version;
    state.observation->host = record.name;
    state.observation->is_on = record.observe;
}

Task<std::shared_ptr<hyperv::Connection>> Fleet::open(HostState& state,
                                                      const store::HostRecord& record, bool anew,
                                                      Deadline deadline, CountRequest count)
{
    std::string password;
    const auto current = co_await load(record.id, password);
    auto address = address_of(current, std::move(password));
    address.observation = state.observation;
    if (auto known = recorded_probe(current); known && !anew) {
        state.connection = connector_.reopen(address, std::move(*known), {});
    } else {
        // The connection keeps the listener, the caller counts until it is open.
        const auto counting = std::make_shared<CountRequest>(std::move(count));
        state.connection = co_await connector_.open(
            address,
            [counting](const wsman::RequestRecord&) {
                if (*counting) {
                    (*counting)(hyperv::RequestKind::read);
                }
            },
            deadline);
        *counting = nullptr;
    }
    co_return state.connection;
}

Task<std::shared_ptr<hyperv::Connection>> Fleet::connect(store::HostId host, Deadline deadline)
{
    const auto kept = state_of(host);
    HostState& state = *kept;
    if (state.connection && clock_.steady() >= state.resting_until) {
        co_return state.connection;
    }
    std::string password;
    const auto record = co_await load(host, password);
    refuse_while_resting(state, record);
    const auto permit = co_await state.opening.acquire(clock_, deadline);
    if (state.connection) {
        co_return state.connection;
    }
    std::optional<Error> failure;
    try {
        co_return co_await open(state, record, false, deadline);
    } catch (const Error& error) {
        failure = error;
    }
    failed(host, *failure);
    throw std::move(*failure);
}

void Fleet::answered(store::HostId host)
{
    const auto known = hosts_.find(host);
    if (known == hosts_.end()) {
        return; // forgotten meanwhile
    }
    HostState& state = *known->second;
    const bool was_away = state.failures >= options_.failures_to_open;
    state.failures = 0;
    state.resting_until = SteadyTime::min();
    if (was_away && on_back_) {
        on_back_(host);
    }
}

void Fleet::failed(store::HostId host, const Error& error)
{
    const auto known = hosts_.find(host);
    if (known == hosts_.end() || !says_unreachable(error)) {
        return;
    }
    HostState& state = *known->second;
    if (++state.failures < options_.failures_to_open) {
        return;
    }
    const int doublings = std::min(state.failures - options_.failures_to_open, 16);
    const auto rest = std::min<std::chrono::nanoseconds>(options_.open_first * (1 << doublings),
                                                         options_.open_max);
    state.resting_until = clock_.steady() + rest;
}

void Fleet::forget(store::HostId host)
{
    hosts_.erase(host);
}

Task<> Fleet::probe(store::HostId host, Deadline deadline, CountRequest count)
{
    std::optional<Error> failure;
    try {
        co_await probe_now(host, deadline, std::move(count));
    } catch (const Error& error) {
        failure = error;
    }
    if (failure) {
        co_await record_failure(host, *failure);
        throw std::move(*failure);
    }
}

Task<store::HostRecord> Fleet::probe_now(store::HostId host, Deadline deadline, CountRequest count)
{
    const auto kept = state_of(host);
    HostState& state = *kept;
    std::string password;
    const auto before = co_await load(host, password);
    const auto permit = co_await state.opening.acquire(clock_, deadline);
    state.connection.reset(); // it may be to where the host was, or as somebody else
    const auto connection = co_await open(state, before, true, deadline, std::move(count));
    answered(host);
    co_return co_await store_.transact([&](store::Transaction& transaction) {
        auto record = store::get<store::HostRecord>(transaction, host);
        record_probe(record, connection->probe());
        return store::update(transaction, record);
    });
}

Task<hyperv::Diagnosis> Fleet::diagnose(store::HostId host, Deadline deadline)
{
    std::string password;
    const auto record = co_await load(host, password);
    co_return co_await connector_.diagnose(address_of(record, std::move(password)), deadline);
}

Task<Fleet::Seen> Fleet::look_at(store::HostId host, HostState& state, Deadline deadline,
                                 CountRequest count)
{
    std::string password;
    const auto record = co_await load(host, password);
    if (record.state != store::HostState::ready || !recorded_probe(record)) {
        refuse_while_resting(state, record);
        co_await probe_now(host, deadline, count); // what came back may be another generation
    }
    const auto connection = co_await connect(host, deadline);
    const hyperv::CallContext call{.deadline = deadline, .on_request = std::move(count)};
    Seen seen{.since = clock_.now(), .facts = {}, .vms = {}};
    seen.facts = co_await connection->driver().host_facts(call);
    if (clock_.steady() < state.inventory_due) {
        seen.vms = co_await connection->driver().list_vms(call);
        co_return seen;
    }
    const auto inventory = co_await connection->driver().inventory({}, call);
    state.inventory_due = clock_.steady() + options_.inventory_every;
    seen.macs.emplace();
    for (const auto& vm : inventory.vms) {
        seen.vms.push_back(vm.summary);
        for (const auto& nic : vm.nics) {
            seen.macs->push_back(nic.mac.digits);
        }
    }
    co_return seen;
}

Task<> Fleet::refresh(store::HostId host, Deadline deadline, CountRequest count)
{
    const auto kept = state_of(host);
    HostState& state = *kept;
    const auto permit = co_await state.refreshing.acquire(clock_, deadline);
    std::optional<Error> failure;
    Seen seen;
    try {
        seen = co_await look_at(host, state, deadline, std::move(count));
    } catch (const Error& error) {
        failure = error;
    }
    if (failure) {
        co_await record_failure(host, *failure);
        throw std::move(*failure);
    }
    answered(host);
    std::set<store::VmId> twins;
    co_await store_.transact([&](store::Transaction& transaction) {
        auto record = store::get<store::HostRecord>(transaction, host);
        const auto foreign = std::ranges::count_if(
            seen.vms, [&](const auto& vm) { return !vm.mark || vm.mark->site != site_; });
        record_facts(record, seen.facts, static_cast<std::size_t>(foreign));
        if (seen.macs) {
            record_macs(record, *seen.macs);
        }
        record.state = store::HostState::ready;
        // Not now: a VM started since then is not in the free memory that was read.
        record.last_seen = seen.since;
        record.last_error = std::nullopt;
        record = store::update(transaction, record);
        record_volumes(transaction, record, seen.facts);
        record_vms(transaction, record, seen.vms, seen.since);
        twins = twins_in(transaction, seen.vms, site_, seen.since);
    });
    for (const auto vm : twins) {
        auto& again = state.twin_told.try_emplace(vm, SteadyTime::min()).first->second;
        if (on_twin_ && clock_.steady() >= again) {
            again = clock_.steady() + twin_told_every;
            on_twin_(vm);
        }
    }
}

Task<> Fleet::record_failure(store::HostId host, Error error)
{
    failed(host, error);
    if (error.kind() == ErrorKind::cancelled) {
        co_return;
    }
    co_await store_.transact([&](store::Transaction& transaction) {
        auto record = store::find<store::HostRecord>(transaction, host);
        if (!record || record->state == store::HostState::enrolling) {
            return; // enrolment records its own failure
        }
        record->state = state_after(error);
        record->last_error = store::StoredError::from(error).to_json();
        store::update(transaction, *record);
    });
}

Task<> Fleet::refresh_logged(store::HostId host)
{
    try {
        co_await refresh(host, Deadline::after(clock_, options_.refresh_timeout));
    } catch (const Error& error) {
        if (error.kind() == ErrorKind::cancelled) {
            throw;
        }
        if (error.kind() == ErrorKind::not_found) {
            forget(host); // removed meanwhile
        }
        log::warn("host_refresh_failed", {{"host", host}, {"error", error.what()}});
    }
}

Task<> Fleet::run()
{
    const auto executor = co_await boost::asio::this_coro::executor;
    while (!stopped_) {
        std::vector<store::HostRecord> hosts;
        try {
            hosts = co_await store_.read([](store::Transaction& transaction) {
                return store::list<store::HostRecord>(transaction,
                                                      {.all = {{"state", "!=", "enrolling"}}});
            });
        } catch (const Error& error) { // the store may answer again next time
            log::warn("hosts_not_read", {{"error", error.what()}});
        }
        for (const auto& host : hosts) {
            start_refresh(executor, host.id);
        }
        if (!stopped_) {
            co_await stopping_.wait(clock_, Deadline::after(clock_, options_.refresh_every));
        }
    }
    while (!refreshes_->signals.empty()) {
        co_await refreshes_->one_ended.wait();
    }
}

/// Those under way are cancelled by stop() and awaited by run(): none outlives the fleet.
void Fleet::start_refresh(const Executor& executor, store::HostId host)
{
    const auto refresh = std::make_shared<boost::asio::cancellation_signal>();
    refreshes_->signals.push_back(refresh);
    // The slot is cleared after this handler has run: the handler keeps the signal.
    boost::asio::co_spawn(executor, refresh_logged(host),
                          boost::asio::bind_cancellation_slot(
                              refresh->slot(), [this, refresh, host](std::exception_ptr thrown) {
                                  refreshes_->signals.remove(refresh);
                                  refreshes_->one_ended.notify_all();
                                  if (thrown && !stopped_) {
                                      log::error("host_refresh_broke", {{"host", host}});
                                  }
                              }));
}

void Fleet::stop()
{
    stopped_ = true;
    stopping_.notify_all();
    for (const auto& refresh : std::list{refreshes_->signals}) {
        refresh->emit(boost::asio::cancellation_type::terminal);
    }
}

} // namespace watari::fleet
