#pragma once

#include "operations/runner.hpp"

namespace watari::operations {

/// A step's view of the operation, for one attempt.
class Runner::Context final : public StepContext
{
public:
    Context(const Services& services, Run& run, std::size_t position,
            std::chrono::nanoseconds time_limit)
        : services_(services),
          run_(run),
          position_(position),
          time_limit_(time_limit),
          deadline_(Deadline::after(services.clock, time_limit)),
          may_have_sent_(run.steps[position].sent.has_value()),
          next_host_(run.operation.host)
    {
    }

    const store::OperationRecord& operation() const override { return run_.operation; }
    const boost::json::value& result_of(std::string_view step) const override;
    boost::json::value& result() override { return record().result; }
    std::any& scratch() override { return scratch_; }
    store::Store& store() override { return services_.store; }
    Clock& clock() override { return services_.clock; }
    Random& random() override { return services_.random; }
    Deadline deadline() const override { return deadline_; }
    bool may_have_sent() const override { return may_have_sent_; }
    Task<> mark_sent(std::chrono::nanoseconds within) override;
    void set_host(store::HostId host) override { next_host_ = host; }
    void progress(int percent) override;
    void count_requests(std::int64_t more) override { record().requests += more; }

    const std::string& step() const { return run_.steps[position_].step; }
    void renew_deadline() { deadline_ = Deadline::after(services_.clock, time_limit_); }
    std::optional<store::HostId> next_host() const { return next_host_; }
    bool sent_now() const noexcept { return sent_now_; }
    /// When what was sent until `now` has surely run or never will.
    WallTime settled_after(WallTime now) const;

private:
    store::StepRecord& record() { return run_.steps[position_]; }

    const Services& services_;
    Run& run_;
    std::size_t position_;
    std::chrono::nanoseconds time_limit_;
    Deadline deadline_;
    bool may_have_sent_;
    std::optional<store::HostId> next_host_;
    std::any scratch_ = {};
    bool sent_now_ = false;
    std::chrono::nanoseconds within_{0};
};

} // namespace watari::operations
