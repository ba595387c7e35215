#include "cim/cim_xml.hpp"
#include "core/error.hpp"

#include <cstdint>
#include <cstdlib>

/// Whatever is read is written as text that is read to the same text, in both modes.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using namespace watari::cim;
    const std::string_view text{reinterpret_cast<const char*>(data), size};
    for (const auto reading : {CimXmlReading::lenient, CimXmlReading::strict_values}) {
        std::string written;
        try {
            written = to_cim_xml_with_nulls(from_cim_xml(text, reading));
        } catch (const watari::Error& error) {
            if (error.kind() != watari::ErrorKind::invalid) {
                std::abort();
            }
            continue;
        }
        if (to_cim_xml_with_nulls(from_cim_xml(written, CimXmlReading::strict_values)) != written) {
            std::abort();
        }
    }
    return 0;
}
