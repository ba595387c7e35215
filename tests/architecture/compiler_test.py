#!/usr/bin/env python3
"""A compiler that miscompiles coroutines is refused at configure time, with the reason and the way out."""
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).parents[2]


def run(*command):
    result = subprocess.run(command, capture_output=True, text=True, timeout=120)
    return result.returncode, re.sub(r"\s+", " ", result.stdout + result.stderr)


def gcc_major():
    path = shutil.which("g++")
    return int(run(path, "-dumpversion")[1].strip().split(".")[0]) if path else None


class Compiler(unittest.TestCase):
    def assert_refused(self, code, output):
        self.assertNotEqual(code, 0)
        self.assertIn("miscompiles C++ coroutines", output)
        self.assertIn("clang 19", output)
        self.assertIn("scripts/install-deps", output)

    def test_gcc_12_is_refused(self):
        settings = ["-DCMAKE_CXX_COMPILER_ID=GNU", "-DCMAKE_CXX_COMPILER_VERSION=12.2.0"]
        self.assert_refused(*run("cmake", *settings, "-P", str(ROOT / "cmake/compiler.cmake")))

    @unittest.skipUnless((gcc_major() or 99) < 13, "no g++ below 13 on this machine")
    def test_configuring_with_an_installed_old_gcc_is_refused(self):
        with tempfile.TemporaryDirectory() as build:
            self.assert_refused(*run("cmake", "-G", "Ninja", "-DCMAKE_CXX_COMPILER=g++", "-S", str(ROOT), "-B", build))


if __name__ == "__main__":
    unittest.main()
