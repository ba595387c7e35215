#include "provisioning/orders.hpp"

#include "store/records/vm.hpp"

namespace watari::provisioning {

using store::Transaction;

Orders::Orders(Services& services, const store::SecretBox& secrets, operations::Engine& engine,
               Clock& clock, Random& random)
    : services_(services), secrets_(secrets), engine_(engine), clock_(clock), random_(random)
{
}

Task<store::OperationRecord>
Orders::accept(Asker asker, std::function<operations::NewOperation(Transaction&)> prepare)
{
    const auto id = fresh_id<store::OperationId>();
    const auto accepted = co_await services_.store.transact([&](Transaction& transaction) {
        auto operation = prepare(transaction);
        operation.id = id;
        operation.actor = asker.actor;
        operation.reason = asker.reason;
        operation.request_id = asker.request_id;
        auto record = engine_.submit(transaction, std::move(operation));
        if (record.vm) {
            store::set_last_operation(transaction, *record.vm, record.id);
        }
        if (asker.with) {
            asker.with(transaction, record);
        }
        return record;
    });
    engine_.wake();
    co_return accepted;
}

Task<store::OperationRecord> Orders::cancel(store::OperationId operation, Asker asker)
{
    const auto record = co_await services_.store.transact([&](Transaction& transaction) {
        return engine_.request_cancel(transaction, operation, asker.actor);
    });
    engine_.wake();
    co_return record;
}

} // namespace watari::provisioning
