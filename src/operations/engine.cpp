#include "operations/engine.hpp"

#include "core/log.hpp"
#include "operations/engine_impl.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>

#include <algorithm>

namespace watari::operations {

using store::OperationId;
using store::OperationRecord;
using store::StepRecord;
using store::Transaction;

namespace {

constexpr std::chrono::nanoseconds store_failure_pause = std::chrono::seconds{5};

} // namespace

void Engine::Impl::wake()
{
    std::vector<Accepted> accepted;
    {
        const std::lock_guard lock{accepted_mutex_};
        accepted.swap(accepted_);
    }
    for (const auto& [id, host] : accepted) {
        scheduler_.queue({.id = id, .host = host});
    }
    work_.notify_all();
}

void Engine::Impl::host_is_back(store::HostId host)
{
    scheduler_.wake_sleepers_of(host);
    for (const auto& [id, active] : active_) {
        if (active->run && active->run->operation.host == host) {
            scheduler_.queue({.id = id, .host = host}); // it may be about to wait
        }
    }
    work_.notify_all();
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
                                  // The slot is cleared after this handler has run: the handler
                                  // keeps the signal.
                                  active->cancel.slot(), [active](std::exception_ptr thrown) {
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
        entry.run = co_await self.services_.store.read(
            [&](Transaction& transaction) { return self.load(transaction, entry.id); });
        if (!entry.run) {
            co_return Pause::ended;
        }
    }
    active.run = entry.run;
    Runner runner{self.services_, *entry.run,
                  [&active] { active.cancel.emit(boost::asio::cancellation_type::terminal); }};
    co_return co_await runner.work();
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
