set(SOURCES
    catalogue.cpp
    catalogue_parts.cpp
    declarations.cpp
    templates.cpp
    typed.cpp
)
set(TESTS
    schema_test.cpp
)
set(GENERATED "${CMAKE_BINARY_DIR}/generated/schema/embedded.cpp")
set(LIBS Boost::json)
