#include "wsman/codec/request_header.hpp"

#include "wsman/codec/codec.hpp"
#include "wsman/codec/fault.hpp"
#include "wsman/codec/names.hpp"
#include "wsman/codec/values.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

namespace watari::wsman {

namespace {

constexpr std::uint64_t envelope_size_min = 8192;
constexpr std::size_t message_id_bytes_max = 2048;
constexpr std::size_t activity_id_bytes_max = 2048;

bool must_understand(const xml::Element& element)
{
    return is_true(element.attribute(names::soap, "mustUnderstand").value_or(""));
}

bool is_anonymous(const xml::Element& endpoint)
{
    const auto* address = endpoint.child(names::addressing, "Address");
    return address != nullptr && address->trimmed_text() == names::anonymous;
}

/// Headers that are understood and mean nothing here.
bool is_ignored(const xml::Element& element)
{
    constexpr std::array<std::string_view, 5> in_wsman{
        "RequestEPR", "RequestTotalItemsCountEstimate", "RelatesTo", "FaultTo", "From"};
    constexpr std::array<std::string_view, 5> in_microsoft{
        "OperationID", "SequenceId", "ActivityId", "CompressionType", "BufferMode"};
    if (element.ns() == names::wsman || element.ns() == names::addressing) {
        return std::ranges::find(in_wsman, element.name()) != in_wsman.end();
    }
    if (element.ns() == names::microsoft) {
        return std::ranges::find(in_microsoft, element.name()) != in_microsoft.end();
    }
    return element.is(names::eventing, "Identifier");
}

/// Names of each header's reader; what refuses comes after everything was read, so that the answer
/// can name the request.
class HeaderReader
{
public:
    HeaderReader(const xml::Element& header, RequestHeader& into) : header_(header), into_(into) {}

    void read()
    {
        for (const xml::Element& element : header_.children()) {
            const bool known = element.ns() == names::addressing  ? read_addressing(element)
                               : element.ns() == names::wsman     ? read_wsman(element)
                               : element.ns() == names::microsoft ? read_microsoft(element)
                                                                  : false;
            if (!known && !is_ignored(element) && must_understand(element)) {
                into_.not_understood.push_back(
                    fmt::format("{{{}}}{}", element.ns(), element.name()));
            }
        }
    }

    std::optional<Fault> refusal() const;

private:
    bool read_addressing(const xml::Element& element);
    bool read_wsman(const xml::Element& element);
    bool read_microsoft(const xml::Element& element);
    void read_timeout(const xml::Element& element);
    void read_options(const xml::Element& element);
    std::optional<Fault> addressing_refusal() const;
    std::optional<Fault> selector_refusal() const;

    const xml::Element& header_;
    RequestHeader& into_;
    bool fault_to_elsewhere_ = false;
    bool envelope_size_bad_ = false;
    bool data_locale_must_understand_ = false;
    bool fragment_not_mandatory_ = false;
    bool activity_id_too_long_ = false;
};

bool HeaderReader::read_addressing(const xml::Element& element)
{
    if (element.name() == "To") {
        into_.to = element.trimmed_text();
    } else if (element.name() == "Action") {
        into_.action = element.trimmed_text();
    } else if (element.name() == "MessageID") {
        into_.message_id = element.trimmed_text();
    } else if (element.name() == "ReplyTo") {
        into_.has_reply_to = true;
        into_.reply_to_anonymous = is_anonymous(element);
    } else if (element.name() == "FaultTo") {
        fault_to_elsewhere_ = !is_anonymous(element);
    } else {
        return false;
    }
    return true;
}

void HeaderReader::read_timeout(const xml::Element& element)
{
    into_.operation_timeout = duration_from(element.trimmed_text());
    into_.operation_timeout_invalid = !into_.operation_timeout.has_value();
}

void HeaderReader::read_options(const xml::Element& element)
{
    for (const xml::Element& option : element.children()) {
        if (option.is(names::wsman, "Option")) {
            into_.options.emplace_back(option.attribute({}, "Name").value_or(""), option.text());
        }
    }
}

bool HeaderReader::read_wsman(const xml::Element& element)
{
    const std::string_view name = element.name();
    if (name == "ResourceURI") {
        into_.resource_uri = element.trimmed_text();
    } else if (name == "MaxEnvelopeSize") {
        const std::string_view text = element.trimmed_text();
        std::uint64_t size = 0;
        const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), size);
        envelope_size_bad_ = problem != std::errc{} || end != text.data() + text.size();
        into_.max_envelope_size = size;
    } else if (name == "OperationTimeout") {
        read_timeout(element);
    } else if (name == "Locale") {
        into_.locale = element.attribute(names::xml, "lang").value_or("");
        into_.locale_must_understand = must_understand(element);
    } else if (name == "SelectorSet") {
        into_.selectors = read_selectors(element);
    } else if (name == "OptionSet") {
        read_options(element);
    } else if (name == "FragmentTransfer") {
        into_.fragment = element.trimmed_text();
        fragment_not_mandatory_ = !must_understand(element);
    } else {
        return false;
    }
    return true;
}

