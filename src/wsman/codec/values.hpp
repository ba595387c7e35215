#pragma once

#include "cim/instance.hpp"
#include "cim/object_path.hpp"
#include "wsman/codec/message.hpp"
#include "wsman/codec/wire_form.hpp"
#include "xml/reader.hpp"
#include "xml/writer.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Properties, references and embedded objects as elements: what requests, answers, Put and Invoke
/// have in common. For the codec's own files.
namespace watari::wsman {

/// Throws invalid: message::wsman_bad_answer. On the server's side the decoder turns it into a
/// SchemaValidationError.
[[noreturn]] void fail_decoding(std::string why);

/// Declared types, asked for once per class and property of one document. Windows gives the
/// properties of every item in the same order, so the next answer is nearly always the next entry.
class TypeCache
{
public:
    explicit TypeCache(const cim::TypeSource& source) : source_(source) {}

    class OfClass
    {
    public:
        struct Entry {
            std::string_view name;
            std::optional<cim::PropertyType> type;
            std::size_t same = 0;     ///< place of the first entry whose name is equal but for case
            std::uint64_t object = 0; ///< that last had a property of this name
        };

        /// `name` must live as long as the cache. Gives the entry's place.
        std::size_t find(std::string_view name);
        const Entry& entry(std::size_t place) const noexcept { return entries_[place]; }
        /// Notes that `object` has a property of this name; false when it had one already.
        bool first_of(std::size_t place, std::uint64_t object) noexcept
        {
            return std::exchange(entries_[entries_[place].same].object, object) != object;
        }

    private:
        friend class TypeCache;

        const cim::TypeSource* source_ = nullptr;
        std::string_view class_name_;
        std::string_view method_; ///< when these are parameters
        std::vector<Entry> entries_;
        std::size_t next_ = 0;
    };

    /// Names must live as long as the cache.
    OfClass& properties_of(std::string_view class_name) { return find(class_name, {}); }
    OfClass& parameters_of(std::string_view class_name, std::string_view method)
    {
        return find(class_name, method);
    }

private:
    OfClass& find(std::string_view class_name, std::string_view method);

    const cim::TypeSource& source_;
    std::deque<OfClass> classes_; ///< stays put while nested objects add classes
    OfClass* last_ = nullptr;
};

enum class Sender { client, host };

/// Reads elements into properties; one per document.
class ValueReader
{
public:
    /// What a client sends is held to the declared types; what a host answers is read as far as it
    /// can be.
    ValueReader(const cim::TypeSource& types, Sender sender, std::string_view projected_class = {})
        : types_(types), sender_(sender), projected_class_(projected_class)
    {
    }

    /// An element named after its class, or w:XmlFragment (then of the projected class).
    cim::Instance instance(const xml::Element& element);
    /// The children of an _INPUT or _OUTPUT element.
    cim::Instance parameters(const xml::Element& element, std::string_view class_name,
                             std::string_view method);

    bool saw_wrapped_reference() const noexcept { return saw_wrapped_reference_; }
    bool saw_element_tree() const noexcept { return saw_element_tree_; }

private:
    void properties(const xml::Element& parent, TypeCache::OfClass& types, cim::Instance& into);
    /// Reads `element` and the like-named ones that follow it, and moves on to the next.
    void property(const xml::Element*& element, const std::optional<cim::PropertyType>& declared,
                  cim::Instance& into);
    cim::Value value(const xml::Element& element, const std::optional<cim::PropertyType>& declared,
                     cim::Type& type);
    cim::Value structured(const xml::Element& element,
                          const std::optional<cim::PropertyType>& declared, cim::Type& type);
    cim::Value plain(const xml::Element& element, cim::Type type) const;
    cim::Instance embedded(const xml::Element& element);

    TypeCache types_;
    Sender sender_;
    std::string_view projected_class_;
    std::uint64_t objects_ = 0; ///< begun
    bool saw_wrapped_reference_ = false;
    bool saw_element_tree_ = false;
};

bool is_nil(const xml::Element& element) noexcept;
/// Whether the XML boolean attribute `s:mustUnderstand` and its like is true.
bool is_true(std::string_view text) noexcept;

/// The reference whose a:ReferenceParameters is a child of `element`; nullopt when there is none or
/// its URI is no WMI URI.
std::optional<cim::ObjectPath> read_reference(const xml::Element& element);
std::vector<Selector> read_selectors(const xml::Element& selector_set);

/// Children of an EPR; `a` and `w` must be bound. `ns` stands in where the path has no namespace.
void write_reference(xml::Writer& out, const cim::ObjectPath& path, std::string_view ns,
                     const WireForm& form = {});
/// <w:SelectorSet>; nothing when empty.
void write_selectors(xml::Writer& out, const std::vector<Selector>& selectors, std::string_view ns);

struct WriteContext {
    std::string_view prefix;        ///< "p:" or empty
    std::string_view ns;            ///< CIM namespace of references and objects without one
    bool embedded_as_cdata = false; ///< requests: CIM-XML text goes out as CDATA
    WireForm form = {};
};
void write_property(xml::Writer& out, const cim::Property& property, const WriteContext& context);
/// In alphabetical order without regard to case, null arrays left out, as hosts print (3.1) [R].
void write_properties_sorted(xml::Writer& out, const cim::Instance& instance,
                             const WriteContext& context);
/// The element of an instance in the namespace `class_uri`; w:XmlFragment when it has no class
/// name.
void write_instance(xml::Writer& out, const cim::Instance& instance, std::string_view ns,
                    std::string_view class_uri, const WireForm& form = {});

} // namespace watari::wsman
