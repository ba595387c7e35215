"""data/faults: what the codes that hosts answer mean for us, and what a person does about each.

One file per source of codes, one row per meaning. kinds.json says what the kinds of errors are, remedies.json holds
remedies that many rows share, own.json tells the kinds of our own codes where the source that throws them does not. A row:

 name      stable; docs/errors lists it and errors carry it as `cause`. The row named as its code is that code's own:
           it speaks for whatever no other row knows.
 code      the message of data/messages that tells what happened
 kind      of the error; {"read", "change"} where a change must be looked at first
 retry     of kind exhausted: whether waiting helps
 numbers, subcode, detail, cim, status, methods, krb5    how the host says it, `native` in words; `alone`: subcode and detail say it without a
           number as well; `weak`: asked only when nothing more exact is said; `when`: only of requests of that sort
 cause, remedy    in both languages; their {placeholders} are the arguments of the message
"""
import fnmatch
import json
import pathlib
import re
import sys

LANGUAGES = ("en", "ja")
PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]*)\}")
FIELDS = {"name", "code", "kind", "retry", "numbers", "subcode", "detail", "cim", "status", "methods", "alone", "weak",
          "when", "receiver", "krb5", "native", "evidence", "cause", "remedy"}
# Order of the pages.
TABLES = ("wsman", "wmi", "http", "return_values", "host_jobs", "files", "authentication", "tls")


def load_json(path):
    def no_duplicates(pairs):
        seen = dict(pairs)
        if len(seen) != len(pairs):
            sys.exit(f"{path}: a key stands twice in {[key for key, _ in pairs]}")
        return seen

    return json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=no_duplicates)


def placeholders(text):
    return sorted(set(PLACEHOLDER.findall(text)))


class Row:
    def __init__(self, table, fields, remedies):
        self.table = table
        self.fields = fields
        self.name = fields["name"]
        self.code = fields["code"]
        kind = fields["kind"]
        self.read = kind["read"] if isinstance(kind, dict) else kind
        self.change = kind["change"] if isinstance(kind, dict) else kind
        self.cause = fields.get("cause")
        remedy = fields["remedy"]
        self.remedy = remedies.get(remedy) if isinstance(remedy, str) else remedy
        self.numbers = [int(number, 16) if isinstance(number, str) else number for number in fields.get("numbers", [])]

    def __getattr__(self, field):
        if field not in FIELDS:
            raise AttributeError(field)
        return self.fields.get(field)

    @property
    def is_own(self):
        return self.name == self.code

    @property
    def arguments(self):
        texts = [text for pair in (self.cause, self.remedy) if pair for text in pair.values()]
        return sorted({name for text in texts for name in placeholders(text)})


class Faults:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.kinds = load_json(self.folder / "kinds.json")
        self.remedies = load_json(self.folder / "remedies.json")
        self.own = load_json(self.folder / "own.json")
        self.tables = {name: load_json(self.folder / f"{name}.json") for name in TABLES}
        self.rows = [Row(table, fields, self.remedies) for table in TABLES for fields in self.tables[table]["rows"]]

    def lookup(self, row):
        return self.tables[row.table]["lookup"]

    def problems(self, messages):
        """Everything that is wrong; `messages` are the English texts by code."""
        return [f"data/faults/{row.table}.json: '{row.name}' {problem}" for row in self.rows
                for problem in self._problems_of(row, messages)] + self._doubles() + self._unused_remedies() + self._own(messages)

    def _problems_of(self, row, messages):
        unknown = set(row.fields) - FIELDS
        if unknown:
            yield f"has unknown fields {sorted(unknown)}"
        if not re.fullmatch(r"[a-z][a-z0-9_]*", row.name):
            yield "is not snake_case"
        if row.code not in messages:
            yield f"names the message '{row.code}', which data/messages does not have"
        if row.name in messages and not row.is_own:
            yield "is named as another message"
        for kind in (row.read, row.change):
            if kind not in self.kinds:
                yield f"has the unknown kind '{kind}'"
        if row.retry and "exhausted" != row.read:
            yield "says 'retry', which only exhausted leaves open"
        if not row.evidence:
            yield "has no evidence"
        if row.cause is None and not row.is_own:
            yield "has no cause"
        if row.remedy is None:
            yield f"names the remedy '{row.fields['remedy']}', which remedies.json does not have"
        for what, texts in (("cause", row.cause), ("remedy", row.remedy)):
            for language in LANGUAGES:
                if texts is not None and not texts.get(language):
                    yield f"has no {what} in {language}"
            if texts is not None and len({tuple(placeholders(text)) for text in texts.values()}) > 1:
                yield f"has different placeholders in the languages of its {what}"
        known = self.tables[row.table].get("arguments")
        for name in sorted(set(row.arguments) | set(placeholders(messages.get(row.code, "")))):
            if known is not None and name not in known:
                yield f"needs the argument '{name}', which this table does not give"

    def _doubles(self):
        seen = {}
        for row in self.rows:
            keys = [("name", row.name)]
            for key in keys_of(row):
                keys.append((self.lookup(row), *key))
            for key in keys:
                if key in seen:
                    yield_to = seen[key]
                    return [f"data/faults/{row.table}.json: '{row.name}' and '{yield_to}' are both {key}"]
                seen[key] = row.name
        return []

    def _own(self, messages):
        return [f"data/faults/own.json: no message is '{pattern}'" for patterns in self.own.values() for pattern in patterns
                if not fnmatch.filter(messages, pattern)]

    def _unused_remedies(self):
        used = {row.fields["remedy"] for row in self.rows if isinstance(row.fields["remedy"], str)}
        return [f"data/faults/remedies.json: no row uses '{name}'" for name in self.remedies if name not in used]


def keys_of(row):
    """How the row is found: (table in C++, key, qualifier)."""
    for number in row.numbers:
        if row.methods:
            for method in row.methods:
                yield ("numbers", number, method)
        else:
            yield ("weak_numbers" if row.weak else "numbers", number, row.when or "")
    for symbol in row.krb5 or []:
        yield ("codes", symbol, "")
    for status in row.status or []:
        yield ("statuses", status, "")
    if row.cim:
        yield ("cim_statuses", row.cim, row.when or "")
    if row.subcode and row.alone:
        key = f"{row.subcode}/{row.detail}" if row.detail else row.subcode
        yield ("weak_subcodes" if row.weak else "subcodes", key, row.when or "")
