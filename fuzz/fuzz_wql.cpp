#include "cim/wql.hpp"
#include "core/error.hpp"

#include <cstdint>
#include <cstdlib>

namespace {

watari::cim::Instance sample()
{
    using namespace watari::cim;
    Instance instance{"Msvm_ComputerSystem"};
    instance.set("a", Type::string, "web-01");
    instance.set("b", Type::uint64, std::uint64_t{18446744073709551615U});
    instance.set("c", Type::sint32, -1);
    instance.set("d", Type::datetime, DateTime::interval(std::chrono::minutes{30}));
    instance.set("e", Type::reference, Value{ObjectPath{"root", "A", {{"K", "v"}}}});
    instance.set("f", Type::boolean, true);
    return instance;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    using namespace watari::cim;
    static const Instance instance = sample();
    const std::string_view text{reinterpret_cast<const char*>(data), size};
    try {
        const auto query = wql::parse(text);
        if (const auto* select = std::get_if<wql::Select>(&query)) {
            wql::matches(*select, instance);
            wql::demanded(*select, "a");
        }
    } catch (const watari::Error& error) {
        if (error.code() != "wql_syntax") {
            std::abort();
        }
    }
    const auto query = wql::parse("select * from X where a=" + wql::literal(text.substr(0, 1000)));
    if (wql::demanded(std::get<wql::Select>(query), "a") != text.substr(0, 1000)) {
        std::abort();
    }
    return 0;
}
