#include "net/tls_session.hpp"

#include "net/x509.hpp"

#include <cctype>

namespace watari::net {

namespace {

using openssl::expected;

constexpr int handshake_type = 22;
constexpr unsigned char server_hello = 2;
constexpr unsigned char first_record_type = 0x14;
constexpr unsigned char last_record_type = 0x17;

bool is_address(const std::string& name)
{
    return name.find(':') != std::string::npos ||
           name.find_first_not_of("0123456789.") == std::string::npos;
}

void expect_name(SSL& connection, const std::string& name)
{
    X509_VERIFY_PARAM* parameters = SSL_get0_param(&connection);
    if (is_address(name)) {
        expected(X509_VERIFY_PARAM_set1_ip_asc(parameters, name.c_str()));
        return;
    }
    X509_VERIFY_PARAM_set_hostflags(parameters, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    expected(X509_VERIFY_PARAM_set1_host(parameters, name.c_str(), name.size()));
    expected(SSL_set_tlsext_host_name(&connection, name.c_str()));
}

} // namespace

TlsSession::TlsSession(SSL_CTX& context, TlsExpectation expectation)
    : expectation_(std::move(expectation)),
      connection_(expected(SSL_new(&context))),
      in_(expected(BIO_new(BIO_s_mem()))),
      out_(BIO_new(BIO_s_mem()))
{
    if (out_ == nullptr) {
        BIO_free(in_);
        throw std::bad_alloc{};
    }
    SSL_set_bio(connection_.get(), in_, out_);
    BIO_set_mem_eof_return(in_, -1); // empty means: not yet
    SSL_set_app_data(connection_.get(), this);
    X509_VERIFY_PARAM_set_time(
        SSL_get0_param(connection_.get()),
        static_cast<std::time_t>(
            std::chrono::floor<std::chrono::seconds>(expectation_.now).time_since_epoch().count()));
    if (expectation_.role == TlsRole::server) {
        SSL_set_accept_state(connection_.get());
        return;
    }
    SSL_set_connect_state(connection_.get());
    if (!expectation_.name.empty()) {
        expect_name(*connection_, expectation_.name);
    }
    SSL_set_msg_callback(connection_.get(), &TlsSession::see_message);
    SSL_set_msg_callback_arg(connection_.get(), this);
}

std::optional<std::size_t> TlsSession::handshake()
{
    ERR_clear_error();
    const int result = SSL_do_handshake(connection_.get());
    const auto outcome = outcome_of(result);
    if (outcome) {
        ready_ = true;
        learn_security();
        return 0;
    }
    return std::nullopt;
}

std::optional<std::size_t> TlsSession::read(std::span<std::byte> into)
{
    const auto most = static_cast<int>(std::min<std::size_t>(into.size(), 1U << 30));
    ERR_clear_error();
    return outcome_of(SSL_read(connection_.get(), into.data(), most));
}

std::optional<std::size_t> TlsSession::write(std::span<const std::byte> bytes)
{
    ERR_clear_error();
    return outcome_of(SSL_write(connection_.get(), bytes.data(), static_cast<int>(bytes.size())));
}

void TlsSession::finish() noexcept
{
    ERR_clear_error();
    SSL_shutdown(connection_.get());
    ERR_clear_error();
}

std::optional<std::size_t> TlsSession::outcome_of(int result)
{
    switch (const int outcome = SSL_get_error(connection_.get(), result)) {
    case SSL_ERROR_NONE:
        return static_cast<std::size_t>(result);
    case SSL_ERROR_ZERO_RETURN:
        return 0;
    case SSL_ERROR_WANT_READ:
        return std::nullopt;
    default:
        fail(outcome);
    }
}

void TlsSession::feed(std::span<const std::byte> input)
{
    if (!first_byte_seen_ && !input.empty()) {
        first_byte_seen_ = true;
        const auto first = static_cast<unsigned char>(input.front());
        peer_is_plain_ = expectation_.role == TlsRole::server
                             ? std::isalpha(first) != 0
                             : first < first_record_type || first > last_record_type;
    }
    while (!input.empty()) {
        const int size = expected(std::max(
            0, BIO_write(in_, input.data(),
                         static_cast<int>(std::min<std::size_t>(input.size(), 1U << 20)))));
        input = input.subspan(static_cast<std::size_t>(size));
    }
}

void TlsSession::end_input()
{
    BIO_set_mem_eof_return(in_, 0);
}

bool TlsSession::has_output() const
{
    return BIO_ctrl_pending(out_) > 0;
}

std::string TlsSession::take_output()
{
    std::string bytes(BIO_ctrl_pending(out_), '\0');
    const int size = BIO_read(out_, bytes.data(), static_cast<int>(bytes.size()));
    bytes.resize(static_cast<std::size_t>(std::max(0, size)));
    return bytes;
}

bool TlsSession::has_unasked_input()
{
    std::byte first{};
    ERR_clear_error();
    const int result = SSL_peek(connection_.get(), &first, 1);
    const int outcome = SSL_get_error(connection_.get(), result);
    ERR_clear_error();
    return outcome != SSL_ERROR_WANT_READ; // tickets and the like are not for us
}

void TlsSession::see_message(int written, int, int type, const void* bytes, std::size_t size, SSL*,
                             void* self)
{
    const auto* message = static_cast<const unsigned char*>(bytes);
    if (written == 0 && type == handshake_type && size >= 6 && message[0] == server_hello) {
        static_cast<TlsSession*>(self)->version_offered_ = (message[4] << 8) | message[5];
    }
}

int TlsSession::judge_certificate(X509_STORE_CTX* store, void*)
{
    const auto* connection = static_cast<const SSL*>(
        X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
    return static_cast<TlsSession*>(SSL_get_app_data(connection))->judge(*store);
}

int TlsSession::judge(X509_STORE_CTX& store)
{
    X509* own = X509_STORE_CTX_get0_cert(&store);
    X509* wanting = own;
    if (expectation_.trust == TlsTrust::nothing) {
        verdict_ = X509_V_OK;
    } else if (expectation_.trust == TlsTrust::fingerprint) {
        verdict_ = fingerprint_of(*own) == expectation_.fingerprint
                       ? X509_V_OK
                       : X509_V_ERR_APPLICATION_VERIFICATION;
    } else if (X509_verify_cert(&store) > 0) {
        verdict_ = X509_V_OK;
    } else {
        verdict_ = X509_STORE_CTX_get_error(&store);
        X509* current = X509_STORE_CTX_get_current_cert(&store);
        const bool dates =
            verdict_ == X509_V_ERR_CERT_HAS_EXPIRED || verdict_ == X509_V_ERR_CERT_NOT_YET_VALID;
        wanting = dates && current != nullptr ? current : own;
    }
    if (verdict_ == X509_V_OK) {
        X509_STORE_CTX_set_error(&store, X509_V_OK);
        return 1;
    }
    X509_up_ref(wanting);
    judged_.reset(wanting);
    X509_STORE_CTX_set_error(&store, static_cast<int>(verdict_));
    return 0;
}

void TlsSession::learn_security()
{
    X509* peer = SSL_get0_peer_certificate(connection_.get());
    X509* server =
        expectation_.role == TlsRole::server ? SSL_get_certificate(connection_.get()) : peer;
    security_.encrypted = true;
    security_.protocol = SSL_get_version(connection_.get());
    if (security_.protocol == "TLSv1") {
        security_.protocol = "TLSv1.0";
    }
    security_.protocol.replace(0, 4, "TLS ");
    if (server != nullptr) {
        security_.server_end_point = end_point_of(*server);
    }
    if (peer != nullptr) {
        security_.peer_fingerprint = fingerprint_of(*peer);
        security_.peer_subject = subject_of(*peer);
    }
}

} // namespace watari::net
