#include "core/known_fault.hpp"

#include <gtest/gtest.h>

namespace watari {
namespace {

Error quota_error()
{
    const KnownFault& row = *find_known_fault("quota_operations_per_user");
    return Error{row.read,
                 message_of(row, {{"action", "Enumerate"}, {"class_name", "Msvm_X"}}),
                 {.code = 2150859174U, .text = "quota"}};
}

TEST(KnownFault, every_row_has_its_message_and_says_what_to_do_in_both_languages)
{
    ASSERT_FALSE(known_faults().empty());
    for (const KnownFault& row : known_faults()) {
        EXPECT_EQ(find_known_fault(row.name), &row);
        for (const Language language : {Language::en, Language::ja}) {
            const Message message = message_of(row, {});
            EXPECT_NE(render(message, language), message.code) << row.name;
            EXPECT_FALSE(advice_on(message, language).remedy.empty()) << row.name;
        }
        EXPECT_NE(advice_on(message_of(row, {}), Language::en).remedy,
                  advice_on(message_of(row, {}), Language::ja).remedy)
            << row.name;
    }
    EXPECT_EQ(find_known_fault("no_such_row"), nullptr);
}

TEST(KnownFault, a_message_takes_the_arguments_its_texts_name_and_the_row_as_cause)
{
    const Error error = quota_error();
    EXPECT_EQ(error.code(), "wsman_quota");
    EXPECT_EQ(error.message().arguments,
              (FaultArguments{{"action", "Enumerate"}, {"cause", "quota_operations_per_user"}}));
    EXPECT_EQ(known_fault_of(error.message())->name, "quota_operations_per_user");
}

TEST(KnownFault, the_row_named_as_its_code_gives_advice_on_every_message_of_the_code)
{
    const Message bare{"kerberos_keytab_unusable", {{"path", "/etc/k"}, {"user", "u"}}};
    EXPECT_NE(advice_on(bare, Language::en).remedy.find("klist -kt /etc/k"), std::string::npos);
    EXPECT_TRUE(advice_on(bare, Language::en).cause.empty());
    EXPECT_TRUE(advice_on(Message{"no_such_path", {}}, Language::en).is_empty());
    EXPECT_EQ(known_fault_of(Message{"no_such_path", {}}), nullptr);
}

TEST(KnownFault, an_explanation_is_the_error_then_its_cause_then_the_remedy)
{
    const Error error = quota_error();
    const Advice advice = advice_on(error.message(), Language::en);
    EXPECT_EQ(explain(error, Language::en),
              render(error, Language::en) + " " + advice.cause + " " + advice.remedy);
    const Error other{ErrorKind::not_found, Message{"no_such_path", {{"path", "/x"}}}};
    EXPECT_EQ(explain(other, Language::ja), render(other, Language::ja));
}

} // namespace
} // namespace watari
