#include "hyperv/host_errors.hpp"

#include "messages/hyperv.hpp"

#include <fmt/format.h>

namespace watari::hyperv {

namespace {

template <class Cause>
Error made(ErrorKind kind, const HostSays& says)
{
    return Error{kind,
                 Cause{.host = says.host, .method = says.method},
                 {.code = says.code, .text = says.text}};
}

} // namespace

Error host_error(const HostSays& says)
{
    switch (says.code) {
    case 1:     // CIM: not supported
    case 32770: // not supported
        return made<message::host_act_unsupported>(ErrorKind::unsupported, says);
    case 3:     // CIM: timeout
    case 32771: // status unknown
    case 32772: // timeout: how far it came is unknown
        return made<message::host_act_timed_out>(ErrorKind::outcome_unknown, says);
    case 5:     // CIM: invalid parameter
    case 32773: // invalid parameter
    case 32776: // incorrect data type
    case 0x80070057:
        return made<message::host_act_invalid>(ErrorKind::invalid, says);
    case 6:          // CIM: in use
    case 32774:      // system in use
    case 0x80070020: // sharing violation
        return made<message::host_act_in_use>(ErrorKind::conflict, says);
    case 4097:  // invalid state transition
    case 32775: // invalid state
        return made<message::host_act_wrong_state>(ErrorKind::conflict, says);
    case 4099:  // busy
    case 32777: // not available
        return made<message::host_act_unavailable>(ErrorKind::unavailable, says);
    case 32778: // out of memory
    case 0x8007000E:
        return made<message::host_out_of_memory>(ErrorKind::exhausted, says);
    case 32769: // access denied
    case 0x80070005:
        return made<message::host_act_denied>(ErrorKind::denied, says);
    case 32779: // file not found
    case 0x80070002:
    case 0x80070003: // path not found
        return made<message::host_file_missing>(ErrorKind::not_found, says);
    case 0x80070050: // file exists
        return made<message::host_file_exists>(ErrorKind::conflict, says);
    case 0x80070070: // disk full
        return made<message::host_disk_full>(ErrorKind::exhausted, says);
    case 0xC03A000D: // parent cannot be opened
    case 0xC03A000E: // parent's id differs
    case 0xC03A000F: // parent's time differs
    case 0xC03A0017: // chain cannot be opened
        return made<message::host_disk_chain_broken>(ErrorKind::conflict, says);
    case 0xC03A0012: // size outside what the format allows
    case 0xC03A001B: // not for this kind of disk
    case 0xC03A0025:
    case 0xC03A0026:
    case 0xC03A0027:
        return made<message::host_disk_size_refused>(ErrorKind::invalid, says);
    default:
        return Error{ErrorKind::conflict,
                     message::host_act_failed{.host = says.host,
                                              .method = says.method,
                                              .number = fmt::format("{}", says.code)},
                     {.code = says.code, .text = says.text}};
    }
}

} // namespace watari::hyperv
