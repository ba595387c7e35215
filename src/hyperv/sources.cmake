set(SOURCES
    host_errors.cpp
    ownership.cpp
    words.cpp
)
set(TESTS ownership_test.cpp words_test.cpp)
set(LIBS)
