#include "core/random.hpp"

#include <sys/random.h>

#include <array>
#include <cerrno>
#include <system_error>

namespace watari {

namespace {

std::uint64_t splitmix(std::uint64_t& state)
{
    std::uint64_t z = (state += 0x9E3779B97F4A7C15ULL);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31);
}

std::uint64_t rotate_left(std::uint64_t value, int bits)
{
    return (value << bits) | (value >> (64 - bits));
}

class Xoshiro final : public Random
{
public:
    explicit Xoshiro(std::uint64_t seed)
    {
        for (auto& word : state_) {
            word = splitmix(seed);
        }
    }

    std::uint64_t next() override
    {
        const std::uint64_t result = rotate_left(state_[1] * 5, 7) * 9;
        const std::uint64_t t = state_[1] << 17;
        state_[2] ^= state_[0];
        state_[3] ^= state_[1];
        state_[1] ^= state_[2];
        state_[0] ^= state_[3];
        state_[2] ^= t;
        state_[3] = rotate_left(state_[3], 45);
        return result;
    }

private:
    std::array<std::uint64_t, 4> state_{};
};

class SystemRandom final : public Random
{
public:
    std::uint64_t next() override
    {
        std::uint64_t value = 0;
        // Up to 256 bytes come whole once the system has started; only a signal can end it early.
        while (::getrandom(&value, sizeof value, 0) != static_cast<ssize_t>(sizeof value)) {
            if (errno != EINTR) {
                throw std::system_error{errno, std::generic_category(), "getrandom"};
            }
        }
        return value;
    }
};

} // namespace

std::uint64_t Random::below(std::uint64_t bound)
{
    const std::uint64_t limit = bound * (UINT64_MAX / bound);
    std::uint64_t value = next();
    while (value >= limit) {
        value = next();
    }
    return value % bound;
}

double Random::fraction()
{
    return static_cast<double>(next() >> 11) * 0x1.0p-53;
}

std::unique_ptr<Random> system_random()
{
    return std::make_unique<SystemRandom>();
}

std::unique_ptr<Random> seeded_random(std::uint64_t seed)
{
    return std::make_unique<Xoshiro>(seed);
}

} // namespace watari
