set(SOURCES
    base64.cpp
    basic.cpp
    secret.cpp
)
set(TESTS
    basic_test.cpp
)
set(LIBS PkgConfig::libsodium)
