#include "api/problems.hpp"

#include "core/known_fault.hpp"

#include <gtest/gtest.h>

namespace watari::api {
namespace {

Error known_error(std::string_view name, FaultArguments arguments)
{
    const KnownFault& row = *find_known_fault(name);
    return Error{row.read, message_of(row, std::move(arguments)), {.code = 7, .text = "words"}};
}

TEST(Problems, of_a_known_fault_say_why_and_what_to_do)
{
    const Error error = known_error("quota_operations_per_user", {{"action", "Enumerate"}});
    const auto problem = problem_of(error, Language::en, "r-1");
    const Advice advice = advice_on(error.message(), Language::en);
    EXPECT_EQ(problem.type, "urn:watari:error:wsman_quota");
    EXPECT_EQ(problem.cause, advice.cause);
    EXPECT_EQ(problem.remedy, advice.remedy);
    EXPECT_EQ(problem.fault, "quota_operations_per_user");
    EXPECT_EQ(problem.status, 429);
    EXPECT_EQ(problem.retryable, true);
    EXPECT_EQ(problem_of(error, Language::ja, "").remedy,
              advice_on(error.message(), Language::ja).remedy);
}

TEST(Problems, of_a_full_disk_are_not_retryable_although_those_of_a_quota_are)
{
    EXPECT_EQ(problem_of(known_error("job_disk_full", {}), Language::en, "").retryable, false);
}

TEST(Problems, of_our_own_have_no_cause_besides_their_text)
{
    const Error error{ErrorKind::not_found, Message{"no_such_path", {{"path", "/x"}}}};
    const auto problem = problem_of(error, Language::en, "");
    EXPECT_EQ(problem.type, "urn:watari:error:no_such_path");
    EXPECT_EQ(problem.status, 404);
    EXPECT_FALSE(problem.cause);
    EXPECT_FALSE(problem.remedy);
    EXPECT_FALSE(problem.fault);
}

} // namespace
} // namespace watari::api
