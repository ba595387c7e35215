#include "cim/object_path.hpp"

#include <algorithm>

namespace watari::cim {

namespace {

constexpr std::size_t keys_max = 64; // no class has more than 8

bool is_separator(char c)
{
    return c == '\\' || c == '/';
}

bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/// Characters of class, property and namespace names; CIM allows everything above ASCII in them.
bool is_name_character(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_' ||
           static_cast<unsigned char>(c) >= 0x80;
}

std::string with_slashes(std::string ns)
{
    std::ranges::replace(ns, '\\', '/');
    return ns;
}

/// Reads a path from front to back; every function leaves nullopt behind at the first mistake.
class PathReader
{
public:
    explicit PathReader(std::string_view text) : rest_(text) {}

    bool at_end() const { return rest_.empty(); }

    bool skip(char c)
    {
        if (rest_.empty() || rest_.front() != c) {
            return false;
        }
        rest_.remove_prefix(1);
        return true;
    }

    void skip_blanks()
    {
        while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\t')) {
            rest_.remove_prefix(1);
        }
    }

    /// The host of `\\HOST\`; empty when there is none.
    std::optional<std::string> host()
    {
        if (rest_.size() < 2 || !is_separator(rest_[0]) || !is_separator(rest_[1])) {
            return std::string{};
        }
        const auto end = std::find_if(rest_.begin() + 2, rest_.end(), is_separator);
        std::string name{rest_.begin() + 2, end};
        if (name.empty() || end == rest_.end() ||
            name.find_first_of("\"'=,") != std::string::npos) {
            return std::nullopt;
        }
        rest_.remove_prefix(name.size() + 3);
        return name;
    }

    /// The namespace with its ':'; empty, and nothing read, when there is none.
    std::optional<std::string> ns()
    {
        const auto end = std::ranges::find_if_not(rest_, [](char c) {
            return is_name_character(c) || is_separator(c) || c == '-' || c == '$';
        });
        if (end == rest_.end() || *end != ':') {
            return std::string{};
        }
        std::string name = with_slashes({rest_.begin(), end});
        rest_.remove_prefix(name.size() + 1);
        if (name.starts_with('/')) {
            name.erase(0, 1);
        }
        const bool gap = name.empty() || name.ends_with('/') || name.contains("//");
        return gap || name.starts_with('/') ? std::nullopt : std::optional{name};
    }

    std::optional<std::string> name()
    {
        const auto end = std::ranges::find_if_not(rest_, is_name_character);
        std::string text{rest_.begin(), end};
        if (text.empty() || is_digit(text.front())) {
            return std::nullopt;
        }
        rest_.remove_prefix(text.size());
        return text;
    }

    std::optional<Value> value()
    {
        if (!rest_.empty() && (rest_.front() == '"' || rest_.front() == '\'')) {
            auto text = quoted();
            return text ? std::optional{Value{std::move(*text)}} : std::nullopt;
        }
        const auto end = rest_.find_first_of(", \t");
        const std::string_view text = rest_.substr(0, end);
        rest_.remove_prefix(text.size());
        if (same_name(text, "true") || same_name(text, "false")) {
            return Value::parse(Type::boolean, text);
        }
        if (text.empty() || text.front() == '+') {
            return std::nullopt;
        }
        return Value::parse(text.front() == '-' ? Type::sint64 : Type::uint64, text);
    }

private:
    std::optional<std::string> quoted()
    {
        const char quote = rest_.front();
        std::string text;
        for (std::size_t at = 1; at < rest_.size(); ++at) {
            char c = rest_[at];
            if (c == quote) {
                rest_.remove_prefix(at + 1);
                return text;
            }
            if (c == '\\') {
                if (++at == rest_.size()) {
                    return std::nullopt;
                }
                c = rest_[at];
                // An unescaped backslash is what hosts refuse with 32773 [C] (wsman.md 5.3).
                if (c != '\\' && c != '"' && c != '\'') {
                    return std::nullopt;
                }
            }
            text += c;
        }
        return std::nullopt;
    }

