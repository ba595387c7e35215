#pragma once

#include "cim/instance.hpp"
#include "wsman/codec/message.hpp"
#include "xml/reader.hpp"

#include <string>

#include <boost/json.hpp>

/// What the codec's tests share: types of a few classes, messages as JSON, documents in one
/// spelling.
namespace watari::wsman::testing_support {

/// Declared types of the classes in testdata.
const cim::TypeSource& some_types();

boost::json::value dump(const Request& request);
boost::json::value dump(const Response& response);
/// "uint16:2", "datetime:2025-…Z", "ref:Class.Key=\"v\""; null; arrays and objects as such.
boost::json::value dump(const cim::Property& property);

/// "" when `actual` has all that `expected` names (arrays must be of equal length), else where they
/// differ.
std::string difference(const boost::json::value& expected, const boost::json::value& actual,
                       const std::string& at = "$");

/// The document without prefixes, comments and white space between elements: equal for equal
/// messages.
std::string canonical(std::string_view bytes);
std::string canonical(const xml::Element& element);

std::string file_text(const std::string& path);

} // namespace watari::wsman::testing_support
