#pragma once

namespace watari::wsman {

/// How a host prints what nobody has recorded; all false is what we believe (wsman.md 14).
struct WireForm {
    bool nil_arrays = false;          ///< an empty or null array is one xsi:nil element, not none
    bool octets_as_base64 = false;    ///< a uint8 array is base64 text, not an element per number
    bool references_as_text = false;  ///< reference-typed keys in selectors are paths, not EPRs
    bool nulls_left_out = false;      ///< a null scalar has no element
    bool outputs_as_given = false;    ///< output parameters in their own order, not alphabetically
    bool classes_in_fragment = false; ///< class metadata stands inside w:XmlFragment
};

} // namespace watari::wsman
