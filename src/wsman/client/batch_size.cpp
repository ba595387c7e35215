#include "wsman/client/batch_size.hpp"

#include <algorithm>

namespace watari::wsman {

namespace {

constexpr int patience = 3;

} // namespace

bool BatchSize::halve() noexcept
{
    if (now_ <= 1) {
        return false;
    }
    now_ /= 2;
    patience_ = patience;
    return true;
}

/// Only a full batch shows that the host would have given more; elements differ, so a quarter of
/// the envelope stays free.
void BatchSize::learn(const Batch& batch) noexcept
{
    if (patience_ > 0) {
        --patience_;
        return;
    }
    if (batch.items < now_ || batch.items == 0) {
        return;
    }
    const std::size_t each = std::max<std::size_t>(batch.bytes / batch.items, 1);
    const std::uint64_t fitting = batch.room / 4 * 3 / each;
    const std::uint64_t wanted = std::min({fitting, std::uint64_t{now_} * 2, std::uint64_t{most_}});
    now_ = std::max(now_, static_cast<std::uint32_t>(wanted));
}

} // namespace watari::wsman