bool HeaderReader::read_microsoft(const xml::Element& element)
{
    if (element.name() == "DataLocale") {
        into_.data_locale = element.attribute(names::xml, "lang").value_or("");
        data_locale_must_understand_ = must_understand(element);
    } else if (element.name() == "SessionId") {
        into_.session_id = element.trimmed_text();
    } else if (element.name() == "ActivityId") {
        activity_id_too_long_ = element.text().size() > activity_id_bytes_max;
    } else {
        return false;
    }
    return true;
}

std::optional<Fault> HeaderReader::addressing_refusal() const
{
    if (into_.message_id.empty() || into_.message_id.size() > message_id_bytes_max) {
        return make_fault(faults::invalid_header, "MessageID is missing, empty or too long.");
    }
    if (into_.action.empty()) {
        return make_fault(faults::header_required, "The header Action is missing.");
    }
    if (!into_.has_reply_to) {
        return make_fault(faults::header_required, "The header ReplyTo is missing.");
    }
    if (!into_.reply_to_anonymous || fault_to_elsewhere_) {
        return make_fault(faults::addressing_mode);
    }
    if (into_.resource_uri.empty()) {
        return make_fault(faults::bad_resource_uri);
    }
    return {};
}

std::optional<Fault> HeaderReader::selector_refusal() const
{
    for (std::size_t at = 0; at < into_.selectors.size(); ++at) {
        for (std::size_t other = 0; other < at; ++other) {
            if (cim::same_name(into_.selectors[at].name, into_.selectors[other].name)) {
                return make_fault(faults::selectors_duplicate);
            }
        }
    }
    return {};
}

std::optional<Fault> HeaderReader::refusal() const
{
    if (!into_.not_understood.empty()) {
        return must_understand_fault(into_.not_understood);
    }
    if (auto refused = addressing_refusal()) {
        return refused;
    }
    if (into_.locale_must_understand || data_locale_must_understand_) {
        return make_fault(faults::locale_unsupported);
    }
    if (envelope_size_bad_) {
        return make_fault(faults::invalid_header, "MaxEnvelopeSize is no number.");
    }
    if (into_.max_envelope_size && *into_.max_envelope_size < envelope_size_min) {
        return make_fault(faults::envelope_below_minimum);
    }
    if (into_.operation_timeout_invalid) {
        return make_fault(faults::invalid_timeout);
    }
    if (fragment_not_mandatory_ || activity_id_too_long_) {
        return make_fault(faults::invalid_header);
    }
    return selector_refusal();
}

} // namespace

std::optional<Fault> read_request_header(const xml::Element* element, RequestHeader& into)
{
    into.has_reply_to = false;
    into.reply_to_anonymous = false;
    into.locale.clear();
    if (element == nullptr) {
        return make_fault(faults::header_required, "The envelope has no header.");
    }
    HeaderReader reader{*element, into};
    reader.read();
    return reader.refusal();
}

} // namespace watari::wsman
