set(SOURCES
    fleet.cpp
    host_address.cpp
    host_facts.cpp
)
set(TESTS
    host_address_test.cpp
    host_facts_test.cpp
)
set(LIBS Boost::json)
