set(SOURCES
    datetime.cpp
    instance.cpp
    object_path.cpp
    value.cpp
)
set(TESTS
    object_path_test.cpp
    value_test.cpp
)
set(LIBS)
set(TEST_LIBS rapidcheck)
