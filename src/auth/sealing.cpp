#include "auth/sealing.hpp"

#include "auth/multipart.hpp"
#include "core/error.hpp"
#include "messages/auth.hpp"

#include <array>

namespace watari::auth {

namespace {

/// Version, checksum, sequence number (MS-NLMP 2.2.2.9.1).
constexpr std::size_t ntlm_signature_bytes = 16;
constexpr std::size_t ntlm_number_at = 12;
constexpr OM_uint32 out_of_order =
    GSS_S_DUPLICATE_TOKEN | GSS_S_OLD_TOKEN | GSS_S_UNSEQ_TOKEN | GSS_S_GAP_TOKEN;

std::string_view view(const gss_iov_buffer_desc& part)
{
    return {static_cast<const char*>(part.buffer.value), part.buffer.length};
}

[[noreturn]] void cannot_seal(OM_uint32 major, OM_uint32 minor)
{
    const gss::Failure failed = gss::failure(major, minor, nullptr);
    throw Error{ErrorKind::unavailable,
                message::sealing_failed{},
                {.code = failed.minor, .text = failed.text}};
}

/// The parts of a Kerberos message; releases what the library allocated for them.
template <std::size_t count>
struct Parts {
    explicit Parts(std::array<gss_iov_buffer_desc, count> its_parts) : parts(its_parts) {}
    Parts(const Parts&) = delete;
    Parts& operator=(const Parts&) = delete;
    ~Parts()
    {
        OM_uint32 ignored = 0;
        gss_release_iov_buffer(&ignored, parts.data(), static_cast<int>(count));
    }

    std::array<gss_iov_buffer_desc, count> parts;
};

gss_iov_buffer_desc part(OM_uint32 type, std::string_view bytes = {})
{
    return {type, gss::lend(bytes)};
}

Body sealed_by_ntlm(gss_ctx_id_t context, std::string_view protocol, const Body& plain)
{
    gss_buffer_desc input = gss::lend(plain.bytes);
    gss::Buffer output;
    OM_uint32 minor = 0;
    int sealed = 0;
    const OM_uint32 major =
        gss_wrap(&minor, context, 1, GSS_C_QOP_DEFAULT, &input, &sealed, output.out());
    if (GSS_ERROR(major) || output.view().size() <= ntlm_signature_bytes) {
        cannot_seal(major, minor);
    }
    return write_sealed({.protocol = protocol,
                         .original_type = plain.content_type,
                         .length = plain.bytes.size(),
                         .signature = output.view().substr(0, ntlm_signature_bytes),
                         .data = output.view().substr(ntlm_signature_bytes)});
}

/// `Length` counts the padding, where the cipher pads (wsman.md 10.4).
Body sealed_by_kerberos(gss_ctx_id_t context, std::string_view protocol, const Body& plain)
{
    std::string data = plain.bytes;
    Parts<3> wrapped{{part(GSS_IOV_BUFFER_TYPE_HEADER | GSS_IOV_BUFFER_FLAG_ALLOCATE),
                      part(GSS_IOV_BUFFER_TYPE_DATA, data),
                      part(GSS_IOV_BUFFER_TYPE_PADDING | GSS_IOV_BUFFER_FLAG_ALLOCATE)}};
    OM_uint32 minor = 0;
    int sealed = 0;
    const OM_uint32 major =
        gss_wrap_iov(&minor, context, 1, GSS_C_QOP_DEFAULT, &sealed, wrapped.parts.data(), 3);
    if (GSS_ERROR(major) || sealed == 0) {
        cannot_seal(major, minor);
    }
    data += view(wrapped.parts[2]);
    return write_sealed({.protocol = protocol,
                         .original_type = plain.content_type,
                         .length = data.size(),
                         .signature = view(wrapped.parts[0]),
                         .data = data});
}

[[noreturn]] void tampered(OM_uint32 major, OM_uint32 minor)
{
    const gss::Failure failed = gss::failure(major, minor, nullptr);
    throw Error{ErrorKind::invalid,
                message::sealed_body_tampered{},
                {.code = failed.minor, .text = failed.text}};
}

void check_opened(OM_uint32 major, OM_uint32 minor, int was_sealed)
{
    if ((major & out_of_order) != 0) {
        throw Error{ErrorKind::invalid, message::sealed_body_replayed{}};
    }
    if (GSS_ERROR(major) || was_sealed == 0) {
        tampered(major, minor);
    }
}

std::uint32_t ntlm_number(std::string_view signature)
{
    std::uint32_t number = 0;
    for (unsigned i = 0; i < 4; ++i) {
        number |= std::uint32_t{static_cast<unsigned char>(signature[ntlm_number_at + i])}
                  << (8 * i);
    }
    return number;
}

} // namespace

void Sealing::seal(gss_ctx_id_t context, Body& body)
{
    body = split_ == Split::ntlm ? sealed_by_ntlm(context, protocol_, body)
                                 : sealed_by_kerberos(context, protocol_, body);
}

void Sealing::unseal(gss_ctx_id_t context, Body& body)
{
    const Sealed sealed = read_sealed(body, protocol_);
    std::string plain =
        split_ == Split::ntlm ? opened_ntlm(context, sealed) : opened_kerberos(context, sealed);
    const std::size_t length = split_ == Split::ntlm ? plain.size() : sealed.data.size();
    if (sealed.length != length && sealed.length != plain.size()) {
        throw Error{ErrorKind::invalid,
                    message::sealed_body_wrong_length{.actual = std::to_string(plain.size()),
                                                      .announced = std::to_string(sealed.length)}};
    }
    body.content_type = std::string{sealed.original_type};
    body.bytes = std::move(plain);
}

std::string Sealing::opened_ntlm(gss_ctx_id_t context, const Sealed& sealed)
{
    if (sealed.signature.size() != ntlm_signature_bytes) {
        throw Error{ErrorKind::invalid, message::sealed_body_tampered{}};
    }
    // NTLM itself reports a message received before as one with a wrong signature.
    const std::uint32_t number = ntlm_number(sealed.signature);
    if (last_number_ && number <= *last_number_) {
        throw Error{ErrorKind::invalid, message::sealed_body_replayed{}};
    }
    std::string joined{sealed.signature};
    joined += sealed.data;
    gss_buffer_desc input = gss::lend(joined);
    gss::Buffer output;
    OM_uint32 minor = 0;
    const OM_uint32 major = gss_unwrap(&minor, context, &input, output.out(), nullptr, nullptr);
    check_opened(major, minor, 1); // gss-ntlmssp always seals and always reports 0
    last_number_ = number;
    return std::string{output.view()};
}

std::string Sealing::opened_kerberos(gss_ctx_id_t context, const Sealed& sealed)
{
    std::string header{sealed.signature};
    std::string data{sealed.data};
    Parts<3> wrapped{{part(GSS_IOV_BUFFER_TYPE_HEADER, header),
                      part(GSS_IOV_BUFFER_TYPE_DATA, data), part(GSS_IOV_BUFFER_TYPE_DATA)}};
    OM_uint32 minor = 0;
    int was_sealed = 0;
    const OM_uint32 major =
        gss_unwrap_iov(&minor, context, &was_sealed, nullptr, wrapped.parts.data(), 3);
    check_opened(major, minor, was_sealed);
    return std::string{view(wrapped.parts[1])};
}

} // namespace watari::auth
