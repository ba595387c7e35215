set(SOURCES)
set(TESTS)
set(LIBS)
