#include "cim/value.hpp"

#include "cim/instance.hpp"
#include "cim/object_path.hpp"

#include <limits>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace watari::cim {
namespace {

using namespace std::chrono_literals;

constexpr std::array all_types = {Type::boolean, Type::string,   Type::char16,    Type::uint8,
                                  Type::sint8,   Type::uint16,   Type::sint16,    Type::uint32,
                                  Type::sint32,  Type::uint64,   Type::sint64,    Type::real32,
                                  Type::real64,  Type::datetime, Type::reference, Type::object};

TEST(Value, types_have_the_names_of_DSP0201)
{
    for (const Type type : all_types) {
        EXPECT_EQ(type_from(to_string(type)), type) << to_string(type);
    }
    EXPECT_EQ(to_string(Type::uint16), "uint16");
    EXPECT_EQ(to_string(Type::reference), "ref");
    EXPECT_EQ(type_from("reference"), Type::reference);
    EXPECT_EQ(type_from("INSTANCE"), Type::object);
    EXPECT_EQ(type_from("int"), std::nullopt);
    EXPECT_EQ(type_from(""), std::nullopt);
}

TEST(Value, keeps_all_64_bits)
{
    const auto biggest = Value::parse(Type::uint64, "18446744073709551615");
    ASSERT_TRUE(biggest);
    EXPECT_EQ(biggest->unsigned_integer(), std::numeric_limits<std::uint64_t>::max());
    EXPECT_EQ(biggest->signed_integer(), std::nullopt);
    EXPECT_EQ(biggest->text(), "18446744073709551615");
    const auto smallest = Value::parse(Type::sint64, "-9223372036854775808");
    ASSERT_TRUE(smallest);
    EXPECT_EQ(smallest->signed_integer(), std::numeric_limits<std::int64_t>::min());
    EXPECT_EQ(smallest->unsigned_integer(), std::nullopt);
}

TEST(Value, refuses_text_that_is_not_of_the_type_or_does_not_fit)
{
    const std::vector<std::pair<Type, std::string>> wrong = {
        {Type::uint8, "256"},
        {Type::uint8, "-1"},
        {Type::sint8, "128"},
        {Type::sint8, "-129"},
        {Type::uint16, "65536"},
        {Type::sint16, "32768"},
        {Type::uint32, "4294967296"},
        {Type::sint32, "2147483648"},
        {Type::uint64, "18446744073709551616"},
        {Type::sint64, "9223372036854775808"},
        {Type::uint32, ""},
        {Type::uint32, "1.0"},
        {Type::uint32, "1e3"},
        {Type::uint32, "0x10"},
        {Type::uint32, "+-1"},
        {Type::uint32, "1 2"},
        {Type::boolean, "yes"},
        {Type::boolean, ""},
        {Type::boolean, "2"},
        {Type::real64, "abc"},
        {Type::real64, ""},
        {Type::real64, "1e999"},
        {Type::real32, "1e39"},
        {Type::real64, "infinity"},
        {Type::char16, ""},
        {Type::char16, "ab"},
        {Type::char16, "😀"},
        {Type::datetime, "yesterday"},
        {Type::reference, "A.B=1"},
        {Type::object, "x"},
    };
    for (const auto& [type, text] : wrong) {
        EXPECT_EQ(Value::parse(type, text), std::nullopt) << to_string(type) << " " << text;
    }
}

TEST(Value, reads_white_space_case_and_plus_as_hosts_do)
{
    EXPECT_EQ(Value::parse(Type::boolean, "TRUE"), Value{true});
    EXPECT_EQ(Value::parse(Type::boolean, " False\n"), Value{false});
    EXPECT_EQ(Value::parse(Type::boolean, "1"), Value{true});
    EXPECT_EQ(Value::parse(Type::uint16, " 7 "), Value{7});
    EXPECT_EQ(Value::parse(Type::sint16, "+7"), Value{7});
    EXPECT_EQ(Value::parse(Type::string, " x "), Value{" x "});
    EXPECT_EQ(Value::parse(Type::char16, "渡"), Value{"渡"});
    EXPECT_EQ(Value::parse(Type::real64, "-1.5e3"), Value{-1500.0});
    EXPECT_EQ(Value::parse(Type::real64, "-INF")->text(), "-INF");
    EXPECT_EQ(Value::parse(Type::real32, "NaN")->text(), "NaN");
}

TEST(Value, compares_deeply_and_integers_by_number)
{
    EXPECT_EQ(Value{std::uint64_t{2}}, Value{std::int64_t{2}});
    EXPECT_NE(Value{std::uint64_t{2}}, Value{std::int64_t{-2}});
    EXPECT_NE(Value{std::numeric_limits<std::uint64_t>::max()}, Value{-1});
    EXPECT_NE(Value{"A"}, Value{"a"});
    EXPECT_NE(Value{"1"}, Value{1});
    EXPECT_NE(Value{}, Value{0});
    EXPECT_EQ(Value{}, Value{});
    EXPECT_EQ((Value{Value::Array{1, 2}}), (Value{Value::Array{std::uint64_t{1}, 2}}));
    EXPECT_EQ((Value{ObjectPath{"root", "A", {}}}), (Value{ObjectPath{"root", "A", {}}}));
    EXPECT_NE((Value{ObjectPath{"root", "A", {}}}), (Value{ObjectPath{"root", "B", {}}}));
    EXPECT_EQ(Value{Instance{"A"}}, Value{Instance{"A"}});
    EXPECT_NE(Value{Instance{"A"}}, Value{Instance{"B"}});
}

TEST(Value, fits_only_where_nothing_is_lost)
{
    for (const Type type : all_types) {
        EXPECT_TRUE(Value{}.fits(type, false));
        EXPECT_TRUE(Value{}.fits(type, true));
        EXPECT_FALSE((Value{Value::Array{}}.fits(type, false)));
        EXPECT_TRUE((Value{Value::Array{}}.fits(type, true)));
        EXPECT_FALSE(Value{true}.fits(type, true));
        EXPECT_EQ(Value{true}.fits(type, false), type == Type::boolean);
    }
    EXPECT_TRUE(Value{255}.fits(Type::uint8, false));
    EXPECT_FALSE(Value{256}.fits(Type::uint8, false));
    EXPECT_FALSE(Value{-1}.fits(Type::uint64, false));
    EXPECT_TRUE(Value{-128}.fits(Type::sint8, false));
    EXPECT_FALSE(Value{128}.fits(Type::sint8, false));
    EXPECT_TRUE(Value{32767}.fits(Type::sint16, false));
    EXPECT_FALSE(Value{65536}.fits(Type::uint16, false));
    EXPECT_TRUE(Value{std::numeric_limits<std::uint32_t>::max()}.fits(Type::uint32, false));
    EXPECT_FALSE(Value{std::numeric_limits<std::uint32_t>::max()}.fits(Type::sint32, false));
    EXPECT_FALSE(Value{std::numeric_limits<std::uint64_t>::max()}.fits(Type::sint64, false));
    EXPECT_TRUE(Value{1}.fits(Type::real64, false));
    EXPECT_FALSE(Value{"1"}.fits(Type::real64, false));
    EXPECT_FALSE(Value{"1"}.fits(Type::uint8, false));
    EXPECT_TRUE(Value{"1"}.fits(Type::string, false));
    EXPECT_TRUE(Value{"1"}.fits(Type::char16, false));
    EXPECT_FALSE(Value{"12"}.fits(Type::char16, false));
    EXPECT_TRUE(Value{DateTime::interval(1s)}.fits(Type::datetime, false));
    EXPECT_TRUE(Value{ObjectPath{}}.fits(Type::reference, false));
    EXPECT_TRUE(Value{Instance{}}.fits(Type::object, false));
    EXPECT_FALSE(Value{Instance{}}.fits(Type::string, false));
    EXPECT_TRUE((Value{Value::Array{1, 2, Value{}}}.fits(Type::uint8, true)));
    EXPECT_FALSE((Value{Value::Array{1, 256}}.fits(Type::uint8, true)));
}

TEST(Value, reads_only_as_what_it_is)
{
    EXPECT_EQ(Value{1}.boolean(), std::nullopt);
    EXPECT_EQ(Value{true}.unsigned_integer(), std::nullopt);
    EXPECT_EQ(Value{"1"}.signed_integer(), std::nullopt);
    EXPECT_EQ(Value{"1"}.real(), std::nullopt);
    EXPECT_EQ(Value{2}.real(), 2.0);
    EXPECT_EQ(Value{std::uint64_t{2}}.real(), 2.0);
    EXPECT_EQ(Value{1}.reference(), nullptr);
    EXPECT_EQ(Value{1}.embedded(), nullptr);
    EXPECT_EQ(Value{1}.array(), nullptr);
    EXPECT_EQ(Value{}.text(), "");
    EXPECT_EQ((Value{Value::Array{1}}.text()), "");
    EXPECT_EQ(Value{0.25}.text(), "0.25");
    EXPECT_EQ(Value{DateTime::interval(30min)}.text(), "00000000003000.000000:000");
}

TEST(Names, compare_without_regard_to_ascii_case_only)
{
    EXPECT_TRUE(same_name("ElementName", "ELEMENTNAME"));
    EXPECT_FALSE(same_name("a", "ab"));
    EXPECT_FALSE(same_name("@", "`"));
    EXPECT_FALSE(same_name("É", "é"));
    EXPECT_EQ(folded("ÉAbC"), "Éabc");
}

struct DateTimeCase {
    const char* cim;
    const char* xs;
    const char* cim_again;
};

// [R] recorded spellings: 2025-12-17T09:55:22.702341Z, 36.68424Z, 1601 as "never",
// P0DT0H1M1.00417S, P0DT0H30M0S.
const DateTimeCase datetime_cases[] = {
    {"20251217095522.702341+000", "2025-12-17T09:55:22.702341Z", "20251217095522.702341+000"},
    {"20261008151536.684240+000", "2026-10-08T15:15:36.68424Z", "20261008151536.684240+000"},
    {"16010101000000.000000+000", "1601-01-01T00:00:00Z", "16010101000000.000000+000"},
    {"20240131190000.000000+540", "2024-01-31T10:00:00Z", "20240131100000.000000+000"},
    {"20240131000000.000000-330", "2024-01-31T05:30:00Z", "20240131053000.000000+000"},
    {"2024**********.******+***", "2024-01-01T00:00:00Z", "20240101000000.000000+000"},
    {"20240229235959.12****+000", "2024-02-29T23:59:59.12Z", "20240229235959.120000+000"},
    {"**************.******+***", "0000-01-01T00:00:00Z", "00000101000000.000000+000"},
    {"00000000000101.004170:000", "P0DT0H1M1.00417S", "00000000000101.004170:000"},
    {"00000000003000.000000:000", "P0DT0H30M0S", "00000000003000.000000:000"},
    {"99999999235959.999999:000", "P99999999DT23H59M59.999999S", "99999999235959.999999:000"},
    {"00000001******.******:000", "P1DT0H0M0S", "00000001000000.000000:000"},
    {"00000000000000.000000:000", "P0DT0H0M0S", "00000000000000.000000:000"},
};

TEST(DateTime, has_three_spellings_of_one_value)
{
    for (const auto& [cim, xs, again] : datetime_cases) {
        const auto value = DateTime::from_cim(cim);
        ASSERT_TRUE(value) << cim;
        EXPECT_EQ(value->xs(), xs);
        EXPECT_EQ(value->cim(), again);
        EXPECT_EQ(DateTime::from_xs(xs), value) << xs;
        EXPECT_EQ(Value::parse(Type::datetime, xs), Value{*value});
        EXPECT_EQ(Value::parse(Type::datetime, cim), Value{*value});
    }
}

TEST(DateTime, refuses_what_is_neither)
{
    for (const char* text :
         {"", "20240131", "20240131100000.000000", "20240131100000.000000+00",
          "20240131100000,000000+000", "20240131100000.000000*000", "20241331100000.000000+000",
          "20240230100000.000000+000", "20240131240000.000000+000", "20240131106000.000000+000",
          "20240131100060.000000+000", "2024*131100000.000000+000", "20240131100000.*00000+000",
          "20240131100000.00000x+000", "00000000003000.000000:001", "0000000a003000.000000:000",
          "00000000243000.000000:000", "00000000000000.000000+000"}) {
        EXPECT_EQ(DateTime::from_cim(text), std::nullopt) << text;
    }
    for (const char* text : {"",
                             "P",
                             "PT",
                             "P1Y",
                             "P1M",
                             "P1",
                             "PT1",
                             "PT1.S",
                             "PT.5S",
                             "P1DT",
                             "-PT1S",
                             "PT-1S",
                             "P1H",
                             "PT1S ,",
                             "PT1D",
                             "P999999999D",
                             "PT999999999999999H",
                             "PT9999999999999999999S",
                             "PT1.5",
                             "P1DT1H1M1S1",
                             "2024-01-31",
                             "2024-13-01T00:00:00Z",
                             "-2024-01-01T00:00:00Z",
                             "2024-01-31T25:00:00Z"}) {
        EXPECT_EQ(DateTime::from_xs(text), std::nullopt) << text;
    }
}

TEST(DateTime, reads_what_xml_schema_allows_besides)
{
    EXPECT_EQ(DateTime::from_xs("PT60.000S"), DateTime::interval(60s));
    EXPECT_EQ(DateTime::from_xs("P0Y0M1DT1H"), DateTime::interval(25h));
    EXPECT_EQ(DateTime::from_xs("PT90M"), DateTime::interval(90min));
    EXPECT_EQ(DateTime::from_xs("PT0.123456789S"), DateTime::interval(123456us));
    EXPECT_EQ(DateTime::from_xs(" 2024-01-31T19:00:00+09:00 ")->xs(), "2024-01-31T10:00:00Z");
    EXPECT_EQ(DateTime::from_xs("2024-01-31T10:00:00")->xs(), "2024-01-31T10:00:00Z");
    EXPECT_EQ(DateTime::from_xs("2024-01-31T10:00:00.5")->xs(), "2024-01-31T10:00:00.5Z");
}

TEST(DateTime, prints_values_beyond_the_formats_as_their_ends)
{
    EXPECT_EQ(DateTime::interval(-5s).cim(), "00000000000000.000000:000");
    EXPECT_EQ(DateTime::interval(std::chrono::microseconds::max()).cim(),
              "99999999235959.999999:000");
    EXPECT_EQ(DateTime::moment(WallTime::max()).cim(), "99991231235959.999999+000");
    EXPECT_EQ(DateTime::moment(WallTime::min()).xs(), "0000-01-01T00:00:00Z");
}

RC_GTEST_PROP(DateTime, any_moment_and_any_interval_come_back, ())
{
    const auto micros = *rc::gen::inRange<std::int64_t>(0, 99'999'999LL * 86'400'000'000);
    const auto interval = DateTime::interval(std::chrono::microseconds{micros});
    RC_ASSERT(DateTime::from_cim(interval.cim()) == interval);
    RC_ASSERT(DateTime::from_xs(interval.xs()) == interval);
    const auto moment =
        DateTime::moment(WallTime{std::chrono::microseconds{micros % 200'000'000'000'000'000}});
    RC_ASSERT(DateTime::from_cim(moment.cim()) == moment);
    RC_ASSERT(DateTime::from_xs(moment.xs()) == moment);
}

RC_GTEST_PROP(Value, integers_come_back_through_text,
              (std::uint64_t number, std::int64_t with_sign))
{
    RC_ASSERT(Value::parse(Type::uint64, Value{number}.text()) == Value{number});
    RC_ASSERT(Value::parse(Type::sint64, Value{with_sign}.text()) == Value{with_sign});
}

RC_GTEST_PROP(Value, never_crashes_on_any_text, (const std::string& text))
{
    for (const Type type : all_types) {
        const auto value = Value::parse(type, text);
        RC_ASSERT(!value || value->fits(type, false));
    }
}

TEST(Instance, finds_and_replaces_properties_in_any_case)
{
    Instance instance{"A"};
    instance.set("Name", Type::string, "x");
    instance.set("Count", Type::uint32, 1);
    instance.set("NAME", Type::string, "y");
    ASSERT_EQ(instance.properties().size(), 2U);
    EXPECT_EQ(instance["name"], Value{"y"});
    EXPECT_TRUE(instance["missing"].is_null());
    EXPECT_EQ(instance.find("missing"), nullptr);
    instance.erase("nAME");
    EXPECT_EQ(instance.find("Name"), nullptr);
    instance.set("List", Type::uint16, Value::Array{1, 2});
    EXPECT_TRUE(instance.find("list")->is_array);
    EXPECT_EQ(untyped().property_type("A", "Name"), std::nullopt);
    EXPECT_EQ(untyped().parameter_type("A", "M", "P"), std::nullopt);
}

} // namespace
} // namespace watari::cim
