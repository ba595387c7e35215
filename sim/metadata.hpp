#pragma once

#include "schema/catalogue.hpp"
#include "wsman/codec/message.hpp"

#include <map>
#include <string>
#include <string_view>
#include <vector>

/// Class metadata as a host of Stack 3.0 answers it (wsman.md 7). Element tree, selectors and
/// options as clients of real hosts use them [C]; what an option that is not sent means is
/// UNVERIFIED.
namespace watari::sim {

/// What a request for class metadata asks.
struct MetadataWish {
    std::string ns;         ///< of the selector __cimnamespace
    std::string class_name; ///< of the selector ClassName; empty: all classes
    bool subclasses = false;
    bool qualifiers = false;
    bool inherited = false;
    bool class_origin = false;
};
MetadataWish metadata_wish(const wsman::RequestHeader& header);

/// Full declarations by folded name, of a namespace that was loaded from a host's own.
using DeclarationsByName = std::map<std::string, wsman::SharedClass, std::less<>>;

/// The classes wished for, sorted by name; of `declared` where that is given, else as the catalogue
/// documents them. None when there is no such class.
std::vector<wsman::SharedClass> class_metadata(const schema::Catalogue& catalogue,
                                               const DeclarationsByName* declared,
                                               const MetadataWish& wish);

} // namespace watari::sim
