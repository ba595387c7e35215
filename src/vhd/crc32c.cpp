#include "vhd/crc32c.hpp"

namespace watari::vhd {

namespace {

using Tables = std::array<std::array<std::uint32_t, 256>, 8>;

constexpr Tables make_tables()
{
    Tables tables{};
    for (std::uint32_t i = 0; i < 256; ++i) {
        std::uint32_t value = i;
        for (int bit = 0; bit < 8; ++bit) {
            value = (value >> 1) ^ ((value & 1) != 0 ? 0x82F63B78U : 0U);
        }
        tables[0][i] = value;
    }
    for (std::size_t t = 1; t < 8; ++t) {
        for (std::size_t i = 0; i < 256; ++i) {
            const std::uint32_t before = tables[t - 1][i];
            tables[t][i] = (before >> 8) ^ tables[0][before & 0xFF];
        }
    }
    return tables;
}

constexpr Tables tables = make_tables();

} // namespace

std::uint32_t crc32c(ByteView bytes, std::uint32_t before) noexcept
{
    std::uint32_t crc = ~before;
    std::size_t i = 0;
    for (; i + 8 <= bytes.size(); i += 8) {
        const auto low = crc ^ get_little<std::uint32_t>(bytes, i);
        crc = tables[7][low & 0xFF] ^ tables[6][(low >> 8) & 0xFF] ^ tables[5][(low >> 16) & 0xFF] ^
              tables[4][low >> 24] ^ tables[3][bytes[i + 4]] ^ tables[2][bytes[i + 5]] ^
              tables[1][bytes[i + 6]] ^ tables[0][bytes[i + 7]];
    }
    for (; i < bytes.size(); ++i) {
        crc = (crc >> 8) ^ tables[0][(crc ^ bytes[i]) & 0xFF];
    }
    return ~crc;
}

std::uint32_t crc32c_without(ByteView bytes, std::size_t field)
{
    constexpr std::array<std::uint8_t, 4> zeros{};
    const std::uint32_t before = crc32c(bytes.first(field));
    return crc32c(bytes.subspan(field + 4), crc32c(zeros, before));
}

} // namespace watari::vhd
