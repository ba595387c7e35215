set(SOURCES
    builder.cpp
    characters.cpp
    pretty.cpp
    reader.cpp
    writer.cpp
)
set(TESTS
    pretty_test.cpp
    reader_test.cpp
    writer_test.cpp
)
set(LIBS LibXml2::LibXml2)
set(TEST_LIBS rapidcheck)
