set(SOURCES
    facts.cpp
    generation.cpp
    profile.cpp
    quotas.cpp
)
set(TESTS
    generations_test.cpp
)
set(GENERATED "${CMAKE_BINARY_DIR}/generated/generations/embedded.cpp")
set(LIBS Boost::json fmt::fmt)
