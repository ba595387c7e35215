#pragma once

#include "core/task.hpp"
#include "http/message.hpp"
#include "http/server.hpp"
#include "sim/fleet.hpp"
#include "sim/scaled_clock.hpp"

namespace watari::sim {

/// What tests and people do to simulated hosts from outside: JSON over HTTP.
///
///     GET    /hosts                       names, generations, addresses, counts
///     GET    /hosts/N/vms
///     GET    /hosts/N/requests            the log, oldest first
///     GET    /hosts/N/counters            DELETE /hosts/N/log
///     POST   /hosts/N/faults  [rules]     DELETE /hosts/N/faults
///     POST   /hosts/N/reboot              POST /hosts/N/restart-service
///     GET    /counters                    DELETE /log (of all hosts)
///     POST   /advance  {"seconds": 60}
class Control
{
public:
    Control(SimulatedFleet& fleet, ScaledClock& clock) : fleet_(fleet), clock_(clock) {}

    Task<http::Response> handle(http::Request request, http::Caller caller);

private:
    http::Response answer(const http::Request& request);
    http::Response answer_host(SimulatedHost& host, const std::string& method,
                               const std::string& what, const std::string& body);

    SimulatedFleet& fleet_;
    ScaledClock& clock_;
};

} // namespace watari::sim
