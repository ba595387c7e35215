#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>

namespace watari::sim {

/// Requests that take time, by account: what the quotas count besides open enumerations.
class RequestsAtWork
{
public:
    /// One of them, until it is gone.
    class Turn
    {
    public:
        Turn(std::shared_ptr<std::map<std::string, std::size_t>> counts, std::string account)
            : counts_(std::move(counts)), account_(std::move(account))
        {
            ++(*counts_)[account_];
        }
        Turn(const Turn&) = delete;
        Turn& operator=(const Turn&) = delete;
        ~Turn()
        {
            if (--(*counts_)[account_] == 0) {
                counts_->erase(account_);
            }
        }

    private:
        std::shared_ptr<std::map<std::string, std::size_t>> counts_;
        std::string account_;
    };

    Turn begin(const std::string& account) { return Turn{counts_, account}; }
    std::size_t count_of(const std::string& account) const
    {
        const auto at = counts_->find(account);
        return at == counts_->end() ? 0 : at->second;
    }

private:
    /// Shared: a coroutine may end after the service.
    std::shared_ptr<std::map<std::string, std::size_t>> counts_ =
        std::make_shared<std::map<std::string, std::size_t>>();
};

} // namespace watari::sim
