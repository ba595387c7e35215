set(SOURCES
    connect.cpp
    logons.cpp
    probe.cpp
)
set(TESTS)
set(LIBS)
