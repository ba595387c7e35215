#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace watari::xml {

/// What a document may be at most. Beyond it, parse() throws invalid (message::xml_too_large /
/// xml_too_deep).
struct Limits {
    std::size_t bytes_max = 64U << 20;
    std::size_t depth_max = 256;
    std::size_t nodes_max = 4'000'000;
};

struct Attribute {
    std::string_view ns; ///< namespace URI; empty when the attribute has no prefix
    std::string_view name;
    std::string_view value;
};

/// A namespace binding made on one element (`xmlns:p="uri"`).
struct Binding {
    std::string_view prefix;
    std::string_view uri;
};

/// One element of a parsed document. All views and pointers live as long as the Document.
class Element
{
public:
    std::string_view ns() const noexcept { return ns_; }
    std::string_view name() const noexcept { return name_; }
    bool is(std::string_view ns, std::string_view name) const noexcept
    {
        return name_ == name && ns_ == ns;
    }
    std::span<const Attribute> attributes() const noexcept { return attributes_; }
    /// Value of the attribute, or nullopt. Pass an empty `ns` for attributes without a prefix.
    std::optional<std::string_view> attribute(std::string_view ns,
                                              std::string_view name) const noexcept;
    /// This element's own character data (text and CDATA joined, children's not included).
    std::string_view text() const noexcept { return text_; }
    /// text() without leading and trailing white space.
    std::string_view trimmed_text() const noexcept;

    const Element* parent() const noexcept { return parent_; }
    const Element* first_child() const noexcept { return first_child_; }
    const Element* next_sibling() const noexcept { return next_; }
    const Element* child(std::string_view ns, std::string_view name) const noexcept;
    /// The next sibling of the same name, for repeated elements.
    const Element* next_same() const noexcept;
    /// The URI that `prefix` means here (for QNames in text); nullopt when unbound.
    std::optional<std::string_view> namespace_of(std::string_view prefix) const noexcept;

    /// Children in order: `for (const Element& child : element.children())`.
    class Children;
    Children children() const noexcept;

private:
    friend class Builder;
    std::string_view ns_;
    std::string_view name_;
    std::string_view text_;
    std::span<const Attribute> attributes_;
    std::span<const Binding> bindings_;
    const Element* parent_ = nullptr;
    const Element* first_child_ = nullptr;
    const Element* next_ = nullptr;
};

class Element::Children
{
public:
    class Iterator
    {
    public:
        explicit Iterator(const Element* at) : at_(at) {}
        const Element& operator*() const noexcept { return *at_; }
        Iterator& operator++() noexcept
        {
            at_ = at_->next_sibling();
            return *this;
        }
        bool operator==(const Iterator&) const = default;

    private:
        const Element* at_;
    };

    explicit Children(const Element* first) : first_(first) {}
    Iterator begin() const noexcept { return Iterator{first_}; }
    Iterator end() const noexcept { return Iterator{nullptr}; }

private:
    const Element* first_;
};

inline Element::Children Element::children() const noexcept
{
    return Children{first_child_};
}

/// A parsed document: one arena, no DTD, no entities but the predefined ones, no network.
class Document
{
public:
    /// UTF-8 or UTF-16 (by BOM or declaration). Throws invalid: message::xml_malformed (line,
    /// column, why), xml_too_large, xml_too_deep, xml_has_dtd.
    static Document parse(std::string_view bytes, const Limits& limits = {});

    Document(Document&&) noexcept;
    Document& operator=(Document&&) noexcept;
    ~Document();

    const Element& root() const noexcept;

private:
    friend class Builder;
    struct Arena;
    explicit Document(std::unique_ptr<Arena> arena);
    std::unique_ptr<Arena> arena_;
};

} // namespace watari::xml
