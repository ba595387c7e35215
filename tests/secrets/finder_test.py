#!/usr/bin/python3
"""finder.py finds what the test of secrets relies on it to find."""
import base64
import json
import pathlib
import tempfile
import unittest
from xml.sax.saxutils import escape

from finder import Finder

SECRET = 'pass<w&rd "日本" 4711'


class Finds(unittest.TestCase):
    def setUp(self):
        self.finder = Finder()
        self.finder.add_text("password", SECRET)
        self.finder.add_bytes("key", bytes(range(200, 232)))

    def test_each_form_wherever_it_lies(self):
        forms = [SECRET.encode(), SECRET.encode("utf-16-le"), SECRET.encode("utf-16-be"), SECRET.encode().hex().encode(),
                 SECRET.encode().hex().upper().encode(), escape(SECRET).encode(), json.dumps(SECRET).encode(),
                 json.dumps(SECRET, ensure_ascii=False).encode(), bytes(range(200, 232)), bytes(range(200, 232)).hex().encode()]
        for size in range(5):
            for text in (SECRET.encode(), SECRET.encode("utf-16-le"), bytes(range(200, 232))):
                forms.append(base64.b64encode(b"u" * size + b":" + text + b"after"))
                forms.append(base64.urlsafe_b64encode(b"u" * size + text))
        for form in forms:
            with self.subTest(form):
                self.assertTrue(self.finder.in_bytes(b"before " + form + b" after"))

    def test_nothing_where_nothing_is(self):
        self.assertEqual(self.finder.in_bytes(b"pass<w&rd, 4711" * 10), [])
        self.assertEqual(self.finder.in_bytes(base64.b64encode(b"Administrator:another")), [])

    def test_across_the_pieces_of_a_file(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "deep" / "file"
            path.parent.mkdir()
            path.write_bytes(b"x" * 990 + SECRET.encode() + b"x" * 990)
            self.assertTrue(self.finder.in_file(path, piece=1000))
            self.assertEqual(list(self.finder.in_folder(folder)), [str(path)])
            self.assertEqual(self.finder.in_folder(folder, but=[path]), {})

    def test_refuses_what_would_be_found_anywhere(self):
        with self.assertRaises(ValueError):
            self.finder.add_text("short", "abc")


if __name__ == "__main__":
    unittest.main()
