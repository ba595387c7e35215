#include "hyperv/wmi/act.hpp"

#include "hyperv/host_errors.hpp"
#include "messages/hyperv.hpp"
#include "schema/catalogue.hpp"

#include <fmt/format.h>

namespace watari::hyperv::wmi {

namespace {

constexpr std::uint32_t completed = 0;
constexpr std::uint32_t job_started = 4096;

const cim::TypeSource& types_of(std::string_view ns)
{
    if (const auto* catalogue = schema::Catalogue::any(ns)) {
        return *catalogue;
    }
    return cim::untyped();
}

RequestKind kind_of(const wsman::RequestRecord& record, bool polls)
{
    if (polls) {
        return RequestKind::job_poll;
    }
    return record.effect == wsman::Effect::changes ? RequestKind::change : RequestKind::read;
}

wsman::SessionOptions attributed(const Surroundings& around, const CallContext& context, bool polls)
{
    wsman::SessionOptions options{.operation_timeout = context.operation_timeout,
                                  .types_of = types_of,
                                  .observation = around.observation,
                                  .quota = around.quota};
    options.on_request = [to_call = context.on_request, to_all = around.on_request,
                          polls](const wsman::RequestRecord& record) {
        if (to_call) {
            to_call(kind_of(record, polls));
        }
        if (to_all) {
            to_all(record);
        }
    };
    return options;
}

std::uint32_t return_value(const cim::Instance& output)
{
    return static_cast<std::uint32_t>(
        output["ReturnValue"].unsigned_integer().value_or(0xFFFFFFFFU));
}

} // namespace

Act::Act(Shared& shared, CallContext context)
    : shared_(shared),
      context_(std::move(context)),
      session_(shared.around.client, clock(), random(), attributed(shared.around, context_, false)),
      polls_(shared.around.client, clock(), random(), attributed(shared.around, context_, true))
{
}

std::string frame(std::string_view doing, const HostVmId& vm)
{
    return fmt::format("{} VM {}", doing, vm.value().upper());
}

Task<cim::Instance> Act::get(cim::ObjectPath path)
{
    co_return co_await session_.get(path, context_.deadline);
}

Task<std::optional<cim::Instance>> Act::find(cim::ObjectPath path)
{
    try {
        co_return co_await session_.get(path, context_.deadline);
    } catch (const Error& error) {
        if (error.kind() != ErrorKind::not_found) {
            throw;
        }
    }
    co_return std::nullopt;
}

Task<std::vector<cim::Instance>> Act::query(std::string wql)
{
    return query(std::move(wql), shared_.ns);
}

Task<std::vector<cim::Instance>> Act::query(std::string wql, std::string_view ns)
{
    co_return co_await session_.query(ns, wql, context_.deadline);
}

Task<cim::Instance> Act::ask(cim::ObjectPath target, std::string_view method,
                             const cim::Instance& input)
{
    auto output =
        co_await session_.invoke(target, method, input, wsman::Effect::reads, context_.deadline);
    if (const auto code = return_value(output); code != completed) {
        throw host_error(
            {.host = host(), .method = std::string{method}, .code = code, .reads = true});
    }
    co_return output;
}

Task<cim::Instance> Act::send_change(cim::ObjectPath target, std::string_view method,
                                     const cim::Instance& input)
{
    if (context_.before_change) {
        co_await context_.before_change();
    }
    co_return co_await session_.invoke(target, method, input, wsman::Effect::changes,
                                       context_.deadline);
}

Task<Done> Act::change(cim::ObjectPath target, std::string_view method, const cim::Instance& input,
                       std::vector<std::uint32_t> also_fine)
{
    Done done{.output = co_await send_change(std::move(target), method, input),
              .method = std::string{method}};
    done.return_value = return_value(done.output);
    if (done.return_value == job_started) {
        const auto* job = done.output["Job"].reference();
        if (job == nullptr) {
            done.is_certain = false; // begun, but nothing to wait for
        } else {
            co_await await_job(done, *job);
        }
    } else if (done.return_value != completed &&
               std::ranges::find(also_fine, done.return_value) == also_fine.end()) {
        throw host_error({.host = host(), .method = done.method, .code = done.return_value});
    }
    all_certain_ = all_certain_ && done.is_certain;
    co_return done;
}

Task<> Act::await_job(Done& done, const cim::ObjectPath& job)
{
    done.job = job.key("InstanceID").value_or("");
    const cim::ObjectPath path = job.ns().empty() ? job.with_ns(std::string{shared_.ns}) : job;
    const JobEnd end =
        co_await shared_.jobs.wait(path, polls_, context_.deadline, context_.progress);
    switch (end.how) {
    case JobEnd::How::completed:
        break;
    case JobEnd::How::lost:
        done.is_certain = false;
        break;
    case JobEnd::How::failed:
        throw host_error(
            {.host = host(), .method = done.method, .code = end.code, .text = end.text});
    case JobEnd::How::not_done:
        throw Error{ErrorKind::outcome_unknown,
                    message::host_job_not_done{.host = host(), .method = done.method}};
    }
}

Task<> Act::put(cim::ObjectPath path, const cim::Instance& instance)
{
    if (context_.before_change) {
        co_await context_.before_change();
    }
    co_await session_.put(path, instance, context_.deadline);
}

void Act::require_certain(const Done& done) const
{
    if (!done.is_certain) {
        throw Error{ErrorKind::outcome_unknown,
                    message::host_job_lost{.host = host(), .method = done.method}};
    }
}

} // namespace watari::hyperv::wmi
