#include "api/resources.hpp"
#include "store/records/setting.hpp"

#include <boost/json.hpp>

namespace watari::api {

Task<http::Response> Resources::livez(Call&, contract::LivezCall)
{
    co_return json_response(200,
                            encode(contract::Health{.status = "alive", .version = parts_.version}));
}

/// Ready means that the store answers.
Task<http::Response> Resources::readyz(Call&, contract::ReadyzCall)
{
    co_await parts_.store.read(
        [](store::Transaction& transaction) { store::find_setting(transaction, "site"); });
    co_return json_response(200,
                            encode(contract::Health{.status = "ready", .version = parts_.version}));
}

} // namespace watari::api
