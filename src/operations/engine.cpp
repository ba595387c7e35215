#include "operations/engine.hpp"

#include "core/log.hpp"
#include "core/sync.hpp"
#include "messages/operations.hpp"
#include "operations/runner.hpp"
#include "operations/scheduler.hpp"
#include "store/records/event.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>

#include <algorithm>
#include <mutex>
#include <set>
#include <unordered_map>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace watari::operations {

using store::OperationId;
using store::OperationRecord;
using store::StepRecord;
using store::Transaction;

namespace {

constexpr std::chrono::nanoseconds store_failure_pause = std::chrono::seconds{5};
/// How long an id told by submit() is looked for: its transaction may not be durable yet, or never.
constexpr std::chrono::seconds accepted_keep{60};

/// Told by submit() and request_cancel() on the database thread, picked up by wake() on the loop.
struct Accepted {
    OperationId id;
    Scheduler::HostKey host;
    WallTime time;
};

/// Those who await one operation.
struct Watch {
    Signal changed;
    std::uint64_t changes = 0;
};

struct Active {
    std::shared_ptr<Run> run;
    boost::asio::cancellation_signal cancel;
};

} // namespace

class Engine::Impl : public std::enable_shared_from_this<Engine::Impl>
{
public:
    Impl(store::Store& store, Clock& clock, Random& random, Executor executor,
         std::vector<Workflow> workflows, EngineOptions options)
        : clock_(clock),
          executor_(std::move(executor)),
          workflows_(std::move(workflows)),
          options_(std::move(options)),
          scheduler_(options_),
          services_{.store = store,
                    .clock = clock,
                    .random = random,
                    .options = options_,
                    .stopping = stopping_,
                    .changed = [this](const Change& change) { tell(change); }}
    {
    }

    OperationRecord submit(Transaction& transaction, NewOperation wanted);
    OperationRecord request_cancel(Transaction& transaction, OperationId id,
                                   std::string_view actor);
    void wake();
    void host_is_back(store::HostId host);
    static Task<> check(std::shared_ptr<Impl> self);
    static Task<> run(std::shared_ptr<Impl> self);
    static Task<> stop(std::shared_ptr<Impl> self, Deadline deadline);
    static Task<OperationRecord> await_operation(std::shared_ptr<Impl> self, OperationId id,
                                                 Deadline deadline);
    std::optional<int> progress_of(OperationId id) const;
    std::size_t active() const noexcept { return scheduler_.running(); }

private:
    static Task<> poll_store(Impl& self);
    static Task<> work_on(std::shared_ptr<Impl> self, Scheduler::Entry entry,
                          std::shared_ptr<Active> active);
    static Task<Pause> work_slice(Impl& self, Scheduler::Entry& entry, Active& active);
    void settle(Scheduler::Entry entry, Pause pause);
    void dispatch();
    void tell(const Change& change);
    void accept(OperationId id, Scheduler::HostKey host, WallTime now);

    const Workflow* find_workflow(std::string_view name, std::int64_t version) const;
    const Workflow& newest_workflow(std::string_view name) const;
    std::shared_ptr<Run> load(Transaction& transaction, OperationId id, bool& exists) const;
    std::string lacking(std::string_view kind, std::int64_t version,
                        const std::vector<std::string>& steps) const;

    Clock& clock_;
    Executor executor_;
    std::vector<Workflow> workflows_;
    EngineOptions options_;
    bool stopping_ = false;
    std::uint64_t wakes_ = 0;
    Scheduler scheduler_;
    Services services_;
    Signal work_;
    Signal idle_;
    std::unordered_map<OperationId, std::shared_ptr<Active>> active_;
    std::unordered_map<OperationId, std::weak_ptr<Watch>> watches_;
    std::mutex accepted_mutex_;
    std::vector<Accepted> accepted_;
};

const Workflow* Engine::Impl::find_workflow(std::string_view name, std::int64_t version) const
{
    const auto found = std::ranges::find_if(workflows_, [&](const Workflow& workflow) {
        return workflow.name == name && workflow.version == version;
    });
    return found == workflows_.end() ? nullptr : &*found;
}

const Workflow& Engine::Impl::newest_workflow(std::string_view name) const
{
    const Workflow* newest = nullptr;
    for (const auto& workflow : workflows_) {
        if (workflow.name == name && (newest == nullptr || workflow.version > newest->version)) {
            newest = &workflow;
        }
    }
    if (newest == nullptr) {
        throw Error{ErrorKind::invalid, message::workflow_unknown{.kind = std::string{name}}};
    }
    return *newest;
}

void Engine::Impl::accept(OperationId id, Scheduler::HostKey host, WallTime now)
{
    const std::lock_guard lock{accepted_mutex_};
    accepted_.push_back({.id = id, .host = host, .time = now});
}

