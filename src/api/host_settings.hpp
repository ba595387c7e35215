#pragma once

#include "contract/contract.hpp"
#include "store/records/host.hpp"

namespace watari::api {

/// The same fields as a change of a host that has none of them yet.
contract::UpdateHost settings_in(const contract::EnrollHost& body);

/// Writes what is given into the record and judges the whole: how the host is reached and how the
/// account proves itself must fit together. `has_password`: in, whether one is recorded or given;
/// out, whether one is to be kept. Throws contract::InvalidRequest with every problem.
void apply_settings(const contract::UpdateHost& given, store::HostRecord& record,
                    bool& has_password);

/// What can be shown of them.
void show_settings(const store::HostRecord& record, contract::Host& host);

} // namespace watari::api
