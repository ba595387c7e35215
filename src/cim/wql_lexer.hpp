// Internal to the parser of WQL (wql_parser.cpp).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace watari::cim::wql {

enum class TokenKind { word, string, number, symbol, end };

struct Token {
    TokenKind kind = TokenKind::end;
    std::string text = {}; ///< of a string: what it means
    std::size_t at = 0;
};

bool is_blank(char c) noexcept;

/// Throws invalid: message::wql_syntax.
[[noreturn]] void fail(std::size_t at, std::string expected, std::string found);

/// Cuts the text into tokens; holds the one that comes next.
class Lexer
{
public:
    explicit Lexer(std::string_view text) : text_(text) { advance(); }

    const Token& next() const noexcept { return next_; }
    Token take();

    bool at_word(std::string_view word) const;
    bool at_symbol(std::string_view symbol) const;
    /// Whether it came next; then it is taken.
    bool take_word(std::string_view word);
    bool take_symbol(std::string_view symbol);

    void expect_word(std::string_view word);
    /// The word that comes next; `what` says in refusals what is wanted.
    std::string name(std::string_view what);
    /// What stands between '{', which comes next, and its '}', as written.
    std::string_view braces();

    [[noreturn]] void fail_here(std::string expected) const;

private:
    void advance();
    template <class Belongs>
    void read_while(TokenKind kind, Belongs belongs);
    void read_number();
    void read_string(char quote);
    void read_symbol();

    std::string_view text_;
    std::size_t at_ = 0;
    Token next_;
};

} // namespace watari::cim::wql