OperationRecord Engine::Impl::submit(Transaction& transaction, NewOperation wanted)
{
    const auto& workflow = newest_workflow(wanted.kind);
    auto operation =
        store::insert(transaction, OperationRecord{.id = wanted.id,
                                                   .kind = workflow.name,
                                                   .workflow_version = workflow.version,
                                                   .project = wanted.project,
                                                   .vm = wanted.vm,
                                                   .host = wanted.host,
                                                   .actor = std::move(wanted.actor),
                                                   .reason = std::move(wanted.reason),
                                                   .request_id = std::move(wanted.request_id),
                                                   .input = std::move(wanted.input)});
    std::int64_t position = 0;
    for (const auto& step : workflow.steps) {
        store::insert_step(transaction,
                           {.operation = operation.id, .position = position++, .step = step.id});
    }
    const auto subject_kind = operation.vm ? "vm" : "operation";
    const auto subject = operation.vm ? operation.vm->value() : operation.id.value();
    store::append(transaction,
                  store::EventRecord{
                      .kind = "operation.accepted",
                      .project = operation.project,
                      .subject_kind = subject_kind,
                      .subject = subject,
                      .operation = operation.id,
                      .data = boost::json::object{{"kind", operation.kind}, {"state", "queued"}}});
    store::append(transaction,
                  store::AuditRecord{.actor = operation.actor,
                                     .action = operation.kind,
                                     .project = operation.project,
                                     .subject_kind = subject_kind,
                                     .subject = subject,
                                     .operation = operation.id,
                                     .request_id = operation.request_id,
                                     .outcome = "accepted",
                                     .details = boost::json::object{{"reason", operation.reason}}});
    accept(operation.id, operation.host, transaction.now());
    return operation;
}

OperationRecord Engine::Impl::request_cancel(Transaction& transaction, OperationId id,
                                             std::string_view actor)
{
    auto operation = store::get<OperationRecord>(transaction, id);
    if (store::has_ended(operation.state)) {
        throw Error{
            ErrorKind::conflict,
            message::operation_ended{.operation = id.value().lower(),
                                     .state = std::string{store::name_of(operation.state)}}};
    }
    if (operation.backward) {
        throw Error{ErrorKind::conflict,
                    message::operation_undoing{.operation = id.value().lower()}};
    }
    const auto* workflow = find_workflow(operation.kind, operation.workflow_version);
    const auto steps = store::steps_of(transaction, id);
    if (workflow != nullptr && workflow->forward_only &&
        std::ranges::any_of(steps, [](const StepRecord& step) { return step.sent.has_value(); })) {
        throw Error{ErrorKind::conflict,
                    message::operation_not_cancellable{.operation = id.value().lower()}};
    }
    if (!operation.cancel_requested) {
        operation.cancel_requested = true;
        operation = store::update(transaction, std::move(operation));
        store::append(transaction, store::AuditRecord{.actor = std::string{actor},
                                                      .action = operation.kind,
                                                      .project = operation.project,
                                                      .subject_kind = "operation",
                                                      .subject = id.value(),
                                                      .operation = id,
                                                      .outcome = "cancel_requested"});
    }
    accept(id, operation.host, transaction.now());
    return operation;
}

void Engine::Impl::wake()
{
    ++wakes_;
    std::vector<Accepted> accepted;
    {
        const std::lock_guard lock{accepted_mutex_};
        accepted.swap(accepted_);
    }
    for (const auto& [id, host, time] : accepted) {
        scheduler_.queue({.id = id, .host = host, .accepted = time});
    }
    work_.notify_all();
}

void Engine::Impl::host_is_back(store::HostId host)
{
    scheduler_.wake_sleepers_of(host);
    work_.notify_all();
}

std::string Engine::Impl::lacking(std::string_view kind, std::int64_t version,
                                  const std::vector<std::string>& steps) const
{
    const auto* workflow = find_workflow(kind, version);
    const bool same =
        workflow != nullptr && std::ranges::equal(workflow->steps, steps, {}, &Step::id);
    return same ? std::string{} : fmt::format("{} {}", kind, version);
}

Task<> Engine::Impl::check(std::shared_ptr<Impl> self)
{
    const auto names = co_await self->services_.store.read([&](Transaction& transaction) {
        std::set<std::string> lacking;
        for (const auto& operation : store::unfinished_operations(transaction)) {
            std::vector<std::string> steps;
            for (const auto& step : store::steps_of(transaction, operation.id)) {
                steps.push_back(step.step);
            }
            lacking.insert(self->lacking(operation.kind, operation.workflow_version, steps));
        }
        lacking.erase("");
        return lacking;
    });
    if (!names.empty()) {
        throw Error{ErrorKind::unsupported,
                    message::workflows_missing{.names = fmt::format("{}", fmt::join(names, ", "))}};
    }
}

