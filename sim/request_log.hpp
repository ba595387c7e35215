#pragma once

#include "core/clock.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <string>

namespace watari::sim {

struct LoggedRequest {
    std::uint64_t number = 0;
    WallTime at{};
    std::string account;
    std::string operation; ///< Get, Enumerate, Pull, Invoke, …
    std::string method;    ///< of Invoke
    std::string ns;        ///< "root/virtualization/v2"
    std::string class_name;
    std::string query;
    std::string outcome;    ///< "ok", "return 32775", "fault 2150858752", "dropped", …
    std::string fault_rule; ///< effect of the rule that acted; empty: none
    bool changing = false;  ///< Invoke of anything but Get…, Put, Create, Delete
    std::uint64_t instances = 0;
    double host_seconds = 0; ///< simulated time charged
    std::size_t bytes_in = 0;
    std::size_t bytes_out = 0;
};

/// Every request of one host, the newest `capacity` in full, all of them counted.
class RequestLog
{
public:
    explicit RequestLog(std::size_t capacity = 10'000) : capacity_(capacity) {}

    void add(LoggedRequest request);
    void clear();
    const std::deque<LoggedRequest>& entries() const noexcept { return entries_; }
    std::uint64_t total() const noexcept { return total_; }
    std::uint64_t changing() const noexcept { return changing_; }
    double host_seconds() const noexcept { return host_seconds_; }
    /// "Get Msvm_ConcreteJob", "Invoke DefineSystem", … → how many.
    const std::map<std::string, std::uint64_t>& counters() const noexcept { return counters_; }
    std::uint64_t count(const std::string& counter) const;

private:
    std::size_t capacity_;
    std::deque<LoggedRequest> entries_;
    std::uint64_t total_ = 0;
    std::uint64_t changing_ = 0;
    double host_seconds_ = 0;
    std::map<std::string, std::uint64_t> counters_;
};

} // namespace watari::sim
