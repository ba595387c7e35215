set(SOURCES
    fleet.cpp
    host_facts.cpp
)
set(TESTS
    host_facts_test.cpp
)
set(LIBS Boost::json)
