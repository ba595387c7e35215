set(SOURCES
    connect.cpp
    probe.cpp
)
set(TESTS)
set(LIBS)
