#include "sim/host/v2/shapes.hpp"

#include "cim/cim_xml.hpp"

#include <fmt/format.h>

#include <utility>

namespace watari::sim::host::v2 {

namespace {

cim::Instance job_row(const Host& host, const Jobs& jobs, const Job& job,
                      std::string_view class_name, const Clock& clock)
{
    cim::Instance row{std::string{class_name}};
    put(row, "InstanceID", job.id.upper());
    put(row, "Caption", job.text);
    put(row, "Description", job.text);
    put(row, "ElementName", job.text);
    if (host.profile().is("job_name_fields", "filled")) {
        put(row, "Name", job.text);
    }
    put(row, "JobState", static_cast<int>(job.state));
    put(row, "JobStatus",
        job.state == JobState::completed ? "Job completed successfully"
        : job.done()                     ? "Job failed"
                                         : "Job is running");
    put(row, "JobType", job.type);
    put(row, "PercentComplete", jobs.percent(job));
    put(row, "ErrorCode", job.error_code);
    if (job.error_code != 0) {
        put(row, "ErrorDescription", job.error_text);
        put(row, "ErrorSummaryDescription", job.error_text);
    } else if (host.profile().is("job_error_text_when_ok", "empty")) {
        put(row, "ErrorDescription", "");
        put(row, "ErrorSummaryDescription", "");
    }
    put(row, "StartTime", moment(job.started));
    put(row, "TimeSubmitted", moment(job.started));
    put(row, "InstallDate", moment(job.started));
    put(row, "TimeOfLastStateChange", moment(job.ended.value_or(job.started)));
    put(row, "ElapsedTime", interval(job.ended.value_or(clock.now()) - job.started));
    put(row, "TimeBeforeRemoval", interval(jobs.time_before_removal()));
    put(row, "OperationalStatus", numbers({2}));
    put(row, "StatusDescriptions", texts({"OK"}));
    put(row, "Status", "OK");
    put(row, "HealthState", 5);
    put(row, "JobRunTimes", 1);
    put(row, "Cancellable", job.cancellable && !job.done());
    put(row, "DeleteOnCompletion", false);
    put(row, "Owner", job.owner);
    return row;
}

cim::ObjectPath subject_path(const Host& host, const Subject& subject)
{
    switch (subject.kind) {
    case Subject::Kind::vm:
        return system_path(host, subject.id);
    case Subject::Kind::settings:
    case Subject::Kind::checkpoint:
        return settings_path(host, subject.id);
    case Subject::Kind::device:
        return object_path(host, "Msvm_ResourceAllocationSettingData",
                           {{"InstanceID", setting_id(subject.id, subject.detail)}});
    case Subject::Kind::network:
        return switch_path(host, subject.id);
    case Subject::Kind::host:
    case Subject::Kind::file:
        return host_path(host);
    }
    std::unreachable();
}

const Job& job_of(Host& host, const MethodCall& call)
{
    const auto id = Uuid::parse(call.target.key("InstanceID").value_or(""));
    const Job* job = id ? host.jobs().find(*id) : nullptr;
    if (job == nullptr) {
        refuse(code::invalid_parameter, "The job is gone");
    }
    return *job;
}

Methods job_methods(Host& host)
{
    Methods methods;
    methods["RequestStateChange"] = [&host](const MethodCall& call) -> MethodAnswer {
        const auto requested = call.input["RequestedState"].unsigned_integer().value_or(0);
        if (requested != 4 && requested != 5) {
            refuse(code::invalid_parameter, "A job can only be terminated or killed");
        }
        host.jobs().cancel(job_of(host, call).id, requested == 5);
        return {};
    };
    methods["GetError"] = [&host](const MethodCall& call) -> MethodAnswer {
        static_cast<void>(job_of(host, call));
        return {};
    };
    methods["GetErrorEx"] = [&host](const MethodCall& call) -> MethodAnswer {
        const Job& job = job_of(host, call);
        MethodAnswer answer;
        if (job.error_code != 0) {
            cim::Instance error{"Msvm_Error"};
            error.set("ErrorSource", cim::Type::string, job_path(host, job).text());
            error.set("Message", cim::Type::string, job.error_text);
            error.set("MessageID", cim::Type::string, fmt::format("{}", job.error_code));
            put(answer.output, "Errors", texts({cim::to_cim_xml_with_nulls(error)}));
        }
        return answer;
    };
    return methods;
}

void add_job_class(Repository& repository, Host& host, std::string_view class_name,
                   JobClass job_class)
{
    ClassProvider provider;
    provider.produce = [&host, class_name, job_class](const Demand& demand, const Sink& sink) {
        for (const Job* job : host.jobs().all()) {
            if (job->job_class == job_class && demand.may_mean(job->id)) {
                sink(job_row(host, host.jobs(), *job, class_name, host.clock()));
            }
        }
    };
    provider.methods = job_methods(host);
    repository.add(class_name, std::move(provider));
}

void add_affected(Repository& repository, Host& host, std::string_view class_name, bool of_storage)
{
    repository.add(class_name,
                   {.produce = [&host, class_name, of_storage](const Demand&, const Sink& sink) {
                       for (const Job* job : host.jobs().all()) {
                           if ((job->job_class == JobClass::storage) != of_storage) {
                               continue;
                           }
                           for (const Subject& subject : job->affected) {
                               cim::Instance row{std::string{class_name}};
                               put(row, "AffectedElement", cim::Value{subject_path(host, subject)});
                               put(row, "AffectingElement", cim::Value{job_path(host, *job)});
                               put(row, "ElementEffects", numbers({subject.effect}));
                               sink(std::move(row));
                           }
                       }
                   }});
}

} // namespace

void add_jobs(Repository& repository, Host& host)
{
    add_job_class(repository, host, "Msvm_ConcreteJob", JobClass::concrete);
    add_job_class(repository, host, "Msvm_StorageJob", JobClass::storage);
    add_job_class(repository, host, "Msvm_MigrationJob", JobClass::migration);
    add_affected(repository, host, "Msvm_AffectedJobElement", false);
    add_affected(repository, host, "Msvm_AffectedStorageJobElement", true);
}

} // namespace watari::sim::host::v2
