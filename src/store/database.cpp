#include "store/database.hpp"

#include "messages/store.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

namespace watari::store {

namespace {

std::string_view kind_of(const Value& value)
{
    switch (value.index()) {
    case 0:
        return "nothing";
    case 1:
        return "an integer";
    case 2:
        return "a number";
    case 3:
        return "text";
    default:
        return "bytes";
    }
}

} // namespace

std::string time_to_text(WallTime time)
{
    // to_rfc3339 leaves out an empty fraction, and "…00.5Z" would then sort before "…00Z".
    std::string text = to_rfc3339(time);
    if (text.find('.') == std::string::npos) {
        text.insert(text.size() - 1, ".000000");
    }
    return text;
}

void throw_wrong_cell(const Value& found, std::string_view wanted)
{
    throw Error{ErrorKind::internal, message::cell_unexpected{.found = std::string{kind_of(found)},
                                                              .wanted = std::string{wanted}}};
}

void throw_out_of_range(std::string_view wanted)
{
    throw Error{ErrorKind::internal, message::value_out_of_range{.wanted = std::string{wanted}}};
}

Value Cell<boost::json::value>::to(const boost::json::value& value)
{
    return boost::json::serialize(value);
}

boost::json::value Cell<boost::json::value>::from(const Value& value)
{
    boost::system::error_code failure;
    auto json = boost::json::parse(cell_as<std::string>(value, "JSON"), failure);
    if (failure) {
        throw_wrong_cell(value, "JSON");
    }
    return json;
}

const Value& Row::cell(std::size_t column) const
{
    if (column >= values_.size()) {
        throw Error{ErrorKind::internal, message::column_unknown{.column = std::to_string(column)}};
    }
    return values_[column];
}

const Value& Row::cell(std::string_view column) const
{
    for (std::size_t i = 0; i < names_->size(); ++i) {
        if ((*names_)[i] == column) {
            return values_[i];
        }
    }
    throw Error{ErrorKind::internal, message::column_unknown{.column = std::string{column}}};
}

} // namespace watari::store
