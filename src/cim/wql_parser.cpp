#include "cim/wql.hpp"

#include "cim/wql_condition.hpp"
#include "cim/wql_lexer.hpp"

#include <algorithm>
#include <array>

namespace watari::cim::wql {

namespace {

using Kind = Condition::Kind;

constexpr std::size_t text_bytes_max = 64U << 10;
constexpr std::size_t nesting_max = 64;

std::optional<Kind> comparison(const Token& token)
{
    static constexpr std::array<std::pair<std::string_view, Kind>, 7> symbols{
        {{"=", Kind::equal},
         {"<>", Kind::not_equal},
         {"!=", Kind::not_equal},
         {"<", Kind::less},
         {"<=", Kind::less_equal},
         {">", Kind::greater},
         {">=", Kind::greater_equal}}};
    for (const auto& [symbol, kind] : symbols) {
        if (token.kind == TokenKind::symbol && token.text == symbol) {
            return kind;
        }
    }
    return std::nullopt;
}

/// The comparison with its sides changed.
Kind mirrored(Kind kind)
{
    switch (kind) {
    case Kind::less:
        return Kind::greater;
    case Kind::less_equal:
        return Kind::greater_equal;
    case Kind::greater:
        return Kind::less;
    case Kind::greater_equal:
        return Kind::less_equal;
    default:
        return kind;
    }
}

bool is_constant(const Token& token)
{
    return token.kind == TokenKind::string || token.kind == TokenKind::number ||
           (token.kind == TokenKind::word &&
            (same_name(token.text, "true") || same_name(token.text, "false") ||
             same_name(token.text, "null")));
}

Condition negated(Condition condition)
{
    Condition result{.kind = Kind::none_of};
    result.operands.push_back(std::move(condition));
    return result;
}

class ConditionReader
{
public:
    explicit ConditionReader(Lexer& lexer) : lexer_(lexer) {}

    Condition any()
    {
        return chain("OR", Kind::any_of, [this] { return all(); });
    }

private:
    Condition all()
    {
        return chain("AND", Kind::all_of, [this] { return one(); });
    }

    template <class Operand>
    Condition chain(std::string_view word, Kind kind, Operand operand)
    {
        Condition first = operand();
        if (!lexer_.at_word(word)) {
            return first;
        }
        Condition result{.kind = kind};
        result.operands.push_back(std::move(first));
        while (lexer_.take_word(word)) {
            result.operands.push_back(operand());
        }
        return result;
    }

    Condition one()
    {
        if (++nesting_ > nesting_max) {
            lexer_.fail_here("less nesting");
        }
        Condition result = simple();
        --nesting_;
        return result;
    }

    Condition simple()
    {
        if (lexer_.take_word("NOT")) {
            return negated(one());
        }
        if (lexer_.take_symbol("(")) {
            Condition inside = any();
            if (!lexer_.take_symbol(")")) {
                lexer_.fail_here(")");
            }
            return inside;
        }
        if (is_constant(lexer_.next())) {
            return constant_first();
        }
        return test(lexer_.name("a property"));
    }

    Condition constant_first()
    {
        Value literal = constant();
        const auto kind = comparison(lexer_.next());
        if (!kind) {
            lexer_.fail_here("a comparison");
        }
        lexer_.take();
        return compare(lexer_.name("a property"), mirrored(*kind), std::move(literal));
    }

    Condition test(std::string property)
    {
        if (lexer_.take_word("IS")) {
            const bool wanted = !lexer_.take_word("NOT");
            lexer_.expect_word("NULL");
            Condition null{.kind = Kind::is_null, .property = std::move(property)};
            return wanted ? null : negated(std::move(null));
        }
        if (lexer_.take_word("LIKE")) {
            return {.kind = Kind::like,
                    .property = std::move(property),
                    .literal = Value{string("a pattern in quotes")}};
        }
        if (lexer_.take_word("ISA")) {
            return {.kind = Kind::is_a,
                    .property = std::move(property),
                    .literal = Value{string("a class name in quotes")}};
        }
        const auto kind = comparison(lexer_.next());
        if (!kind) {
            lexer_.fail_here("a comparison, IS, LIKE or ISA");
        }
        lexer_.take();
        return compare(std::move(property), *kind, constant());
    }

