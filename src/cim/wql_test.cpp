#include "cim/wql.hpp"

#include "core/error.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace watari::cim::wql {
namespace {

Instance vm()
{
    Instance inner{"Msvm_Inner"};
    Instance instance{"Msvm_ComputerSystem"};
    instance.set("ElementName", Type::string, "Web-01");
    instance.set("Name", Type::string, R"(Microsoft:A\B'C)");
    instance.set("EnabledState", Type::uint16, 2);
    instance.set("Big", Type::uint64, std::uint64_t{18446744073709551615U});
    instance.set("Negative", Type::sint32, -5);
    instance.set("Real", Type::real64, 1.5);
    instance.set("Flag", Type::boolean, true);
    instance.set("Nothing", Type::string, Value{});
    instance.set("List", Type::uint16, Value::Array{1, 2});
    instance.set("Since", Type::datetime, *DateTime::from_cim("20240131100000.000000+000"));
    instance.set("Lasts", Type::datetime, DateTime::interval(std::chrono::minutes{30}));
    instance.set("Antecedent", Type::reference,
                 Value{ObjectPath{"root/v2", "Msvm_A", {{"K", R"(x\y)"}}}});
    instance.set("Inner", Type::object, Value{inner});
    return instance;
}

bool holds(const std::string& where)
{
    return matches(std::get<Select>(parse("select * from X where " + where)), vm());
}

std::string error_of(std::string_view text)
{
    try {
        parse(text);
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::invalid);
        return error.code();
    }
    return "none";
}

TEST(Wql, reads_selects)
{
    const auto all = std::get<Select>(parse("SELECT * FROM Msvm_ComputerSystem"));
    EXPECT_TRUE(all.properties.empty());
    EXPECT_EQ(all.class_name, "Msvm_ComputerSystem");
    EXPECT_EQ(all.where, nullptr);
    EXPECT_TRUE(matches(all, vm()));
    const auto some =
        std::get<Select>(parse(" select\tName , EnabledState\r\nfrom X where Name='a' "));
    EXPECT_EQ(some.properties, (std::vector<std::string>{"Name", "EnabledState"}));
    EXPECT_NE(some.where, nullptr);
}

TEST(Wql, reads_associators_and_references)
{
    // [C] as libvirt sends it (wsman.md 3.6).
    const auto query = std::get<Related>(parse(
        "ASSOCIATORS OF {Msvm_ComputerSystem.CreationClassName='Msvm_ComputerSystem',Name='GUID'} "
        "WHERE AssocClass = Msvm_SettingsDefineState ResultClass = Msvm_VirtualSystemSettingData"));
    EXPECT_FALSE(query.references);
    EXPECT_EQ(query.source.class_name(), "Msvm_ComputerSystem");
    EXPECT_EQ(query.source.key("Name"), "GUID");
    EXPECT_EQ(query.assoc_class, "Msvm_SettingsDefineState");
    EXPECT_EQ(query.result_class, "Msvm_VirtualSystemSettingData");
    const auto roles =
        std::get<Related>(parse("associators of { A.K=\"}\\\\\\\"\" } where role=x resultrole=y"));
    EXPECT_EQ(roles.source.key("K"), "}\\\"");
    EXPECT_EQ(roles.role, "x");
    EXPECT_EQ(roles.result_role, "y");
    const auto references =
        std::get<Related>(parse("references of {root/v2:A.K=1} where ResultClass=B Role=C"));
    EXPECT_TRUE(references.references);
    EXPECT_EQ(references.source.ns(), "root/v2");
    EXPECT_EQ(references.result_class, "B");
    EXPECT_TRUE(std::get<Related>(parse("REFERENCES OF {A=@}")).result_class.empty());
}

