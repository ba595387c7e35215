#pragma once

#include "cim/instance.hpp"
#include "cim/object_path.hpp"
#include "cim/wql.hpp"
#include "schema/catalogue.hpp"
#include "sim/demand.hpp"
#include "sim/engine/host.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace watari::sim {

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
    /// How many instances an enumeration of the class gives. A provider that has it may narrow what
    /// it produces for LIKE too; the host is still charged for all.
    std::function<std::uint64_t()> count = {};
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

    /// Templates, which stand beside the instances of the class's provider; their ids name no VM.
    void add_constant(std::string_view class_name, const std::vector<cim::Instance>& instances);

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
    /// A class as this namespace fills it.
    struct Entry {
        const schema::ClassInfo* info = nullptr;
        ClassProvider provider = {};
        std::vector<cim::Instance> constants = {};
        /// Where each property stands in the class, by its exact name.
        std::unordered_map<std::string_view, std::size_t> places = {};
    };
    using Wants = std::function<bool(const cim::Instance&)>;
    using Take = std::function<void(cim::Instance)>;

    const schema::ClassInfo& get_class(std::string_view name) const;
    Entry& entry_of(const schema::ClassInfo& info);
    const ClassProvider& provider_of(const cim::Instance& instance) const;
    /// The class and its subclasses, those that have instances.
    const std::vector<const Entry*>& family_of(const schema::ClassInfo& info);
    /// Gives `take` the wanted instances, complete; `wants` sees them as their provider made them.
    void visit(const schema::ClassInfo& info, const Demand& demand, const Wants& wants,
               const Take& take);
    void produce(const Entry& entry, const Demand& demand, const Sink& sink);
    static cim::Instance completed(const cim::Instance& instance, const Entry& entry);
    std::vector<cim::Instance> select(const cim::wql::Select& select);
    std::vector<cim::Instance> related(const cim::wql::Related& related);
    std::optional<cim::Instance> find(const cim::ObjectPath& path);
    /// Throw RepositoryFault: schema_violation.
    static void check_value(const cim::Property& given, cim::Type type, bool is_array);
    static void check_input(const schema::MethodInfo& method, const cim::Instance& input);
    void check_put(const schema::ClassInfo& info, const cim::Instance& target,
                   const cim::Instance& given) const;

    Host& host_;
    const schema::Catalogue& catalogue_;
    std::map<const schema::ClassInfo*, Entry> entries_;
    std::map<const schema::ClassInfo*, std::vector<const Entry*>> families_;
    std::uint64_t built_ = 0;
};

} // namespace watari::sim
