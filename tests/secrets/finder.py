"""Finds secrets in bytes, in each form in which a program might let one slip."""
import base64
import json
import pathlib
import urllib.parse
from xml.sax.saxutils import escape

SHORTEST = 8  # shorter needles are found in anything


def base64_forms(secret):
    """What of a secret is the same in the base64 of any text around it, for each of the three ways it can lie in there."""
    for offset in range(3):
        encoded = base64.b64encode(bytes(offset) + secret)
        whole = (offset + len(secret)) * 8 // 6  # digits that no byte after it can change
        digits = encoded[-(-offset * 8 // 6):whole]
        yield digits
        yield digits.translate(bytes.maketrans(b"+/", b"-_"))


def forms_of_bytes(secret):
    yield "plain", secret
    yield "hex", secret.hex().encode()
    yield "HEX", secret.hex().upper().encode()
    for digits in base64_forms(secret):
        yield "base64", digits


def forms_of_text(text):
    plain = text.encode()
    yield from forms_of_bytes(plain)
    for name, wide in (("UTF-16LE", text.encode("utf-16-le")), ("UTF-16BE", text.encode("utf-16-be"))):
        for form, needle in forms_of_bytes(wide):
            yield f"{form} of {name}", needle
    yield "XML", escape(text, {'"': "&quot;", "'": "&apos;"}).encode()
    yield "XML", escape(text).encode()
    yield "JSON", json.dumps(text)[1:-1].encode()
    yield "JSON", json.dumps(text, ensure_ascii=False)[1:-1].encode()
    yield "URL", urllib.parse.quote(text, safe="").encode()
    yield "URL", urllib.parse.quote_plus(text).encode()


class Finder:
    def __init__(self):
        self.needles = {}  # needle -> what it is

    def add_text(self, name, text):
        self.add(name, forms_of_text(text))

    def add_bytes(self, name, secret):
        self.add(name, forms_of_bytes(secret))

    def add(self, name, forms):
        for form, needle in forms:
            if len(needle) < SHORTEST:
                raise ValueError(f"{name} is too short to be looked for")
            self.needles.setdefault(needle, f"{name} ({form})")

    def in_bytes(self, content):
        """Names of the secrets that are there."""
        return sorted({what for needle, what in self.needles.items() if needle in content})

    def in_folder(self, folder, but=()):
        """{file: secrets} of every file below it; those of `but` are passed over. Large ones are read in overlapping pieces."""
        found = {}
        for path in sorted(pathlib.Path(folder).rglob("*")):
            if path.is_file() and not path.is_symlink() and path not in but:
                there = self.in_file(path)
                if there:
                    found[str(path)] = there
        return found

    def in_file(self, path, piece=8 << 20):
        overlap = max(map(len, self.needles))
        there, rest = set(), b""
        with open(path, "rb") as file:
            while block := file.read(piece):
                there.update(self.in_bytes(rest + block))
                rest = block[-overlap:]
        return sorted(there)
