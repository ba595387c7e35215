#!/usr/bin/env python3
"""Turns data/faults into C++ tables, and data/faults with data/messages into docs/errors.

usage: generate_faults.py code --root DIR --out DIR
       generate_faults.py docs [--root DIR] [--check]
"""
import argparse
import pathlib
import sys

import faults as data
import fault_pages
from generate_messages import flatten, literal, write_if_different

LOOKUPS = {  # file and C++ tables of each way to look a fault up
    "wsman": ("numbers", "weak_numbers", "cim_statuses", "subcodes", "weak_subcodes"),
    "http": ("statuses",),
    "host": ("numbers",),
    "file": ("numbers",),
    "kerberos": ("codes",),
}
INCLUDES = {"kerberos": "<krb5/krb5.h>"}


def rows_source(faults):
    rows = sorted(faults.rows, key=lambda row: row.name)
    lines = ["// Made by tools/generate_faults.py from data/faults.", '#include "core/known_fault.hpp"', "", "#include <array>", "",
             "namespace watari {", "", "namespace {", "", f"constexpr std::array<KnownFault, {len(rows)}> rows{{{{"]
    for row in rows:
        lines.append(f'    {{"{row.name}", "{row.code}", ErrorKind::{row.read}, ErrorKind::{row.change}, '
                     f"{'true' if is_retryable(faults, row) else 'false'}}},")
    lines += ["}};", "", "} // namespace", "", "std::span<const KnownFault> known_faults() noexcept", "{", "    return rows;", "}", "",
              "} // namespace watari", ""]
    return "\n".join(lines)


def is_retryable(faults, row):
    return bool(row.retry) if row.read == "exhausted" else faults.kinds[row.read]["again"] == "later"


def lookup_header(faults, lookup):
    lines = ["// Made by tools/generate_faults.py from data/faults.", "#pragma once", "", '#include "core/known_fault.hpp"', "",
             *([f"#include {INCLUDES[lookup]}", ""] if lookup in INCLUDES else []), "#include <array>", "",
             f"namespace watari::{lookup}_faults {{", ""]
    for table in LOOKUPS[lookup]:
        entries = sorted({(key, qualifier, row.name) for row in faults.rows if faults.lookup(row) == lookup
                          for found, key, qualifier in data.keys_of(row) if found == table})
        key_type = "std::string_view" if "subcodes" in table else "std::int32_t" if table == "codes" else "std::uint32_t"
        lines.append(f"inline constexpr std::array<FaultKey<{key_type}>, {len(entries)}> {table}{{{{")
        for key, qualifier, name in entries:
            text = key if table == "codes" else literal(key) if isinstance(key, str) else f"{key}U"
            lines.append(f'    {{{text}, "{qualifier}", "{name}"}},')
        lines += ["}};", ""]
    lines += [f"}} // namespace watari::{lookup}_faults", ""]
    return "\n".join(lines)


def kinds_header(faults):
    lines = ["// Made by tools/generate_faults.py from data/faults/kinds.json.", "#pragma once", "", '#include "core/error.hpp"', "",
             "namespace watari::error_kinds {", ""]
    for field, name, text in (("status", "http_status", "HTTP status of our API."), ("exit", "exit_code", "Exit code of our programs.")):
        lines += [f"/// {text}", f"constexpr int {name}(ErrorKind kind) noexcept", "{", "    switch (kind) {"]
        lines += [f"    case ErrorKind::{kind}:\n        return {entry[field]};" for kind, entry in faults.kinds.items()]
        lines += ["    }", f"    return {faults.kinds['internal'][field]};", "}", ""]
    lines += ["} // namespace watari::error_kinds", ""]
    return "\n".join(lines)


def make_code(faults, out):
    write_if_different(out / "known_faults.cpp", rows_source(faults))
    write_if_different(out / "faults/kinds.hpp", kinds_header(faults))
    for lookup in LOOKUPS:
        write_if_different(out / f"faults/{lookup}.hpp", lookup_header(faults, lookup))
    (out / "faults.stamp").touch()


def make_docs(pages, folder, check):
    present = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.md")}
    if check:
        stale = sorted(name for name in set(pages) | set(present) if pages.get(name) != present.get(name))
        if stale:
            sys.exit(f"docs/errors is stale ({', '.join(stale)}): run tools/generate_faults.py docs")
        return
    for name, text in pages.items():
        write_if_different(folder / name, text)
    for name in set(present) - set(pages):
        (folder / name).unlink()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=("code", "docs"))
    parser.add_argument("--root", type=pathlib.Path, default=pathlib.Path(__file__).parents[1])
    parser.add_argument("--out", type=pathlib.Path)
    parser.add_argument("--check", action="store_true")
    arguments = parser.parse_args()

    faults = data.Faults(arguments.root / "data/faults")
    paths = {language: arguments.root / f"data/messages/{language}.json" for language in data.LANGUAGES}
    messages = {language: flatten(path, data.load_json(path)) for language, path in paths.items()}
    problems = faults.problems({code: text for code, (_, text) in messages["en"].items()})
    if problems:
        sys.exit("\n".join(problems))
    if arguments.what == "code":
        make_code(faults, arguments.out)
    else:
        make_docs(fault_pages.pages(faults, messages, arguments.root), arguments.root / "docs/errors", arguments.check)


if __name__ == "__main__":
    main()
