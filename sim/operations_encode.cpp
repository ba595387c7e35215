#include "sim/operations.hpp"

#include "core/uuid.hpp"
#include "sim/soap_faults.hpp"
#include "wsman/codec/fault.hpp"

#include <algorithm>
#include <utility>

namespace watari::sim {

namespace {

wsman::Fault too_large()
{
    return soap::sender("wsman:EncodingLimit", 2150858824,
                        "The answer is larger than the client's MaxEnvelopeSize.",
                        "MaxEnvelopeSizeExceeded");
}

} // namespace

std::string Operations::print(const wsman::Request& request, wsman::Response& response,
                              wsman::ResponseBody body) const
{
    if (auto* fault = std::get_if<wsman::Fault>(&body)) {
        response.action = wsman::fault_action(*fault);
        if (fault->machine.empty()) {
            fault->machine = host_.name();
        }
    } else {
        response.action = request.header.action + "Response";
    }
    response.body = std::move(body);
    return wsman::encode(
        response, {.language = options_.language, .resource_uri = request.header.resource_uri});
}

std::string Operations::encode(const wsman::Request& request, wsman::ResponseBody body)
{
    const std::size_t limit =
        std::min<std::size_t>(request.header.max_envelope_size.value_or(envelope_max_), //
                              envelope_max_);
    wsman::Response response{.message_id = "uuid:" + Uuid::random(random_).upper(),
                             .relates_to = request.header.message_id};
    if (auto* batch = std::get_if<wsman::ItemsResponse>(&body);
        batch != nullptr && (batch->has_items || batch->is_pull)) {
        return encode_batch(request, response, std::move(*batch), limit);
    }
    const bool is_fault = std::holds_alternative<wsman::Fault>(body);
    std::string bytes = print(request, response, std::move(body));
    return bytes.size() > limit && !is_fault ? print(request, response, too_large()) : bytes;
}

/// As many of its items as fit; the rest is for the next Pull.
std::string Operations::encode_batch(const wsman::Request& request, wsman::Response& response,
                                     wsman::ItemsResponse part, std::size_t limit)
{
    const std::string context = part.context;
    while (true) {
        const bool is_last = part.end_of_sequence;
        part.context = is_last ? std::string{} : context;
        const std::size_t count = part.items.size();
        std::string bytes = print(request, response, std::move(part));
        if (bytes.size() <= limit || count == 0) {
            enumerations_.given(context, count, is_last);
            return bytes;
        }
        if (count == 1) {
            return print(request, response, too_large());
        }
        const std::size_t fits =
            std::max<std::size_t>(1, std::min(count - 1, count * limit / bytes.size()));
        part = std::get<wsman::ItemsResponse>(std::move(response.body));
        part.items.resize(fits);
        part.end_of_sequence = false;
    }
}

} // namespace watari::sim
