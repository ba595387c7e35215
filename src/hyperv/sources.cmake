set(SOURCES
    host_errors.cpp
    ownership.cpp
    words.cpp
)
set(TESTS words_test.cpp)
set(LIBS)
