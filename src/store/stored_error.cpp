#include "store/stored_error.hpp"

#include "messages/store.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

namespace watari::store {

namespace {

namespace json = boost::json;

std::string text_of(const json::value& value)
{
    return std::string{std::string_view{value.as_string()}};
}

StoredError read(const json::object& object)
{
    StoredError error;
    const auto kind = error_kind_from(text_of(object.at("kind")));
    if (!kind) {
        throw std::out_of_range{"kind"};
    }
    error.kind = *kind;
    error.message.code = text_of(object.at("code"));
    for (const auto& argument : object.at("arguments").as_array()) {
        const auto& pair = argument.as_array();
        error.message.arguments.emplace_back(text_of(pair.at(0)), text_of(pair.at(1)));
    }
    if (const auto* code = object.if_contains("peer_code")) {
        error.peer.code = code->to_number<std::uint32_t>();
    }
    error.peer.text = text_of(object.at("peer_text"));
    for (const auto& frame : object.at("frames").as_array()) {
        error.frames.push_back(text_of(frame));
    }
    return error;
}

} // namespace

StoredError StoredError::from(const Error& error)
{
    return {.kind = error.kind(),
            .message = error.message(),
            .peer = error.peer(),
            .frames = error.frames()};
}

Error StoredError::to_error() const
{
    Error error{kind, message, peer};
    for (auto frame = frames.rbegin(); frame != frames.rend(); ++frame) {
        error.add_frame(*frame);
    }
    return error;
}

json::value StoredError::to_json() const
{
    json::array arguments;
    for (const auto& [name, value] : message.arguments) {
        arguments.push_back(json::array{name, value});
    }
    json::object object{{"kind", to_string(kind)},
                        {"code", message.code},
                        {"arguments", std::move(arguments)},
                        {"peer_text", peer.text},
                        {"frames", json::array(frames.begin(), frames.end())}};
    if (peer.code) {
        object["peer_code"] = *peer.code;
    }
    return object;
}

StoredError StoredError::from_json(const json::value& json)
{
    try {
        return read(json.as_object());
    } catch (const Error&) {
        throw;
    } catch (const std::exception&) {
        throw Error{ErrorKind::internal, message::stored_error_unreadable{}};
    }
}

Value Cell<StoredError>::to(const StoredError& error)
{
    return Cell<json::value>::to(error.to_json());
}

StoredError Cell<StoredError>::from(const Value& value)
{
    return StoredError::from_json(Cell<json::value>::from(value));
}

} // namespace watari::store
