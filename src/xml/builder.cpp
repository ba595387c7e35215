#include "xml/builder.hpp"

#include "core/error.hpp"
#include "messages/xml.hpp"

#include <algorithm>
#include <cstring>
#include <new>
#include <string>

#include <libxml/parser.h>
#include <libxml/parserInternals.h>

namespace watari::xml {

namespace {

constexpr std::size_t small_block_min = 4U << 10;
constexpr std::size_t small_block_max = 64U << 10;
constexpr std::size_t large_block = 256U << 10;
/// Large blocks a thread keeps for its next document: fresh memory costs a page fault for every 4
/// KiB, together more than parsing into it.
#if __has_feature(address_sanitizer)
constexpr std::size_t kept_blocks_max = 0; // so that a use after free is seen
#else
constexpr std::size_t kept_blocks_max = 16;
#endif
constexpr std::size_t why_bytes_max = 200;
/// libxml2 looks both up one by one; real messages have fewer than 20.
constexpr std::size_t attributes_max = 256;
constexpr std::size_t bindings_max = 256;

std::string_view view(const xmlChar* text)
{
    return text == nullptr ? std::string_view{}
                           : std::string_view{reinterpret_cast<const char*>(text)};
}

/// libxml2's words on one line, without what could not be shown anywhere.
std::string words(const char* text)
{
    std::string why = text == nullptr ? "unknown" : text;
    while (!why.empty() && (why.back() == '\n' || why.back() == ' ')) {
        why.pop_back();
    }
    why.resize(std::min(why.size(), why_bytes_max));
    std::ranges::replace_if(why, [](char c) { return c < 0x20 || c > 0x7E; }, '?');
    return why;
}

Error malformed(int line, int column, std::string why)
{
    return Error{ErrorKind::invalid, message::xml_malformed{.column = std::to_string(column),
                                                            .line = std::to_string(line),
                                                            .why = std::move(why)}};
}

[[noreturn]] void fail_too_many(const char* what, std::size_t limit)
{
    throw Error{ErrorKind::invalid,
                message::xml_too_large{.limit = std::to_string(limit), .what = what}};
}

thread_local std::vector<std::unique_ptr<std::byte[]>> kept_blocks = [] {
    std::vector<std::unique_ptr<std::byte[]>> blocks;
    blocks.reserve(kept_blocks_max); // so that keeping one never allocates
    return blocks;
}();

struct FreeContext {
    void operator()(xmlParserCtxt* context) const noexcept { xmlFreeParserCtxt(context); }
};

} // namespace

Document::Arena::Arena(std::size_t document_bytes)
    : block_bytes_(document_bytes * 2 > small_block_max
                       ? large_block
                       : std::max(document_bytes * 2, small_block_min))
{
}

Document::Arena::~Arena()
{
    for (Block& block : blocks_) {
        if (block.size == large_block && kept_blocks.size() < kept_blocks_max) {
            kept_blocks.push_back(std::move(block.memory));
        }
    }
    if (names != nullptr) {
        xmlDictFree(names);
    }
}

void Document::Arena::add_block(std::size_t bytes)
{
    Block block{.size = std::max(block_bytes_, bytes)};
    if (block.size == large_block && !kept_blocks.empty()) {
        block.memory = std::move(kept_blocks.back());
        kept_blocks.pop_back();
    } else {
        block.memory = std::make_unique_for_overwrite<std::byte[]>(block.size);
    }
    next_ = block.memory.get(); // new[] of bytes is aligned for every fundamental type
    end_ = next_ + block.size;
    blocks_.push_back(std::move(block));
}

void* Document::Arena::allocate(std::size_t bytes, std::size_t alignment)
{
    const auto misaligned = reinterpret_cast<std::uintptr_t>(next_) % alignment;
    std::size_t padding = misaligned == 0 ? 0 : alignment - misaligned;
    if (static_cast<std::size_t>(end_ - next_) < bytes + padding) {
        add_block(bytes);
        padding = 0;
    }
    std::byte* const at = next_ + padding;
    next_ = at + bytes;
    return at;
}

bool Document::Arena::extend(const char* end, std::size_t bytes) noexcept
{
    if (reinterpret_cast<const std::byte*>(end) != next_ ||
        static_cast<std::size_t>(end_ - next_) < bytes) {
        return false;
    }
    next_ += bytes;
    return true;
}

template <class T>
std::span<T> Builder::allocate(std::size_t count)
{
    T* const first = static_cast<T*>(arena_.allocate(count * sizeof(T), alignof(T)));
    return {first, count};
}

std::string_view Builder::copy(std::string_view text)
{
    if (text.empty()) {
        return {};
    }
    const auto to = allocate<char>(text.size());
    std::memcpy(to.data(), text.data(), text.size());
    return {to.data(), to.size()};
}

std::string_view Builder::uri_view(const unsigned char* uri)
{
    if (uri != uri_last_) {
        uri_last_ = uri;
        uri_last_view_ = view(uri);
    }
    return uri_last_view_;
}

void Builder::check_limits(std::size_t binding_count, std::size_t attribute_count)
{
    nodes_ += 1 + binding_count + attribute_count;
    const std::size_t outside = open_.empty() ? 0 : open_.back().bindings_in_scope;
    if (open_.size() >= limits_.depth_max) {
        throw Error{ErrorKind::invalid,
                    message::xml_too_deep{.limit = std::to_string(limits_.depth_max)}};
    }
    if (nodes_ > limits_.nodes_max) {
        fail_too_many("number of nodes", limits_.nodes_max);
    }
    if (attribute_count > attributes_max) {
        fail_too_many("number of attributes of one element", attributes_max);
    }
    if (outside + binding_count > bindings_max) {
        fail_too_many("number of namespaces in scope", bindings_max);
    }
}

void Builder::start_element(const unsigned char* name, const unsigned char* uri, int binding_count,
                            const unsigned char** bindings, int attribute_count,
                            const unsigned char** attributes)
{
    check_limits(static_cast<std::size_t>(binding_count),
                 static_cast<std::size_t>(attribute_count));
    auto* const element = new (arena_.allocate(sizeof(Element), alignof(Element))) Element;
    element->name_ = view(name);
    element->ns_ = uri_view(uri);
    if (binding_count > 0) {
        const auto copies = allocate<Binding>(static_cast<std::size_t>(binding_count));
        for (std::size_t i = 0; i < copies.size(); ++i) {
            new (&copies[i])
                Binding{.prefix = view(bindings[2 * i]), .uri = view(bindings[2 * i + 1])};
        }
        element->bindings_ = copies;
    }
    if (attribute_count > 0) {
        const auto copies = allocate<Attribute>(static_cast<std::size_t>(attribute_count));
        for (std::size_t i = 0; i < copies.size(); ++i) {
            const xmlChar** const a = attributes + 5 * i; // name, prefix, URI, value, its end
            const auto value = std::string_view{reinterpret_cast<const char*>(a[3]),
                                                static_cast<std::size_t>(a[4] - a[3])};
            new (&copies[i]) Attribute{.ns = view(a[2]), .name = view(a[0]), .value = copy(value)};
        }
        element->attributes_ = copies;
    }
    Frame frame{.element = element, .bindings_in_scope = static_cast<std::size_t>(binding_count)};
    if (open_.empty()) {
        arena_.root = element;
    } else {
        Frame& parent = open_.back();
        frame.bindings_in_scope += parent.bindings_in_scope;
        element->parent_ = parent.element;
        (parent.last_child == nullptr ? parent.element->first_child_ : parent.last_child->next_) =
            element;
        parent.last_child = element;
    }
    open_.push_back(frame);
}

void Builder::end_element()
{
    const Frame& frame = open_.back();
    frame.element->text_ = {frame.text, frame.size};
    open_.pop_back();
}

/// Text comes in pieces (a reference is one by itself, children stand between others). Pieces
/// extend the last allocation in place; where that fails the room doubles, so the cost stays
/// linear.
void Builder::append_text(std::string_view text)
{
    if (text.empty()) { // an empty CDATA section
        return;
    }
    Frame& frame = open_.back();
    if (frame.size + text.size() > frame.capacity) {
        const std::size_t missing = frame.size + text.size() - frame.capacity;
        if (frame.text != nullptr && arena_.extend(frame.text + frame.capacity, missing)) {
            frame.capacity += missing;
        } else {
            const std::size_t capacity =
                frame.text == nullptr ? text.size() : (frame.size + text.size()) * 2;
            const auto room = allocate<char>(capacity);
            if (frame.size != 0) {
                std::memcpy(room.data(), frame.text, frame.size);
            }
            frame.text = room.data();
            frame.capacity = capacity;
        }
    }
    std::memcpy(frame.text + frame.size, text.data(), text.size());
    frame.size += text.size();
}

void Builder::note_error(const xmlError& error)
{
    const bool only_odd = error.level < XML_ERR_ERROR || error.code == XML_WAR_NS_URI;
    if (!only_odd && !failure_) {
        stop(std::make_exception_ptr(malformed(error.line, error.int2, words(error.message))));
    }
}

void Builder::stop(std::exception_ptr why) noexcept
{
    if (!failure_) {
        failure_ = std::move(why);
    }
    xmlStopParser(context_);
}

/// C functions for libxml2: no exception leaves them.
struct Builder::Callbacks {
    static Builder& builder(void* self) { return *static_cast<Builder*>(self); }

