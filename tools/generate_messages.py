#!/usr/bin/env python3
"""Turns data/messages/{en,ja}.json into C++: one header of typed messages per section, and the catalogue that renders them.

The build stops when the languages differ in keys or placeholders, or when no source names a message. With data/faults
the catalogue holds the cause and remedy of each row, as "<row>.cause" and "<row>.remedy".
usage: generate_messages.py --data DIR [--faults DIR] --out DIR [--check-used SRC_DIR...]
"""
import argparse
import json
import pathlib
import re
import sys

from faults import Faults

PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]*)\}")


def load(path):
    def no_duplicates(pairs):
        seen = {}
        for key, value in pairs:
            if key in seen:
                sys.exit(f"{path}: '{key}' stands twice")
            seen[key] = value
        return seen

    return json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=no_duplicates)


def flatten(path, catalogue):
    flat = {}
    for section, messages in catalogue.items():
        for code, text in messages.items():
            if code in flat:
                sys.exit(f"{path}: code '{code}' stands in sections '{flat[code][0]}' and '{section}'; codes are unique")
            if not re.fullmatch(r"[a-z][a-z0-9_]*", code):
                sys.exit(f"{path}: '{code}' is not snake_case")
            flat[code] = (section, text)
    return flat


def placeholders(text):
    return sorted(set(PLACEHOLDER.findall(text)))


def literal(text):
    return json.dumps(text, ensure_ascii=False).replace("\\/", "/")


def write_if_different(path, text):
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def header(section, messages, more_arguments):
    lines = ["// Made by tools/generate_messages.py from data/messages/en.json.", "#pragma once", "", '#include "core/error.hpp"', "",
             "namespace watari::message {", ""]
    for code, text in messages.items():
        names = sorted({*placeholders(text), *more_arguments.get(code, [])})
        lines.append(f"/// {text.splitlines()[0]}")
        lines.append(f"struct {code} {{")
        lines += [f"    std::string {name};" for name in names]
        if names:
            lines.append("")
        pairs = ", ".join(f'{{"{name}", {name}}}' for name in names)
        lines.append(f'    operator Message() const {{ return {{"{code}", {{{pairs}}}}}; }}')
        lines += ["};", ""]
    lines += ["} // namespace watari::message", ""]
    return "\n".join(lines)


def advice(faults, language):
    """What the catalogue says of the rows of data/faults."""
    texts = {}
    for row in faults.rows:
        if row.cause:
            texts[f"{row.name}.cause"] = row.cause[language]
        texts[f"{row.name}.remedy"] = row.remedy[language]
    return texts


def catalogue_source(languages):
    lines = ["// Made by tools/generate_messages.py.", '#include "core/catalogue.hpp"', "", "#include <algorithm>", "#include <array>", "",
             "namespace watari {", "", "namespace {", ""]
    for name, texts in languages.items():
        lines.append(f"constexpr std::array<CatalogueEntry, {len(texts)}> {name}{{{{")
        lines += [f'    {{"{code}", {literal(texts[code])}}},' for code in sorted(texts)]
        lines += ["}};", ""]
    lines += ["} // namespace", "",
              "std::span<const CatalogueEntry> catalogue(Language language) noexcept", "{",
              "    return language == Language::ja ? std::span<const CatalogueEntry>{ja} : std::span<const CatalogueEntry>{en};", "}", "",
              "} // namespace watari", ""]
    return "\n".join(lines)


def check_used(flat, used, folders):
    for folder in folders:
        for path in pathlib.Path(folder).rglob("*.[ch]pp"):
            used.update(re.findall(r"message::([a-z][a-z0-9_]*)", path.read_text(encoding="utf-8")))
    unused = [f"{section}.{code}" for code, (section, _) in flat.items() if code not in used]
    if unused:
        sys.exit("data/messages: no source uses " + ", ".join(sorted(unused)) + "; delete them from en.json and ja.json")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--faults", type=pathlib.Path)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--check-used", nargs="*", default=[])
    arguments = parser.parse_args()

    raw = {name: load(arguments.data / f"{name}.json") for name in ("en", "ja")}
    flat = {name: flatten(arguments.data / f"{name}.json", tree) for name, tree in raw.items()}
    problems = []
    for code in sorted(set(flat["en"]) | set(flat["ja"])):
        if code not in flat["en"] or code not in flat["ja"]:
            problems.append(f"'{code}' is missing in {'en' if code not in flat['en'] else 'ja'}.json")
        elif flat["en"][code][0] != flat["ja"][code][0]:
            problems.append(f"'{code}' stands in different sections")
        elif placeholders(flat["en"][code][1]) != placeholders(flat["ja"][code][1]):
            problems.append(f"'{code}' has different placeholders in en and ja")
    if problems:
        sys.exit("data/messages: " + "; ".join(problems))
    texts = {name: {code: text for code, (_, text) in tree.items()} for name, tree in flat.items()}
    own, codes_of_rows = {}, set()
    if arguments.faults:
        faults = Faults(arguments.faults)
        problems = faults.problems(texts["en"])
        if problems:
            sys.exit("\n".join(problems))
        own = {row.code: row.arguments for row in faults.rows if row.is_own}
        codes_of_rows = {row.code for row in faults.rows}
        for name in texts:
            texts[name] |= advice(faults, name)
    if arguments.check_used:
        check_used(flat["en"], codes_of_rows, arguments.check_used)

    for section, messages in raw["en"].items():
        write_if_different(arguments.out / "messages" / f"{section}.hpp", header(section, messages, own))
    write_if_different(arguments.out / "catalogue.cpp", catalogue_source(texts))
    (arguments.out / "messages.stamp").touch()


if __name__ == "__main__":
    main()
