#pragma once

#include "sim/operations.hpp"
#include "sim/service.hpp"

#include <memory>
#include <string>

/// One request on its way through the service. For the service's own files.
namespace watari::sim {

struct Service::State : std::enable_shared_from_this<Service::State> {
    State(Host& its_host, Random& random, ServiceOptions its_options, Clock& its_wire);

    Host& host;
    Clock& wire;
    ServiceOptions options;
    Operations operations;
    Faults faults;
    RequestLog log;
    std::chrono::milliseconds start_delay{
        0}; ///< before the service is ready after the next restart
    SteadyTime ready_at{};
};

/// A request, and what is logged of it.
struct Passage {
    wsman::DecodedRequest decoded;
    LoggedRequest logged;
    std::string account;
    bool is_utf16 = false;
};

http::Response status_only(int status);
http::Response dropped();

Passage begin(Service::State& state, const http::Request& request, const http::Caller& caller);
/// Until there are events, when it is a Pull of events, or its time is up.
Task<> wait_for_events(std::shared_ptr<Service::State> state, const Passage& passage);
/// Does the work and prints the answer.
http::Response perform(Service::State& state, Passage& passage);
http::Response answer_with(Service::State& state, Passage& passage, wsman::ResponseBody body);
/// Logs it.
http::Response finish(Service::State& state, Passage& passage, http::Response response,
                      std::string outcome = {});
/// As the fault rule wants it.
Task<http::Response> faulty(std::shared_ptr<Service::State> state, FaultRule rule, Passage passage);

} // namespace watari::sim
