#!/usr/bin/env python3
"""The generator of typed classes: what it makes of good data, and what it says about bad data."""
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).parents[2]
NAMESPACES = {"v1": "root/virtualization", "v2": "root/virtualization/v2", "cimv2": "root/cimv2"}


def class_body(**changes):
    body = {"keys": ["Id"], "properties": [{"name": "Id", "type": "string", "key": True}], "methods": []}
    return {**body, **changes}


class Generator(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.data = self.folder / "data"
        self.data.mkdir()
        for short, ns in NAMESPACES.items():
            self.write(f"{short}.json", {"namespace": ns, "classes": {}})
        self.write("used.json", {})

    def write(self, name, content):
        text = content if isinstance(content, str) else json.dumps(content)
        (self.data / name).write_text(text, encoding="utf-8")

    def with_class(self, body, name="Msvm_X"):
        self.write("v2.json", {"namespace": NAMESPACES["v2"], "classes": {name: body}})
        self.write("used.json", {NAMESPACES["v2"]: [name]})

    def generate(self):
        command = [sys.executable, "-B", str(ROOT / "tools/generate_schema.py"), "typed", "--data", str(self.data),
                   "--out", str(self.folder)]
        result = subprocess.run(command, capture_output=True, text=True, timeout=60)
        header = self.folder / "schema/v2.hpp"
        return result.returncode, result.stderr, header.read_text(encoding="utf-8") if header.exists() else ""

    def assert_refused(self, *words):
        code, error, _ = self.generate()
        self.assertEqual(code, 1)
        self.assertNotIn("Traceback", error)
        for word in words:
            self.assertIn(word, error)

    def test_writes_classes_with_their_declared_names_and_types(self):
        self.with_class(class_body(properties=[{"name": "Id", "type": "string", "key": True},
                                               {"name": "Sizes", "type": "uint64", "array": True}]))
        code, error, header = self.generate()
        self.assertEqual(code, 0, error)
        self.assertIn("ArrayProperty<Msvm_X, std::uint64_t> Sizes{\"Sizes\", cim::Type::uint64};", header)

    def test_names_all_classes_in_one_type(self):
        self.with_class(class_body())
        code, error, header = self.generate()
        self.assertEqual(code, 0, error)
        self.assertIn("struct Classes {", header)
        self.assertIn("    using Msvm_X = v2::Msvm_X;", header)

    def test_a_second_run_rewrites_nothing(self):
        self.with_class(class_body())
        self.generate()
        before = (self.folder / "schema/v2.hpp").stat().st_mtime_ns
        self.generate()
        self.assertEqual((self.folder / "schema/v2.hpp").stat().st_mtime_ns, before)

    def test_names_that_cpp_forbids_get_an_underscore(self):
        self.with_class(class_body(properties=[{"name": "Id", "type": "string", "key": True}, {"name": "Msvm_X", "type": "string"},
                                               {"name": "Start", "type": "string"}, {"name": "union", "type": "string"}],
                                   methods=[{"name": "Start", "parameters": [{"name": "Start", "type": "uint16", "in": True},
                                                                             {"name": "Both", "type": "uint16", "in": True, "out": True}]}]))
        code, error, header = self.generate()
        self.assertEqual(code, 0, error)
        for line in ('Msvm_X_{"Msvm_X"', 'std::string> Start_{"Start"', 'union_{"union"', 'In<Start, std::uint16_t> Start_{"Start"',
                     'In<Start, std::uint16_t> Both_in{"Both"', 'Out<Start, std::uint16_t> Both{"Both"'):
            self.assertIn(line, header)

    def test_a_used_class_that_does_not_exist_is_named(self):
        self.write("used.json", {NAMESPACES["v1"]: ["Msvm_Missing"]})
        self.assert_refused("used.json", "Msvm_Missing", "v1.json")

    def test_an_unknown_namespace_is_named(self):
        self.write("used.json", {"root/nothing": []})
        self.assert_refused("root/nothing")

    def test_an_unknown_type_is_named_with_its_place(self):
        self.with_class(class_body(properties=[{"name": "Id", "type": "integer", "key": True}]))
        self.assert_refused("Msvm_X.Id", "integer")

    def test_a_property_that_stands_twice_is_named(self):
        self.with_class(class_body(properties=[{"name": "Id", "type": "string", "key": True}, {"name": "ID", "type": "string"}]))
        self.assert_refused("Msvm_X", "'ID' stands twice")

    def test_a_class_that_stands_twice_is_named(self):
        self.write("v2.json", '{"namespace": "root/virtualization/v2", "classes": {"A": {}, "A": {}}}')
        self.assert_refused("v2.json", "'A' stands twice")

    def test_a_key_that_is_no_property_is_named(self):
        self.with_class(class_body(keys=["Name"]))
        self.assert_refused("Msvm_X", "key 'Name'")

    def test_a_parameter_that_goes_nowhere_is_named(self):
        self.with_class(class_body(methods=[{"name": "Go", "parameters": [{"name": "P", "type": "string"}]}]))
        self.assert_refused("Msvm_X.Go.P", "neither in nor out")

    def test_an_unknown_generation_is_named(self):
        self.with_class(class_body(since="ws2003"))
        self.assert_refused("Msvm_X", "ws2003")

    def test_a_misspelt_member_is_named(self):
        self.with_class(class_body(metods=[]))
        self.assert_refused("Msvm_X", "metods")

    def test_superclasses_in_a_circle_are_named(self):
        self.write("v2.json", {"namespace": NAMESPACES["v2"], "classes": {"A": {"superclass": "B"}, "B": {"superclass": "A"}}})
        self.assert_refused("v2.json", "circle")

    def test_text_that_is_not_json_is_located(self):
        self.write("v2.json", "{\n oops")
        self.assert_refused("v2.json:2", "not JSON")

    def test_a_missing_file_is_named(self):
        (self.data / "v1.json").unlink()
        self.assert_refused("v1.json", "no such file")

    def test_data_inside_the_program_is_minified(self):
        command = [sys.executable, "-B", str(ROOT / "tools/generate_schema.py"), "embed", "--out", str(self.folder), "--module", "m",
                   f"used={self.data / 'used.json'}"]
        self.assertEqual(subprocess.run(command, timeout=60).returncode, 0)
        self.assertEqual((self.folder / "m/used.min.json").read_text(), "{}")
        self.assertIn("std::string_view used() noexcept;", (self.folder / "m/embedded.hpp").read_text())


if __name__ == "__main__":
    unittest.main()
