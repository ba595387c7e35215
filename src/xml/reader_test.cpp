#include "xml/reader.hpp"

#include "core/error.hpp"
#include "xml/characters.hpp"
#include "xml/writer.hpp"

#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>
#include <thread>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace watari::xml {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;

std::string error_code(std::string_view bytes, const Limits& limits = {})
{
    try {
        Document::parse(bytes, limits);
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::invalid);
        return error.code();
    }
    return "none";
}

std::string argument(const Error& error, std::string_view name)
{
    for (const auto& [key, value] : error.message().arguments) {
        if (key == name) {
            return value;
        }
    }
    return {};
}

std::string utf16(std::u16string_view text, bool big_endian, bool mark)
{
    std::string out;
    const auto put = [&](char16_t unit) {
        const char high = static_cast<char>(unit >> 8);
        const char low = static_cast<char>(unit & 0xFF);
        out += big_endian ? high : low;
        out += big_endian ? low : high;
    };
    if (mark) {
        put(0xFEFF);
    }
    for (const char16_t unit : text) {
        put(unit);
    }
    return out;
}

TEST(Reader, finds_elements_by_namespace_whatever_the_prefix)
{
    const auto document =
        Document::parse(R"(<a:x xmlns:a="urn:1"><b:y xmlns:b="urn:2">t</b:y><y/></a:x>)");
    const Element& root = document.root();
    EXPECT_TRUE(root.is("urn:1", "x"));
    ASSERT_NE(root.child("urn:2", "y"), nullptr);
    EXPECT_EQ(root.child("urn:2", "y")->text(), "t");
    ASSERT_NE(root.child("", "y"), nullptr);
    EXPECT_EQ(root.child("urn:1", "y"), nullptr);
    EXPECT_EQ(root.child("", "y")->parent(), &root);
    EXPECT_EQ(root.parent(), nullptr);
}

TEST(Reader, keeps_children_in_order_and_walks_repeated_ones)
{
    const auto document = Document::parse("<r><a>1</a><b/><a>2</a><a>3</a></r>");
    std::string names;
    for (const Element& child : document.root().children()) {
        names += child.name();
    }
    EXPECT_EQ(names, "abaa");
    std::string texts;
    for (const Element* a = document.root().child("", "a"); a != nullptr; a = a->next_same()) {
        texts += a->text();
    }
    EXPECT_EQ(texts, "123");
}

