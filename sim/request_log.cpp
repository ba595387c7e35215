#include "sim/request_log.hpp"

#include <utility>

namespace watari::sim {

void RequestLog::add(LoggedRequest request)
{
    request.number = ++total_;
    changing_ += request.changing ? 1 : 0;
    host_seconds_ += request.host_seconds;
    ++counters_[request.operation];
    if (!request.method.empty()) {
        ++counters_["Invoke " + request.method];
    } else if (!request.class_name.empty()) {
        ++counters_[request.operation + " " + request.class_name];
    }
    entries_.push_back(std::move(request));
    if (entries_.size() > capacity_) {
        entries_.pop_front();
    }
}

void RequestLog::clear()
{
    *this = RequestLog{capacity_};
}

std::uint64_t RequestLog::count(const std::string& counter) const
{
    const auto at = counters_.find(counter);
    return at == counters_.end() ? 0 : at->second;
}

} // namespace watari::sim
