#pragma once

#include "cim/value.hpp"

#include <string>
#include <vector>

namespace watari::cim::wql {

/// One node of a WHERE clause.
struct Condition {
    enum class Kind {
        all_of,
        any_of,
        none_of,
        equal,
        not_equal,
        less,
        less_equal,
        greater,
        greater_equal,
        like,
        is_null,
        is_a
    };

    Kind kind;
    std::string property = {};            ///< of comparisons and tests
    Value literal = {};                   ///< what it is compared with; a class name for is_a
    std::vector<Condition> operands = {}; ///< of all_of, any_of and none_of (which has one)
};

} // namespace watari::cim::wql
