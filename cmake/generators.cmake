# Data turned into C++ at build time.
set(generated "${CMAKE_BINARY_DIR}/generated")
file(GLOB_RECURSE message_users CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/src/*.[ch]pp" "${CMAKE_SOURCE_DIR}/sim/*.[ch]pp")

# Headers messages/<section>.hpp and catalogue.cpp; rewritten only where their content changed.
add_custom_command(
    OUTPUT "${generated}/messages.stamp"
    BYPRODUCTS "${generated}/catalogue.cpp"
    COMMAND Python3::Interpreter "${CMAKE_SOURCE_DIR}/tools/generate_messages.py"
        --data "${CMAKE_SOURCE_DIR}/data/messages" --out "${generated}"
    DEPENDS "${CMAKE_SOURCE_DIR}/tools/generate_messages.py" "${CMAKE_SOURCE_DIR}/data/messages/en.json"
        "${CMAKE_SOURCE_DIR}/data/messages/ja.json"
    COMMENT "Messages" VERBATIM)
add_custom_target(watari_messages DEPENDS "${generated}/messages.stamp")

# A message no source names stops the build.
add_custom_command(
    OUTPUT "${generated}/messages-used.stamp"
    COMMAND Python3::Interpreter "${CMAKE_SOURCE_DIR}/tools/generate_messages.py"
        --data "${CMAKE_SOURCE_DIR}/data/messages" --out "${generated}"
        --check-used "${CMAKE_SOURCE_DIR}/src" "${CMAKE_SOURCE_DIR}/sim"
    COMMAND "${CMAKE_COMMAND}" -E touch "${generated}/messages-used.stamp"
    DEPENDS "${generated}/messages.stamp" ${message_users}
    COMMENT "Messages in use" VERBATIM)
add_custom_target(watari_messages_used ALL DEPENDS "${generated}/messages-used.stamp")

# Typed CIM classes (schema/v1.hpp, schema/v2.hpp, schema/cimv2.hpp).
add_custom_target(watari_schema)
