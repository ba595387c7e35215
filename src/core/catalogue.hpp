#pragma once

#include "core/error.hpp"

#include <span>
#include <string>
#include <string_view>

namespace watari {

enum class Language { en, ja };

struct CatalogueEntry {
    std::string_view code;
    std::string_view text;
};

/// Every message in `language`, sorted by code. Made by the build from data/messages.
std::span<const CatalogueEntry> catalogue(Language language) noexcept;

/// The message as a person reads it. A code the catalogue lacks is shown as itself with its
/// arguments.
std::string render(const Message& message, Language language);
/// The message, then what the peer said, then what we were doing.
std::string render(const Error& error, Language language);

/// The first language of an Accept-Language value that we speak; English when none is.
Language language_from(std::string_view accept_language);

} // namespace watari
