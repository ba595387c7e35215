#pragma once

#include "sim/enumerations.hpp"
#include "sim/metadata.hpp"
#include "sim/repository.hpp"
#include "sim/requests_at_work.hpp"
#include "sim/service.hpp"
#include "sim/subscriptions.hpp"
#include "wsman/codec/codec.hpp"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace watari::sim {

/// An answer as bytes.
struct Printed {
    std::string bytes;
    bool is_fault = false;
};

/// The WS-Management operations of one host, without HTTP: a request's values in, an answer's
/// values out.
class Operations
{
public:
    Operations(Host& host, Random& random, const ServiceOptions& options, Clock& wire);

    /// Never throws for what a client can cause: faults are answers.
    wsman::ResponseBody execute(const wsman::Request& request, const std::string& account);
    /// The answer as bytes, within the client's envelope: splits batches; EncodingLimit when one
    /// instance does not fit.
    Printed encode(const wsman::Request& request, wsman::ResponseBody body);
    wsman::ResponseBody identify(bool authenticated) const;

    Repository* find_namespace(std::string_view ns) noexcept;
    const cim::TypeSource& types_of(std::string_view ns) noexcept;
    std::uint64_t take_instances_built();
    /// A restart of the service: open enumerations and subscriptions are gone.
    void forget()
    {
        enumerations_.clear();
        subscriptions_.clear();
    }
    /// How long to wait before asking again, when it is a Pull of events and there are none yet.
    std::optional<std::chrono::milliseconds> event_pause(const wsman::Request& request,
                                                         const std::string& account);
    const ServiceQuotas& quotas() const noexcept { return quotas_; }
    RequestsAtWork& at_work() noexcept { return at_work_; }

private:
    Repository& addressed_namespace(const wsman::ResourceName& resource);
    cim::ObjectPath target(const wsman::Request& request, const wsman::ResourceName& resource,
                           const Repository& repository) const;
    std::optional<wsman::Fault> beyond_quota(const wsman::RequestBody& body,
                                             const std::string& account);
    wsman::ResponseBody act(const wsman::Request& request, const std::string& account);
    wsman::ResponseBody invoke(const wsman::Request& request, const wsman::Invoke& call,
                               Repository& repository, const wsman::ResourceName& resource,
                               const std::string& account);
    wsman::ResponseBody enumerate(const wsman::Request& request, const wsman::Enumerate& wanted,
                                  const std::string& account);
    std::vector<cim::Instance> instances(const wsman::Enumerate& wanted, Repository& repository,
                                         const wsman::ResourceName& resource);
    wsman::ResponseBody pull(const wsman::Pull& wanted, const std::string& account);
    wsman::ItemsResponse take(Enumeration& enumeration, std::size_t count);
    wsman::ResponseBody begin_enumeration(Enumeration enumeration, const wsman::Enumerate& wanted);
    wsman::ResponseBody metadata(const wsman::Request& request, const std::string& account);
    const DeclarationsByName* declarations_of(std::string_view ns) const;
    wsman::ResponseBody subscribe(const wsman::Request& request, const wsman::Subscribe& wanted,
                                  const std::string& account);
    wsman::ResponseBody unsubscribe(const wsman::Unsubscribe& wanted, const std::string& account);
    wsman::ResponseBody pull_events(Subscription& subscription, const wsman::Pull& wanted);
    std::string print(const wsman::Request& request, wsman::Response& response,
                      wsman::ResponseBody body) const;
    Printed encode_batch(const wsman::Request& request, wsman::Response& response,
                         wsman::ItemsResponse part, std::size_t limit);

    Host& host_;
    Random& random_;
    const ServiceOptions& options_;
    ServiceQuotas quotas_;
    RequestsAtWork at_work_;
    Enumerations enumerations_;
    Clock& wire_;
    Subscriptions subscriptions_;
    std::map<std::string, std::unique_ptr<Repository>, std::less<>> namespaces_; ///< by folded name
};

} // namespace watari::sim