TEST(Reader, decodes_attributes_and_their_namespaces)
{
    const auto document = Document::parse(
        R"(<r a="1 &amp; &#38; &lt;&quot;" x:a="2" xmlns:x="urn:x" xml:lang="ja" e=""/>)");
    const Element& root = document.root();
    EXPECT_EQ(root.attribute("", "a"), "1 & & <\"");
    EXPECT_EQ(root.attribute("urn:x", "a"), "2");
    EXPECT_EQ(root.attribute("http://www.w3.org/XML/1998/namespace", "lang"), "ja");
    EXPECT_EQ(root.attribute("", "e"), "");
    EXPECT_EQ(root.attribute("", "missing"), std::nullopt);
    EXPECT_EQ(root.attributes().size(), 4U);
}

TEST(Reader, joins_text_references_and_cdata_but_not_the_children_s)
{
    const auto document = Document::parse(
        "<r>a&amp;b<c>inner</c><![CDATA[<&>]]>&#x3042;<!-- no --><?no no?>\xE6\xB8\xA1</r>");
    EXPECT_EQ(document.root().text(), "a&b<&>\xE3\x81\x82\xE6\xB8\xA1");
    EXPECT_EQ(document.root().child("", "c")->text(), "inner");
}

TEST(Reader, trims_white_space_only_on_request)
{
    const auto document = Document::parse("<r><a> \n x y\t</a><b> \r\n </b></r>");
    EXPECT_EQ(document.root().child("", "a")->text(), " \n x y\t");
    EXPECT_EQ(document.root().child("", "a")->trimmed_text(), "x y");
    EXPECT_EQ(document.root().child("", "b")->trimmed_text(), "");
}

TEST(Reader, resolves_prefixes_where_they_are_used)
{
    const auto document = Document::parse(
        R"(<r xmlns="urn:d" xmlns:p="urn:1"><m xmlns:p="urn:2"><n/></m><u xmlns=""/></r>)");
    const Element& root = document.root();
    const Element* inner = root.child("urn:d", "m")->child("urn:d", "n");
    EXPECT_EQ(root.namespace_of("p"), "urn:1");
    EXPECT_EQ(inner->namespace_of("p"), "urn:2");
    EXPECT_EQ(inner->namespace_of(""), "urn:d");
    EXPECT_EQ(root.child("", "u")->namespace_of(""), std::nullopt);
    EXPECT_EQ(inner->namespace_of("q"), std::nullopt);
    EXPECT_EQ(inner->namespace_of("xml"), "http://www.w3.org/XML/1998/namespace");
}

TEST(Reader, reads_utf16_with_and_without_mark_in_both_orders)
{
    for (const auto text :
         {u"<r>渡り \U0001F600</r>"sv,
          u"<?xml version=\"1.0\" encoding=\"UTF-16\"?><r>渡り \U0001F600</r>"sv}) {
        for (const bool big_endian : {false, true}) {
            for (const bool mark : {false, true}) {
                const auto document = Document::parse(utf16(text, big_endian, mark));
                EXPECT_EQ(document.root().text(), "渡り 😀");
            }
        }
    }
}

TEST(Reader, reads_utf8_with_mark_and_whatever_encoding_it_declares)
{
    EXPECT_EQ(Document::parse("\xEF\xBB\xBF<r>é</r>").root().text(), "é");
    EXPECT_EQ(Document::parse("<?xml version='1.0' encoding='utf-16'?><r>é</r>").root().text(),
              "é");
    EXPECT_EQ(error_code("<?xml version='1.0' encoding='ISO-8859-1'?><r>\xE9</r>"),
              "xml_malformed");
}

TEST(Reader, refuses_what_is_not_well_formed)
{
    const std::vector<std::string> malformed = {
        "",
        "   ",
        "hello",
        "{\"a\":1}",
        "<",
        "<r",
        "<r>",
        "<r></s>",
        "<r/><r/>",
        "<r/>x",
        "<r a=1/>",
        "<r a='1' a='2'/>",
        "<r x:a='1' y:a='2' xmlns:x='u' xmlns:y='u'/>",
        "<p:r/>",
        "<r p:a=''/>",
        "<r>&nbsp;</r>",
        "<r>&#0;</r>",
        "<r>&#xD800;</r>",
        "<r>\x01</r>",
        "<r>\xFF</r>",
        "<r>\xC0\x80</r>",
        "<r>\xED\xA0\x80</r>",
        "<r>]]></r>",
        "<r><![CDATA[x</r>",
        "<r><!-- x</r>",
        "<r a='<'/>",
        "<r>a\0b</r>"s,
        "<r/>\0"s,
        "\xFF\xFE<"s,
        "\xFE\xFF\0"s,
        "\xFF\xFE<\0r\0/\0>\0\x00\xD8"s,
        "\x4C\x6F\xA7\x94\x93",
        "<r xmlns:p=''><p:a/></r>",
        "<html><br></html>",
    };
    for (const auto& text : malformed) {
        EXPECT_EQ(error_code(text), "xml_malformed") << text;
    }
}

TEST(Reader, says_where_the_mistake_is)
{
    try {
        Document::parse("<r>\n  <a>\n</r>");
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(argument(error, "line"), "3");
        EXPECT_NE(argument(error, "why").find("mismatch"), std::string::npos) << error.what();
    }
    try {
        Document::parse("<r>\nab\0</r>"sv);
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(argument(error, "line"), "2");
        EXPECT_EQ(argument(error, "column"), "3");
    }
}

TEST(Reader, refuses_every_prefix_of_a_document)
{
    const std::string whole =
        R"(<?xml version="1.0"?><a:r xmlns:a="urn:1" k="v &amp; w">t&#65;<![CDATA[c]]><!--x--><b/></a:r>)";
    EXPECT_EQ(error_code(whole), "none");
    for (std::size_t size = 0; size < whole.size(); ++size) {
        EXPECT_EQ(error_code(whole.substr(0, size)), "xml_malformed") << size;
    }
}

TEST(Reader, refuses_document_types_before_any_entity_is_read)
{
    EXPECT_EQ(error_code("<!DOCTYPE r><r/>"), "xml_has_dtd");
    EXPECT_EQ(error_code("<!DOCTYPE r SYSTEM 'file:///etc/passwd'><r/>"), "xml_has_dtd");
    EXPECT_EQ(error_code("<!DOCTYPE r [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><r>&x;</r>"),
              "xml_has_dtd");
    std::string bomb = "<!DOCTYPE b [<!ENTITY a0 'ha'>";
    for (int i = 1; i < 30; ++i) {
        const auto before = "&a" + std::to_string(i - 1) + ";";
        bomb += "<!ENTITY a" + std::to_string(i) + " '" + before + before + "'>";
    }
    EXPECT_EQ(error_code(bomb + "]><b>&a29;</b>"), "xml_has_dtd");
}

TEST(Reader, refuses_documents_beyond_the_limits)
{
    EXPECT_EQ(error_code("<r>123456789</r>", {.bytes_max = 15}), "xml_too_large");
    EXPECT_EQ(error_code("<r>12345678</r>", {.bytes_max = 15}), "none");
    EXPECT_EQ(error_code("<a><b><c/></b></a>", {.depth_max = 2}), "xml_too_deep");
    EXPECT_EQ(error_code("<a><b><c/></b></a>", {.depth_max = 3}), "none");
    EXPECT_EQ(error_code("<a><b x='1'/><c xmlns:d='e'/></a>", {.nodes_max = 4}), "xml_too_large");
    EXPECT_EQ(error_code("<a><b x='1'/><c xmlns:d='e'/></a>", {.nodes_max = 5}), "none");
}

TEST(Reader, refuses_nesting_10000_deep_and_allows_it_when_asked_to)
{
    std::string open;
    std::string close;
    for (int i = 0; i < 10'000; ++i) {
        open += "<a>";
        close += "</a>";
    }
    EXPECT_EQ(error_code(open + close), "xml_too_deep");
    EXPECT_EQ(error_code(open), "xml_too_deep");
    EXPECT_EQ(error_code(open + close, {.depth_max = 10'000}), "none");
}

TEST(Reader, refuses_tags_whose_checking_would_take_quadratic_time)
{
    std::string many = "<r";
    std::string bindings = "<r";
    for (int i = 0; i < 300; ++i) {
        many += " a" + std::to_string(i) + "='1'";
        bindings += " xmlns:a" + std::to_string(i) + "='u'";
    }
    EXPECT_EQ(error_code(many + "/>"), "xml_too_large");
    EXPECT_EQ(error_code(bindings + "/>"), "xml_too_large");
    std::string huge = "<r><s";
    for (int i = 0; i < 200'000; ++i) {
        huge += " a" + std::to_string(i) + "='>'";
    }
    EXPECT_EQ(error_code(huge + "/></r>"), "xml_too_large");
    EXPECT_EQ(error_code(huge), "xml_too_large");
}

TEST(Reader, takes_long_texts_comments_and_cdata)
{
    const std::string megabyte(1U << 20, 'x');
    EXPECT_EQ(Document::parse("<r>" + megabyte + "</r>").root().text(), megabyte);
    EXPECT_EQ(Document::parse("<r><![CDATA[" + megabyte + "]]></r>").root().text(), megabyte);
    EXPECT_EQ(Document::parse("<!--" + megabyte + "--><r/>").root().text(), "");
    const std::string large(12U << 20, 'y');
    EXPECT_EQ(Document::parse("<r>" + large + "</r>").root().text().size(), large.size());
}

TEST(Reader, joins_a_million_pieces_in_linear_time)
{
    std::string text = "<r>";
    for (int i = 0; i < 500'000; ++i) {
        text += "&lt;<b/>";
    }
    const auto document = Document::parse(text + "</r>");
    EXPECT_EQ(document.root().text(), std::string(500'000, '<'));
}

TEST(Reader, documents_outlive_the_bytes_and_can_be_moved)
{
    auto bytes = "<a:r xmlns:a='urn:1' k='v'>text</a:r>"s;
    auto first = Document::parse(bytes);
    bytes.assign(bytes.size(), 'x');
    const Document second = std::move(first);
    EXPECT_TRUE(second.root().is("urn:1", "r"));
    EXPECT_EQ(second.root().attribute("", "k"), "v");
    EXPECT_EQ(second.root().text(), "text");
}

TEST(Reader, parses_on_several_threads_at_once)
{
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([] {
            for (int round = 0; round < 200; ++round) {
                EXPECT_EQ(Document::parse("<a:r xmlns:a='u'><b>1</b></a:r>")
                              .root()
                              .child("", "b")
                              ->text(),
                          "1");
                EXPECT_EQ(error_code("<r>"), "xml_malformed");
            }
        });
    }
}

TEST(Reader, reads_every_recorded_answer)
{
    const std::filesystem::path folder{WATARI_SOURCE_DIR "/../shared/recorded"};
    if (!std::filesystem::exists(folder)) {
        std::cout << "No recorded answers at " << folder << ": nothing read.\n";
        GTEST_SKIP();
    }
    int count = 0;
    for (const auto& entry : std::filesystem::directory_iterator{folder}) {
        if (entry.path().extension() == ".xml") {
            std::ifstream file{entry.path(), std::ios::binary};
            std::ostringstream text;
            text << file.rdbuf();
            const auto document = Document::parse(text.str());
            EXPECT_TRUE(document.root().is("http://www.w3.org/2003/05/soap-envelope", "Envelope"))
                << entry.path();
            ++count;
        }
    }
    EXPECT_GT(count, 0);
    std::cout << count << " recorded answers read.\n";
}

TEST(Characters, refuse_broken_utf16)
{
    EXPECT_EQ(utf8_from_utf16("a"sv, false), std::nullopt);
    EXPECT_EQ(utf8_from_utf16("\xD8\x00"sv, true), std::nullopt);
    EXPECT_EQ(utf8_from_utf16("\xDC\x00\xD8\x00"sv, true), std::nullopt);
    EXPECT_EQ(utf8_from_utf16("\xD8\x00\x00\x41"sv, true), std::nullopt);
    EXPECT_EQ(utf8_from_utf16("\xD8\x3D\xDE\x00"sv, true), "😀");
}

RC_GTEST_PROP(Reader, never_crashes_on_mutated_documents, ())
{
    std::string text =
        R"(<?xml version="1.0"?><a:r xmlns:a="urn:1" k="v&amp;"><![CDATA[c]]><b>&#65;</b></a:r>)";
    const auto changes = *rc::gen::container<std::vector<std::pair<unsigned, char>>>(
        rc::gen::pair(rc::gen::inRange(0U, 100U), rc::gen::arbitrary<char>()));
    for (const auto& [at, c] : changes) {
        text[at % text.size()] = c;
    }
    try {
        Document::parse(text);
    } catch (const Error& error) {
        RC_ASSERT(error.kind() == ErrorKind::invalid);
    }
}

} // namespace
} // namespace watari::xml
