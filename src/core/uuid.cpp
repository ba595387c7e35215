#include "core/uuid.hpp"

#include <cstring>

namespace watari {

namespace {

void fill(std::array<std::uint8_t, 16>& bytes, std::size_t from, Random& random)
{
    std::uint64_t drawn = 0;
    for (std::size_t i = from; i < bytes.size(); ++i) {
        drawn = (i - from) % sizeof drawn == 0 ? random.next() : drawn >> 8;
        bytes[i] = static_cast<std::uint8_t>(drawn);
    }
}

void stamp(std::array<std::uint8_t, 16>& bytes, int version)
{
    bytes[6] = static_cast<std::uint8_t>((bytes[6] & 0x0F) | (version << 4));
    bytes[8] = static_cast<std::uint8_t>((bytes[8] & 0x3F) | 0x80);
}

int digit(char c) noexcept
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    if (c >= 'A' && c <= 'F') {
        return c - 'A' + 10;
    }
    return -1;
}

std::string print(const Uuid& uuid, const char* digits)
{
    std::string text;
    text.reserve(36);
    for (std::size_t i = 0; i < 16; ++i) {
        if (i == 4 || i == 6 || i == 8 || i == 10) {
            text += '-';
        }
        text += digits[uuid.bytes[i] >> 4];
        text += digits[uuid.bytes[i] & 15];
    }
    return text;
}

} // namespace

Uuid Uuid::random(Random& random)
{
    Uuid uuid;
    fill(uuid.bytes, 0, random);
    stamp(uuid.bytes, 4);
    return uuid;
}

Uuid Uuid::ordered(std::chrono::system_clock::time_point now, Random& random)
{
    const auto millis = static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count());
    Uuid uuid;
    for (std::size_t i = 0; i < 6; ++i) {
        uuid.bytes[i] = static_cast<std::uint8_t>(millis >> (8 * (5 - i)));
    }
    fill(uuid.bytes, 6, random);
    stamp(uuid.bytes, 7);
    return uuid;
}

std::optional<Uuid> Uuid::parse(std::string_view text) noexcept
{
    if (text.size() == 38 && text.front() == '{' && text.back() == '}') {
        text = text.substr(1, 36);
    }
    if (text.size() != 36) {
        return std::nullopt;
    }
    Uuid uuid;
    std::size_t at = 0;
    for (std::size_t i = 0; i < 16; ++i) {
        if (i == 4 || i == 6 || i == 8 || i == 10) {
            if (text[at++] != '-') {
                return std::nullopt;
            }
        }
        const int high = digit(text[at]);
        const int low = digit(text[at + 1]);
        if (high < 0 || low < 0) {
            return std::nullopt;
        }
        uuid.bytes[i] = static_cast<std::uint8_t>(high * 16 + low);
        at += 2;
    }
    return uuid;
}

std::string Uuid::lower() const
{
    return print(*this, "0123456789abcdef");
}

std::string Uuid::upper() const
{
    return print(*this, "0123456789ABCDEF");
}

std::string Uuid::braced() const
{
    return "{" + lower() + "}";
}

} // namespace watari

std::size_t std::hash<watari::Uuid>::operator()(const watari::Uuid& uuid) const noexcept
{
    std::uint64_t halves[2];
    std::memcpy(halves, uuid.bytes.data(), sizeof halves);
    return halves[0] * 0x9E3779B97F4A7C15ULL ^ halves[1];
}
