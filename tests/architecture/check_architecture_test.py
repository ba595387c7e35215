#!/usr/bin/env python3
"""The architecture check must see what it is there for: small trees that break one rule each."""
import pathlib
import tempfile
import unittest

from check_architecture import Checker

MODULES = """
# 0
add_module(core)

# 1
add_module(net)
add_module(xml)

# 2
add_module(cim USES xml)

# 3
add_module(schema USES cim)
add_module(wsman USES net xml cim)

# 4
add_module(hyperv)
add_module(store)

# 5
add_module(hyperv/v1
    USES hyperv wsman)  # in two lines
add_module(hyperv/v2 USES hyperv wsman)
"""
SIM = "add_module(sim DIR . USES net xml cim schema wsman)\n"


def problems_in(files):
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for name, text in {"src/CMakeLists.txt": MODULES, "sim/CMakeLists.txt": SIM, **files}.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return Checker(root).check()


class Architecture(unittest.TestCase):
    def accepts(self, files):
        self.assertEqual(problems_in(files), [])

    def refuses(self, files, *expected):
        self.assertEqual(problems_in(files), list(expected))


class Layers(Architecture):
    def test_a_module_may_include_itself_core_messages_and_what_it_uses(self):
        includes = ["cim/value.hpp", "core/error.hpp", "messages/cim.hpp", "xml/reader.hpp"]
        self.accepts({"src/cim/value.cpp": "".join(f'#include "{name}"\n' for name in includes) + "#include <map>\n"})

    def test_an_include_upwards_is_refused(self):
        self.refuses(
            {"src/xml/reader.cpp": '#include "xml/reader.hpp"\n#include "cim/value.hpp"\n'},
            'src/xml/reader.cpp:2: xml may not include "cim/value.hpp": it does not use cim',
        )

    def test_an_include_sideways_is_refused(self):
        self.refuses(
            {"src/hyperv/v1/vm.cpp": '#include "hyperv/v2/vm.hpp"\n'},
            'src/hyperv/v1/vm.cpp:1: hyperv/v1 may not include "hyperv/v2/vm.hpp": it does not use hyperv/v2',
        )

    def test_using_is_not_transitive(self):
        self.refuses(
            {"src/schema/v1.cpp": '#include "xml/reader.hpp"\n'},
            'src/schema/v1.cpp:1: schema may not include "xml/reader.hpp": it does not use xml',
        )

    def test_the_longest_folder_decides_the_module(self):
        self.accepts({"src/hyperv/v1/deep/er.cpp": '#include "hyperv/driver.hpp"\n#include "hyperv/v1/vm.hpp"\n'})
        self.refuses(
            {"src/hyperv/driver.cpp": '#include "hyperv/v1/vm.hpp"\n'},
            'src/hyperv/driver.cpp:1: hyperv may not include "hyperv/v1/vm.hpp": it does not use hyperv/v1',
        )

    def test_a_product_source_never_includes_the_simulator(self):
        self.refuses(
            {"src/wsman/pull.cpp": '#include "sim/host.hpp"\n'},
            'src/wsman/pull.cpp:1: wsman may not include "sim/host.hpp": it does not use sim',
        )

    def test_a_header_without_its_module_is_refused(self):
        self.refuses(
            {"src/xml/reader.cpp": '#include "reader.hpp"\n#include "../net/tcp.hpp"\n#include "nowhere/x.hpp"\n'},
            'src/xml/reader.cpp:1: "reader.hpp" is not of the form "module/file.hpp"',
            'src/xml/reader.cpp:2: "../net/tcp.hpp" is not of the form "module/file.hpp"',
            'src/xml/reader.cpp:3: "nowhere/x.hpp" belongs to no module',
        )

    def test_a_source_of_no_module_is_refused(self):
        self.refuses(
            {"src/stray/a.cpp": '#include "core/error.hpp"\n'},
            "src/stray/a.cpp:1: src/stray/a.cpp belongs to no module of its CMakeLists.txt",
        )

    def test_programs_may_include_everything(self):
        self.accepts({"src/programs/watarid.cpp": '#include "hyperv/v1/vm.hpp"\n#include "sim/host.hpp"\n'})