    Condition compare(std::string property, Kind kind, Value literal)
    {
        if (literal.is_null()) {
            Condition null{.kind = Kind::is_null, .property = std::move(property)};
            if (kind != Kind::equal && kind != Kind::not_equal) {
                lexer_.fail_here("= or <> before NULL");
            }
            return kind == Kind::equal ? null : negated(std::move(null));
        }
        return {.kind = kind, .property = std::move(property), .literal = std::move(literal)};
    }

    std::string string(std::string_view what)
    {
        if (lexer_.next().kind != TokenKind::string) {
            lexer_.fail_here(std::string{what});
        }
        return lexer_.take().text;
    }

    Value constant()
    {
        if (!is_constant(lexer_.next())) {
            lexer_.fail_here("a constant");
        }
        const Token token = lexer_.take();
        if (token.kind == TokenKind::string) {
            return Value{token.text};
        }
        if (token.kind == TokenKind::word) {
            return same_name(token.text, "null") ? Value{}
                                                 : *Value::parse(Type::boolean, token.text);
        }
        for (const Type type : {Type::uint64, Type::sint64, Type::real64}) {
            if (auto value = Value::parse(type, token.text)) {
                return std::move(*value);
            }
        }
        fail(token.at, "a number", token.text);
    }

    Lexer& lexer_;
    std::size_t nesting_ = 0;
};

Select read_select(Lexer& lexer)
{
    Select select;
    if (!lexer.take_symbol("*")) {
        do {
            select.properties.push_back(lexer.name("* or a property"));
        } while (lexer.take_symbol(","));
    }
    lexer.expect_word("FROM");
    select.class_name = lexer.name("a class");
    if (lexer.take_word("WHERE")) {
        select.where = std::make_shared<const Condition>(ConditionReader{lexer}.any());
    }
    return select;
}

/// The limits after WHERE; no comma or AND stands between them [S][C] (wsman.md 3.6).
void read_limits(Lexer& lexer, Related& related)
{
    const std::array<std::pair<std::string_view, std::string*>, 4> limits{
        {{"ResultClass", &related.result_class},
         {"Role", &related.role},
         {"AssocClass", &related.assoc_class},
         {"ResultRole", &related.result_role}}};
    const std::size_t allowed = related.references ? 2 : limits.size();
    const char* expected =
        related.references ? "ResultClass or Role" : "AssocClass, ResultClass, Role or ResultRole";
    do {
        const auto limit = std::find_if(limits.begin(), limits.begin() + allowed,
                                        [&](const auto& one) { return lexer.at_word(one.first); });
        if (limit == limits.begin() + allowed || !limit->second->empty()) {
            lexer.fail_here(expected);
        }
        lexer.take();
        if (!lexer.take_symbol("=")) {
            lexer.fail_here("=");
        }
        *limit->second = lexer.name("a name");
    } while (lexer.next().kind != TokenKind::end);
}

Related read_related(Lexer& lexer, bool references)
{
    lexer.expect_word("OF");
    const std::size_t at = lexer.next().at;
    std::string_view text = lexer.braces();
    while (!text.empty() && is_blank(text.front())) {
        text.remove_prefix(1);
    }
    while (!text.empty() && is_blank(text.back())) {
        text.remove_suffix(1);
    }
    auto source = ObjectPath::parse(text);
    if (!source) {
        fail(at, "an object path in {}", std::string{text});
    }
    Related related{.references = references, .source = std::move(*source)};
    if (lexer.take_word("WHERE")) {
        read_limits(lexer, related);
    }
    return related;
}

} // namespace

Query parse(std::string_view text)
{
    if (text.size() > text_bytes_max) {
        fail(text_bytes_max, "the end", "more text");
    }
    Lexer lexer{text};
    std::optional<Query> query;
    if (lexer.take_word("SELECT")) {
        query = read_select(lexer);
    } else if (lexer.take_word("ASSOCIATORS")) {
        query = read_related(lexer, false);
    } else if (lexer.take_word("REFERENCES")) {
        query = read_related(lexer, true);
    } else {
        lexer.fail_here("SELECT, ASSOCIATORS or REFERENCES");
    }
    if (lexer.next().kind != TokenKind::end) {
        lexer.fail_here("the end");
    }
    return std::move(*query);
}

std::string literal(std::string_view text)
{
    std::string out = "'";
    for (const char c : text) {
        if (c == '\\' || c == '\'') {
            out += '\\';
        }
        out += c;
    }
    return out + '\'';
}

} // namespace watari::cim::wql
