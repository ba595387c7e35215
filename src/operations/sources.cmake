set(SOURCES
    context.cpp
    engine.cpp
    rules.cpp
    runner.cpp
    scheduler.cpp
)
set(TESTS)
set(LIBS Boost::json)
