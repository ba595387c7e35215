#pragma once

#include "core/clock.hpp"
#include "http/client.hpp"
#include "hyperv/connect/doctor.hpp"

#include <string>
#include <vector>

namespace watari::hyperv {

/// What was said on the wire, as text without secrets. Outlives the clients it listens to.
class DoctorTrace
{
public:
    /// `secrets`: never to be written, wherever they stand.
    DoctorTrace(Clock& clock, std::vector<std::string> secrets);

    /// A guard that does what `inner`'s does (null: nothing) and writes down what passes.
    http::MakeConnectionGuard listen(http::MakeConnectionGuard inner);
    /// Why no answer came to what was sent last.
    void note_failure(const Error& error);
    /// Everything so far, which is then forgotten.
    std::vector<TracedExchange> take();

    /// For the guard: `body` in place of the request's own, which may be sealed.
    std::size_t sent(const http::Request& request, std::string_view body);
    void answered(std::size_t number, const http::Response& answer);
    std::size_t size() const noexcept { return exchange_.size(); }

private:
    std::string masked(std::string text) const;

    Clock& clock_;
    std::vector<std::string> secrets_;
    std::vector<TracedExchange> exchange_;
    std::vector<SteadyTime> began_;
};

} // namespace watari::hyperv
