set(SOURCES
    act.cpp
    disk.cpp
    errors.cpp
    files.cpp
    held_disks.cpp
    host.cpp
    host_job.cpp
    ids.cpp
    memory.cpp
    nics.cpp
    slots.cpp
    values.cpp
    vm.cpp
)
set(TESTS host_answers_test.cpp)
set(LIBS)
