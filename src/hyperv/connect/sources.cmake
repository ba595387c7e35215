set(SOURCES
    connect.cpp
    doctor.cpp
    doctor_commands.cpp
    doctor_logon.cpp
    doctor_reach.cpp
    doctor_report.cpp
    doctor_trace.cpp
    logons.cpp
    probe.cpp
)
set(TESTS
    doctor_commands_test.cpp
    doctor_trace_test.cpp
)
set(LIBS Boost::json)
