set(SOURCES
    support.cpp
)
set(GENERATED "${CMAKE_BINARY_DIR}/generated/contract/contract.cpp")
set(TESTS
    contract_test.cpp
)
set(LIBS Boost::json)
