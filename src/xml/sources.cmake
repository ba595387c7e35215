set(SOURCES
    builder.cpp
    characters.cpp
    reader.cpp
    writer.cpp
)
set(TESTS
    reader_test.cpp
    writer_test.cpp
)
set(LIBS LibXml2::LibXml2)
set(TEST_LIBS rapidcheck)
