#include "wsman/client/kdc_waits.hpp"

#include "messages/wsman.hpp"

#include <boost/asio/this_coro.hpp>

namespace watari::wsman {

/// What the thread and the waiter share; the last of them lets it go.
struct KdcWaits::Step {
    std::shared_ptr<auth::ClientScheme> scheme;
    std::vector<std::string> challenges;
    std::shared_ptr<Semaphore> realm;
    std::optional<Semaphore::Permit> permit; ///< of realm
    std::optional<std::string> result = {};
    std::exception_ptr failure = {};
    bool done = false;
    Signal ended = {};

    void run()
    {
        try {
            result = scheme->next(challenges);
        } catch (...) {
            failure = std::current_exception();
        }
    }

    static Task<> run_on(Pool* pool, std::shared_ptr<Step> step)
    {
        co_await pool->run([step] { step->run(); });
        step->permit.reset();
        step->done = true;
        step->ended.notify_all();
    }
};

Task<Semaphore::Permit> KdcWaits::turn(Semaphore& realm, const std::string& name, Deadline deadline)
{
    bool late = false;
    try {
        co_return co_await realm.acquire(clock_, deadline);
    } catch (const Error& error) {
        late = error.kind() == ErrorKind::timed_out;
        if (!late) {
            throw;
        }
    }
    throw Error{ErrorKind::unavailable, message::kdc_busy{.realm = name}};
}

Task<std::optional<std::string>> KdcWaits::next(std::shared_ptr<auth::ClientScheme> scheme,
                                                std::string realm,
                                                std::vector<std::string> challenges,
                                                Deadline deadline)
{
    auto& place = realms_[realm];
    if (!place) {
        place = std::make_shared<Semaphore>(per_realm_max_);
    }
    const auto step = std::make_shared<Step>();
    step->scheme = std::move(scheme);
    step->challenges = std::move(challenges);
    step->realm = place;
    step->permit = co_await turn(*step->realm, realm, deadline);
    spawn(co_await boost::asio::this_coro::executor, Step::run_on(&pool_, step),
          "a handshake that may wait for a KDC");
    while (!step->done) {
        if (!co_await step->ended.wait(clock_, deadline)) {
            throw Error{ErrorKind::unavailable, message::kdc_too_slow{.realm = realm}};
        }
    }
    if (step->failure) {
        std::rethrow_exception(step->failure);
    }
    co_return step->result;
}

} // namespace watari::wsman
