#pragma once

#include "cim/value.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace watari::cim {

/// Names one instance: `\\HOST\root\virtualization\v2:Class.Key="value"`. Host and namespace may be
/// absent. Namespaces are kept with '/' ("root/virtualization/v2"). Keys compare without regard to
/// name case and order.
class ObjectPath
{
public:
    using Key = std::pair<std::string, Value>;

    ObjectPath() = default;
    ObjectPath(std::string ns, std::string class_name, std::vector<Key> keys)
        : ns_(std::move(ns)), class_name_(std::move(class_name)), keys_(std::move(keys))
    {
    }

    /// Accepts both separators, any case, escaped quotes and backslashes in values, integers and
    /// booleans unquoted, `=@` singletons. nullopt when it is not a path. Source: wsman.md 5.3.
    static std::optional<ObjectPath> parse(std::string_view text);

    const std::string& host() const noexcept { return host_; }
    const std::string& ns() const noexcept { return ns_; }
    const std::string& class_name() const noexcept { return class_name_; }
    const std::vector<Key>& keys() const noexcept { return keys_; }
    /// Text of the key's value; nullopt when there is no such key.
    std::optional<std::string> key(std::string_view name) const;
    ObjectPath with_host(std::string host) const;
    ObjectPath with_ns(std::string ns) const;

    /// `\\HOST\root\virtualization\v2:Class.Key="va\\lue"` (the host part only when there is one):
    /// backslashes in the namespace as hosts print them, backslashes and quotes in values escaped.
    std::string text() const;

    /// Same class and keys; host and namespace are not compared, values of keys without regard to
    /// case (wsman.md 2.2, 5.3).
    bool names_same_instance(const ObjectPath& other) const;
    friend bool operator==(const ObjectPath&, const ObjectPath&) = default;

private:
    std::string host_;
    std::string ns_;
    std::string class_name_;
    std::vector<Key> keys_;
};

} // namespace watari::cim
