#include "xml/pretty.hpp"

#include <gtest/gtest.h>

namespace watari::xml {
namespace {

TEST(Pretty, puts_each_element_on_its_line)
{
    EXPECT_EQ(pretty("<a x='1'><b>text</b><c/><d></d><e><f>1</f></e></a>"), R"(<a x='1'>
  <b>text</b>
  <c/>
  <d></d>
  <e>
    <f>1</f>
  </e>
</a>)");
}

TEST(Pretty, keeps_what_stands_in_a_text)
{
    EXPECT_EQ(pretty("<a>\n  <b> two\nlines &lt;</b>\n</a>"),
              "<a>\n  <b> two\nlines &lt;</b>\n</a>");
    EXPECT_EQ(pretty("<a><![CDATA[<b/> >]]></a>"), "<a><![CDATA[<b/> >]]></a>");
    EXPECT_EQ(pretty("<a b='x > y'><c/></a>"), "<a b='x > y'>\n  <c/>\n</a>");
}

TEST(Pretty, shows_declarations_and_comments)
{
    EXPECT_EQ(pretty("<?xml version='1.0'?><!-- <a> --><a/>"),
              "<?xml version='1.0'?>\n<!-- <a> -->\n<a/>");
}

TEST(Pretty, passes_on_what_is_no_xml_or_cut_off)
{
    EXPECT_EQ(pretty(""), "");
    EXPECT_EQ(pretty("not found"), "not found");
    EXPECT_EQ(pretty("<a><b attr='unfinished"), "<a>\n  <b attr='unfinished");
    EXPECT_EQ(pretty("</a></b>"), "</a>\n</b>");
    EXPECT_EQ(pretty("<!-- "), "<!-- ");
}

TEST(Pretty, does_not_indent_without_end)
{
    std::string deep;
    for (int i = 0; i < 1000; ++i) {
        deep += "<a>";
    }
    EXPECT_LT(pretty(deep).size(), 200'000U);
}

} // namespace
} // namespace watari::xml
