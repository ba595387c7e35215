# Data turned into C++ at build time.
set(generated "${CMAKE_BINARY_DIR}/generated")
set(fault_data "${CMAKE_SOURCE_DIR}/data/faults")
file(GLOB fault_tables CONFIGURE_DEPENDS "${fault_data}/*.json")
file(GLOB_RECURSE message_users CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/src/*.[ch]pp" "${CMAKE_SOURCE_DIR}/sim/*.[ch]pp")

# Headers messages/<section>.hpp and catalogue.cpp; rewritten only where their content changed.
add_custom_command(
    OUTPUT "${generated}/messages.stamp"
    BYPRODUCTS "${generated}/catalogue.cpp"
    COMMAND Python3::Interpreter -B "${CMAKE_SOURCE_DIR}/tools/generate_messages.py"
        --data "${CMAKE_SOURCE_DIR}/data/messages" --faults "${fault_data}" --out "${generated}"
    DEPENDS "${CMAKE_SOURCE_DIR}/tools/generate_messages.py" "${CMAKE_SOURCE_DIR}/tools/faults.py"
        "${CMAKE_SOURCE_DIR}/data/messages/en.json" "${CMAKE_SOURCE_DIR}/data/messages/ja.json" ${fault_tables}
    COMMENT "Messages" VERBATIM)

# What the codes of hosts mean: known_faults.cpp of core and the tables faults/*.hpp.
add_custom_command(
    OUTPUT "${generated}/faults.stamp"
    BYPRODUCTS "${generated}/known_faults.cpp"
    COMMAND Python3::Interpreter -B "${CMAKE_SOURCE_DIR}/tools/generate_faults.py" code
        --root "${CMAKE_SOURCE_DIR}" --out "${generated}"
    DEPENDS "${CMAKE_SOURCE_DIR}/tools/generate_faults.py" "${CMAKE_SOURCE_DIR}/tools/faults.py"
        "${CMAKE_SOURCE_DIR}/tools/fault_pages.py" "${generated}/messages.stamp" ${fault_tables}
    COMMENT "Known faults" VERBATIM)
add_custom_target(watari_messages DEPENDS "${generated}/messages.stamp" "${generated}/faults.stamp")

# A message no source names stops the build.
add_custom_command(
    OUTPUT "${generated}/messages-used.stamp"
    COMMAND Python3::Interpreter -B "${CMAKE_SOURCE_DIR}/tools/generate_messages.py"
        --data "${CMAKE_SOURCE_DIR}/data/messages" --faults "${fault_data}" --out "${generated}"
        --check-used "${CMAKE_SOURCE_DIR}/src" "${CMAKE_SOURCE_DIR}/sim"
    COMMAND "${CMAKE_COMMAND}" -E touch "${generated}/messages-used.stamp"
    DEPENDS "${generated}/messages.stamp" ${message_users}
    COMMENT "Messages in use" VERBATIM)
add_custom_target(watari_messages_used ALL DEPENDS "${generated}/messages-used.stamp")

# Typed CIM classes (schema/v1.hpp, schema/v2.hpp, schema/cimv2.hpp) of the classes that data/schema/used.json lists.
set(schema_data "${CMAKE_SOURCE_DIR}/data/schema")
set(schema_generator "${CMAKE_SOURCE_DIR}/tools/generate_schema.py")
add_custom_command(
    OUTPUT "${generated}/schema.stamp"
    BYPRODUCTS "${generated}/schema/v1.hpp" "${generated}/schema/v2.hpp" "${generated}/schema/cimv2.hpp"
    COMMAND Python3::Interpreter "${schema_generator}" typed --data "${schema_data}" --out "${generated}"
    COMMAND "${CMAKE_COMMAND}" -E touch "${generated}/schema.stamp"
    DEPENDS "${schema_generator}" "${schema_data}/v1.json" "${schema_data}/v2.json" "${schema_data}/cimv2.json"
        "${schema_data}/used.json"
    COMMENT "Typed CIM classes" VERBATIM)

# Data files inside the program: <module>/embedded.{hpp,cpp} with a function per file.
set(embedded_stamps)
function(embed_data module)
    set(files)
    set(entries)
    foreach(file ${ARGN})
        get_filename_component(name "${file}" NAME_WE)
        list(APPEND files "${CMAKE_SOURCE_DIR}/data/${file}")
        list(APPEND entries "${name}=${CMAKE_SOURCE_DIR}/data/${file}")
    endforeach()
    add_custom_command(
        OUTPUT "${generated}/${module}-embedded.stamp"
        BYPRODUCTS "${generated}/${module}/embedded.hpp" "${generated}/${module}/embedded.cpp"
        COMMAND Python3::Interpreter "${schema_generator}" embed --out "${generated}" --module ${module} ${entries}
        COMMAND "${CMAKE_COMMAND}" -E touch "${generated}/${module}-embedded.stamp"
        DEPENDS "${schema_generator}" ${files}
        COMMENT "Data inside the program: ${module}" VERBATIM)
    set(embedded_stamps ${embedded_stamps} "${generated}/${module}-embedded.stamp" PARENT_SCOPE)
endfunction()
embed_data(schema schema/v1.json schema/v2.json schema/cimv2.json schema/writable.json
    schema/templates.json)
embed_data(generations generations/generations.json profiles/quotas.json profiles/switches.json)
add_custom_target(watari_schema DEPENDS "${generated}/schema.stamp" ${embedded_stamps})

# REST types, decoders, encoders and routes (contract/contract.hpp) from docs/openapi.yaml.
add_custom_command(
    OUTPUT "${generated}/contract.stamp"
    BYPRODUCTS "${generated}/contract/contract.hpp" "${generated}/contract/contract.cpp"
    COMMAND Python3::Interpreter "${CMAKE_SOURCE_DIR}/tools/generate_api.py"
        --openapi "${CMAKE_SOURCE_DIR}/docs/openapi.yaml" --out "${generated}"
    DEPENDS "${CMAKE_SOURCE_DIR}/tools/generate_api.py" "${CMAKE_SOURCE_DIR}/docs/openapi.yaml"
    COMMENT "REST contract" VERBATIM)
add_custom_target(watari_contract DEPENDS "${generated}/contract.stamp")
