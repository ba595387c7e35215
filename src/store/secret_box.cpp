#include "store/secret_box.hpp"

#include "messages/store.hpp"

#include <array>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

namespace watari::store {

namespace {

constexpr std::size_t key_size = crypto_aead_xchacha20poly1305_ietf_KEYBYTES;
constexpr std::size_t nonce_size = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t tag_size = crypto_aead_xchacha20poly1305_ietf_ABYTES;
using Key = std::array<unsigned char, key_size>;

class Descriptor
{
public:
    explicit Descriptor(int value) : value_(value) {}
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor()
    {
        if (value_ >= 0) {
            ::close(value_);
        }
    }
    int value() const noexcept { return value_; }

private:
    int value_;
};

[[noreturn]] void throw_cannot_open(const std::filesystem::path& path)
{
    const int code = errno;
    throw Error{ErrorKind::unavailable,
                message::store_cannot_open{.path = path.string()},
                {.code = static_cast<std::uint32_t>(code), .text = std::strerror(code)}};
}

/// Makes the file whole under another name first: a crash leaves no half key.
void make_key_file(const std::filesystem::path& path)
{
    Key key;
    crypto_aead_xchacha20poly1305_ietf_keygen(key.data());
    const auto half = path.string() + ".new";
    {
        ::unlink(half.c_str());
        const Descriptor file{::open(half.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)};
        if (file.value() < 0 ||
            ::write(file.value(), key.data(), key.size()) != static_cast<ssize_t>(key.size()) ||
            ::fsync(file.value()) != 0) {
            throw_cannot_open(path);
        }
    }
    sodium_memzero(key.data(), key.size());
    // link() does not replace: of two that make the key at once, one wins and both then read that
    // one.
    if (::link(half.c_str(), path.c_str()) != 0 && errno != EEXIST) {
        throw_cannot_open(path);
    }
    ::unlink(half.c_str());
    const Descriptor folder{::open(path.has_parent_path() ? path.parent_path().c_str() : ".",
                                   O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (folder.value() < 0 || ::fsync(folder.value()) != 0) {
        throw_cannot_open(path);
    }
}

Key read_key(const std::filesystem::path& path)
{
    const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
    struct stat status{};
    if (file.value() < 0 || ::fstat(file.value(), &status) != 0) {
        throw_cannot_open(path);
    }
    if ((status.st_mode & 077) != 0) {
        throw Error{ErrorKind::denied, message::key_file_readable{.path = path.string()}};
    }
    Key key;
    if (static_cast<std::size_t>(status.st_size) != key.size() ||
        ::read(file.value(), key.data(), key.size()) != static_cast<ssize_t>(key.size())) {
        throw Error{ErrorKind::invalid, message::key_file_wrong{.path = path.string()}};
    }
    return key;
}

const unsigned char* bytes_of(std::string_view text)
{
    return reinterpret_cast<const unsigned char*>(text.data());
}

class SodiumBox final : public SecretBox
{
public:
    explicit SodiumBox(const Key& key) : key_(key) {}
    SodiumBox(const SodiumBox&) = delete;
    SodiumBox& operator=(const SodiumBox&) = delete;
    ~SodiumBox() override { sodium_memzero(key_.data(), key_.size()); }

    Blob seal(std::string_view secret, std::string_view context) const override
    {
        Blob sealed(nonce_size + secret.size() + tag_size);
        auto* out = reinterpret_cast<unsigned char*>(sealed.data());
        randombytes_buf(out, nonce_size);
        crypto_aead_xchacha20poly1305_ietf_encrypt(out + nonce_size, nullptr, bytes_of(secret),
                                                   secret.size(), bytes_of(context), context.size(),
                                                   nullptr, out, key_.data());
        return sealed;
    }

    std::string open(const Blob& sealed, std::string_view context) const override
    {
        const auto* in = reinterpret_cast<const unsigned char*>(sealed.data());
        std::string secret(
            sealed.size() < nonce_size + tag_size ? 0 : sealed.size() - nonce_size - tag_size,
            '\0');
        if (sealed.size() < nonce_size + tag_size ||
            crypto_aead_xchacha20poly1305_ietf_decrypt(
                reinterpret_cast<unsigned char*>(secret.data()), nullptr, nullptr, in + nonce_size,
                sealed.size() - nonce_size, bytes_of(context), context.size(), in,
                key_.data()) != 0) {
            throw Error{ErrorKind::internal,
                        message::secret_not_readable{.context = std::string{context}}};
        }
        return secret;
    }

private:
    Key key_;
};

} // namespace

std::unique_ptr<SecretBox> open_secret_box(const std::filesystem::path& key_file)
{
    if (sodium_init() < 0) {
        throw Error{ErrorKind::internal, message::key_file_wrong{.path = key_file.string()}};
    }
    if (::access(key_file.c_str(), F_OK) != 0) {
        make_key_file(key_file);
    }
    auto key = read_key(key_file);
    auto box = std::make_unique<SodiumBox>(key);
    sodium_memzero(key.data(), key.size());
    return box;
}

} // namespace watari::store
