#include "auth/scheme.hpp"

#include <sodium.h>

namespace watari::auth {

Secret& Secret::operator=(const Secret& other)
{
    Secret copy{other};
    value_.swap(copy.value_);
    return *this;
}

Secret& Secret::operator=(Secret&& other) noexcept
{
    value_.swap(other.value_);
    return *this;
}

Secret::~Secret()
{
    // A short string that was moved from still holds its characters: wipe the whole capacity.
    value_.resize(value_.capacity());
    sodium_memzero(value_.data(), value_.size());
}

} // namespace watari::auth