Task<> Engine::Impl::poll_store(Impl& self)
{
    std::exception_ptr thrown;
    std::vector<store::OpenOperation> open;
    try {
        open = co_await self.services_.store.read(
            [](Transaction& transaction) { return store::open_operations(transaction); });
    } catch (const Error&) {
        thrown = std::current_exception();
    }
    if (thrown) {
        log::warn("operations_not_read", {{"error", failure_from(thrown, "").error.what()}});
        co_return;
    }
    for (const auto& operation : open) {
        Scheduler::Entry entry{.id = operation.id, .host = operation.host};
        if (self.scheduler_.knows(operation.id)) {
            continue;
        }
        if (operation.next_try && !operation.cancel_requested) {
            self.scheduler_.sleep_until(std::move(entry), *operation.next_try);
        } else {
            self.scheduler_.queue(std::move(entry));
        }
    }
}

Task<> Engine::Impl::run(std::shared_ptr<Impl> self)
{
    co_await check(self);
    auto next_poll = self->clock_.steady();
    while (!self->stopping_) {
        if (self->clock_.steady() >= next_poll) {
            co_await poll_store(*self);
            next_poll = self->clock_.steady() + self->options_.poll_interval;
        }
        self->scheduler_.wake_due(self->clock_.now());
        self->dispatch();
        auto wake_at = next_poll;
        if (const auto due = self->scheduler_.next_due()) {
            wake_at =
                std::min(wake_at, self->clock_.steady() + std::max(*due - self->clock_.now(),
                                                                   std::chrono::microseconds{0}));
        }
        if (!self->stopping_) {
            co_await self->work_.wait(self->clock_, Deadline{wake_at});
        }
    }
    while (self->active() > 0) {
        co_await self->idle_.wait();
    }
}

Task<> Engine::Impl::stop(std::shared_ptr<Impl> self, Deadline deadline)
{
    self->stopping_ = true;
    self->work_.notify_all();
    bool in_time = true;
    while (in_time && self->active() > 0) {
        in_time = co_await self->idle_.wait(self->clock_, deadline);
    }
    const auto left = self->active_;
    for (const auto& [id, active] : left) {
        active->cancel.emit(boost::asio::cancellation_type::terminal);
    }
    while (self->active() > 0) {
        co_await self->idle_.wait();
    }
}

void Engine::Impl::dispatch()
{
    while (!stopping_) {
        auto entry = scheduler_.take();
        if (!entry) {
            return;
        }
        auto active = std::make_shared<Active>();
        active_[entry->id] = active;
        boost::asio::co_spawn(executor_, work_on(shared_from_this(), std::move(*entry), active),
                              boost::asio::bind_cancellation_slot(
                                  active->cancel.slot(), [](std::exception_ptr thrown) {
                                      if (thrown) {
                                          log::error(
                                              "operation_worker_broke",
                                              {{"error", failure_from(thrown, "").error.what()}});
                                      }
                                  }));
    }
}

Task<> Engine::Impl::work_on(std::shared_ptr<Impl> self, Scheduler::Entry entry,
                             std::shared_ptr<Active> active)
{
    auto pause = Pause::store_failed;
    try {
        pause = co_await work_slice(*self, entry, *active);
    } catch (const std::exception& error) {
        log::warn("operation_set_aside", {{"operation", entry.id}, {"error", error.what()}});
    }
    self->settle(std::move(entry), pause);
}

Task<Pause> Engine::Impl::work_slice(Impl& self, Scheduler::Entry& entry, Active& active)
{
    if (!entry.run) {
        const auto wakes = self.wakes_;
        bool exists = true;
        entry.run = co_await self.services_.store.read(
            [&](Transaction& transaction) { return self.load(transaction, entry.id, exists); });
        if (!exists && entry.accepted && self.clock_.now() - *entry.accepted < accepted_keep) {
            self.accept(entry.id, entry.host, *entry.accepted);
            if (self.wakes_ != wakes) {
                self.work_.notify_all();
                co_return Pause::not_there_yet;
            }
        }
        if (!entry.run) {
            co_return Pause::ended;
        }
    }
    active.run = entry.run;
    Runner runner{self.services_, *entry.run,
                  [&active] { active.cancel.emit(boost::asio::cancellation_type::terminal); }};
    co_return co_await runner.work();
}

std::shared_ptr<Run> Engine::Impl::load(Transaction& transaction, OperationId id,
                                        bool& exists) const
{
    auto operation = store::find<OperationRecord>(transaction, id);
    exists = operation.has_value();
    if (!operation || store::has_ended(operation->state)) {
        return nullptr;
    }
    const auto* workflow = find_workflow(operation->kind, operation->workflow_version);
    auto steps = store::steps_of(transaction, id);
    if (workflow == nullptr ||
        !std::ranges::equal(workflow->steps, steps, {}, &Step::id, &StepRecord::step)) {
        throw Error{ErrorKind::unsupported,
                    message::workflows_missing{.names = fmt::format("{} {}", operation->kind,
                                                                    operation->workflow_version)}};
    }
    return std::make_shared<Run>(
        Run{.workflow = workflow, .operation = std::move(*operation), .steps = std::move(steps)});
}

