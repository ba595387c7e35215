#include "client/size.hpp"

#include "core/error.hpp"
#include "messages/cli.hpp"

#include <algorithm>

namespace watari::client {

ByteSize size_from(std::string_view text)
{
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    if (!text.empty() && std::ranges::all_of(text, is_digit)) {
        throw Error{ErrorKind::invalid, message::cli_size_without_unit{.text = std::string{text}}};
    }
    if (const auto size = ByteSize::parse(text)) {
        return *size;
    }
    throw Error{ErrorKind::invalid, message::cli_size_not_understood{.text = std::string{text}}};
}

} // namespace watari::client
