#pragma once

#include "cim/class_declaration.hpp"
#include "cim/instance.hpp"
#include "programs/watari/session.hpp"

#include <cstdint>
#include <string>
#include <vector>

#include <boost/json/value.hpp>

namespace watari::cli {

/// Numbers and flags as such, datetimes as on the wire, references as paths, instances as objects.
boost::json::value json_of(const cim::Value& value);
boost::json::value json_of(const cim::Instance& instance);
boost::json::value json_of(const cim::ClassDeclaration& declaration);

/// Name and value of every property, aligned.
std::string block_of(const cim::Instance& instance, const client::TextStyle& style);

/// Prints instances as they come, in constant memory: a block for each, rows where `columns` names
/// the properties, or one JSON list.
class InstancePrinter
{
public:
    /// `session` outlives it.
    InstancePrinter(const Session& session, std::vector<std::string> columns);

    void print(const std::vector<cim::Instance>& batch);
    /// What ends the list.
    void end();
    std::uint64_t count() const noexcept { return count_; }

private:
    void print_json(const std::vector<cim::Instance>& batch);
    void print_rows(const std::vector<cim::Instance>& batch);

    const Session& session_;
    std::vector<std::string> columns_;
    std::vector<std::size_t> widths_; ///< of the first batch, kept
    std::uint64_t count_ = 0;
};

} // namespace watari::cli