    template <class Action>
    static void guarded(void* self, Action action) noexcept
    {
        Builder& to = builder(self);
        if (to.failure_) {
            return;
        }
        try {
            action(to);
        } catch (...) {
            to.stop(std::current_exception());
        }
    }

    static void start_element(void* self, const xmlChar* name, const xmlChar*, const xmlChar* uri,
                              int binding_count, const xmlChar** bindings, int attribute_count, int,
                              const xmlChar** attributes)
    {
        guarded(self, [&](Builder& to) {
            to.start_element(name, uri, binding_count, bindings, attribute_count, attributes);
        });
    }
    static void end_element(void* self, const xmlChar*, const xmlChar*, const xmlChar*)
    {
        guarded(self, [](Builder& to) { to.end_element(); });
    }
    static void characters(void* self, const xmlChar* text, int size)
    {
        guarded(self, [&](Builder& to) {
            to.append_text({reinterpret_cast<const char*>(text), static_cast<std::size_t>(size)});
        });
    }
    static void document_type(void* self, const xmlChar*, const xmlChar*, const xmlChar*)
    {
        guarded(self, [](Builder&) { throw Error{ErrorKind::invalid, message::xml_has_dtd{}}; });
    }
    static void error(void* self, xmlError* error)
    {
        guarded(self, [&](Builder& to) { to.note_error(*error); });
    }
    static void nothing(void*, const char*, ...) {}
};

void Builder::build(std::string_view text)
{
    static const bool initialized = (xmlInitParser(), true);
    static_cast<void>(initialized);

    const std::unique_ptr<xmlParserCtxt, FreeContext> context{
        xmlCreateMemoryParserCtxt(text.data(), static_cast<int>(text.size()))};
    if (!context) {
        throw std::bad_alloc{};
    }
    context_ = context.get();
    xmlSAXHandler& sax = *context->sax;
    sax = {};
    sax.initialized = XML_SAX2_MAGIC;
    sax.startElementNs = Callbacks::start_element;
    sax.endElementNs = Callbacks::end_element;
    sax.characters = Callbacks::characters;
    sax.ignorableWhitespace = Callbacks::characters;
    sax.cdataBlock = Callbacks::characters;
    sax.internalSubset = Callbacks::document_type;
    sax.serror = Callbacks::error;
    sax.error = Callbacks::nothing;
    sax.warning = Callbacks::nothing;
    context->userData = this;
    // NOENT: without it `&amp;` in an attribute arrives as `&#38;`; there are no entities to
    // expand, as there is no DTD. HUGE: our limits hold instead of the built-in ones. IGNORE_ENC:
    // the text is UTF-8 by now, whatever it declares.
    xmlCtxtUseOptions(context_,
                      XML_PARSE_NONET | XML_PARSE_NOENT | XML_PARSE_HUGE | XML_PARSE_IGNORE_ENC);
    // Names and URIs handed to the callbacks are in this dictionary; it lives as long as the
    // document.
    arena_.names = context->dict;
    xmlDictReference(arena_.names);

    xmlParseDocument(context_);
    if (failure_) {
        std::rethrow_exception(failure_);
    }
    if (context->wellFormed == 0 || arena_.root == nullptr || !open_.empty()) {
        throw malformed(context->lastError.line, context->lastError.int2,
                        "the document ends early");
    }
}

} // namespace watari::xml
