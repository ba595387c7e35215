#include "xml/writer.hpp"

#include "xml/characters.hpp"
#include "xml/reader.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace watari::xml {
namespace {

using namespace std::string_view_literals;

TEST(Writer, writes_elements_attributes_and_text)
{
    Writer writer;
    writer.open("p:a").attribute("xmlns:p", "urn:1").attribute("k", "<\"&'\n");
    writer.element("b", "x < y & z > w").element("c", "").empty_element("d").raw("<e/>");
    EXPECT_EQ(writer.depth(), 1U);
    writer.close();
    EXPECT_EQ(writer.take(), "<p:a xmlns:p=\"urn:1\" k=\"&lt;&quot;&amp;'&#10;\">"
                             "<b>x &lt; y &amp; z &gt; w</b><c></c><d/><e/></p:a>");
}

TEST(Writer, splits_cdata_where_it_would_end)
{
    Writer writer;
    writer.open("a").cdata("x]]>y<&\r]]").close();
    const auto text = writer.take();
    EXPECT_EQ(text, "<a><![CDATA[x]]]]><![CDATA[>y<&]]>&#13;<![CDATA[]]]]></a>");
    EXPECT_EQ(Document::parse(text).root().text(), "x]]>y<&\r]]");
}

TEST(Writer, replaces_what_xml_forbids)
{
    EXPECT_EQ(escape_text("a\x01\x1F\0b\t\n"sv), "a???b\t\n");
    EXPECT_EQ(escape_text("\xFF|\xC0\x80|\xED\xA0\x80|\xEF\xBF\xBF|\xE6\xB8"), "?|??|???|???|??");
    EXPECT_EQ(escape_text("\x7F渡り😀\""), "\x7F渡り😀\"");
    EXPECT_EQ(escape_text("a\r\n"), "a&#13;\n");
    EXPECT_EQ(escape_attribute("a\t\r\n \""), "a&#9;&#13;&#10; &quot;");
    EXPECT_EQ(escape_text(""), "");
}

std::string forbidden_replaced(std::string_view text)
{
    std::string out;
    while (!text.empty()) {
        const auto length = allowed_character(text);
        out += length == 0 ? "?"sv : text.substr(0, length);
        text.remove_prefix(length == 0 ? 1 : length);
    }
    return out;
}

RC_GTEST_PROP(Writer, any_bytes_come_back_as_text_attribute_and_cdata, (const std::string& bytes))
{
    const auto expected = forbidden_replaced(bytes);
    Writer writer;
    writer.open("r")
        .attribute("a", bytes)
        .open("t")
        .text(bytes)
        .close()
        .open("c")
        .cdata(bytes)
        .close()
        .close();
    const auto document = Document::parse(writer.take());
    RC_ASSERT(only_allowed(bytes) == expected);
    RC_ASSERT(document.root().attribute("", "a").value() == expected);
    RC_ASSERT(document.root().child("", "t")->text() == expected);
    RC_ASSERT(document.root().child("", "c")->text() == expected);
}

RC_GTEST_PROP(Characters, utf16_and_back, ())
{
    const auto points = *rc::gen::container<std::u32string>(
        rc::gen::suchThat(rc::gen::inRange<char32_t>(0x20, 0x10FFFF),
                          [](char32_t c) { return c < 0xD800 || c > 0xDFFF; }));
    std::string utf16;
    const auto put = [&](char32_t unit) {
        utf16 += static_cast<char>(unit >> 8);
        utf16 += static_cast<char>(unit & 0xFF);
    };
    for (const char32_t c : points) {
        if (c >= 0x10000) {
            put(0xD800 + ((c - 0x10000) >> 10));
            put(0xDC00 + ((c - 0x10000) & 0x3FF));
        } else {
            put(c);
        }
    }
    const auto converted = utf8_from_utf16(utf16, true);
    RC_ASSERT(converted.has_value());
    std::size_t count = 0;
    for (std::string_view rest = *converted; !rest.empty(); ++count) {
        const auto length = allowed_character(rest);
        rest.remove_prefix(
            length == 0 ? 3 : length); // only U+FFFE, U+FFFF and the like of 3 bytes are refused
    }
    RC_ASSERT(count == points.size());
}

} // namespace
} // namespace watari::xml
