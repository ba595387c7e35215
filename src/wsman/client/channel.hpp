#pragma once

#include "core/random.hpp"
#include "http/client.hpp"
#include "wsman/client/fault_errors.hpp"
#include "wsman/client/host_quota.hpp"
#include "wsman/client/session.hpp"
#include "wsman/codec/message.hpp"

#include <cstdint>
#include <string>

namespace watari::wsman {

/// An answer, and the bytes it took.
struct Answer {
    Response response;
    std::size_t bytes = 0;
};

/// Sends one message and reads one answer: headers, time limits, what a failure means for a read
/// and for a change, and whether it is tried again.
class Channel
{
public:
    Channel(http::Client& client, Clock& clock, Random& random, SessionOptions options);

    /// `body` on `asked.ns`/`class_name` ("*": all classes). A SOAP fault is returned, every other
    /// failure thrown.
    Task<Response> exchange(RequestBody body, std::string class_name,
                            std::vector<Selector> selectors, const Asked& asked, Deadline deadline);
    /// A place with the host for several requests that belong together, as those of an enumeration.
    Task<Semaphore::Permit> enter(Deadline deadline);
    /// As exchange(), for who has a place.
    Task<Answer> exchange_inside(RequestBody body, std::string class_name,
                                 std::vector<Selector> selectors, const Asked& asked,
                                 Deadline deadline);

    const SessionOptions& options() const noexcept { return options_; }
    Clock& clock() const noexcept { return clock_; }
    Random& random() const noexcept { return random_; }
    std::uint64_t requests() const noexcept { return requests_; }
    std::uint64_t max_envelope_size() const noexcept { return max_envelope_size_; }
    /// Once, for an answer that did not fit `used`: false when there is no more room than that.
    bool raise_envelope_size(std::uint64_t used) noexcept;

private:
    struct Attempt;
    struct Window;
    Window window_for(Effect effect, Deadline deadline) const;
    Task<Answer> exchange_within(Request request, const std::string& class_name, const Asked& asked,
                                 Window window);
    Task<Attempt> send_once(Request& request, const std::string& class_name, const Asked& asked,
                            const Window& window);
    RequestHeader header_for(const RequestBody& body, const Asked& asked,
                             const std::string& class_name,
                             std::chrono::milliseconds timeout) const;
    Response read(const http::Response& answer, const Asked& asked,
                  const std::string& message_id) const;
    void record(const Asked& asked, SteadyTime began, bool failed, int attempt) const;

    http::Client& client_;
    Clock& clock_;
    Random& random_;
    SessionOptions options_;
    std::string session_id_;
    std::uint64_t max_envelope_size_;
    std::uint64_t requests_ = 0;
};

/// The body as T. Throws what its fault means, or wsman_bad_answer when it is something else.
template <class T>
T expect(Response response, const Asked& asked);

/// Throws wsman_bad_answer; outcome_unknown when a change was asked for.
[[noreturn]] void fail_answer(const Asked& asked, std::string why);

template <class T>
T expect(Response response, const Asked& asked)
{
    if (const auto* fault = std::get_if<Fault>(&response.body)) {
        throw fault_error(*fault, asked);
    }
    if (auto* body = std::get_if<T>(&response.body)) {
        return std::move(*body);
    }
    fail_answer(asked, "the answer is of another operation");
}

} // namespace watari::wsman
