set(SOURCES
    accepting.cpp
    context.cpp
    engine.cpp
    failing.cpp
    rules.cpp
    runner.cpp
    saving.cpp
    scheduler.cpp
)
set(TESTS
    crash_test.cpp
    engine_test.cpp
    testing/plant.cpp
    testing/world.cpp
)
set(LIBS Boost::json)
