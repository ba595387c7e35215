#include "cim/wql_lexer.hpp"

#include "cim/value.hpp"
#include "core/error.hpp"
#include "messages/cim.hpp"

#include <algorithm>
#include <array>

namespace watari::cim::wql {

namespace {

constexpr std::size_t shown_bytes_max = 40;

bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool is_word_character(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_' ||
           static_cast<unsigned char>(c) >= 0x80;
}

} // namespace

bool is_blank(char c) noexcept
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

void fail(std::size_t at, std::string expected, std::string found)
{
    found.resize(std::min(found.size(), shown_bytes_max));
    throw Error{ErrorKind::invalid, message::wql_syntax{.expected = std::move(expected),
                                                        .found = std::move(found),
                                                        .position = std::to_string(at + 1)}};
}

Token Lexer::take()
{
    Token token = std::move(next_);
    advance();
    return token;
}

bool Lexer::at_word(std::string_view word) const
{
    return next_.kind == TokenKind::word && same_name(next_.text, word);
}

bool Lexer::at_symbol(std::string_view symbol) const
{
    return next_.kind == TokenKind::symbol && next_.text == symbol;
}

bool Lexer::take_word(std::string_view word)
{
    const bool there = at_word(word);
    if (there) {
        advance();
    }
    return there;
}

bool Lexer::take_symbol(std::string_view symbol)
{
    const bool there = at_symbol(symbol);
    if (there) {
        advance();
    }
    return there;
}

void Lexer::expect_word(std::string_view word)
{
    if (!take_word(word)) {
        fail_here(std::string{word});
    }
}

std::string Lexer::name(std::string_view what)
{
    if (next_.kind != TokenKind::word) {
        fail_here(std::string{what});
    }
    return take().text;
}

std::string_view Lexer::braces()
{
    if (!at_symbol("{")) {
        fail_here("{");
    }
    const std::size_t first = at_;
    char quote = 0;
    for (std::size_t at = first; at < text_.size(); ++at) {
        const char c = text_[at];
        if (quote != 0 && c == '\\') {
            ++at;
        } else if (quote != 0) {
            quote = c == quote ? 0 : quote;
        } else if (c == '"' || c == '\'') {
            quote = c;
        } else if (c == '}') {
            at_ = at + 1;
            advance();
            return text_.substr(first, at - first);
        }
    }
    fail(text_.size(), "}", "the end");
}

void Lexer::fail_here(std::string expected) const
{
    fail(next_.at, std::move(expected), next_.kind == TokenKind::end ? "the end" : next_.text);
}

void Lexer::advance()
{
    while (at_ < text_.size() && is_blank(text_[at_])) {
        ++at_;
    }
    next_ = {.at = at_};
    if (at_ == text_.size()) {
        return;
    }
    const char c = text_[at_];
    if (c == '"' || c == '\'') {
        read_string(c);
    } else if (is_digit(c) ||
               ((c == '-' || c == '+') && at_ + 1 < text_.size() && is_digit(text_[at_ + 1]))) {
        read_number();
    } else if (is_word_character(c)) {
        read_while(TokenKind::word, is_word_character);
    } else {
        read_symbol();
    }
}

template <class Belongs>
void Lexer::read_while(TokenKind kind, Belongs belongs)
{
    const std::size_t first = at_;
    while (at_ < text_.size() && belongs(text_[at_])) {
        ++at_;
    }
    next_.kind = kind;
    next_.text = text_.substr(first, at_ - first);
}

void Lexer::read_number()
{
    char before = 0;
    read_while(TokenKind::number, [&before](char c) {
        const bool sign = (c == '-' || c == '+') && (before == 0 || before == 'e' || before == 'E');
        before = c;
        return sign || c == '.' || is_word_character(c);
    });
}

void Lexer::read_string(char quote)
{
    next_.kind = TokenKind::string;
    while (++at_ < text_.size()) {
        char c = text_[at_];
        if (c == quote) {
            ++at_;
            return;
        }
        if (c == '\\' && at_ + 1 < text_.size()) {
            c = text_[++at_];
        }
        next_.text += c;
    }
    fail(text_.size(), std::string{quote}, "the end");
}

void Lexer::read_symbol()
{
    static constexpr std::array<std::string_view, 4> pairs{"<=", ">=", "<>", "!="};
    const auto two = text_.substr(at_, 2);
    const std::size_t size = std::ranges::find(pairs, two) != pairs.end() ? 2 : 1;
    next_.kind = TokenKind::symbol;
    next_.text = text_.substr(at_, size);
    at_ += size;
}

} // namespace watari::cim::wql
