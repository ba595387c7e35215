#include "tests/world/node.hpp"

#include <fstream>
#include <stdexcept>

namespace watari::world {

using store::sqlite::CommitPoint;

namespace {

constexpr unsigned starts_in_a_row_max = 10;

/// What the dying process's own call sees; whatever it makes of it reaches nobody.
struct Killed : std::runtime_error {
    Killed() : std::runtime_error{"killed"} {}
};

} // namespace

Node::Node(Executor executor, SimulatedClock& clock, net::Network& outside, std::uint64_t seed,
           fleet::FleetOptions fleet)
    : executor_(std::move(executor)),
      clock_(clock),
      outside_(outside),
      seed_(seed),
      fleet_options_(fleet)
{
}

Node::~Node()
{
    stop();
}

void Node::start()
{
    ++starts_;
    network_ = std::make_unique<PluggedNetwork>(outside_);
    random_ = seeded_random(seed_ * 1'000'003 + starts_);
    up_ = true;
    DaemonOptions options;
    options.data = folder_ / "data";
    options.listen = {"10.0.1.1", 8420};
    options.sqlite = {.inline_on_loop = true,
                      .vfs = disk_.vfs(),
                      .on_commit = [this](CommitPoint point) { on_commit(point); }};
    options.fleet = fleet_options_;
    try {
        daemon_ = std::make_unique<Daemon>(Seams{executor_, clock_, *random_, *network_}, options);
        clock_.run(daemon_->start());
    } catch (const std::exception&) {
        if (up_) {
            throw;
        }
    }
}

void Node::ensure_up()
{
    for (unsigned tries = 0; !up_; ++tries) {
        if (tries == starts_in_a_row_max) {
            throw std::runtime_error{"watarid does not start"};
        }
        bury();
        start();
    }
}

void Node::kill()
{
    if (!up_) {
        return;
    }
    up_ = false;
    ++kills_;
    planned_.reset();
    network_->unplug();
    disk_.lose_power();
}

void Node::bury()
{
    if (daemon_) {
        clock_.run(daemon_->stop(Deadline::after(clock_, std::chrono::nanoseconds{0})));
        clock_.advance(std::chrono::nanoseconds{0});
        daemon_.reset();
    }
    network_.reset();
}

void Node::stop()
{
    if (up_) {
        clock_.run(daemon_->stop(Deadline::after(clock_, std::chrono::seconds{1})));
        clock_.advance(std::chrono::nanoseconds{0});
        up_ = false;
    }
    bury();
}

void Node::kill_at_commit(std::uint64_t n, CommitPoint point)
{
    planned_ = Planned{.commit = commits_ + n, .point = point};
}

void Node::on_commit(CommitPoint point)
{
    if (point == CommitPoint::before) {
        ++commits_;
    }
    if (!up_ || (planned_ && planned_->commit == commits_ && planned_->point == point)) {
        kill();
        throw Killed{};
    }
}

net::Endpoint Node::address() const
{
    return daemon_->address();
}

std::string Node::token() const
{
    std::ifstream in{daemon_->token_file()};
    std::string token;
    std::getline(in, token);
    return token;
}

store::Store& Node::store()
{
    return daemon_->store();
}

} // namespace watari::world
