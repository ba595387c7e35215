set(SOURCES words.cpp)
set(TESTS words_test.cpp)
set(LIBS)
