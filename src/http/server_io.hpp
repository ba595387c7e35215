#pragma once

#include "core/clock.hpp"
#include "http/message.hpp"
#include "net/network.hpp"

namespace watari::http {

/// Writes slice by slice, each within `timeout`: a slow client is waited for, one that has stopped
/// reading is not.
Task<> write_slices(net::Stream& stream, std::string_view bytes, Clock& clock,
                    std::chrono::seconds timeout);

/// Reads what the client still sends after a refusal until it closes, for a short while, so that it
/// sees our answer and not a reset.
Task<> linger(net::Stream& stream, Clock& clock);

/// The pieces of a streamed answer, as chunks when the client knows them.
class StreamWriter final : public BodyWriter
{
public:
    StreamWriter(net::Stream& stream, Clock& clock, std::chrono::seconds timeout, bool chunked);

    Task<> write(std::string_view bytes) override;
    Task<> finish();

private:
    net::Stream& stream_;
    Clock& clock_;
    std::chrono::seconds timeout_;
    bool chunked_;
};

} // namespace watari::http
