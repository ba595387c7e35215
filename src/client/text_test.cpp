#include "client/client.hpp"
#include "client/nearest.hpp"
#include "client/size.hpp"
#include "client/table.hpp"
#include "client/text_width.hpp"

#include <gtest/gtest.h>

namespace watari::client {
namespace {

std::string code_of(const std::function<void()>& act)
{
    try {
        act();
    } catch (const Error& error) {
        return error.code();
    }
    return "nothing was thrown";
}

TEST(Nearest, is_what_was_probably_meant)
{
    const std::vector<std::string> known{"create", "delete", "list", "--plan", "--plan-only"};
    EXPECT_EQ(nearest("crate", known), "create");
    EXPECT_EQ(nearest("lsit", known), "list");
    EXPECT_EQ(nearest("--pln", known), "--plan");
    EXPECT_EQ(nearest("--planonly", known), "--plan-only");
}

TEST(Nearest, is_nothing_for_words_that_are_far_away)
{
    EXPECT_EQ(nearest("frobnicate", {"create", "delete"}), std::nullopt);
    EXPECT_EQ(nearest("vn", {"to"}), std::nullopt);
    EXPECT_EQ(nearest("", {"vm"}), std::nullopt);
    EXPECT_EQ(nearest(std::string(1'000'000, 'x'), {"create"}), std::nullopt);
}

TEST(Size, needs_a_unit)
{
    EXPECT_EQ(size_from("2GiB"), ByteSize::gib(2));
    EXPECT_EQ(size_from("2048MiB"), ByteSize::gib(2));
    EXPECT_EQ(size_from("40 GiB"), ByteSize::gib(40));
    EXPECT_EQ(code_of([] { size_from("2048"); }), "cli_size_without_unit");
    for (const auto* text : {"", "GiB", "2GB2", "-2GiB", "2 parsecs", "99999999999999999999"}) {
        EXPECT_NE(code_of([&] { size_from(text); }), "nothing was thrown") << text;
    }
}

TEST(Size, says_what_to_write_instead_of_a_plain_number)
{
    try {
        size_from("2048");
    } catch (const Error& error) {
        EXPECT_EQ(render(error, Language::en),
                  "'2048' has no unit. Write, for example, 2048MiB or 2048GiB.");
        EXPECT_EQ(exit_code_of(error), ExitCode::usage);
    }
}

TEST(Server, is_understood_with_and_without_scheme_and_port)
{
    EXPECT_EQ(server_from("http://127.0.0.1:8420"), (Server{{"127.0.0.1", 8420}}));
    EXPECT_EQ(server_from("http://127.0.0.1:8420/"), (Server{{"127.0.0.1", 8420}}));
    EXPECT_EQ(server_from("[::1]:8420"), (Server{{"::1", 8420}}));
    EXPECT_EQ(server_from("http://watari.example"), (Server{{"watari.example", 80}}));
    EXPECT_EQ(server_from("https://watari.example"), (Server{{"watari.example", 443}, true}));
    EXPECT_EQ(server_from("https://watari.example:8420"), (Server{{"watari.example", 8420}, true}));
    for (const auto* text : {"", "http://", "http://a/b", "http://me@a", "a:99999"}) {
        EXPECT_EQ(code_of([&] { server_from(text); }), "cli_server_not_understood") << text;
    }
}

TEST(DisplayWidth, counts_japanese_double_and_marks_not_at_all)
{
    EXPECT_EQ(display_width("desk-1"), 6U);
    EXPECT_EQ(display_width("ディスク"), 8U);
    EXPECT_EQ(display_width("VM 数"), 5U);
    EXPECT_EQ(display_width("e\xCC\x81"), 1U);
    EXPECT_EQ(display_width("✓"), 1U);
    EXPECT_EQ(display_width("\xFF\xE3\x81"), 3U); // broken bytes are one column each
}

TEST(DisplayWidth, cuts_between_characters)
{
    EXPECT_EQ(shortened("ディスク", 8), "ディスク");
    EXPECT_EQ(shortened("ディスク", 7), "ディス…");
    EXPECT_EQ(shortened("ディスク", 6), "ディ…");
    EXPECT_EQ(shortened("disk", 0), "");
    EXPECT_EQ(padded("表", 4), "表  ");
    EXPECT_EQ(padded("12", 4, true), "  12");
}

TEST(Wrapped, breaks_at_spaces_and_beside_wide_characters)
{
    EXPECT_EQ(wrapped("the quick brown fox jumps over it", 24, 2),
              "the quick brown fox\n  jumps over it");
    EXPECT_EQ(wrapped("ホストのメモリが足りません。別のホストへ。", 28, 2),
              "ホストのメモリが足りませ\n  ん。別のホストへ。");
    EXPECT_EQ(wrapped("a\nb", 24, 2), "a\n  b");
    EXPECT_EQ(wrapped("any text", 0, 2), "any text");
    EXPECT_EQ(wrapped("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa b", 24, 2),
              "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n  b");
}

TEST(Printable, lets_no_escape_sequence_reach_the_terminal)
{
    EXPECT_EQ(printable("a\x1b[31mb\nc\x7f"), "a?[31mb?c?");
    EXPECT_EQ(printable("\xC2\x9B"
                        "31m"),
              "?31m"); // C1 CSI
    EXPECT_EQ(printable("\xE2\x80\xAE"
                        "gpj.exe"),
              "?gpj.exe"); // right-to-left override
    EXPECT_EQ(printable("\xFFgood 良い"), "?good 良い");
}

TEST(Table, aligns_by_display_width)
{
    Table table{{{"名前"}, {"CPU", true}, {"状態"}}};
    table.add({{"机"}, {"2"}, {"ready"}});
    table.add({{"desk-10"}, {"16"}, {"creating"}});
    EXPECT_EQ(table.text(false), "名前     CPU  状態\n"
                                 "机         2  ready\n"
                                 "desk-10   16  creating\n");
}

TEST(Table, colours_only_when_asked_and_never_changes_the_alignment)
{
    Table table{{{"A"}, {"B"}}};
    table.add({{"ready", Tone::good}, {"x"}});
    table.add({{"ok"}, {"y"}});
    EXPECT_EQ(table.text(false), "A      B\nready  x\nok     y\n");
    EXPECT_EQ(table.text(true),
              "\x1b[2mA\x1b[0m      \x1b[2mB\x1b[0m\n\x1b[32mready\x1b[0m  x\nok     y\n");
}

} // namespace
} // namespace watari::client
