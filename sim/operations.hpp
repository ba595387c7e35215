#pragma once

#include "sim/enumerations.hpp"
#include "sim/repository.hpp"
#include "sim/service.hpp"
#include "wsman/codec/codec.hpp"

#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace watari::sim {

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
    std::string encode(const wsman::Request& request, wsman::ResponseBody body);
    wsman::ResponseBody identify(bool authenticated) const;

    Repository* find_namespace(std::string_view ns) noexcept;
    const cim::TypeSource& types_of(std::string_view ns) noexcept;
    std::uint64_t take_instances_built();
    /// A restart of the service: open enumerations are gone.
    void forget() { enumerations_.clear(); }
    std::size_t envelope_bytes_max() const noexcept { return envelope_max_; }

private:
    Repository& addressed_namespace(const wsman::ResourceName& resource);
    cim::ObjectPath target(const wsman::Request& request, const wsman::ResourceName& resource,
                           const Repository& repository) const;
    wsman::ResponseBody act(const wsman::Request& request, const std::string& account);
    wsman::ResponseBody invoke(const wsman::Request& request, const wsman::Invoke& call,
                               Repository& repository, const wsman::ResourceName& resource,
                               const std::string& account);
    wsman::ResponseBody enumerate(const wsman::Request& request, const wsman::Enumerate& wanted,
                                  const std::string& account);
    std::vector<cim::Instance> instances(const wsman::Enumerate& wanted, Repository& repository,
                                         const wsman::ResourceName& resource);
    wsman::ResponseBody pull(const wsman::Pull& wanted);
    wsman::ItemsResponse take(Enumeration& enumeration, std::size_t count);
    std::string print(const wsman::Request& request, wsman::Response& response,
                      wsman::ResponseBody body) const;
    std::string encode_batch(const wsman::Request& request, wsman::Response& response,
                             wsman::ItemsResponse part, std::size_t limit);

    Host& host_;
    Random& random_;
    const ServiceOptions& options_;
    std::size_t envelope_max_;
    std::size_t operations_max_;
    Enumerations enumerations_;
    std::map<std::string, std::unique_ptr<Repository>, std::less<>> namespaces_; ///< by folded name
};

} // namespace watari::sim
