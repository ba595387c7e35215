#pragma once

#include "xml/reader.hpp"

#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

struct _xmlDict;
struct _xmlError;
struct _xmlParserCtxt;

namespace watari::xml {

/// Memory of one document: blocks handed out from front to back and freed together, and libxml2's
/// dictionary, in which all names and namespace URIs live once.
struct Document::Arena {
    explicit Arena(std::size_t document_bytes);
    Arena(const Arena&) = delete;
    Arena& operator=(const Arena&) = delete;
    ~Arena();

    void* allocate(std::size_t bytes, std::size_t alignment);
    /// Grows the allocation that ends at `end` in place when it is the last one and there is room.
    bool extend(const char* end, std::size_t bytes) noexcept;

    const Element* root = nullptr;
    _xmlDict* names = nullptr;

    /// Uninitialized memory.
    struct Block {
        std::unique_ptr<std::byte[]> memory;
        std::size_t size = 0;
    };

private:
    void add_block(std::size_t bytes);

    std::vector<Block> blocks_;
    std::byte* next_ = nullptr;
    std::byte* end_ = nullptr;
    std::size_t block_bytes_;
};

/// Receives libxml2's SAX2 callbacks and builds the tree.
class Builder
{
public:
    Builder(Document::Arena& arena, const Limits& limits) : arena_(arena), limits_(limits) {}

    /// `text` is UTF-8, without byte order mark. Throws what Document::parse() throws.
    void build(std::string_view text);

private:
    struct Callbacks;
    struct Frame {
        Element* element;
        Element* last_child = nullptr;
        char* text = nullptr;
        std::size_t size = 0;
        std::size_t capacity = 0;
        std::size_t bindings_in_scope = 0;
    };

    void check_limits(std::size_t binding_count, std::size_t attribute_count);
    void start_element(const unsigned char* name, const unsigned char* uri, int binding_count,
                       const unsigned char** bindings, int attribute_count,
                       const unsigned char** attributes);
    void end_element();
    void append_text(std::string_view text);
    void note_error(const _xmlError& error);
    std::string_view uri_view(const unsigned char* uri);
    std::string_view copy(std::string_view text);
    void stop(std::exception_ptr why) noexcept;
    template <class T>
    std::span<T> allocate(std::size_t count);

    Document::Arena& arena_;
    const Limits& limits_;
    _xmlParserCtxt* context_ = nullptr;
    std::vector<Frame> open_;
    std::size_t nodes_ = 0;
    const unsigned char* uri_last_ = nullptr;
    std::string_view uri_last_view_;
    std::exception_ptr failure_;
};

} // namespace watari::xml
