#!/usr/bin/env python3
"""tools/generate_faults.py: one row in data/faults is enough, and a bad one stops the build."""
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).parents[2]
ROW = {"name": "host_on_fire", "code": "host_act_failed", "kind": "conflict", "numbers": [39999], "evidence": "UNVERIFIED",
       "cause": {"en": "Host {host} is on fire.", "ja": "ホスト {host} が燃えています。"}, "remedy": "event_log_vmms"}


class Faults(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        for name in ("faults", "messages"):
            shutil.copytree(ROOT / "data" / name, self.root / "data" / name)

    def change(self, table, change):
        path = self.root / f"data/faults/{table}.json"
        content = json.loads(path.read_text(encoding="utf-8"))
        change(content)
        path.write_text(json.dumps(content), encoding="utf-8")

    def add(self, **fields):
        self.change("return_values", lambda table: table["rows"].append({**ROW, **fields}))

    def run_tool(self, name, *arguments):
        return subprocess.run([sys.executable, "-B", str(ROOT / "tools" / name), *map(str, arguments)], capture_output=True, text=True,
                              timeout=60)

    def generate(self, *arguments):
        return self.run_tool("generate_faults.py", *arguments, "--root", self.root)

    def assert_refused(self, text):
        result = self.generate("code", "--out", self.root / "out")
        self.assertNotEqual(result.returncode, 0)
        self.assertIn(text, result.stderr)

    def made(self, path):
        return (self.root / path).read_text(encoding="utf-8")

    def test_a_new_row_is_in_tables_catalogue_and_pages(self):
        self.add()
        self.assertEqual(self.generate("code", "--out", self.root / "out").returncode, 0)
        self.assertEqual(self.generate("docs").returncode, 0)
        messages = self.run_tool("generate_messages.py", "--data", self.root / "data/messages", "--faults", self.root / "data/faults",
                                 "--out", self.root / "out")
        self.assertEqual((messages.returncode, messages.stderr), (0, ""))
        self.assertIn('{39999U, "", "host_on_fire"}', self.made("out/faults/host.hpp"))
        self.assertIn('{"host_on_fire", "host_act_failed", ErrorKind::conflict, ErrorKind::conflict, false}',
                      self.made("out/known_faults.cpp"))
        self.assertIn('"host_on_fire.cause", "ホスト {host} が燃えています。"', self.made("out/catalogue.cpp"))
        self.assertIn("ホスト {host} が燃えています。", self.made("docs/errors/return_values.ja.md"))

    def test_stale_pages_are_found(self):
        self.assertEqual(self.generate("docs").returncode, 0)
        self.assertEqual(self.generate("docs", "--check").returncode, 0)
        self.add()
        self.assertIn("return_values.md", self.generate("docs", "--check").stderr)

    def test_a_missing_language_is_refused(self):
        self.add(cause={"en": "It burns."})
        self.assert_refused("'host_on_fire' has no cause in ja")

    def test_different_placeholders_are_refused(self):
        self.add(cause={"en": "{host} burns.", "ja": "燃えています。"})
        self.assert_refused("'host_on_fire' has different placeholders")

    def test_a_placeholder_nobody_fills_is_refused(self):
        self.add(cause={"en": "{colour} burns.", "ja": "{colour} が燃えています。"})
        self.assert_refused("needs the argument 'colour'")

    def test_an_unknown_message_kind_remedy_or_field_is_refused(self):
        for fields, text in (({"code": "no_such_message"}, "names the message 'no_such_message'"),
                             ({"kind": "on_fire"}, "has the unknown kind 'on_fire'"),
                             ({"remedy": "water"}, "names the remedy 'water'"),
                             ({"colour": "red"}, "has unknown fields ['colour']"),
                             ({"evidence": ""}, "has no evidence")):
            with self.subTest(text):
                self.setUp()
                self.add(**fields)
                self.assert_refused(text)

    def test_two_rows_for_one_number_are_refused(self):
        self.add(numbers=[32768])
        self.assert_refused("'host_on_fire' and 'return_32768' are both")

    def test_a_remedy_no_row_uses_is_refused(self):
        self.change("remedies", lambda remedies: remedies.update(water={"en": "Pour water.", "ja": "水をかけてください。"}))
        self.assert_refused("no row uses 'water'")


if __name__ == "__main__":
    unittest.main()
