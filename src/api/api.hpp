#pragma once

#include "api/resources.hpp"
#include "http/server.hpp"

#include <memory>

namespace watari::api {

/// The REST API as an http::Handler: finds the route, checks the token, decodes, calls the
/// resource, turns errors into problems.
class Api
{
public:
    explicit Api(Parts parts);

    http::Handler handler();

private:
    Task<http::Response> serve(http::Request request, http::Caller caller);
    Task<http::Response> answer(const http::Request& request, Call& call);
    Task<> authenticate(const http::Request& request, Call& call);

    Parts parts_;
    Resources resources_;
    std::optional<store::ProjectId> default_project_ = {}; ///< once it was looked up
};

} // namespace watari::api
