#include "wsman/client/enumeration.hpp"

#include "cim/wql.hpp"
#include "core/log.hpp"
#include "wsman/codec/names.hpp"

#include <exception>
#include <utility>

namespace watari::wsman {

namespace {

using Take = std::function<bool(std::vector<cim::Instance>)>;

/// A host that gives nothing this often in a row and never ends is broken.
constexpr int empty_batches_max = 1000;
constexpr std::chrono::seconds release_time_max{5};

/// One enumeration on the host. An open one counts as an operation there (wsman.md 9), so it must
/// end or be released.
class Cursor
{
public:
    Cursor(Channel& channel, Listing listing)
        : channel_(channel),
          listing_(std::move(listing)),
          max_elements_(channel.options().max_elements)
    {
    }

    Task<> read(const Take& take, Deadline deadline);
    /// Best effort: the host forgets an idle enumeration by itself.
    Task<> release(Deadline deadline);

private:
    Task<ItemsResponse> ask(bool is_pull, Deadline deadline);
    bool shrink(std::uint64_t room);
    void follow(const ItemsResponse& batch);

    Channel& channel_;
    Listing listing_;
    std::uint32_t max_elements_;
    std::string context_; ///< empty: nothing is open
};

/// Makes the next answer smaller or the room for it larger; false when neither is left.
bool Cursor::shrink(std::uint64_t room)
{
    if (max_elements_ > 1) {
        max_elements_ /= 2;
        return true;
    }
    return channel_.raise_envelope_size(room);
}

Task<ItemsResponse> Cursor::ask(bool is_pull, Deadline deadline)
{
    Asked asked = listing_.asked;
    asked.action = is_pull ? "Pull" : "Enumerate";
    for (;;) {
        RequestBody body =
            Enumerate{.optimize = true, .max_elements = max_elements_, .filter = listing_.filter};
        if (is_pull) {
            body = Pull{.context = context_, .max_elements = max_elements_};
        }
        const auto room = channel_.max_envelope_size();
        Response response = co_await channel_.exchange(std::move(body), listing_.resource_class, {},
                                                       asked, deadline);
        const auto* fault = std::get_if<Fault>(&response.body);
        if (fault != nullptr && is_context_lost(*fault)) {
            context_.clear();
        }
        if (fault == nullptr || !is_answer_too_large(*fault) || !shrink(room)) {
            co_return expect<ItemsResponse>(std::move(response), asked);
        }
    }
}

/// The context of an answer replaces the one before; a Pull may leave it out while it stays the
/// same.
void Cursor::follow(const ItemsResponse& batch)
{
    if (batch.end_of_sequence) {
        context_.clear();
    } else if (!batch.context.empty()) {
        context_ = batch.context;
    } else if (context_.empty()) {
        fail_answer(listing_.asked, "an enumeration with neither a context nor an end");
    }
}

Task<> Cursor::read(const Take& take, Deadline deadline)
{
    int empty_batches = 0;
    bool is_pull = false;
    do {
        ItemsResponse batch = co_await ask(is_pull, deadline);
        is_pull = true;
        follow(batch);
        std::vector<cim::Instance> instances;
        instances.reserve(batch.items.size());
        for (Item& item : batch.items) {
            if (item.instance) {
                instances.push_back(std::move(*item.instance));
            }
        }
        empty_batches = instances.empty() ? empty_batches + 1 : 0;
        if (empty_batches > empty_batches_max) {
            fail_answer(listing_.asked, "an enumeration without items and without end");
        }
        if (!instances.empty() && !take(std::move(instances))) {
            co_return;
        }
    } while (!context_.empty());
}

Task<> Cursor::release(Deadline deadline)
{
    if (context_.empty() || deadline.passed(channel_.clock())) {
        co_return;
    }
    Asked asked = listing_.asked;
    asked.action = "Release";
    try {
        const Deadline soon = deadline.sooner(Deadline::after(channel_.clock(), release_time_max));
        co_await channel_.exchange(Release{std::exchange(context_, {})}, listing_.resource_class,
                                   {}, asked, soon);
    } catch (const Error& error) {
        if (error.kind() == ErrorKind::cancelled) {
            throw;
        }
        log::debug("release_failed", {{"error", error.what()}});
    }
}

bool was_cancelled(const std::exception_ptr& failure)
{
    try {
        std::rethrow_exception(failure);
    } catch (const Error& error) {
        return error.kind() == ErrorKind::cancelled;
    } catch (...) {
        return false;
    }
}

} // namespace

Listing listing_of_query(std::string_view ns, std::string_view wql)
{
    Listing listing{.ns = std::string{ns},
                    .resource_class = "*",
                    .filter = Filter{std::string{names::dialect_wql}, std::string{wql}}};
    listing.asked.ns = ns;
    listing.asked.class_name = "*";
    listing.asked.query = wql;
    try {
        const cim::wql::Query query = cim::wql::parse(wql);
        const auto* select = std::get_if<cim::wql::Select>(&query);
        listing.asked.query_is_sound = true;
        listing.asked.class_name = select != nullptr
                                       ? select->class_name
                                       : std::get<cim::wql::Related>(query).result_class;
    } catch (const Error&) {
        // The host judges queries; our reader only names the class for logs and errors.
        listing.asked.query_is_sound = false;
    }
    return listing;
}

Listing listing_of_class(std::string_view ns, std::string_view class_name)
{
    Listing listing{.ns = std::string{ns}, .resource_class = std::string{class_name}};
    listing.asked.ns = ns;
    listing.asked.class_name = class_name;
    return listing;
}

Task<> enumerate(Channel& channel, Listing listing, const Take& take, Deadline deadline)
{
    Cursor cursor{channel, std::move(listing)};
    std::exception_ptr failure;
    try {
        co_await cursor.read(take, deadline);
    } catch (...) {
        failure = std::current_exception();
    }
    if (!failure || !was_cancelled(failure)) {
        co_await cursor.release(deadline);
    }
    if (failure) {
        std::rethrow_exception(failure);
    }
}

} // namespace watari::wsman