class Simulator(Architecture):
    def test_of_wsman_it_uses_the_codec_only(self):
        self.accepts({"sim/service/pull.cpp": '#include "wsman/codec/envelope.hpp"\n#include "sim/host.hpp"\n'})
        self.refuses(
            {"sim/service/pull.cpp": '#include "wsman/client/pull.hpp"\n'},
            'sim/service/pull.cpp:1: sim may not include "wsman/client/pull.hpp": of wsman only wsman/codec',
        )

    def test_it_never_includes_a_driver_even_in_a_test(self):
        self.refuses(
            {"sim/host_test.cpp": '#include "wsman/client/pull.hpp"\n#include "hyperv/driver.hpp"\n'},
            'sim/host_test.cpp:2: sim may not include "hyperv/driver.hpp": the simulator never uses hyperv',
        )

    def test_its_program_stands_alone(self):
        self.accepts({"sim/programs/hvsim.cpp": '#include "net/tcp.hpp"\n#include "sim/host.hpp"\n'})
        self.refuses(
            {"sim/programs/hvsim.cpp": '#include "store/store.hpp"\n'},
            'sim/programs/hvsim.cpp:1: sim may not include "store/store.hpp": it does not use store',
        )

    def test_it_never_names_what_stands_on_the_drivers(self):
        self.refuses(
            {"sim/CMakeLists.txt": "add_module(sim DIR . USES net store)\n"},
            "sim/CMakeLists.txt:1: sim uses store; the simulator never may",
        )


class Floors(Architecture):
    def test_a_module_uses_lower_floors_only(self):
        self.refuses(
            {
                "src/CMakeLists.txt": "# 1\nadd_module(a USES b c d)\nadd_module(b)\n# 2\nadd_module(c)\n",
                "sim/CMakeLists.txt": "",
            },
            "src/CMakeLists.txt:2: a (floor 1) uses b (floor 1); only lower floors may be used",
            "src/CMakeLists.txt:2: a (floor 1) uses c (floor 2); only lower floors may be used",
            "src/CMakeLists.txt:2: a uses d, which is no module",
        )


class Tests(Architecture):
    def test_a_test_may_include_lower_floors_and_the_simulator(self):
        self.accepts(
            {"src/hyperv/v2/vm_test.cpp": '#include "hyperv/v2/vm.hpp"\n#include "sim/host.hpp"\n#include "xml/reader.hpp"\n'}
        )

    def test_a_test_may_not_include_upwards(self):
        self.refuses(
            {"src/cim/value_test.cpp": '#include "wsman/codec/envelope.hpp"\n'},
            'src/cim/value_test.cpp:1: a test of cim (floor 2) includes "wsman/codec/envelope.hpp" (floor 3)',
        )


class Seams(Architecture):
    def test_each_reach_outside_is_found(self):
        cases = {
            "steady_timer": "asio::steady_timer timer{executor};",
            "system_clock::now": "auto t = std::chrono::system_clock::now();",
            "steady_clock::now": "auto t = std::chrono::steady_clock::now();",
            "high_resolution_clock": "using C = std::chrono::high_resolution_clock;",
            "random_device": "std::random_device device;",
            "getenv": 'auto home = std::getenv("HOME");',
            "std::thread": "std::thread worker{run};",
            "std::this_thread::sleep": "std::this_thread::sleep_for(1s);",
            "rand(": "int n = std::rand();",
            "time(nullptr)": "auto t = time(nullptr);",
            "gettimeofday": "gettimeofday(&tv, nullptr);",
            "clock_gettime": "clock_gettime(CLOCK_MONOTONIC, &ts);",
        }
        for name, line in cases.items():
            with self.subTest(name):
                self.refuses(
                    {"src/xml/reader.cpp": f"\n{line}\n"},
                    f"src/xml/reader.cpp:2: {name} outside a seam; take Clock, Random or Pool by constructor",
                )

    def test_the_files_that_own_a_seam_may_reach_outside(self):
        line = "std::random_device device; asio::steady_timer timer; std::thread worker;\n"
        names = ["src/core/clock.cpp", "src/core/random.cpp", "src/core/pool.cpp", "src/net/tcp.cpp", "src/net/tcp_tls.cpp",
                 "src/programs/watarid.cpp", "sim/programs/hvsim.cpp", "src/xml/reader_test.cpp"]  # fmt: skip
        for name in names:
            with self.subTest(name):
                self.accepts({name: line})

    def test_words_in_comments_strings_and_longer_names_are_no_reach(self):
        self.accepts(
            {
                "src/xml/reader.cpp": "// system_clock::now() is not for us\n/* getenv\n random_device */\n"
                'auto s = "std::thread"; auto r = R"(rand()\n)"; clock.sleep_for(1s); random.rand(); operand(1);\n'
                "std::thread::id id; lifetime(nullptr); char quote = '\"'; int n = 1'000;\n"
            }
        )


class Headers(Architecture):
    def test_an_interface_header_names_no_library_of_the_implementation(self):
        for header in ("boost/beast/http.hpp", "libxml/parser.h", "sqlite3.h", "libpq-fe.h", "boost/asio/ip/tcp.hpp"):
            with self.subTest(header):
                self.refuses(
                    {"src/net/tcp.hpp": f"#pragma once\n#include <{header}>\n"},
                    f"src/net/tcp.hpp:2: interface header includes <{header}>; keep it in a .cpp",
                )
                self.accepts({"src/net/tcp.cpp": f"#include <{header}>\n"})


if __name__ == "__main__":
    unittest.main()
