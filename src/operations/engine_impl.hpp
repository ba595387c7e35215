// The engine's inside, shared by its two sources.
#pragma once

#include "core/sync.hpp"
#include "operations/engine.hpp"
#include "operations/runner.hpp"
#include "operations/scheduler.hpp"

#include <boost/asio/cancellation_signal.hpp>

#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

namespace watari::operations {

/// Told by submit() and request_cancel() once they are durable, on the database thread; picked up
/// by wake() on the loop.
struct Accepted {
    store::OperationId id;
    Scheduler::HostKey host;
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

    store::OperationRecord submit(store::Transaction& transaction, NewOperation wanted);
    store::OperationRecord request_cancel(store::Transaction& transaction, store::OperationId id,
                                          std::string_view actor);
    void wake();
    void host_is_back(store::HostId host);
    static Task<> check(std::shared_ptr<Impl> self);
    static Task<> run(std::shared_ptr<Impl> self);
    static Task<> stop(std::shared_ptr<Impl> self, Deadline deadline);
    static Task<store::OperationRecord> await_operation(std::shared_ptr<Impl> self,
                                                        store::OperationId id, Deadline deadline);
    std::optional<int> progress_of(store::OperationId id) const;
    std::size_t active() const noexcept { return scheduler_.running(); }

private:
    static Task<> poll_store(Impl& self);
    static Task<> work_on(std::shared_ptr<Impl> self, Scheduler::Entry entry,
                          std::shared_ptr<Active> active);
    static Task<Pause> work_slice(Impl& self, Scheduler::Entry& entry, Active& active);
    void settle(Scheduler::Entry entry, Pause pause);
    void dispatch();
    void tell(const Change& change);
    void accept_when_durable(store::Transaction& transaction, Accepted accepted);

    const Workflow* find_workflow(std::string_view name, std::int64_t version) const;
    const Workflow& newest_workflow(std::string_view name) const;
    std::shared_ptr<Run> load(store::Transaction& transaction, store::OperationId id) const;
    std::string lacking(std::string_view kind, std::int64_t version,
                        const std::vector<std::string>& steps) const;

    Clock& clock_;
    Executor executor_;
    std::vector<Workflow> workflows_;
    EngineOptions options_;
    bool stopping_ = false;
    Scheduler scheduler_;
    Services services_;
    Signal work_;
    Signal idle_;
    std::unordered_map<store::OperationId, std::shared_ptr<Active>> active_;
    std::unordered_map<store::OperationId, std::weak_ptr<Watch>> watches_;
    std::mutex accepted_mutex_;
    std::vector<Accepted> accepted_;
};

} // namespace watari::operations
