#include "wsman/client/enumeration.hpp"

#include "cim/wql.hpp"
#include "core/log.hpp"
#include "messages/wsman.hpp"
#include "wsman/client/batch_size.hpp"
#include "wsman/codec/names.hpp"

#include <exception>
#include <iterator>
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
        : channel_(channel), listing_(std::move(listing)), size_(channel.options().max_elements)
    {
    }

    Task<> read(const TakeItems& take, Deadline deadline);
    /// Best effort: the host forgets an idle enumeration by itself.
    Task<> release(Deadline deadline);

private:
    Task<ItemsResponse> ask(bool is_pull, Deadline deadline);
    bool shrink(std::uint64_t room);
    void follow(const ItemsResponse& batch);
    void check_length() const;

    Channel& channel_;
    Listing listing_;
    BatchSize size_;
    std::string context_; ///< empty: nothing is open
    std::size_t rows_ = 0;
    std::size_t bytes_ = 0;
};

/// Makes the next answer smaller or the room for it larger; false when neither is left.
bool Cursor::shrink(std::uint64_t room)
{
    return size_.halve() || channel_.raise_envelope_size(room);
}

Task<ItemsResponse> Cursor::ask(bool is_pull, Deadline deadline)
{
    Asked asked = listing_.asked;
    asked.action = is_pull ? "Pull" : "Enumerate";
    for (;;) {
        RequestBody body =
            Enumerate{.optimize = true, .max_elements = size_.get(), .filter = listing_.filter};
        if (is_pull) {
            body = Pull{.context = context_, .max_elements = size_.get()};
        }
        const auto room = channel_.max_envelope_size();
        Answer answer = co_await channel_.exchange_inside(std::move(body), listing_.resource_class,
                                                          listing_.selectors, asked, deadline);
        const auto* fault = std::get_if<Fault>(&answer.response.body);
        if (fault != nullptr && is_context_lost(*fault)) {
            context_.clear();
        }
        if (fault == nullptr || !is_answer_too_large(*fault) || !shrink(room)) {
            auto batch = expect<ItemsResponse>(std::move(answer.response), asked);
            rows_ += batch.items.size();
            bytes_ += answer.bytes;
            size_.learn({.items = batch.items.size(), .bytes = answer.bytes, .room = room});
            co_return batch;
        }
    }
}

void Cursor::check_length() const
{
    if (rows_ > listing_.rows_max.value_or(rows_) || bytes_ > listing_.bytes_max.value_or(bytes_)) {
        throw Error{
            ErrorKind::exhausted,
            message::wsman_list_too_long{.bytes = std::to_string(listing_.bytes_max.value_or(0)),
                                         .class_name = listing_.asked.class_name,
                                         .rows = std::to_string(listing_.rows_max.value_or(0))}};
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

Task<> Cursor::read(const TakeItems& take, Deadline deadline)
{
    int empty_batches = 0;
    bool is_pull = false;
    do {
        ItemsResponse batch = co_await ask(is_pull, deadline);
        is_pull = true;
        follow(batch);
        check_length();
        empty_batches = batch.items.empty() ? empty_batches + 1 : 0;
        if (empty_batches > empty_batches_max) {
            fail_answer(listing_.asked, "an enumeration without items and without end");
        }
        if (!batch.items.empty() && !take(std::move(batch.items))) {
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
        co_await channel_.exchange_inside(Release{std::exchange(context_, {})},
                                          listing_.resource_class, listing_.selectors, asked, soon);
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
    const TakeItems take_items = [&take](std::vector<Item> items) {
        std::vector<cim::Instance> instances;
        instances.reserve(items.size());
        for (Item& item : items) {
            if (item.instance) {
                instances.push_back(std::move(*item.instance));
            }
        }
        return instances.empty() || take(std::move(instances));
    };
    co_await enumerate_items(channel, std::move(listing), take_items, deadline);
}

Task<> enumerate_items(Channel& channel, Listing listing, const TakeItems& take, Deadline deadline)
{
    const auto place = co_await channel.enter(deadline);
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

Task<std::vector<cim::Instance>> collect(Channel& channel, Listing listing, Deadline deadline)
{
    listing.rows_max = channel.options().rows_max;
    listing.bytes_max = channel.options().bytes_max;
    std::vector<cim::Instance> all;
    const Take take = [&all](std::vector<cim::Instance> batch) {
        all.insert(all.end(), std::move_iterator{batch.begin()}, std::move_iterator{batch.end()});
        return true;
    };
    try {
        co_await enumerate(channel, listing, take, deadline);
        co_return all;
    } catch (const Error& error) {
        // What fails at its first request was tried again there.
        if (error.kind() != ErrorKind::unavailable || all.empty() ||
            deadline.passed(channel.clock())) {
            throw;
        }
        log::debug("list_broke_off", {{"error", error.what()}});
    }
    all.clear();
    co_await enumerate(channel, std::move(listing), take, deadline);
    co_return all;
}

} // namespace watari::wsman
