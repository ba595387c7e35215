#pragma once

#include "auth/scheme.hpp"

#include <gssapi/gssapi.h>
#include <gssapi/gssapi_ext.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// GSSAPI with owners and exceptions; only sources of this module include it.
namespace watari::auth::gss {

/// A handle of the library, released with it.
template <class Handle, auto release>
class Owned
{
public:
    Owned() = default;
    Owned(Owned&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
    Owned& operator=(Owned&& other) noexcept
    {
        std::swap(handle_, other.handle_);
        return *this;
    }
    ~Owned() { reset(); }

    Handle get() const noexcept { return handle_; }
    explicit operator bool() const noexcept { return handle_ != nullptr; }
    /// Where the library puts or replaces a handle.
    Handle* out() noexcept { return &handle_; }
    void reset() noexcept
    {
        if (handle_ != nullptr) {
            OM_uint32 ignored = 0;
            release(&ignored, &handle_);
            handle_ = nullptr;
        }
    }

private:
    Handle handle_ = nullptr;
};

inline OM_uint32 delete_context(OM_uint32* minor, gss_ctx_id_t* context)
{
    return gss_delete_sec_context(minor, context, nullptr);
}

using Name = Owned<gss_name_t, gss_release_name>;
using Credential = Owned<gss_cred_id_t, gss_release_cred>;
using Context = Owned<gss_ctx_id_t, delete_context>;

/// Bytes the library allocated.
class Buffer
{
public:
    Buffer() = default;
    Buffer(const Buffer&) = delete;
    Buffer& operator=(const Buffer&) = delete;
    ~Buffer()
    {
        OM_uint32 ignored = 0;
        gss_release_buffer(&ignored, &bytes_);
    }

    gss_buffer_t out() noexcept { return &bytes_; }
    std::string_view view() const noexcept
    {
        return {static_cast<const char*>(bytes_.value), bytes_.length};
    }

private:
    gss_buffer_desc bytes_{};
};

/// For the call only: the library takes what it reads as mutable, and does not change it.
gss_buffer_desc lend(std::string_view bytes) noexcept;

gss_OID ntlm_mechanism() noexcept;
gss_OID kerberos_mechanism() noexcept;
gss_OID spnego_mechanism() noexcept;

/// What the library said about a failed call. To be read on the thread that called.
struct Failure {
    OM_uint32 major = 0;
    OM_uint32 minor = 0;
    std::string text; ///< of the mechanism where it has words, of GSSAPI otherwise
};

Failure failure(OM_uint32 major, OM_uint32 minor, gss_OID mechanism);

/// Throws unsupported (message::ntlm_not_installed) without the package that brings it.
void require_ntlm();

Name import(std::string_view text, gss_OID type);
std::string display(gss_name_t name);

/// Where credentials come from in place of the process's environment.
using Store = std::vector<std::pair<std::string, Secret>>;

struct Request {
    gss_name_t name = nullptr; ///< null: any
    gss_OID mechanism = nullptr;
    gss_OID inside = nullptr; ///< for SPNEGO: the only mechanism it may choose
    gss_cred_usage_t usage = GSS_C_INITIATE;
};

/// A credential, or why there is none.
struct Acquired {
    Credential credential;
    Failure failure;
};
Acquired acquire(const Request& request, const Store& store);
/// Puts what a credential for initiating holds into `store`, for others to acquire it from there.
void keep(const Credential& credential, gss_OID mechanism, const Store& store);

/// The channel a handshake is bound to: `tls-server-end-point:` and the hash (RFC 5929).
class Bindings
{
public:
    /// `hash` empty: none.
    explicit Bindings(std::string_view hash);
    Bindings(const Bindings&) = delete;
    Bindings& operator=(const Bindings&) = delete;
    gss_channel_bindings_t get() noexcept;

private:
    std::string data_;
    gss_channel_bindings_struct bindings_{};
};

} // namespace watari::auth::gss
