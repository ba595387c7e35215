#include "hyperv/connect/doctor_trace.hpp"

#include "auth/scheme.hpp"
#include "http/codec.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

namespace watari::hyperv {

namespace {

constexpr std::string_view mask = "***";
constexpr int unauthorized = 401;
/// An instance or two; a list is cut.
constexpr std::size_t body_max = 64U << 10;

constexpr std::array<std::string_view, 5> secret_headers = {
    "Authorization", "WWW-Authenticate", "Proxy-Authorization", "Cookie", "Set-Cookie"};

/// "Negotiate ***" of "Negotiate YII…"; what is offered without a token, and the name of a realm,
/// are no secrets.
std::string without_token(std::string_view name, std::string_view value)
{
    const bool is_secret = std::ranges::any_of(secret_headers, [name](std::string_view secret) {
        return http::same_ignoring_case(secret, name);
    });
    const auto space = value.find(' ');
    if (!is_secret ||
        (space != std::string_view::npos && value.substr(space + 1).starts_with("realm="))) {
        return std::string{value};
    }
    if (space == std::string_view::npos) {
        const bool is_offer = http::same_ignoring_case(name, "WWW-Authenticate");
        return std::string{is_offer ? value : mask};
    }
    return fmt::format("{} {}", value.substr(0, space), mask);
}

std::string text_of(const http::Headers& headers, std::string_view body)
{
    std::string text;
    for (const auto& [name, value] : headers.fields()) {
        text += fmt::format("{}: {}\n", name, without_token(name, value));
    }
    if (!body.empty()) {
        text += fmt::format("\n{}{}", body.substr(0, body_max), body.size() > body_max ? "…" : "");
    }
    return text;
}

/// The legs of a handshake.
class TracedLegs final : public http::Exchange
{
public:
    TracedLegs(http::Exchange& inner, DoctorTrace& trace) : inner_(inner), trace_(trace) {}

    Task<http::Response> send(http::Request request, Deadline deadline) override
    {
        const std::size_t number = trace_.sent(request, request.body);
        http::Response answer = co_await inner_.send(std::move(request), deadline);
        trace_.answered(number, answer);
        co_return answer;
    }

private:
    http::Exchange& inner_;
    DoctorTrace& trace_;
};

class TracingGuard final : public http::ConnectionGuard
{
public:
    TracingGuard(std::unique_ptr<http::ConnectionGuard> inner, DoctorTrace& trace)
        : inner_(std::move(inner)), trace_(trace)
    {
    }

    Task<> establish(http::Exchange& exchange, Deadline deadline) override
    {
        if (inner_) {
            TracedLegs legs{exchange, trace_};
            co_await inner_->establish(legs, deadline);
        }
    }

    void protect(http::Request& request) override
    {
        const std::string body = request.body;
        if (inner_) {
            inner_->protect(request);
        }
        number_ = trace_.sent(request, body);
    }

    void unprotect(http::Response& response) override
    {
        if (inner_) {
            inner_->unprotect(response);
        }
        trace_.answered(number_, response);
    }

    bool refused() override
    {
        trace_.answered(number_, {.status = unauthorized});
        return inner_ && inner_->refused();
    }

private:
    std::unique_ptr<http::ConnectionGuard> inner_;
    DoctorTrace& trace_;
    std::size_t number_ = 0;
};

} // namespace

DoctorTrace::DoctorTrace(Clock& clock, std::vector<std::string> secrets)
    : clock_(clock), secrets_(std::move(secrets))
{
    std::erase(secrets_, std::string{});
    // The longer first: one may be part of another.
    std::ranges::sort(secrets_, std::ranges::greater{}, &std::string::size);
}

http::MakeConnectionGuard DoctorTrace::listen(http::MakeConnectionGuard inner)
{
    return [this, inner = std::move(inner)](
               const net::Security& security) -> std::unique_ptr<http::ConnectionGuard> {
        return std::make_unique<TracingGuard>(inner ? inner(security) : nullptr, *this);
    };
}

std::string DoctorTrace::masked(std::string text) const
{
    for (const std::string& secret : secrets_) {
        for (auto at = text.find(secret); at != std::string::npos;
             at = text.find(secret, at + mask.size())) {
            text.replace(at, secret.size(), mask);
        }
    }
    return text;
}

std::vector<TracedExchange> DoctorTrace::take()
{
    began_.clear();
    return std::exchange(exchange_, {});
}

std::size_t DoctorTrace::sent(const http::Request& request, std::string_view body)
{
    exchange_.push_back({.request = masked(fmt::format("{} {}\n{}", request.method, request.target,
                                                       text_of(request.headers, body)))});
    began_.push_back(clock_.steady());
    return exchange_.size() - 1;
}

void DoctorTrace::answered(std::size_t number, const http::Response& answer)
{
    if (number >= exchange_.size()) {
        return; // taken meanwhile
    }
    TracedExchange& exchange = exchange_.at(number);
    exchange.answer =
        masked(fmt::format("{}\n{}", answer.status, text_of(answer.headers, answer.body)));
    exchange.took = clock_.steady() - began_.at(number);
}

void DoctorTrace::note_failure(const Error& error)
{
    if (!exchange_.empty() && exchange_.back().answer.empty()) {
        exchange_.back().answer = masked(std::string{"! "} + error.what());
        exchange_.back().took = clock_.steady() - began_.back();
    }
}

} // namespace watari::hyperv