    std::string_view rest_;
};

std::optional<std::vector<ObjectPath::Key>> read_keys(PathReader& reader)
{
    std::vector<ObjectPath::Key> keys;
    do {
        reader.skip_blanks();
        auto name = reader.name();
        reader.skip_blanks();
        if (!name || !reader.skip('=')) {
            return std::nullopt;
        }
        reader.skip_blanks();
        auto value = reader.value();
        const bool repeated = name && std::ranges::any_of(keys, [&](const auto& key) {
                                  return same_name(key.first, *name);
                              });
        if (!value || repeated || keys.size() == keys_max) {
            return std::nullopt;
        }
        keys.emplace_back(std::move(*name), std::move(*value));
        reader.skip_blanks();
    } while (reader.skip(','));
    return keys;
}

std::string value_text(const Value& value)
{
    return value.reference() != nullptr ? value.reference()->text() : value.text();
}

void append_quoted(std::string& out, std::string_view text)
{
    out += '"';
    for (const char c : text) {
        if (c == '\\' || c == '"') {
            out += '\\';
        }
        out += c;
    }
    out += '"';
}

void append_value(std::string& out, const Value& value)
{
    if (const auto flag = value.boolean()) {
        out += *flag ? "TRUE" : "FALSE";
    } else if (value.signed_integer() || value.unsigned_integer()) {
        out += value.text();
    } else {
        append_quoted(out, value_text(value));
    }
}

bool same_key_value(const Value& a, const Value& b)
{
    if (a.reference() != nullptr || b.reference() != nullptr) {
        const auto x =
            a.reference() != nullptr ? std::optional{*a.reference()} : ObjectPath::parse(a.text());
        const auto y =
            b.reference() != nullptr ? std::optional{*b.reference()} : ObjectPath::parse(b.text());
        return x && y && x->names_same_instance(*y);
    }
    return same_name(a.text(), b.text());
}

} // namespace

std::optional<ObjectPath> ObjectPath::parse(std::string_view text)
{
    PathReader reader{text};
    ObjectPath path;
    auto host = reader.host();
    if (!host) {
        return std::nullopt;
    }
    auto ns = reader.ns();
    if (!ns || (!host->empty() && ns->empty())) {
        return std::nullopt;
    }
    auto class_name = reader.name();
    if (!class_name) {
        return std::nullopt;
    }
    path.host_ = std::move(*host);
    path.ns_ = std::move(*ns);
    path.class_name_ = std::move(*class_name);
    if (reader.skip('.')) {
        auto keys = read_keys(reader);
        if (!keys) {
            return std::nullopt;
        }
        path.keys_ = std::move(*keys);
    } else if (!reader.skip('=')) {
        return std::nullopt; // names a class, not an instance
    } else if (!reader.skip('@')) {
        auto value = reader.value(); // WMI lets the name of an only key be left out
        if (!value) {
            return std::nullopt;
        }
        path.keys_.emplace_back(std::string{}, std::move(*value));
    }
    return reader.at_end() ? std::optional{std::move(path)} : std::nullopt;
}

std::optional<std::string> ObjectPath::key(std::string_view name) const
{
    const auto at =
        std::ranges::find_if(keys_, [&](const Key& key) { return same_name(key.first, name); });
    return at == keys_.end() ? std::nullopt : std::optional{value_text(at->second)};
}

ObjectPath ObjectPath::with_host(std::string host) const
{
    ObjectPath path = *this;
    path.host_ = std::move(host);
    return path;
}

ObjectPath ObjectPath::with_ns(std::string ns) const
{
    ObjectPath path = *this;
    path.ns_ = with_slashes(std::move(ns));
    return path;
}

std::string ObjectPath::text() const
{
    std::string out;
    if (!ns_.empty()) {
        if (!host_.empty()) {
            out += "\\\\" + host_ + '\\';
        }
        std::string ns = ns_;
        std::ranges::replace(ns, '/', '\\');
        out += ns + ':';
    }
    out += class_name_;
    if (keys_.empty()) {
        return out + "=@";
    }
    if (keys_.size() == 1 && keys_.front().first.empty()) {
        out += '=';
        append_value(out, keys_.front().second);
        return out;
    }
    char separator = '.';
    for (const auto& [name, value] : keys_) {
        out += separator;
        out += name;
        out += '=';
        append_value(out, value);
        separator = ',';
    }
    return out;
}

bool ObjectPath::names_same_instance(const ObjectPath& other) const
{
    if (!same_name(class_name_, other.class_name_) || keys_.size() != other.keys_.size()) {
        return false;
    }
    return std::ranges::all_of(keys_, [&](const Key& key) {
        return std::ranges::any_of(other.keys_, [&](const Key& theirs) {
            const bool unnamed = key.first.empty() || theirs.first.empty();
            return (unnamed || same_name(key.first, theirs.first)) &&
                   same_key_value(key.second, theirs.second);
        });
    });
}

} // namespace watari::cim
