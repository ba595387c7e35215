#pragma once

#include "client/operation_text.hpp"

#include <functional>
#include <set>
#include <string>
#include <string_view>

namespace watari::client {

/// Shows an operation while it is waited for. On a terminal the lines of the steps change in place;
/// elsewhere a line comes out when a step has finished.
class Progress
{
public:
    using Write = std::function<void(std::string_view)>;

    Progress(TextStyle style, bool in_place, Write write)
        : style_(style), in_place_(in_place), write_(std::move(write))
    {
    }

    void show(const contract::Operation& operation);
    /// The server does not answer; said once until it does.
    void lost();
    void end(const contract::Operation& operation);

private:
    void redraw(const std::vector<std::string>& lines);
    void print_finished(const contract::Operation& operation);

    TextStyle style_;
    bool in_place_;
    Write write_;
    std::vector<std::string> drawn_;
    std::set<std::string> printed_; ///< step and state
    std::string held_up_;           ///< the last line that said so, without a terminal
    bool is_lost_ = false;
};

} // namespace watari::client
