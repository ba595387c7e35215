#!/usr/bin/env python3
"""tools/generate_messages.py stops the build on a catalogue that would fail a person later."""
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

GENERATOR = pathlib.Path(__file__).parents[2] / "tools/generate_messages.py"


class Messages(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)

    def generate(self, en, ja, source=None):
        for name, catalogue in (("en", en), ("ja", ja)):
            text = catalogue if isinstance(catalogue, str) else json.dumps(catalogue, ensure_ascii=False)
            (self.root / f"{name}.json").write_text(text, encoding="utf-8")
        command = [sys.executable, str(GENERATOR), "--data", str(self.root), "--out", str(self.root / "out")]
        if source is not None:
            (self.root / "src").mkdir()
            (self.root / "src/user.cpp").write_text(source, encoding="utf-8")
            command += ["--check-used", str(self.root / "src")]
        return subprocess.run(command, capture_output=True, text=True, timeout=60)

    def assert_refused(self, result, text):
        self.assertNotEqual(result.returncode, 0)
        self.assertIn(text, result.stderr)

    def test_a_good_catalogue_becomes_typed_structs(self):
        result = self.generate(
            {"vm": {"vm_gone": "VM {name} is gone."}},
            {"vm": {"vm_gone": "VM {name} がありません。"}},
            "throw Error{k, message::vm_gone{.name = n}};",
        )
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        header = (self.root / "out/messages/vm.hpp").read_text(encoding="utf-8")
        self.assertIn("struct vm_gone", header)
        self.assertIn("std::string name;", header)
        self.assertIn("VM {name} がありません。", (self.root / "out/catalogue.cpp").read_text(encoding="utf-8"))

    def test_a_key_missing_in_one_language_is_refused(self):
        en = {"vm": {"vm_gone": "Gone.", "vm_busy": "Busy."}}
        ja = {"vm": {"vm_gone": "ありません。"}}
        self.assert_refused(self.generate(en, ja), "'vm_busy' is missing in ja.json")
        self.assert_refused(self.generate(ja, en), "'vm_busy' is missing in en.json")

    def test_different_placeholders_are_refused(self):
        result = self.generate({"vm": {"vm_gone": "{name} is gone."}}, {"vm": {"vm_gone": "{vm} がありません。"}})
        self.assert_refused(result, "'vm_gone' has different placeholders in en and ja")

    def test_a_message_no_source_names_is_refused(self):
        catalogue = {"vm": {"vm_gone": "Gone.", "vm_busy": "Busy."}}
        result = self.generate(catalogue, catalogue, "throw Error{k, message::vm_gone{}};")
        self.assert_refused(result, "no source uses vm.vm_busy")

    def test_a_code_that_stands_in_two_sections_is_refused(self):
        catalogue = {"vm": {"gone": "VM gone."}, "disk": {"gone": "Disk gone."}}
        self.assert_refused(self.generate(catalogue, catalogue), "code 'gone' stands in sections 'vm' and 'disk'")

    def test_different_sections_are_refused(self):
        result = self.generate({"vm": {"gone": "Gone."}, "disk": {}}, {"disk": {"gone": "Gone."}, "vm": {}})
        self.assert_refused(result, "'gone' stands in different sections")

    def test_a_key_written_twice_is_refused(self):
        twice = '{"vm": {"gone": "One.", "gone": "Two."}}'
        self.assert_refused(self.generate(twice, twice), "'gone' stands twice")

    def test_a_code_that_is_no_name_is_refused(self):
        catalogue = {"vm": {"Vm-Gone": "Gone."}}
        self.assert_refused(self.generate(catalogue, catalogue), "'Vm-Gone' is not snake_case")


if __name__ == "__main__":
    unittest.main()
