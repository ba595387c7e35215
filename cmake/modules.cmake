# add_module(NAME [DIR folder] USES module...) makes one static library and one test program of a folder.
#
# The folder's sources.cmake lists its files: SOURCES, TESTS (become <name>_test), LIBS (outside libraries),
# TEST_LIBS. A module may include headers of `core` and of the modules it USES, and of no others
# (tests/architecture checks the includes; USES is not transitive).
set_property(GLOBAL PROPERTY watari_modules "")

# What `make test` builds under the sanitizers.
add_custom_target(unit_tests)

function(add_module name)
    cmake_parse_arguments(ARG "" "DIR" "USES;TEST_USES" ${ARGN})
    if(NOT ARG_DIR)
        set(ARG_DIR ${name})
    endif()
    string(REPLACE "/" "_" target ${name})
    set(folder "${CMAKE_CURRENT_SOURCE_DIR}/${ARG_DIR}")
    set(SOURCES)
    set(TESTS)
    set(LIBS)
    set(TEST_LIBS)
    set(GENERATED)
    include("${folder}/sources.cmake")
    list(TRANSFORM SOURCES PREPEND "${folder}/")
    list(TRANSFORM TESTS PREPEND "${folder}/")

    set(uses ${ARG_USES})
    if(NOT name STREQUAL "core")
        list(PREPEND uses core)
    endif()
    list(TRANSFORM uses REPLACE "/" "_")

    if(SOURCES OR GENERATED)
        add_library(${target} STATIC ${SOURCES} ${GENERATED})
        set(scope PUBLIC)
    else()
        add_library(${target} INTERFACE)
        set(scope INTERFACE)
    endif()
    target_include_directories(${target} ${scope} "${CMAKE_SOURCE_DIR}/src" "${CMAKE_SOURCE_DIR}" "${CMAKE_BINARY_DIR}/generated")
    target_link_libraries(${target} ${scope} watari_options ${uses} ${LIBS})
    if(name STREQUAL "core")
        add_dependencies(core watari_messages)
        target_precompile_headers(core PRIVATE "${CMAKE_SOURCE_DIR}/cmake/precompiled.hpp")
        # Tests share one with GoogleTest in it.
        file(WRITE "${CMAKE_BINARY_DIR}/precompiled_for_tests.cpp" "")
        add_library(precompiled_for_tests OBJECT "${CMAKE_BINARY_DIR}/precompiled_for_tests.cpp")
        target_link_libraries(precompiled_for_tests PRIVATE watari_options fmt::fmt GTest::gtest GTest::gmock)
        target_precompile_headers(precompiled_for_tests PRIVATE "${CMAKE_SOURCE_DIR}/cmake/precompiled.hpp" <gmock/gmock.h> <gtest/gtest.h>)
    elseif(SOURCES OR GENERATED)
        add_dependencies(${target} watari_messages watari_schema watari_contract)
        target_precompile_headers(${target} REUSE_FROM core)
    endif()

    if(TESTS)
        list(TRANSFORM ARG_TEST_USES REPLACE "/" "_")
        add_executable(${target}_test ${TESTS})
        target_link_libraries(${target}_test PRIVATE ${target} ${ARG_TEST_USES} ${TEST_LIBS} GTest::gtest_main GTest::gmock)
        target_precompile_headers(${target}_test REUSE_FROM precompiled_for_tests)
        target_compile_definitions(${target}_test PRIVATE WATARI_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
        add_dependencies(unit_tests ${target}_test)
        gtest_discover_tests(${target}_test DISCOVERY_MODE PRE_TEST PROPERTIES LABELS unit TIMEOUT 300)
    endif()
    set_property(GLOBAL APPEND PROPERTY watari_modules "${name}")
endfunction()

# add_program(NAME SOURCES... USES module...) makes a program in build/.../bin.
function(add_program name)
    cmake_parse_arguments(ARG "" "" "SOURCES;USES;LIBS" ${ARGN})
    list(TRANSFORM ARG_USES REPLACE "/" "_")
    add_executable(${name} ${ARG_SOURCES})
    target_link_libraries(${name} PRIVATE watari_options core ${ARG_USES} ${ARG_LIBS})
    target_precompile_headers(${name} REUSE_FROM core)
endfunction()
