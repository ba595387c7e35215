# The compiler is clang 19: gcc below 13 silently miscompiles coroutines (docs/decisions/0001-compiler.md).
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    message(FATAL_ERROR
        "gcc ${CMAKE_CXX_COMPILER_VERSION} miscompiles C++ coroutines (skipped bodies, double frees). "
        "Use clang 19: scripts/install-deps installs it and the presets choose it (make build).")
endif()

set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")

set(WATARI_SANITIZE "" CACHE STRING "Sanitizers for every target: address,undefined or thread")
option(WATARI_BENCH "Build the benchmarks" OFF)
option(WATARI_FUZZ "Build the fuzz targets" OFF)

add_library(watari_options INTERFACE)
target_compile_options(watari_options INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor
    -Wimplicit-fallthrough -Wno-missing-designated-field-initializers -Wno-reorder-init-list -Werror -fno-omit-frame-pointer)
target_compile_definitions(watari_options INTERFACE BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_HAS_CO_AWAIT)
target_link_options(watari_options INTERFACE -fuse-ld=lld-19)
if(WATARI_SANITIZE)
    target_compile_options(watari_options INTERFACE -fsanitize=${WATARI_SANITIZE} -fno-sanitize-recover=all)
    target_link_options(watari_options INTERFACE -fsanitize=${WATARI_SANITIZE})
endif()

find_program(CCACHE ccache)
if(CCACHE)
    set(CMAKE_CXX_COMPILER_LAUNCHER
        "${CMAKE_COMMAND};-E;env;CCACHE_SLOPPINESS=pch_defines,time_macros;CCACHE_BASEDIR=${CMAKE_SOURCE_DIR};${CCACHE}")
endif()
