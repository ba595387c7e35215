#include "wsman/client/session.hpp"

#include "wsman/client/channel.hpp"
#include "wsman/client/enumeration.hpp"

#include <utility>

#include <fmt/format.h>

namespace watari::wsman {

namespace {

std::vector<Selector> selectors_of(const cim::ObjectPath& path)
{
    std::vector<Selector> selectors;
    selectors.reserve(path.keys().size());
    for (const auto& [name, value] : path.keys()) {
        if (const auto* reference = value.reference()) {
            selectors.push_back({name, *reference});
        } else {
            selectors.push_back({name, value.text()});
        }
    }
    return selectors;
}

std::string keys_text(const cim::ObjectPath& path)
{
    std::string text;
    for (const auto& [name, value] : path.keys()) {
        text += fmt::format("{}{}={}", text.empty() ? "" : ", ", name,
                            value.reference() ? value.reference()->text() : value.text());
    }
    return text;
}

Asked asked_for(std::string action, const cim::ObjectPath& path, Effect effect)
{
    return {.effect = effect,
            .action = std::move(action),
            .ns = path.ns(),
            .class_name = path.class_name(),
            .object = keys_text(path)};
}

/// The word after `label` in "OS: 6.1.7601 SP: 1.0 Stack: 2.0".
std::string word_after(std::string_view text, std::string_view label)
{
    const auto at = text.find(label);
    if (at == std::string_view::npos) {
        return {};
    }
    text.remove_prefix(at + label.size());
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
    return std::string{text.substr(0, text.find(' '))};
}

} // namespace

struct Session::State {
    Channel channel;

    /// Asks once more with more room when the answer to a read did not fit.
    Task<Response> ask(const RequestBody& body, const cim::ObjectPath& path, const Asked& asked,
                       Deadline deadline)
    {
        const auto room = channel.max_envelope_size();
        Response response =
            co_await channel.exchange(body, path.class_name(), selectors_of(path), asked, deadline);
        const auto* fault = std::get_if<Fault>(&response.body);
        if (fault != nullptr && asked.effect == Effect::reads && is_answer_too_large(*fault) &&
            channel.raise_envelope_size(room)) {
            response = co_await channel.exchange(body, path.class_name(), selectors_of(path), asked,
                                                 deadline);
        }
        co_return response;
    }
};

Session::Session(http::Client& client, Clock& clock, Random& random, SessionOptions options)
    : state_(new State{Channel{client, clock, random, std::move(options)}})
{
}

Session::~Session() = default;

Task<Identity> Session::identify(Deadline deadline)
{
    const Asked asked{.action = "Identify"};
    Response response = co_await state_->channel.exchange(Identify{}, {}, {}, asked, deadline);
    const auto answer = expect<IdentifyResponse>(std::move(response), asked);
    Identity identity{word_after(answer.product_version, "OS:"),
                      word_after(answer.product_version, "Stack:"), answer.product_vendor,
                      answer.product_version, answer.protocol_version};
    if (identity.os_version == "0.0.0") {
        identity.os_version.clear();
    }
    co_return identity;
}

Task<cim::Instance> Session::get(const cim::ObjectPath& path, Deadline deadline)
{
    const Asked asked = asked_for("Get", path, Effect::reads);
    Response response = co_await state_->ask(Get{}, path, asked, deadline);
    auto answer = expect<InstanceResponse>(std::move(response), asked);
    if (!answer.instance) {
        fail_answer(asked, "the answer holds no instance");
    }
    co_return std::move(*answer.instance);
}

Task<> Session::put(const cim::ObjectPath& path, const cim::Instance& instance, Deadline deadline)
{
    const Asked asked = asked_for("Put", path, Effect::changes);
    const RequestBody body = Put{instance};
    Response response = co_await state_->ask(body, path, asked, deadline);
    expect<InstanceResponse>(std::move(response), asked);
}

Task<std::vector<cim::Instance>> Session::query(std::string_view ns, std::string_view wql,
                                                Deadline deadline)
{
    return collect(state_->channel, listing_of_query(ns, wql), deadline);
}

Task<std::vector<cim::Instance>> Session::enumerate(std::string_view ns,
                                                    std::string_view class_name, Deadline deadline)
{
    return collect(state_->channel, listing_of_class(ns, class_name), deadline);
}

Task<> Session::stream(std::string_view ns, std::string_view wql,
                       std::function<bool(std::vector<cim::Instance>)> take, Deadline deadline)
{
    co_await wsman::enumerate(state_->channel, listing_of_query(ns, wql), take, deadline);
}

Task<cim::Instance> Session::invoke(const cim::ObjectPath& target, std::string_view method,
                                    const cim::Instance& input, Effect effect, Deadline deadline)
{
    const Asked asked = asked_for(std::string{method}, target, effect);
    const RequestBody body = Invoke{.method = std::string{method}, .input = input};
    Response response = co_await state_->ask(body, target, asked, deadline);
    auto answer = expect<InvokeResponse>(std::move(response), asked);
    co_return std::move(answer.output);
}

Channel& Session::channel() noexcept
{
    return state_->channel;
}

std::uint64_t Session::requests() const noexcept
{
    return state_->channel.requests();
}

} // namespace watari::wsman
