#include "auth/gss.hpp"

#include "core/error.hpp"
#include "messages/auth.hpp"

#include <gssapi/gssapi_krb5.h>

#include <array>

namespace watari::auth::gss {

namespace {

/// 1.3.6.1.4.1.311.2.2.10
constexpr std::string_view ntlm_oid = "\x2b\x06\x01\x04\x01\x82\x37\x02\x02\x0a";
/// 1.3.6.1.5.5.2
constexpr std::string_view spnego_oid = "\x2b\x06\x01\x05\x05\x02";

gss_OID_desc identifier(std::string_view bytes)
{
    return {static_cast<OM_uint32>(bytes.size()), const_cast<char*>(bytes.data())};
}

std::string words(OM_uint32 status, int type, gss_OID mechanism)
{
    std::string text;
    OM_uint32 more = 0;
    do {
        Buffer part;
        OM_uint32 minor = 0;
        if (GSS_ERROR(gss_display_status(&minor, status, type, mechanism, &more, part.out()))) {
            break;
        }
        text.append(text.empty() ? "" : ", ").append(part.view());
    } while (more != 0);
    return text;
}

/// A set of one, lent to the library for a call.
struct OneMechanism {
    explicit OneMechanism(gss_OID mechanism) : set{1, mechanism} {}
    gss_OID_set_desc set;
};

/// A store, lent to the library for a call.
struct LentStore {
    explicit LentStore(const Store& store)
    {
        elements.reserve(store.size());
        for (const auto& [key, value] : store) {
            elements.push_back({key.c_str(), value.reveal().c_str()});
        }
        set = {static_cast<OM_uint32>(elements.size()), elements.data()};
    }
    std::vector<gss_key_value_element_desc> elements;
    gss_key_value_set_desc set{};
};

void restrict(Acquired& acquired, const Request& request)
{
    if (request.inside == nullptr || !acquired.credential) {
        return;
    }
    OneMechanism inside{request.inside};
    OM_uint32 minor = 0;
    const OM_uint32 major = gss_set_neg_mechs(&minor, acquired.credential.get(), &inside.set);
    if (GSS_ERROR(major)) {
        acquired.failure = failure(major, minor, request.mechanism);
        acquired.credential.reset();
    }
}

} // namespace

gss_buffer_desc lend(std::string_view bytes) noexcept
{
    return {bytes.size(), const_cast<char*>(bytes.data())};
}

gss_OID ntlm_mechanism() noexcept
{
    static gss_OID_desc oid = identifier(ntlm_oid);
    return &oid;
}

gss_OID kerberos_mechanism() noexcept
{
    return gss_mech_krb5;
}

gss_OID spnego_mechanism() noexcept
{
    static gss_OID_desc oid = identifier(spnego_oid);
    return &oid;
}

Failure failure(OM_uint32 major, OM_uint32 minor, gss_OID mechanism)
{
    Failure failed{.major = major, .minor = minor, .text = {}};
    if (minor != 0) {
        failed.text = words(minor, GSS_C_MECH_CODE, mechanism);
    }
    if (failed.text.empty()) {
        failed.text = words(major, GSS_C_GSS_CODE, mechanism);
    }
    return failed;
}

void require_ntlm()
{
    gss_OID_set known = nullptr;
    OM_uint32 minor = 0;
    int present = 0;
    if (!GSS_ERROR(gss_indicate_mechs(&minor, &known))) {
        gss_test_oid_set_member(&minor, ntlm_mechanism(), known, &present);
        gss_release_oid_set(&minor, &known);
    }
    if (present == 0) {
        throw Error{ErrorKind::unsupported, message::ntlm_not_installed{}};
    }
}

Name import(std::string_view text, gss_OID type)
{
    gss_buffer_desc bytes = lend(text);
    Name name;
    OM_uint32 minor = 0;
    const OM_uint32 major = gss_import_name(&minor, &bytes, type, name.out());
    if (GSS_ERROR(major)) {
        throw Error{ErrorKind::invalid,
                    message::account_name_unusable{.name = std::string{text}},
                    {.code = minor, .text = failure(major, minor, nullptr).text}};
    }
    return name;
}

std::string display(gss_name_t name)
{
    Buffer text;
    OM_uint32 minor = 0;
    if (name == nullptr || GSS_ERROR(gss_display_name(&minor, name, text.out(), nullptr))) {
        return {};
    }
    // gss-ntlmssp counts the terminating zero as part of the name.
    return std::string{text.view().substr(0, text.view().find('\0'))};
}

Acquired acquire(const Request& request, const Store& store)
{
    LentStore lent{store};
    OneMechanism mechanism{request.mechanism};
    Acquired acquired;
    OM_uint32 minor = 0;
    const OM_uint32 major =
        gss_acquire_cred_from(&minor, request.name, GSS_C_INDEFINITE, &mechanism.set, request.usage,
                              &lent.set, acquired.credential.out(), nullptr, nullptr);
    if (GSS_ERROR(major)) {
        acquired.failure = failure(major, minor, request.mechanism);
        acquired.credential.reset();
    }
    restrict(acquired, request);
    return acquired;
}

void keep(const Credential& credential, gss_OID mechanism, const Store& store)
{
    LentStore lent{store};
    OM_uint32 ignored = 0; // what could not be kept is missing when it is acquired
    gss_store_cred_into(&ignored, credential.get(), GSS_C_INITIATE, mechanism, 1, 1, &lent.set,
                        nullptr, nullptr);
}

Bindings::Bindings(std::string_view hash)
{
    if (!hash.empty()) {
        data_ = "tls-server-end-point:";
        data_ += hash;
        bindings_.application_data = lend(data_);
    }
}

gss_channel_bindings_t Bindings::get() noexcept
{
    return data_.empty() ? nullptr : &bindings_;
}

} // namespace watari::auth::gss
