#include "cim/object_path.hpp"

#include <cstdint>
#include <cstdlib>

/// Whatever is read is printed as text that is read to the same path; texts are read as values
/// without a crash.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using namespace watari::cim;
    const std::string_view text{reinterpret_cast<const char*>(data), size};
    if (const auto path = ObjectPath::parse(text)) {
        const auto again = ObjectPath::parse(path->text());
        if (again != *path || !again->names_same_instance(*path)) {
            std::abort();
        }
    }
    if (const auto value = Value::parse(Type::datetime, text)) {
        const DateTime& datetime = *value->datetime();
        if (DateTime::from_cim(datetime.cim()) != DateTime::from_xs(datetime.xs())) {
            std::abort();
        }
    }
    return 0;
}
