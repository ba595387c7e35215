#include "core/error.hpp"
#include "xml/reader.hpp"
#include "xml/writer.hpp"

#include <cstdint>
#include <cstdlib>

namespace {

void copy(const watari::xml::Element& element, watari::xml::Writer& writer)
{
    writer.open("e").attribute("n", element.name()).attribute("u", element.ns());
    for (const auto& attribute : element.attributes()) {
        writer.empty_element("a").raw("").text(attribute.value);
    }
    writer.text(element.text());
    for (const auto& child : element.children()) {
        copy(child, writer);
    }
    writer.close();
}

} // namespace

/// Whatever is read can be written again as a document that is read.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view bytes{reinterpret_cast<const char*>(data), size};
    std::string copied;
    try {
        const auto document = watari::xml::Document::parse(bytes);
        watari::xml::Writer writer;
        copy(document.root(), writer);
        copied = writer.take();
    } catch (const watari::Error& error) {
        if (error.kind() != watari::ErrorKind::invalid) {
            std::abort();
        }
        return 0;
    }
    watari::xml::Document::parse(copied, {.depth_max = 257, .nodes_max = 16'000'000});
    return 0;
}
