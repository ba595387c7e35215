set(SOURCES
    budgets.cpp
    create_vm.cpp
    delete_vm.cpp
    hosts.cpp
    lookups.cpp
    networks.cpp
    orders.cpp
    placement.cpp
    power.cpp
    resize_vm.cpp
    services.cpp
    storages.cpp
    wishes.cpp
)
set(TESTS)
set(LIBS Boost::json)
