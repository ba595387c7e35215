set(SOURCES
    byte_size.cpp
    catalogue.cpp
    clock.cpp
    error.cpp
    log.cpp
    pool.cpp
    random.cpp
    simulated_clock.cpp
    sync.cpp
    task.cpp
    uuid.cpp
)
set(TESTS
    core_test.cpp
)
set(GENERATED "${CMAKE_BINARY_DIR}/generated/catalogue.cpp")
set(LIBS Boost::headers fmt::fmt spdlog::spdlog Threads::Threads)