void Engine::Impl::settle(Scheduler::Entry entry, Pause pause)
{
    active_.erase(entry.id);
    const bool again = scheduler_.release(entry);
    const auto host = entry.run ? entry.run->operation.host : entry.host;
    switch (pause) {
    case Pause::ended:
    case Pause::stopped:
        break;
    case Pause::not_there_yet:
        scheduler_.queue({.id = entry.id, .host = host, .accepted = entry.accepted});
        break;
    case Pause::other_host:
        scheduler_.queue({.id = entry.id, .host = host, .run = std::move(entry.run)});
        break;
    case Pause::later:
        if (again) {
            scheduler_.queue({.id = entry.id, .host = host});
        } else {
            scheduler_.sleep_until({.id = entry.id, .host = host},
                                   entry.run->operation.next_try.value_or(clock_.now()));
        }
        break;
    case Pause::store_failed:
        scheduler_.sleep_until(
            {.id = entry.id, .host = host},
            clock_.now() + std::chrono::ceil<std::chrono::microseconds>(store_failure_pause));
        break;
    }
    dispatch();
    if (pause != Pause::ended) {
        work_.notify_all();
    }
    if (active() == 0) {
        idle_.notify_all();
    }
}

void Engine::Impl::tell(const Change& change)
{
    if (const auto found = watches_.find(change.operation.id); found != watches_.end()) {
        if (const auto watch = found->second.lock()) {
            ++watch->changes;
            watch->changed.notify_all();
        }
    }
    if (options_.on_change) {
        options_.on_change(change);
    }
}

Task<OperationRecord> Engine::Impl::await_operation(std::shared_ptr<Impl> self, OperationId id,
                                                    Deadline deadline)
{
    auto watch = self->watches_[id].lock();
    if (!watch) {
        watch = std::shared_ptr<Watch>{new Watch, [weak = self->weak_from_this(), id](Watch* last) {
                                           if (const auto alive = weak.lock()) {
                                               alive->watches_.erase(id);
                                           }
                                           std::default_delete<Watch>{}(last);
                                       }};
        self->watches_[id] = watch;
    }
    for (;;) {
        const auto seen = watch->changes;
        const auto operation = co_await self->services_.store.read([id](Transaction& transaction) {
            return store::get<OperationRecord>(transaction, id);
        });
        if (store::has_ended(operation.state) || deadline.passed(self->clock_)) {
            co_return operation;
        }
        if (watch->changes == seen) {
            co_await watch->changed.wait(self->clock_, deadline);
        }
    }
}

std::optional<int> Engine::Impl::progress_of(OperationId id) const
{
    const auto found = active_.find(id);
    if (found == active_.end() || !found->second->run) {
        return std::nullopt;
    }
    const auto& steps = found->second->run->steps;
    const auto running = std::ranges::find(steps, store::StepState::running, &StepRecord::state);
    return running == steps.end() ? std::nullopt
                                  : std::optional{static_cast<int>(running->progress)};
}

Engine::Engine(store::Store& store, Clock& clock, Random& random, Executor executor,
               std::vector<Workflow> workflows, EngineOptions options)
    : impl_(std::make_shared<Impl>(store, clock, random, std::move(executor), std::move(workflows),
                                   std::move(options)))
{
}

Engine::~Engine() = default;

OperationRecord Engine::submit(Transaction& transaction, NewOperation operation) const
{
    return impl_->submit(transaction, std::move(operation));
}

OperationRecord Engine::request_cancel(Transaction& transaction, OperationId id,
                                       std::string_view actor) const
{
    return impl_->request_cancel(transaction, id, actor);
}

void Engine::wake()
{
    impl_->wake();
}

void Engine::host_is_back(store::HostId host)
{
    impl_->host_is_back(host);
}

Task<> Engine::check()
{
    return Impl::check(impl_);
}

Task<> Engine::run()
{
    return Impl::run(impl_);
}

Task<> Engine::stop(Deadline deadline)
{
    return Impl::stop(impl_, deadline);
}

Task<OperationRecord> Engine::await_operation(OperationId id, Deadline deadline)
{
    return Impl::await_operation(impl_, id, deadline);
}

std::optional<int> Engine::progress_of(OperationId id) const
{
    return impl_->progress_of(id);
}

std::size_t Engine::active() const noexcept
{
    return impl_->active();
}

} // namespace watari::operations
