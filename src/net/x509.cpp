#include "net/x509.hpp"

#include <openssl/pem.h>

#include <fmt/format.h>

#include <array>
#include <ctime>

namespace watari::net {

namespace openssl {

std::string last_words()
{
    const unsigned long code = ERR_get_error();
    ERR_clear_error();
    const char* reason = ERR_reason_error_string(code);
    return reason == nullptr ? "unknown reason" : reason;
}

} // namespace openssl

namespace {

constexpr int names_max = 8;

std::string digest_of(X509& certificate, const EVP_MD* algorithm)
{
    std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
    unsigned size = 0;
    openssl::expected(X509_digest(&certificate, algorithm, bytes.data(), &size));
    return {reinterpret_cast<const char*>(bytes.data()), size};
}

std::string printable(const ASN1_STRING* text)
{
    std::string result{reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
                       static_cast<std::size_t>(ASN1_STRING_length(text))};
    for (char& c : result) {
        if (c < ' ' || c > '~') {
            c = '?';
        }
    }
    return result;
}

std::string address_text(const ASN1_OCTET_STRING* address)
{
    const auto* bytes = ASN1_STRING_get0_data(address);
    const int size = ASN1_STRING_length(address);
    if (size == 4) {
        return fmt::format("{}.{}.{}.{}", bytes[0], bytes[1], bytes[2], bytes[3]);
    }
    std::string text;
    for (int i = 0; i + 1 < size; i += 2) {
        text += fmt::format("{}{:x}", i == 0 ? "" : ":", (bytes[i] << 8) | bytes[i + 1]);
    }
    return text;
}

std::string name_text(const GENERAL_NAME& name)
{
    if (name.type == GEN_DNS) {
        return printable(name.d.dNSName);
    }
    return name.type == GEN_IPADD ? address_text(name.d.iPAddress) : std::string{};
}

WallTime wall_time_of(const ASN1_TIME* time)
{
    std::tm parts{};
    if (ASN1_TIME_to_tm(time, &parts) != 1) {
        return {};
    }
    using namespace std::chrono;
    const auto day = sys_days{year{parts.tm_year + 1900} / (parts.tm_mon + 1) / parts.tm_mday};
    return day + hours{parts.tm_hour} + minutes{parts.tm_min} + std::chrono::seconds{parts.tm_sec};
}

int no_pass_phrase(char*, int, int, void*) // instead of asking at the terminal
{
    return -1;
}

} // namespace

std::string fingerprint_of(X509& certificate)
{
    std::string text;
    for (const char byte : digest_of(certificate, EVP_sha256())) {
        text += fmt::format("{}{:02X}", text.empty() ? "" : ":", static_cast<unsigned char>(byte));
    }
    return text;
}

std::string subject_of(X509& certificate)
{
    const openssl::Bio out{openssl::expected(BIO_new(BIO_s_mem()))};
    constexpr unsigned long flags =
        XN_FLAG_RFC2253 & ~static_cast<unsigned long>(ASN1_STRFLGS_ESC_MSB);
    X509_NAME_print_ex(out.get(), X509_get_subject_name(&certificate), 0, flags);
    char* text = nullptr;
    const long size = BIO_get_mem_data(out.get(), &text);
    return {text, static_cast<std::size_t>(size)};
}

std::string names_of(X509& certificate)
{
    std::string text;
    const openssl::Names names{static_cast<GENERAL_NAMES*>(
        X509_get_ext_d2i(&certificate, NID_subject_alt_name, nullptr, nullptr))};
    const int count = names ? sk_GENERAL_NAME_num(names.get()) : 0;
    for (int i = 0; i < count && i < names_max; ++i) {
        const std::string name = name_text(*sk_GENERAL_NAME_value(names.get(), i));
        if (!name.empty()) {
            text += (text.empty() ? "" : ", ") + name;
        }
    }
    if (count > names_max) {
        text += ", …";
    }
    return text.empty() ? subject_of(certificate) : text;
}

std::string end_point_of(X509& certificate)
{
    int algorithm = NID_undef;
    X509_get_signature_info(&certificate, &algorithm, nullptr, nullptr, nullptr);
    ERR_clear_error();
    const EVP_MD* hash = algorithm == NID_md5 || algorithm == NID_sha1 || algorithm == NID_undef
                             ? nullptr
                             : EVP_get_digestbynid(algorithm);
    return digest_of(certificate, hash == nullptr ? EVP_sha256() : hash);
}

WallTime not_before(X509& certificate)
{
    return wall_time_of(X509_get0_notBefore(&certificate));
}

WallTime not_after(X509& certificate)
{
    return wall_time_of(X509_get0_notAfter(&certificate));
}

std::vector<openssl::Certificate> certificates_from(std::string_view pem)
{
    const auto bio = openssl::reader_of(pem);
    std::vector<openssl::Certificate> found;
    while (X509* certificate = PEM_read_bio_X509(bio.get(), nullptr, no_pass_phrase, nullptr)) {
        found.emplace_back(certificate);
    }
    if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE) {
        found.clear();
    }
    ERR_clear_error();
    return found;
}

openssl::Key key_from(std::string_view pem)
{
    const auto bio = openssl::reader_of(pem);
    openssl::Key key{PEM_read_bio_PrivateKey(bio.get(), nullptr, no_pass_phrase, nullptr)};
    ERR_clear_error();
    return key;
}

} // namespace watari::net
