#include "hyperv/host_errors.hpp"

#include "core/known_fault.hpp"
#include "faults/file.hpp"
#include "faults/host.hpp"
#include "messages/hyperv.hpp"

#include <fmt/format.h>

namespace watari::hyperv {

namespace {

const KnownFault& row_of(const HostSays& says)
{
    if (const auto* row =
            find_known_fault(host_faults::numbers, says.code, std::string_view{says.method})) {
        return *row;
    }
    const auto* row = find_known_fault(host_faults::numbers, says.code);
    return row != nullptr ? *row : *known_fault_of(message::host_act_failed{});
}

} // namespace

Error host_error(const HostSays& says)
{
    const KnownFault& row = row_of(says);
    return Error{says.reads ? row.read : row.change,
                 message_of(row, {{"host", says.host},
                                  {"method", says.method},
                                  {"number", fmt::format("{}", says.code)}}),
                 {.code = says.code, .text = says.text}};
}

Error file_error(const std::string& host, const std::string& path, std::uint32_t code)
{
    const auto* row = find_known_fault(file_faults::numbers, code);
    if (row == nullptr) {
        row = known_fault_of(message::disk_delete_failed{});
    }
    return Error{
        row->change,
        message_of(*row, {{"host", host}, {"number", fmt::format("{}", code)}, {"path", path}}),
        {.code = code}};
}

} // namespace watari::hyperv
