#include "sim/host/v1/view.hpp"

#include "cim/cim_xml.hpp"

#include <utility>

/// Host jobs: Msvm_ConcreteJob and Msvm_StorageJob, siblings (fresh-vm.md 6).
namespace watari::sim::host::v1 {

namespace {

bool is_of(const Job& job, std::string_view class_name)
{
    // What only v2 starts is shown there only.
    return job.job_class != JobClass::migration &&
           (job.job_class == JobClass::storage) == (class_name == "Msvm_StorageJob");
}

cim::Instance job_row(const View& view, const Job& job, std::string_view class_name)
{
    const bool failed = job.state == JobState::exception;
    Row row{class_name};
    row.set("InstanceID", job.id.upper()).set("JobState", static_cast<std::uint16_t>(job.state));
    row.set("JobStatus",
            job.done() ? (failed ? "Job completed with an error" : "Job completed successfully")
                       : "Job is running");
    row.set("Caption", job.text).set("ElementName", job.text).set("Description", job.text);
    if (!view.profile().is("job_name_fields", "name_null")) {
        row.set("Name", job.text);
    }
    row.set("PercentComplete", view.host().jobs().percent(job)).set("ErrorCode", job.error_code);
    if (failed || view.profile().is("job_error_text_when_ok", "empty")) {
        row.set("ErrorDescription", job.error_text).set("ErrorSummaryDescription", job.error_text);
    }
    const auto ended = job.ended.value_or(view.host().clock().now());
    row.set("StartTime", moment(job.started))
        .set("TimeSubmitted", moment(job.started))
        .set("InstallDate", moment(job.started));
    row.set("TimeOfLastStateChange", moment(job.ended.value_or(job.started)));
    row.set("ElapsedTime", cim::DateTime::interval(ended - job.started));
    row.set("TimeBeforeRemoval", cim::DateTime::interval(view.host().jobs().time_before_removal()));
    row.set("OperationalStatus", numbers({2}))
        .set("StatusDescriptions", texts({"OK"}))
        .set("HealthState", 5)
        .set("JobRunTimes", 1);
    row.set("Cancellable", job.cancellable && !job.done())
        .set("DeleteOnCompletion", false)
        .set("Owner", job.owner);
    return row.take();
}

const Job& job_of(const View& view, const MethodCall& call)
{
    const auto id = Uuid::parse(call.target.key("InstanceID").value_or(""));
    const Job* job = id ? view.host().jobs().find(*id) : nullptr;
    if (job == nullptr) {
        refuse(code::invalid_parameter, "There is no such job");
    }
    return *job;
}

MethodAnswer request_state_change(const View& view, const MethodCall& call)
{
    constexpr std::uint64_t terminate = 4;
    constexpr std::uint64_t kill = 5;
    const std::uint64_t wanted = call.input["RequestedState"].unsigned_integer().value_or(0);
    if (wanted != terminate && wanted != kill) {
        refuse(code::invalid_parameter, "A job can be terminated and killed only");
    }
    view.host().jobs().cancel(job_of(view, call).id, wanted == kill);
    return {};
}

/// The error chain as CIM-XML texts of Msvm_Error; none for a job without error.
std::vector<std::string> errors_of(const Job& job)
{
    if (job.state != JobState::exception) {
        return {};
    }
    Row row{"Msvm_Error"};
    row.set("Message", job.error_text)
        .set("OwningEntity", "Microsoft")
        .set("ErrorSource", job.id.upper());
    return {cim::to_cim_xml(row.take())};
}

MethodAnswer get_error(const View& view, const MethodCall& call)
{
    MethodAnswer answer;
    const auto errors = errors_of(job_of(view, call));
    if (call.method == "GetErrorEx") {
        answer.output.set("Errors", cim::Type::string, texts(errors));
    } else if (!errors.empty()) {
        answer.output.set("Error", cim::Type::string, errors.front());
    }
    return answer;
}

std::optional<cim::ObjectPath> path_of(const View& view, const Subject& subject)
{
    switch (subject.kind) {
    case Subject::Kind::vm:
        return view.system(subject.id);
    case Subject::Kind::settings:
    case Subject::Kind::checkpoint:
        return view.settings(subject.id);
    case Subject::Kind::device:
        if (const Vm* vm = view.host().find_vm(subject.id)) {
            if (const Device* device = vm->settings.find(subject.detail);
                device != nullptr && words_of(device->kind) != nullptr) {
                return view.device_settings(subject.id, *device);
            }
        }
        return std::nullopt;
    case Subject::Kind::network:
        if (const Switch* network = view.host().find_network(subject.id)) {
            return view.network(*network);
        }
        return std::nullopt;
    case Subject::Kind::host:
        return view.host_system();
    case Subject::Kind::file:
        return std::nullopt;
    }
    std::unreachable();
}

void add_affected(const View& view, const char* class_name, const char* job_class)
{
    view.repository().add(
        class_name, {.produce = [view, class_name, job_class](const Demand&, const Sink& sink) {
            for (const Job* job : view.host().jobs().all()) {
                if (!is_of(*job, job_class)) {
                    continue;
                }
                for (const Subject& subject : job->affected) {
                    if (const auto path = path_of(view, subject)) {
                        sink(Row{class_name}
                                 .set("AffectedElement", *path)
                                 .set("AffectingElement", view.job(*job))
                                 .set("ElementEffects", numbers({subject.effect}))
                                 .take());
                    }
                }
            }
        }});
}

} // namespace

void add_jobs(const View& view)
{
    for (const char* class_name : {"Msvm_ConcreteJob", "Msvm_StorageJob"}) {
        ClassProvider jobs;
        jobs.produce = [view, class_name](const Demand& demand, const Sink& sink) {
            for (const Job* job : view.host().jobs().all()) {
                if (is_of(*job, class_name) && demand.may_mean(job->id)) {
                    sink(job_row(view, *job, class_name));
                }
            }
        };
        jobs.methods["RequestStateChange"] =
            method([view](const MethodCall& call) { return request_state_change(view, call); });
        jobs.methods["KillJob"] = method([view](const MethodCall& call) {
            view.host().jobs().cancel(job_of(view, call).id, true);
            return MethodAnswer{};
        });
        jobs.methods["GetError"] = jobs.methods["GetErrorEx"] =
            method([view](const MethodCall& call) { return get_error(view, call); });
        view.repository().add(class_name, std::move(jobs));
    }
    add_affected(view, "Msvm_AffectedJobElement", "Msvm_ConcreteJob");
    add_affected(view, "Msvm_AffectedStorageJobElement", "Msvm_StorageJob");
}

} // namespace watari::sim::host::v1
