// For the sources of this module only: owners of OpenSSL's objects.
#pragma once

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

namespace watari::net::openssl {

template <auto Free>
struct Freed {
    template <class Object>
    void operator()(Object* object) const noexcept
    {
        Free(object);
    }
};

using Bio = std::unique_ptr<BIO, Freed<BIO_free>>;
using Context = std::unique_ptr<SSL_CTX, Freed<SSL_CTX_free>>;
using Connection = std::unique_ptr<SSL, Freed<SSL_free>>;
using Certificate = std::unique_ptr<X509, Freed<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using Names = std::unique_ptr<GENERAL_NAMES, Freed<GENERAL_NAMES_free>>;
using Extension = std::unique_ptr<X509_EXTENSION, Freed<X509_EXTENSION_free>>;

/// The oldest reason in the error queue, in words; empties the queue.
std::string last_words();

/// Only lack of memory or a bug makes these calls fail.
template <class Result>
Result expected(Result result)
{
    if (!result) {
        throw std::runtime_error{"OpenSSL: " + last_words()};
    }
    return result;
}

/// Reads `text` without copying it.
inline Bio reader_of(std::string_view text)
{
    return Bio{expected(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())))};
}

} // namespace watari::net::openssl
