#include "api/router.hpp"

#include "messages/api.hpp"

#include <boost/url/parse.hpp>
#include <boost/url/pct_string_view.hpp>

#include <optional>

namespace watari::api {

namespace {

std::string decoded(std::string_view text)
{
    const auto view =
        boost::urls::make_pct_string_view(boost::core::string_view{text.data(), text.size()});
    if (!view) {
        throw Error{ErrorKind::invalid,
                    message::target_malformed{.target = std::string{text.substr(0, 200)}}};
    }
    return view->decode();
}

/// The next segment of a path and what is left; both start behind a '/'.
std::pair<std::string_view, std::string_view> split(std::string_view path)
{
    const auto slash = path.find('/');
    return slash == std::string_view::npos
               ? std::pair{path, std::string_view{}}
               : std::pair{path.substr(0, slash), path.substr(slash + 1)};
}

std::optional<std::vector<std::pair<std::string, std::string>>>
parameters_in(std::string_view pattern, std::string_view path)
{
    std::vector<std::pair<std::string, std::string>> parameters;
    pattern.remove_prefix(1);
    path.remove_prefix(1);
    while (true) {
        const auto [wanted, more_pattern] = split(pattern);
        const auto [given, more_path] = split(path);
        if (wanted.starts_with('{') && !given.empty()) {
            parameters.emplace_back(std::string{wanted.substr(1, wanted.size() - 2)},
                                    decoded(given));
        } else if (wanted != given) {
            return std::nullopt;
        }
        if (more_pattern.empty() != more_path.empty()) {
            return std::nullopt;
        }
        if (more_pattern.empty()) {
            return path.ends_with('/') ? std::nullopt : std::optional{std::move(parameters)};
        }
        pattern = more_pattern;
        path = more_path;
    }
}

} // namespace

Target parse_target(std::string_view target)
{
    const auto parsed =
        boost::urls::parse_origin_form(boost::core::string_view{target.data(), target.size()});
    if (!parsed) {
        throw Error{ErrorKind::invalid,
                    message::target_malformed{.target = std::string{target.substr(0, 200)}}};
    }
    Target result;
    const auto path = parsed->encoded_path();
    result.path.assign(path.data(), path.size());
    for (const auto parameter : parsed->params()) {
        result.query.emplace_back(std::string{parameter.key}, std::string{parameter.value});
    }
    return result;
}

Match match_route(std::string_view method, std::string_view path)
{
    std::string allowed;
    for (const auto& route : contract::routes) {
        auto parameters = path.starts_with('/') ? parameters_in(route.path, path) : std::nullopt;
        if (!parameters) {
            continue;
        }
        if (route.method == method) {
            return {.route = &route, .parameters = std::move(*parameters)};
        }
        allowed += allowed.empty() ? "" : ", ";
        allowed += route.method;
    }
    if (!allowed.empty()) {
        throw Error{ErrorKind::unsupported,
                    message::method_not_allowed{.method = std::string{method}, .allowed = allowed}};
    }
    throw Error{ErrorKind::not_found,
                message::no_such_path{.path = std::string{path.substr(0, 200)}}};
}

} // namespace watari::api
