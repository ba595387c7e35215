#include "auth/ntlm_accounts.hpp"

#include "core/error.hpp"
#include "messages/auth.hpp"

#include <openssl/evp.h>
#include <openssl/provider.h>

#include <sodium.h>

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <memory>
#include <optional>

#include <sys/mman.h>
#include <unistd.h>

namespace watari::auth {

namespace {

using NtHash = std::array<unsigned char, 16>;
/// gss-ntlmssp reads lines into 1024 bytes.
constexpr std::size_t user_bytes_max = 256;

[[noreturn]] void unusable(const std::string& user, std::string why)
{
    throw Error{ErrorKind::invalid,
                message::ntlm_accounts_unusable{.user = user, .why = std::move(why)}};
}

struct FreeContext {
    void operator()(OSSL_LIB_CTX* context) const { OSSL_LIB_CTX_free(context); }
};
struct Unload {
    void operator()(OSSL_PROVIDER* provider) const { OSSL_PROVIDER_unload(provider); }
};
struct FreeDigest {
    void operator()(EVP_MD* digest) const { EVP_MD_free(digest); }
};

/// MD4 from OpenSSL's legacy provider, in a context of its own: the rest of the program does not
/// get the algorithms that are off by default.
class Md4
{
public:
    Md4()
        : context_(OSSL_LIB_CTX_new()),
          provider_(OSSL_PROVIDER_load(context_.get(), "legacy")),
          digest_(provider_ ? EVP_MD_fetch(context_.get(), "MD4", nullptr) : nullptr)
    {
        if (!digest_) {
            throw Error{ErrorKind::unsupported, message::ntlm_hash_unavailable{}};
        }
    }

    NtHash of(const std::string& bytes) const
    {
        NtHash hash{};
        if (EVP_Digest(bytes.data(), bytes.size(), hash.data(), nullptr, digest_.get(), nullptr) !=
            1) {
            throw Error{ErrorKind::unsupported, message::ntlm_hash_unavailable{}};
        }
        return hash;
    }

private:
    std::unique_ptr<OSSL_LIB_CTX, FreeContext> context_;
    std::unique_ptr<OSSL_PROVIDER, Unload> provider_;
    std::unique_ptr<EVP_MD, FreeDigest> digest_;
};

/// The next character of UTF-8; nullopt where the bytes are none.
std::optional<std::uint32_t> take_character(std::string_view& text)
{
    const auto lead = static_cast<unsigned char>(text.front());
    const std::size_t size = lead < 0x80   ? 1
                             : lead < 0xC2 ? 0
                             : lead < 0xE0 ? 2
                             : lead < 0xF0 ? 3
                             : lead < 0xF5 ? 4
                                           : 0;
    if (size == 0 || size > text.size()) {
        return std::nullopt;
    }
    std::uint32_t character = size == 1 ? lead : lead & (0x7FU >> size);
    for (std::size_t i = 1; i < size; ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        if ((byte & 0xC0U) != 0x80U) {
            return std::nullopt;
        }
        character = character << 6 | (byte & 0x3FU);
    }
    text.remove_prefix(size);
    return character;
}

void put_unit(std::string& bytes, std::uint32_t unit)
{
    bytes += static_cast<char>(unit & 0xFFU);
    bytes += static_cast<char>(unit >> 8 & 0xFFU);
}

std::optional<Secret> utf16_of(std::string_view text)
{
    std::string bytes;
    bytes.reserve(4 * text.size()); // no copies of the secret left behind by growing
    while (!text.empty()) {
        const auto character = take_character(text);
        if (!character) {
            return std::nullopt;
        }
        if (*character < 0x10000) {
            put_unit(bytes, *character);
        } else {
            put_unit(bytes, 0xD800U + ((*character - 0x10000U) >> 10));
            put_unit(bytes, 0xDC00U + (*character & 0x3FFU));
        }
    }
    return Secret{std::move(bytes)};
}

/// A line of smbpasswd: a user without a domain there is that user of any domain.
std::string line_of(const Credentials& account, const Md4& md4)
{
    const std::string& user = account.user;
    if (user.empty() || user.size() > user_bytes_max || user.front() == '#' ||
        user.find_first_of(":\r\n") != std::string::npos) {
        unusable(user, "the user name is empty, too long, begins with # or holds : or a line end");
    }
    const auto password = utf16_of(account.password.reveal());
    if (!password) {
        unusable(user, "the password is not UTF-8");
    }
    NtHash hash = md4.of(password->reveal());
    std::string line = user + ":0:" + std::string(32, '0') + ":";
    for (const unsigned char byte : hash) {
        line += fmt::format("{:02X}", byte);
    }
    sodium_memzero(hash.data(), hash.size());
    return line + ":\n";
}

} // namespace

NtlmAccounts::NtlmAccounts(const std::vector<Credentials>& accounts)
{
    const Md4 md4;
    std::string lines;
    for (const Credentials& account : accounts) {
        lines += line_of(account, md4);
    }
    const Secret text{std::move(lines)};
    file_ = memfd_create("accounts", MFD_CLOEXEC);
    const std::string& bytes = text.reveal();
    if (file_ < 0 ||
        write(file_, bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size())) {
        const int code = errno;
        if (file_ >= 0) {
            close(file_);
        }
        throw Error{ErrorKind::internal,
                    message::ntlm_accounts_unusable{.user = "*", .why = "no memory for the file"},
                    {.code = static_cast<std::uint32_t>(code)}};
    }
    path_ = fmt::format("/proc/self/fd/{}", file_);
}

NtlmAccounts::~NtlmAccounts()
{
    close(file_);
}

} // namespace watari::auth
