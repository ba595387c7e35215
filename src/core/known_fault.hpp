#pragma once

#include "core/catalogue.hpp"
#include "core/error.hpp"

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace watari {

/// A row of data/faults: what a code that a host, or the way to it, gives means for us.
struct KnownFault {
    std::string_view name; ///< stable; docs/errors lists it, errors carry it as argument `cause`
    std::string_view code; ///< of the message
    ErrorKind read;        ///< for a request that only reads
    ErrorKind change;      ///< for one that may have changed the host
    bool is_retryable;     ///< the same again later may do
};

/// Every row, sorted by name. Made by the build from data/faults.
std::span<const KnownFault> known_faults() noexcept;
/// Null: there is no such row.
const KnownFault* find_known_fault(std::string_view name) noexcept;

/// How a host says a fault, in the tables `faults/*.hpp` that the build makes; sorted.
template <class Key>
struct FaultKey {
    Key key;                ///< the number, or the name
    std::string_view where; ///< of which requests or methods; empty: all others
    std::string_view fault;
};

/// The row for `key` said of `where`, which may be empty; null: the table does not know it.
template <class Table, class Key>
const KnownFault* find_known_fault(const Table& table, const Key& key, std::string_view where = {})
{
    const auto wanted = std::pair{key, where};
    const auto found = std::ranges::lower_bound(
        table, wanted, {}, [](const auto& entry) { return std::pair{entry.key, entry.where}; });
    return found != table.end() && found->key == key && found->where == where
               ? find_known_fault(found->fault)
               : nullptr;
}

using FaultArguments = std::vector<std::pair<std::string, std::string>>;

/// The row's message with those of the arguments that its texts name.
Message message_of(const KnownFault& fault, FaultArguments arguments);

/// Why it happened and what to do about it: of the row that a message names as its `cause`, else of
/// the row of its code; empty where data/faults has none.
struct Advice {
    std::string cause;
    std::string remedy;

    bool is_empty() const noexcept { return cause.empty() && remedy.empty(); }
};
Advice advice_on(const Message& message, Language language);
/// The row that `message` names or is the code of; null: it is not of data/faults.
const KnownFault* known_fault_of(const Message& message) noexcept;

/// As render(), then cause and remedy: for where all is one text.
std::string explain(const Error& error, Language language);

} // namespace watari
