set(SOURCES
    context.cpp
    engine.cpp
    rules.cpp
    runner.cpp
    scheduler.cpp
)
set(TESTS
    crash_test.cpp
    engine_test.cpp
    testing/plant.cpp
    testing/world.cpp
)
set(LIBS Boost::json)
