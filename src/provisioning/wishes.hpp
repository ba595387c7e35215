#pragma once

#include "provisioning/placement.hpp"
#include "store/records/vm.hpp"

namespace watari::provisioning {

/// What an ordered VM needs; `input` is the operation's (member "host": only this one).
Wish wish_of(store::Transaction& transaction, const store::VmRecord& vm,
             const boost::json::value& input);

} // namespace watari::provisioning
