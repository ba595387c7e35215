#include "vhd/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    watari::vhd::exercise({data, size});
    return 0;
}
