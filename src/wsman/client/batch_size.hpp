#pragma once

#include <cstddef>
#include <cstdint>

namespace watari::wsman {

/// How many elements the next batch of an enumeration is to have: fewer when an answer did not fit
/// the envelope, more when what came leaves room.
class BatchSize
{
public:
    explicit BatchSize(std::uint32_t first)
        : now_(first), most_(first > usual_most ? first : usual_most)
    {
    }

    std::uint32_t get() const noexcept { return now_; }
    /// For an answer that did not fit; false: one element is the least.
    bool halve() noexcept;

    struct Batch {
        std::size_t items;
        std::size_t bytes;  ///< of the whole answer
        std::uint64_t room; ///< MaxEnvelopeSize
    };
    void learn(const Batch& batch) noexcept;

private:
    static constexpr std::uint32_t usual_most = 500; ///< wsman.md 9, rule 4

    std::uint32_t now_;
    std::uint32_t most_;
    int patience_ = 0; ///< batches until it may grow after it was halved
};

} // namespace watari::wsman
