#include "net/certificates.hpp"

#include "core/error.hpp"
#include "messages/net.hpp"
#include "net/pem_file.hpp"
#include "net/x509.hpp"

#include <openssl/pem.h>
#include <openssl/rand.h>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cctype>
#include <cerrno>
#include <cstdio>
#include <fstream>
#include <system_error>

namespace watari::net {

namespace {

using openssl::expected;

struct Issuer {
    X509* certificate;
    EVP_PKEY* key;
};

const EVP_MD* digest(SignatureHash hash)
{
    switch (hash) {
    case SignatureHash::sha1:
        return EVP_sha1();
    case SignatureHash::sha256:
        return EVP_sha256();
    case SignatureHash::sha384:
        return EVP_sha384();
    }
    return EVP_sha256();
}

/// Names stand in a list that OpenSSL parses.
void check_name(const std::string& name)
{
    constexpr std::string_view allowed =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_*:";
    if (name.empty() || name.find_first_not_of(allowed) != std::string::npos) {
        throw Error{ErrorKind::invalid, message::certificate_name_invalid{.name = name}};
    }
}

std::string alternative_names(const CertificateWishes& wishes)
{
    std::string text;
    for (const std::string& name : wishes.names) {
        check_name(name);
        text += (text.empty() ? "DNS:" : ",DNS:") + name;
    }
    for (const std::string& address : wishes.addresses) {
        check_name(address);
        text += (text.empty() ? "IP:" : ",IP:") + address;
    }
    return text;
}

void extend(X509& certificate, const Issuer& issuer, int what, const std::string& value)
{
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer.certificate, &certificate, nullptr, nullptr, 0);
    const openssl::Extension extension{X509V3_EXT_conf_nid(nullptr, &context, what, value.c_str())};
    if (!extension) {
        ERR_clear_error();
        throw Error{ErrorKind::invalid, message::certificate_name_invalid{.name = value}};
    }
    expected(X509_add_ext(&certificate, extension.get(), -1));
}

void set_serial(X509& certificate)
{
    std::uint64_t number = 0;
    expected(RAND_bytes(reinterpret_cast<unsigned char*>(&number), sizeof(number)) == 1);
    expected(ASN1_INTEGER_set_uint64(X509_get_serialNumber(&certificate), (number >> 1U) | 1U));
}

void set_validity(X509& certificate, const CertificateWishes& wishes)
{
    const auto seconds_of = [](WallTime time) {
        return static_cast<std::time_t>(
            std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count());
    };
    expected(ASN1_TIME_set(X509_getm_notBefore(&certificate), seconds_of(wishes.not_before)));
    expected(ASN1_TIME_set(X509_getm_notAfter(&certificate), seconds_of(wishes.not_after)));
}

openssl::Certificate unsigned_certificate(const CertificateWishes& wishes, EVP_PKEY* key)
{
    openssl::Certificate certificate{expected(X509_new())};
    expected(X509_set_version(certificate.get(), X509_VERSION_3));
    set_serial(*certificate);
    set_validity(*certificate, wishes);
    expected(X509_set_pubkey(certificate.get(), key));
    expected(X509_NAME_add_entry_by_NID(
        X509_get_subject_name(certificate.get()), NID_commonName, MBSTRING_UTF8,
        reinterpret_cast<const unsigned char*>(wishes.common_name.data()),
        static_cast<int>(wishes.common_name.size()), -1, 0));
    return certificate;
}

std::string text_of(BIO* bio)
{
    char* text = nullptr;
    const long size = BIO_get_mem_data(bio, &text);
    return {text, static_cast<std::size_t>(size)};
}

KeyPair to_pem(X509* certificate, EVP_PKEY* key)
{
    const openssl::Bio certificate_text{expected(BIO_new(BIO_s_mem()))};
    const openssl::Bio key_text{expected(BIO_new(BIO_s_secmem()))};
    expected(PEM_write_bio_X509(certificate_text.get(), certificate));
    expected(PEM_write_bio_PrivateKey(key_text.get(), key, nullptr, nullptr, 0, nullptr, nullptr));
    return {.certificate = text_of(certificate_text.get()), .key = text_of(key_text.get())};
}

enum class Use { authority, host };

KeyPair make(const CertificateWishes& wishes, Use use, const Issuer* issuer)
{
    const openssl::Key key{expected(EVP_EC_gen("P-256"))};
    const openssl::Certificate certificate = unsigned_certificate(wishes, key.get());
    const Issuer itself{.certificate = certificate.get(), .key = key.get()};
    const Issuer& by = issuer == nullptr ? itself : *issuer;
    expected(X509_set_issuer_name(certificate.get(), X509_get_subject_name(by.certificate)));
    extend(*certificate, by, NID_subject_key_identifier, "hash");
    if (issuer != nullptr) {
        extend(*certificate, by, NID_authority_key_identifier, "keyid:always");
    }
    if (use == Use::authority) {
        extend(*certificate, by, NID_basic_constraints, "critical,CA:TRUE");
        extend(*certificate, by, NID_key_usage, "critical,keyCertSign,cRLSign");
    } else {
        extend(*certificate, by, NID_key_usage, "critical,digitalSignature");
        extend(*certificate, by, NID_ext_key_usage, "serverAuth,clientAuth");
    }
    if (const std::string names = alternative_names(wishes); !names.empty()) {
        extend(*certificate, by, NID_subject_alt_name, names);
    }
    expected(X509_sign(certificate.get(), by.key, digest(wishes.hash)));
    return to_pem(certificate.get(), key.get());
}

class File
{
public:
    File(const std::string& path, mode_t mode)
        : descriptor_(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode))
    {
        if (descriptor_ >= 0) { // a draft left behind may have had another mode
            good_ = ::fchmod(descriptor_, mode) == 0;
        }
    }
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    ~File()
    {
        if (descriptor_ >= 0) {
            ::close(descriptor_);
        }
    }

