#pragma once

#include "cim/instance.hpp"
#include "cim/object_path.hpp"
#include "cim/wql.hpp"
#include "core/uuid.hpp"
#include "schema/catalogue.hpp"
#include "sim/engine/host.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace watari::sim {

/// What the asker wants of a class, so that a provider need not build every instance of the host. A
/// provider may ignore it; the repository filters what comes.
class Demand
{
public:
    Demand() = default;
    static Demand of(const cim::wql::Select& select) { return Demand{&select, nullptr}; }
    static Demand of(const cim::ObjectPath& path) { return Demand{nullptr, &path}; }

    /// The text this property must have, when the asker says so.
    std::optional<std::string> text(std::string_view property) const;
    /// The GUID that a demanded InstanceID, Name, SystemName, DeviceID or VirtualSystemIdentifier
    /// starts with (after "Microsoft:").
    std::optional<Uuid> id() const;
    bool is_everything() const noexcept { return select_ == nullptr && path_ == nullptr; }

private:
    Demand(const cim::wql::Select* select, const cim::ObjectPath* path)
        : select_(select), path_(path)
    {
    }
    const cim::wql::Select* select_ = nullptr;
    const cim::ObjectPath* path_ = nullptr;
};

using Sink = std::function<void(cim::Instance)>;

struct MethodCall {
    cim::ObjectPath
        target; ///< as addressed; for singleton services perhaps with CreationClassName only
    std::string method;
    const cim::Instance& input;
    std::string account;
};

/// A method's answer: ReturnValue and output parameters (as properties: references, texts, embedded
/// objects). The repository gives each its declared type.
struct MethodAnswer {
    std::uint32_t return_value = 0;
    cim::Instance output = {};
};

/// One class as a namespace shows it. `produce` gives instances of exactly this class (not of
/// subclasses) with the properties that have a value; the repository adds the others as null, drops
/// those this generation's schema lacks, and gives each its declared type.
struct ClassProvider {
    std::function<void(const Demand&, const Sink&)> produce = {};
    /// By method name. Throwing refuse(number ≤ 65535) becomes ReturnValue; larger numbers
    /// (HRESULT) become a fault.
    std::map<std::string, std::function<MethodAnswer(const MethodCall&)>, std::less<>> methods = {};
    /// WS-Transfer Put where the catalogue accepts it.
    std::function<cim::Instance(const cim::ObjectPath&, const cim::Instance&)> put = {};
    std::function<void(const cim::ObjectPath&)> remove = {};
};

/// A fault a repository answers with; the service turns it into SOAP. Thrown as RepositoryFault by
/// providers and by Repository itself.
enum class FaultKind {
    no_such_class,
    no_such_instance,
    invalid_query,
    invalid_parameters,
    no_such_method,
    schema_violation,
    not_supported,
    provider_failure
};
class RepositoryFault : public std::exception
{
public:
    RepositoryFault(FaultKind kind, std::string text, std::uint32_t number = 0)
        : kind_(kind), text_(std::move(text)), number_(number)
    {
    }
    FaultKind kind() const noexcept { return kind_; }
    std::uint32_t number() const noexcept { return number_; } ///< HRESULT; 0: the kind's own
    const char* what() const noexcept override { return text_.c_str(); }

private:
    FaultKind kind_;
    std::string text_;
    std::uint32_t number_;
};

/// One WMI namespace of a host: the generic half (look-ups, queries, associations, type checks,
/// strictness) over a table of classes that host/v1, host/v2 and host/cimv2 fill.
class Repository
{
public:
    /// `catalogue` outlives it.
    Repository(Host& host, const schema::Catalogue& catalogue);
    ~Repository();

    /// A class of the catalogue without provider is empty. Adding a class this generation's
    /// catalogue lacks does nothing, so a namespace adds all it knows.
    void add(std::string_view class_name, ClassProvider provider);

    /// Instances that stand beside those of the class's provider: templates.
    void add_constant(std::string_view class_name, std::vector<cim::Instance> instances);

    const schema::Catalogue& catalogue() const noexcept { return catalogue_; }
    std::string_view ns() const noexcept { return catalogue_.ns(); }

    /// Instances of the class and its subclasses. Throws RepositoryFault.
    std::vector<cim::Instance> enumerate(std::string_view class_name);
    std::vector<cim::Instance> query(std::string_view wql);
    cim::Instance get(const cim::ObjectPath& path);
    MethodAnswer invoke(const MethodCall& call);
    cim::Instance put(const cim::ObjectPath& path, const cim::Instance& instance);
    void remove(const cim::ObjectPath& path);

    /// A parameter's embedded instance (CIM-XML text), read as strictly as a host does: class and
    /// properties of this generation, types, escaping; what the method ignores is dropped. Throws
    /// refuse(32768 or 32773) or, where a switch says so, RepositoryFault.
    cim::Instance embedded(std::string_view text, std::string_view method) const;

    /// Path with host and namespace, as hosts print it into strings
    /// (`\\HOST\root\virtualization\v2:…`).
    cim::ObjectPath path_of(const cim::Instance& instance) const;
    std::string path_text(const cim::Instance& instance) const;

    /// Instances built since the last call: what host time is charged for.
    std::uint64_t take_instances_built() noexcept { return std::exchange(built_, 0); }

private:
    using Visit = std::function<void(cim::Instance)>;

    const schema::ClassInfo& get_class(std::string_view name) const;
    /// The class and its subclasses.
    const std::vector<const schema::ClassInfo*>& family_of(const std::string& class_name);
    void visit(std::string_view class_name, const Demand& demand, const Visit& visit);
    void complete(cim::Instance& instance, const schema::ClassInfo& info) const;
    std::vector<cim::Instance> select(const cim::wql::Select& select);
    std::vector<cim::Instance> related(const cim::wql::Related& related);
    std::optional<cim::Instance> find(const cim::ObjectPath& path);
    void check_input(const schema::MethodInfo& method, const cim::Instance& input) const;
    void check_put(const schema::ClassInfo& info, const cim::Instance& target,
                   const cim::Instance& given) const;

    Host& host_;
    const schema::Catalogue& catalogue_;
    std::map<std::string, ClassProvider, std::less<>> providers_; ///< by folded name
    std::map<std::string, std::vector<cim::Instance>, std::less<>>
        constants_; ///< by folded class name
    std::map<std::string, std::vector<const schema::ClassInfo*>, std::less<>> families_;
    std::uint64_t built_ = 0;
};

} // namespace watari::sim
