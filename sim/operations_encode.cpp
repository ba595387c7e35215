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

wsman::WireForm form_of(const Profile& profile, std::string_view resource_uri)
{
    const auto resource = wsman::parse_resource_uri(resource_uri);
    const bool is_v1 = resource && cim::same_name(resource->ns, schema::v1_namespace);
    return {.nil_arrays = profile.is("empty_array", "nil"),
            .octets_as_base64 = profile.is("octet_array_rendering", "base64"),
            .references_as_text = profile.is("reference_selectors", "text"),
            .nulls_left_out = is_v1 && profile.is("v1_wire_form", "bare_null_absent"),
            .outputs_as_given = profile.is("output_parameter_order", "mof"),
            .classes_in_fragment = profile.is("class_metadata_wrapper", "fragment")};
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
    return wsman::encode(response, {.language = options_.language,
                                    .resource_uri = request.header.resource_uri,
                                    .form = form_of(host_.profile(), request.header.resource_uri)});
}

Printed Operations::encode(const wsman::Request& request, wsman::ResponseBody body)
{
    const std::size_t most = quotas_.envelope_bytes;
    const std::size_t limit =
        std::min<std::size_t>(request.header.max_envelope_size.value_or(most), most);
    wsman::Response response{.message_id = "uuid:" + Uuid::random(random_).upper(),
                             .relates_to = request.header.message_id};
    if (auto* batch = std::get_if<wsman::ItemsResponse>(&body);
        batch != nullptr && (batch->has_items || batch->is_pull)) {
        return encode_batch(request, response, std::move(*batch), limit);
    }
    const bool is_fault = std::holds_alternative<wsman::Fault>(body);
    std::string bytes = print(request, response, std::move(body));
    if (bytes.size() > limit && !is_fault) {
        return {print(request, response, too_large()), true};
    }
    return {std::move(bytes), is_fault};
}

/// As many of its items as fit; the rest is for the next Pull.
Printed Operations::encode_batch(const wsman::Request& request, wsman::Response& response,
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
            return {std::move(bytes), false};
        }
        if (count == 1) {
            return {print(request, response, too_large()), true};
        }
        const std::size_t fits =
            std::max<std::size_t>(1, std::min(count - 1, count * limit / bytes.size()));
        part = std::get<wsman::ItemsResponse>(std::move(response.body));
        part.items.resize(fits);
        part.end_of_sequence = false;
    }
}

} // namespace watari::sim
