#pragma once

#include "store/records/record.hpp"
#include "store/stored_error.hpp"

namespace watari::store {

enum class OperationState {
    queued,    ///< accepted, no step begun
    running,   ///< a step is being done
    waiting,   ///< until next_try, then goes on
    undoing,   ///< failed or cancelled: taking back what was done
    blocked,   ///< neither way is open now; tries again at next_try, by itself
    succeeded, ///< ended
    failed,    ///< ended, everything undone
    cancelled, ///< ended, everything undone
};

bool has_ended(OperationState state) noexcept;

enum class StepState { pending, running, done, undoing, undone, failed };

/// A durable unit of work: what REST returns from every change.
struct OperationRecord {
    using Id = OperationId;

    OperationId id = {};
    std::string kind = {}; ///< the workflow's name
    std::int64_t workflow_version = 1;
    std::optional<ProjectId> project = {};
    std::optional<VmId> vm = {};
    std::optional<HostId> host = {}; ///< whose budget its steps use
    OperationState state = OperationState::queued;
    bool backward = false; ///< undoing, also while waiting or blocked
    bool cancel_requested = false;
    std::string actor = {};
    std::string reason = {};
    std::string request_id = {};
    boost::json::value input = boost::json::object{};
    std::optional<StoredError> error = {}; ///< why it failed, or why it waits
    std::int64_t attempts = 0; ///< of the present step and direction, since it last succeeded
    std::optional<WallTime> next_try = {};
    std::optional<WallTime> started = {};
    std::optional<WallTime> ended = {};
    std::int64_t version = 0;
    WallTime created = {};
    WallTime updated = {};

    friend bool operator==(const OperationRecord&, const OperationRecord&) = default;
};

/// One step of an operation; its key is (operation, position).
struct StepRecord {
    OperationId operation = {};
    std::int64_t position = 0;
    std::string step = {}; ///< the step's stable id in its workflow
    StepState state = StepState::pending;
    std::int64_t attempts = 0;
    std::optional<WallTime> sent =
        {}; ///< when a change may first have been sent; none: nothing was sent
    std::optional<WallTime> settles = {}; ///< when every change sent has run or never will
    std::int64_t progress = 0;            ///< percent
    std::int64_t requests = 0;            ///< sent to the host
    boost::json::value result = nullptr;
    std::optional<StoredError> error = {}; ///< the last one
    std::optional<WallTime> started = {};
    std::optional<WallTime> ended = {};

    friend bool operator==(const StepRecord&, const StepRecord&) = default;
};

template <>
struct EnumNames<OperationState> {
    static constexpr std::pair<OperationState, std::string_view> names[] = {
        {OperationState::queued, "queued"},   {OperationState::running, "running"},
        {OperationState::waiting, "waiting"}, {OperationState::undoing, "undoing"},
        {OperationState::blocked, "blocked"}, {OperationState::succeeded, "succeeded"},
        {OperationState::failed, "failed"},   {OperationState::cancelled, "cancelled"}};
};

template <>
struct EnumNames<StepState> {
    static constexpr std::pair<StepState, std::string_view> names[] = {
        {StepState::pending, "pending"}, {StepState::running, "running"},
        {StepState::done, "done"},       {StepState::undoing, "undoing"},
        {StepState::undone, "undone"},   {StepState::failed, "failed"}};
};

/// In order of position.
std::vector<StepRecord> steps_of(Transaction& transaction, OperationId operation);
void insert_step(Transaction& transaction, const StepRecord& step);
/// Throws not_found.
void update_step(Transaction& transaction, const StepRecord& step);

/// Writes what the work on an operation changes, whatever version the row has by now, and gives the
/// row as stored: a request to cancel that came meanwhile stays. Throws not_found.
OperationRecord save_work(Transaction& transaction, OperationRecord operation);

/// Those that have not ended, oldest first.
std::vector<OperationRecord> unfinished_operations(Transaction& transaction,
                                                   std::size_t limit = 1'000'000);
/// What is needed to plan the work on an operation.
struct OpenOperation {
    OperationId id = {};
    std::optional<HostId> host = {};
    std::optional<WallTime> next_try = {};
    bool cancel_requested = false;
};

/// Those that have not ended, oldest first; much cheaper than unfinished_operations.
std::vector<OpenOperation> open_operations(Transaction& transaction);
/// Those of a VM that have not ended, oldest first.
std::vector<OperationRecord> unfinished_operations_of(Transaction& transaction, VmId vm);
/// The oldest of them.
std::optional<OperationId> operation_under_way(Transaction& transaction, VmId vm);

} // namespace watari::store