TEST(Wql, holds_for)
{
    for (const char* where : {"ElementName = 'web-01'",
                              "'WEB-01' = ElementName",
                              "ElementName <> 'x'",
                              "ElementName != 'x'",
                              "ElementName > 'a'",
                              "EnabledState = 2",
                              "EnabledState = '2'",
                              "EnabledState = 2.0",
                              "2 < EnabledState OR 2 >= EnabledState",
                              "EnabledState >= 2",
                              "EnabledState <= 2",
                              "EnabledState > -1",
                              "EnabledState < 2.5",
                              "Big = 18446744073709551615",
                              "Big > 9223372036854775807",
                              "Big > -1",
                              "Negative < 0",
                              "Negative = -5",
                              "-6 < Negative",
                              "Real = 1.5",
                              "Real > 1",
                              "Flag = TRUE",
                              "Flag = 'true'",
                              "Flag = 1",
                              "Flag <> false",
                              "Nothing IS NULL",
                              "Nothing = NULL",
                              "NULL = Nothing",
                              "Unknown is null",
                              "ElementName is not null",
                              "ElementName <> NULL",
                              "NOT Nothing IS NOT NULL",
                              "NOT (ElementName = 'x')",
                              "ElementName = 'x' OR EnabledState = 2 AND Flag = TRUE",
                              "(ElementName = 'x' OR EnabledState = 2) AND Flag = TRUE",
                              "NOT ElementName = 'x' AND Flag = TRUE",
                              R"(Name = 'Microsoft:A\\B\'C')",
                              R"(Name = "Microsoft:A\\B'C")",
                              "ElementName LIKE 'web%'",
                              "ElementName LIKE '%-0_'",
                              "ElementName like 'Web-[0-9][^2-9]'",
                              "ElementName like '[a-z]%'",
                              "ElementName like '%'",
                              "ElementName like '%W%e%1%'",
                              R"(Name like '%\\b%')",
                              "EnabledState LIKE '2'",
                              "Antecedent like '%msvm_a%'",
                              "Since = '20240131100000.000000+000'",
                              "Since = '20240131190000.000000+540'",
                              "Since > '2024-01-31T09:00:00Z'",
                              "Since < '20250101000000.000000+000'",
                              "Lasts = '00000000003000.000000:000'",
                              "Lasts > 'PT29M'",
                              "Since <> '00000000003000.000000:000'",
                              "Since > '2023'",
                              R"(Antecedent = 'Msvm_A.K="x\\\\y"')",
                              R"(Antecedent = '\\\\HOST\\root\\v2:msvm_a.k="X\\\\Y"')",
                              "Antecedent <> 'Msvm_A.K=1'",
                              "__CLASS = 'msvm_computersystem'",
                              "__THIS ISA 'Msvm_ComputerSystem'",
                              "Inner ISA 'msvm_inner'",
                              "NOT Inner ISA 'Msvm_Other'",
                              "NOT List = 1"}) {
        EXPECT_TRUE(holds(where)) << where;
    }
}

TEST(Wql, does_not_hold_for)
{
    for (const char* where : {"ElementName = 'web-1'",
                              "ElementName < 'a'",
                              "EnabledState = 3",
                              "EnabledState = 'two'",
                              "EnabledState < 'two'",
                              "Big < 1",
                              "Negative > 0",
                              "Real = 'x'",
                              "Flag = FALSE",
                              "Nothing = 'x'",
                              "Nothing <> 'x'",
                              "Unknown = 1",
                              "Nothing LIKE '%'",
                              "List = 1",
                              "List LIKE '%'",
                              "Inner = 'x'",
                              "ElementName LIKE 'web'",
                              "ElementName LIKE ''",
                              "ElementName like '_eb-0'",
                              "ElementName like '[^w]%'",
                              "ElementName like '[]%'",
                              "ElementName like '[w%'",
                              "Lasts = '20240131100000.000000+000'",
                              "Lasts > '20240131100000.000000+000'",
                              "Antecedent = 'no path'",
                              "Antecedent > 'Msvm_A.K=1'",
                              "Inner ISA 'Msvm_Other'",
                              "ElementName ISA 'Msvm_ComputerSystem'",
                              "__THIS ISA 'CIM_System'",
                              "ElementName = 'x' AND EnabledState = 2"}) {
        EXPECT_FALSE(holds(where)) << where;
    }
}

