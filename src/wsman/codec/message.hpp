#pragma once

#include "cim/class_declaration.hpp"
#include "cim/instance.hpp"
#include "cim/object_path.hpp"
#include "core/clock.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

/// The messages of WS-Management as Windows speaks it, as values; encode.hpp and decode.hpp turn
/// them into bytes and back, for both ends. Source: wsman.md.
namespace watari::wsman {

/// `http://schemas.microsoft.com/wbem/wsman/1/wmi/root/virtualization/v2/Msvm_ComputerSystem`;
/// class "*" means all classes.
std::string resource_uri(std::string_view ns, std::string_view class_name);

struct ResourceName {
    std::string ns;         ///< "root/virtualization/v2"
    std::string class_name; ///< or "*"
};
/// nullopt: not a WMI resource URI. Of the DMTF form (`…/wscim/1/cim-schema/2/Class`) `ns` is
/// empty: it travels in the selector
/// `__cimnamespace` (wsman.md 2.2).
std::optional<ResourceName> parse_resource_uri(std::string_view uri);

/// The one URI of class metadata; namespace and class travel in the selectors `__cimnamespace` and
/// `ClassName` (wsman.md 7) [C].
std::string class_metadata_uri();
bool is_class_metadata(std::string_view uri) noexcept;

struct Selector {
    std::string name;
    std::variant<std::string, cim::ObjectPath> value; ///< text, or a reference as a nested EPR
};

/// SOAP headers of a request. On decode, what was not sent is empty.
struct RequestHeader {
    std::string to;
    std::string resource_uri; ///< empty for Identify
    std::string action;
    std::string message_id; ///< "uuid:…"
    bool has_reply_to = true;
    bool reply_to_anonymous = true;
    std::optional<std::uint64_t> max_envelope_size;
    std::optional<std::chrono::milliseconds> operation_timeout;
    bool operation_timeout_invalid = false; ///< negative or unparsable (V19)
    std::string locale = "en-US";
    bool locale_must_understand = false; ///< V17
    std::string data_locale;
    std::string session_id;
    std::vector<Selector> selectors;
    std::vector<std::pair<std::string, std::string>> options;
    std::string fragment; ///< text of w:FragmentTransfer: a property's name (3.3, UNVERIFIED)
    std::vector<std::string>
        not_understood; ///< "{ns}name" of unknown headers with mustUnderstand (V21)
};

struct Identify {
};
struct Get {
};
struct Put {
    cim::Instance instance;
};
struct Create {
    cim::Instance instance;
};
struct Delete {
};

enum class EnumerationMode { objects, references, objects_and_references };

struct Filter {
    std::string dialect;
    /// The query. Of the association dialect: the equal `ASSOCIATORS OF` or `REFERENCES OF` query.
    /// Of dialects we do not know: the text as it came.
    std::string text;
    std::vector<Selector> selectors = {}; ///< of the selector dialect, in place of text
};

struct Enumerate {
    bool optimize = false;
    std::optional<std::uint32_t> max_elements;
    EnumerationMode mode = EnumerationMode::objects;
    std::optional<Filter> filter;
};
struct Pull {
    std::string context;
    std::optional<std::uint32_t> max_elements;
};
struct Release {
    std::string context;
};
/// `input` holds the parameters as properties: references as Type::reference, embedded instances as
/// their CIM-XML text.
struct Invoke {
    std::string method;
    cim::Instance input;
    bool has_wrapped_reference = false; ///< decode: an EPR came inside a:EndpointReference (V40)
    bool has_element_tree_parameter = false; ///< decode: a string parameter came as elements (V38)
};

/// WS-Eventing; hosts of Stack 3.0 offer it for WMI, UNVERIFIED by a recording (wsman.md 6).
struct Subscribe {
    std::string mode; ///< URI of the delivery mode
    std::optional<Filter> filter = {};
    std::optional<std::chrono::milliseconds> heartbeats = {};
    std::optional<std::chrono::milliseconds> expires = {};
};
/// `identifier` is a SOAP header on the wire.
struct Unsubscribe {
    std::string identifier;
};
struct Renew {
    std::string identifier;
    std::optional<std::chrono::milliseconds> expires = {};
};

using RequestBody = std::variant<Identify, Get, Put, Create, Delete, Enumerate, Pull, Release,
                                 Invoke, Subscribe, Unsubscribe, Renew>;

struct Request {
    RequestHeader header;
    RequestBody body;
};

struct IdentifyResponse {
    std::string protocol_version;
    std::string product_vendor;
    std::string product_version; ///< "OS: 6.3.9600 SP: 0.0 Stack: 3.0"
    std::vector<std::string> security_profiles;
};
struct InstanceResponse { ///< Get, Put
    std::optional<cim::Instance> instance;
};
struct ReferenceResponse { ///< Create
    cim::ObjectPath path;
};
struct EmptyResponse {
}; ///< Delete, Release, Unsubscribe
using SharedClass = std::shared_ptr<const cim::ClassDeclaration>;
struct ClassResponse { ///< Get of class metadata; never null
    SharedClass declaration;
};
struct Item {
    std::optional<cim::Instance> instance;
    std::optional<cim::ObjectPath> path;
    SharedClass declaration = {}; ///< of class metadata
};
/// EnumerateResponse and PullResponse.
struct ItemsResponse {
    bool is_pull = false;
    bool has_items = false; ///< false: a plain EnumerateResponse with a context only
    std::string context;    ///< empty when the sequence ended
    std::vector<Item> items;
    bool end_of_sequence = false;
};
struct InvokeResponse {
    std::string method;
    cim::Instance output;
};

struct SubscribeResponse {
    std::string manager; ///< address of the subscription manager
    std::string identifier;
    std::optional<std::chrono::milliseconds> expires = {};
    std::string context; ///< to pull events with
};

/// A SOAP fault with what Windows adds; wsman.md 8. Numbers are unsigned as on the wire.
struct Fault {
    bool is_sender = true;
    std::string subcode; ///< "wsman:InvalidSelectors": canonical prefix by namespace (wsa, wsman,
                         ///< wsen, wse, wxf), empty for s:MustUnderstand
    bool must_understand = false;
    std::string reason;         ///< in the host's language
    std::string detail_uri;     ///< last part of the faultDetail URI: "UnexpectedSelectors"
    std::uint32_t code = 0;     ///< WSManFault Code or MSFT_WmiError error_Code; 0: none
    std::uint32_t wmi_code = 0; ///< HRESULT of the provider, when one was given
    std::uint32_t cim_status = 0;
    std::string message; ///< innermost text
    std::string machine;
    bool as_wmi_error = false; ///< encode: MSFT_WmiError in place of WSManFault
    std::vector<std::string> not_understood;
};

using ResponseBody =
    std::variant<IdentifyResponse, InstanceResponse, ReferenceResponse, EmptyResponse,
                 ItemsResponse, InvokeResponse, Fault, ClassResponse, SubscribeResponse>;

struct Response {
    std::string action;
    std::string message_id;
    std::string relates_to;
    ResponseBody body;
};

} // namespace watari::wsman