    bool write(std::string_view bytes)
    {
        while (good_ && !bytes.empty()) {
            const auto size = ::write(descriptor_, bytes.data(), bytes.size());
            good_ = size > 0;
            bytes.remove_prefix(good_ ? static_cast<std::size_t>(size) : 0);
        }
        return good_ && ::fsync(descriptor_) == 0;
    }

private:
    int descriptor_;
    bool good_ = false;
};

void write_file(const std::string& path, std::string_view bytes, mode_t mode)
{
    const std::string draft = path + ".part";
    if (!File{draft, mode}.write(bytes) || std::rename(draft.c_str(), path.c_str()) != 0) {
        const int failure = errno;
        throw Error{ErrorKind::unavailable,
                    message::tls_file_unwritable{.path = path},
                    {.code = static_cast<std::uint32_t>(failure),
                     .text = std::generic_category().message(failure)}};
    }
}

} // namespace

std::string read_pem_file(const std::string& path)
{
    constexpr std::streamoff bytes_max = 4 << 20;
    std::ifstream in{path, std::ios::binary | std::ios::ate};
    const std::streamoff size = in ? std::streamoff{in.tellg()} : -1;
    if (size < 0 || size > bytes_max) {
        throw Error{ErrorKind::not_found, message::tls_file_unreadable{.path = path}};
    }
    std::string text(static_cast<std::size_t>(size), '\0');
    in.seekg(0);
    in.read(text.data(), size);
    if (!in) {
        throw Error{ErrorKind::not_found, message::tls_file_unreadable{.path = path}};
    }
    return text;
}

KeyPair make_authority(const CertificateWishes& wishes)
{
    return make(wishes, Use::authority, nullptr);
}

KeyPair make_certificate(const KeyPair& authority, const CertificateWishes& wishes)
{
    const auto certificates = certificates_from(authority.certificate);
    const auto key = key_from(authority.key);
    if (certificates.empty()) {
        throw Error{ErrorKind::invalid, message::tls_certificate_unreadable{.path = "PEM"}};
    }
    if (!key) {
        throw Error{ErrorKind::invalid, message::tls_key_unreadable{.path = "PEM"}};
    }
    const Issuer issuer{.certificate = certificates.front().get(), .key = key.get()};
    return make(wishes, Use::host, &issuer);
}

KeyPair make_self_signed(const CertificateWishes& wishes)
{
    return make(wishes, Use::host, nullptr);
}

std::string certificate_fingerprint(std::string_view certificate_pem)
{
    const auto certificates = certificates_from(certificate_pem);
    if (certificates.empty()) {
        throw Error{ErrorKind::invalid, message::tls_certificate_unreadable{.path = "PEM"}};
    }
    return fingerprint_of(*certificates.front());
}

std::optional<std::string> fingerprint_from(std::string_view text)
{
    constexpr std::size_t bytes = 32;
    const bool colons = text.size() == 3 * bytes - 1;
    if (!colons && text.size() != 2 * bytes) {
        return std::nullopt;
    }
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (colons && i % 3 == 2) {
            if (c != ':') {
                return std::nullopt;
            }
            continue;
        }
        if (std::isxdigit(static_cast<unsigned char>(c)) == 0) {
            return std::nullopt;
        }
        if (result.size() % 3 == 2) {
            result += ':';
        }
        result += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    }
    return result;
}

void write_key_pair(const KeyPair& pair, const std::string& certificate_file,
                    const std::string& key_file)
{
    write_file(key_file, pair.key, 0600);
    write_file(certificate_file, pair.certificate, 0644);
}

KeyPair read_key_pair(const std::string& certificate_file, const std::string& key_file)
{
    return {.certificate = read_pem_file(certificate_file), .key = read_pem_file(key_file)};
}

} // namespace watari::net
