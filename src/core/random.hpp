#pragma once

#include <cstdint>
#include <memory>

namespace watari {

/// The source of chance. Real programs use system_random(); tests seed one and print the seed.
class Random
{
public:
    virtual ~Random() = default;
    virtual std::uint64_t next() = 0;

    /// Uniform in [0, bound); bound > 0.
    std::uint64_t below(std::uint64_t bound);
    /// Uniform in [0, 1).
    double fraction();
};

/// The operating system's: fit for secrets, and for any number of threads at once.
std::unique_ptr<Random> system_random();
/// The same numbers for the same seed on every machine (xoshiro256**); not shared between threads.
std::unique_ptr<Random> seeded_random(std::uint64_t seed);

} // namespace watari
