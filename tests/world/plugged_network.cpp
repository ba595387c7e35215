#include "tests/world/plugged_network.hpp"

#include "messages/net.hpp"

#include <vector>

namespace watari::world {

struct PluggedNetwork::Plug {
    explicit Plug(net::Network& its_outside) : outside(its_outside) {}

    net::Network& outside;
    std::vector<net::Stream*> streams = {}; ///< in the order they were made: the same in every run
    std::vector<net::Listener*> listeners = {};
    bool is_in = true;

    void check(const net::Endpoint& to) const
    {
        if (!is_in) {
            throw Error{ErrorKind::unavailable, message::connection_refused{.endpoint = to.text()}};
        }
    }
};

namespace {

using Plug = PluggedNetwork::Plug;

class PluggedStream final : public net::Stream
{
public:
    PluggedStream(std::shared_ptr<Plug> plug, std::unique_ptr<net::Stream> inner)
        : plug_(std::move(plug)), inner_(std::move(inner))
    {
        plug_->streams.push_back(inner_.get());
    }
    ~PluggedStream() override { std::erase(plug_->streams, inner_.get()); }

    Task<std::size_t> read_some(std::span<std::byte> into, Deadline deadline) override
    {
        return inner_->read_some(into, deadline);
    }
    Task<> write_all(std::span<const std::byte> bytes, Deadline deadline) override
    {
        return inner_->write_all(bytes, deadline);
    }
    void close() noexcept override { inner_->close(); }
    bool stale() noexcept override { return inner_->stale(); }
    net::Endpoint peer() const override { return inner_->peer(); }

private:
    std::shared_ptr<Plug> plug_;
    std::unique_ptr<net::Stream> inner_;
};

class PluggedListener final : public net::Listener
{
public:
    PluggedListener(std::shared_ptr<Plug> plug, std::unique_ptr<net::Listener> inner)
        : plug_(std::move(plug)), inner_(std::move(inner))
    {
        plug_->listeners.push_back(inner_.get());
    }
    ~PluggedListener() override { std::erase(plug_->listeners, inner_.get()); }

    Task<std::unique_ptr<net::Stream>> accept() override
    {
        return accept_from(plug_, inner_->accept());
    }
    net::Endpoint local() const override { return inner_->local(); }
    void close() noexcept override { inner_->close(); }

private:
    static Task<std::unique_ptr<net::Stream>>
    accept_from(std::shared_ptr<Plug> plug, Task<std::unique_ptr<net::Stream>> accepting)
    {
        auto stream = co_await std::move(accepting);
        plug->check(stream->peer());
        co_return std::make_unique<PluggedStream>(plug, std::move(stream));
    }

    std::shared_ptr<Plug> plug_;
    std::unique_ptr<net::Listener> inner_;
};

Task<std::unique_ptr<net::Stream>> connect_through(std::shared_ptr<Plug> plug, net::Endpoint to,
                                                   Deadline deadline)
{
    plug->check(to);
    auto stream = co_await plug->outside.connect(to, deadline);
    plug->check(to);
    co_return std::make_unique<PluggedStream>(plug, std::move(stream));
}

} // namespace

PluggedNetwork::PluggedNetwork(net::Network& outside) : plug_(std::make_shared<Plug>(outside)) {}

PluggedNetwork::~PluggedNetwork() = default;

Task<std::unique_ptr<net::Stream>> PluggedNetwork::connect(const net::Endpoint& to,
                                                           Deadline deadline)
{
    return connect_through(plug_, to, deadline);
}

std::unique_ptr<net::Listener> PluggedNetwork::listen(const net::Endpoint& at)
{
    return std::make_unique<PluggedListener>(plug_, plug_->outside.listen(at));
}

void PluggedNetwork::unplug()
{
    plug_->is_in = false;
    for (net::Listener* listener : plug_->listeners) {
        listener->close();
    }
    for (net::Stream* stream : plug_->streams) {
        stream->close();
    }
}

} // namespace watari::world
