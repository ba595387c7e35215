#pragma once

#include "store/value.hpp"

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace watari::store {

/// Encrypts what must not lie in the database in clear. `context` names the place (table and id); a
/// sealed value opens nowhere else.
class SecretBox
{
public:
    virtual ~SecretBox() = default;
    virtual Blob seal(std::string_view secret, std::string_view context) const = 0;
    /// Throws internal when the bytes were not sealed with this key for this context.
    virtual std::string open(const Blob& sealed, std::string_view context) const = 0;
};

/// XChaCha20-Poly1305 with the key in `key_file`, which is made (mode 0600) when absent.
/// Throws denied when others may read the file, invalid when it is no key.
std::unique_ptr<SecretBox> open_secret_box(const std::filesystem::path& key_file);

} // namespace watari::store
