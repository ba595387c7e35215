set(SOURCES
    cim_xml_reader.cpp
    cim_xml_writer.cpp
    datetime.cpp
    instance.cpp
    object_path.cpp
    value.cpp
    wql_match.cpp
    wql_parser.cpp
)
set(TESTS
    cim_xml_test.cpp
    object_path_test.cpp
    value_test.cpp
    wql_test.cpp
)
set(LIBS)
set(TEST_LIBS rapidcheck)