TEST(Wql, compares_like_character_by_character)
{
    Instance instance{"X"};
    const auto like = [&](std::string_view text, std::string_view pattern) {
        instance.set("T", Type::string, text);
        return matches(std::get<Select>(parse("select * from X where T like " + literal(pattern))),
                       instance);
    };
    EXPECT_TRUE(like("渡り", "__"));
    EXPECT_FALSE(like("渡り", "___"));
    EXPECT_TRUE(like("渡", "[一-龯]"));
    EXPECT_TRUE(like("", ""));
    EXPECT_TRUE(like("", "%%"));
    EXPECT_FALSE(like("", "_"));
    EXPECT_TRUE(like("a[b", "a[b"));
    EXPECT_TRUE(like("-", "[a-]"));
    EXPECT_TRUE(like("a%b", "a[%]b"));
    EXPECT_FALSE(like("axb", "a[%]b"));
    EXPECT_TRUE(like("\xFF\x80x", "__"));
    const std::string hard(20'000, 'a');
    EXPECT_FALSE(like(hard, "%a%a%a%a%a%a%a%a%b"));
}

TEST(Wql, asks_the_hook_about_isa)
{
    const auto is_a = [](const void* context, std::string_view derived, std::string_view base) {
        EXPECT_EQ(derived, "Msvm_ComputerSystem");
        return base == *static_cast<const std::string*>(context);
    };
    const std::string base = "CIM_System";
    const auto select = std::get<Select>(parse("select * from X where __THIS ISA 'CIM_System'"));
    EXPECT_TRUE(matches(select, vm(), is_a, &base));
    const std::string other = "CIM_Other";
    EXPECT_FALSE(matches(select, vm(), is_a, &other));
}

TEST(Wql, knows_which_key_a_query_demands)
{
    const auto key = [](const std::string& where) {
        return demanded(std::get<Select>(parse("select * from X" + where)), "Name");
    };
    EXPECT_EQ(key(" where name='a'"), "a");
    EXPECT_EQ(key(" where 'a'=Name"), "a");
    EXPECT_EQ(key(" where X=1 and (Y=2 and Name='a')"), "a");
    EXPECT_EQ(key(" where Name='a' or X=1"), std::nullopt);
    EXPECT_EQ(key(" where not Name='a'"), std::nullopt);
    EXPECT_EQ(key(" where Name<>'a'"), std::nullopt);
    EXPECT_EQ(key(" where Name=1"), std::nullopt);
    EXPECT_EQ(key(" where Name like 'a'"), std::nullopt);
    EXPECT_EQ(key(""), std::nullopt);
}

TEST(Wql, refuses_what_is_wrong)
{
    for (const char* text : {"",
                             "  ",
                             "DELETE FROM X",
                             "SELECT",
                             "SELECT *",
                             "SELECT * FROM",
                             "SELECT * FROM 'X'",
                             "SELECT a b FROM X",
                             "SELECT a, FROM X",
                             "SELECT , FROM X",
                             "SELECT * FROM X WHERE",
                             "SELECT * FROM X Y",
                             "SELECT * FROM X WHERE a",
                             "SELECT * FROM X WHERE a =",
                             "SELECT * FROM X WHERE a = b",
                             "SELECT * FROM X WHERE = 1",
                             "SELECT * FROM X WHERE a = 'x",
                             "SELECT * FROM X WHERE a = 'x\\",
                             "SELECT * FROM X WHERE a = \"x'",
                             "SELECT * FROM X WHERE (a = 1",
                             "SELECT * FROM X WHERE a = 1)",
                             "SELECT * FROM X WHERE a = 1 AND",
                             "SELECT * FROM X WHERE a = 1 OR OR b = 1",
                             "SELECT * FROM X WHERE NOT",
                             "SELECT * FROM X WHERE a IS 1",
                             "SELECT * FROM X WHERE a IS NOT 1",
                             "SELECT * FROM X WHERE a LIKE 1",
                             "SELECT * FROM X WHERE a ISA X",
                             "SELECT * FROM X WHERE a < NULL",
                             "SELECT * FROM X WHERE 1 a",
                             "SELECT * FROM X WHERE a = 1x",
                             "SELECT * FROM X WHERE a = 1.2.3",
                             "SELECT * FROM X WHERE a == 1",
                             "SELECT * FROM X WHERE a = 99999e9999",
                             "SELECT * FROM X;",
                             "ASSOCIATORS",
                             "ASSOCIATORS OF",
                             "ASSOCIATORS OF A.B=1",
                             "ASSOCIATORS OF {",
                             "ASSOCIATORS OF {A.B='}",
                             "ASSOCIATORS OF {}",
                             "ASSOCIATORS OF {A}",
                             "ASSOCIATORS OF {A.B=1} WHERE",
                             "ASSOCIATORS OF {A.B=1} WHERE Foo = B",
                             "ASSOCIATORS OF {A.B=1} WHERE Role = a AND ResultRole = b",
                             "ASSOCIATORS OF {A.B=1} WHERE Role = a Role = b",
                             "ASSOCIATORS OF {A.B=1} WHERE Role a",
                             "ASSOCIATORS OF {A.B=1} WHERE Role = 'a'",
                             "ASSOCIATORS OF {A.B=1} X",
                             "REFERENCES OF {A.B=1} WHERE AssocClass = C",
                             "REFERENCES {A.B=1}"}) {
        EXPECT_EQ(error_of(text), "wql_syntax") << text;
    }
}

TEST(Wql, says_where_and_what)
{
    try {
        parse("select * form X");
        FAIL();
    } catch (const Error& error) {
        using Arguments = std::vector<std::pair<std::string, std::string>>;
        EXPECT_THAT((std::string{error.what()}), testing::HasSubstr("form"));
        const Arguments& arguments = error.message().arguments;
        EXPECT_THAT(arguments, testing::UnorderedElementsAre(testing::Pair("position", "10"),
                                                             testing::Pair("expected", "FROM"),
                                                             testing::Pair("found", "form")));
    }
}

TEST(Wql, refuses_nesting_and_length_without_end)
{
    const std::string where = "select * from X where ";
    std::string parentheses(5'000, '(');
    std::string nots;
    for (int i = 0; i < 5'000; ++i) {
        nots += "not ";
    }
    EXPECT_EQ(error_of(where + parentheses + "a=1"), "wql_syntax");
    EXPECT_EQ(error_of(where + nots + "a=1"), "wql_syntax");
    EXPECT_EQ(error_of(where + "a='" + std::string(70'000, 'x') + "'"), "wql_syntax");
    std::string chain = "a=1";
    for (int i = 0; i < 5'000; ++i) {
        chain += " or a=1";
    }
    EXPECT_EQ(error_of(where + chain), "none");
    EXPECT_EQ(error_of(where + std::string(60, '(') + "a=1" + std::string(60, ')')), "none");
}

RC_GTEST_PROP(Wql, literals_mean_their_text, (const std::string& text))
{
    const auto select = std::get<Select>(parse("select * from X where A=" + literal(text)));
    RC_ASSERT(demanded(select, "a") == text);
}

RC_GTEST_PROP(Wql, any_words_are_read_or_refused, ())
{
    const auto words = *rc::gen::container<std::vector<std::string>>(rc::gen::elementOf(
        std::vector<std::string>{"not", "and", "or", "(", ")", "a", "=", "<", "1", "'x'", "null",
                                 "is", "like", "isa", "-", "\\", "true"}));
    std::string text = "select * from X where a=1 or ";
    for (const auto& word : words) {
        text += word + " ";
    }
    try {
        const auto query = parse(text);
        matches(std::get<Select>(query), vm());
    } catch (const Error& error) {
        RC_ASSERT(error.code() == "wql_syntax");
    }
}

} // namespace
} // namespace watari::cim::wql
