#!/usr/bin/env python3
"""Turns data/messages/{en,ja}.json into C++: one header of typed messages per section, and the catalogue that renders them.

The build stops when the languages differ in keys or placeholders, or when no source names a message.
usage: generate_messages.py --data DIR --out DIR [--check-used SRC_DIR...]
"""
import argparse
import json
import pathlib
import re
import sys

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


def header(section, messages):
    lines = ["// Made by tools/generate_messages.py from data/messages/en.json.", "#pragma once", "", '#include "core/error.hpp"', "",
             "namespace watari::message {", ""]
    for code, text in messages.items():
        names = placeholders(text)
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


def catalogue_source(languages):
    lines = ["// Made by tools/generate_messages.py.", '#include "core/catalogue.hpp"', "", "#include <algorithm>", "#include <array>", "",
             "namespace watari {", "", "namespace {", ""]
    for name, flat in languages.items():
        lines.append(f"constexpr std::array<CatalogueEntry, {len(flat)}> {name}{{{{")
        for code in sorted(flat):
            lines.append(f'    {{"{code}", {literal(flat[code][1])}}},')
        lines += ["}};", ""]
    lines += ["} // namespace", "",
              "std::span<const CatalogueEntry> catalogue(Language language) noexcept", "{",
              "    return language == Language::ja ? std::span<const CatalogueEntry>{ja} : std::span<const CatalogueEntry>{en};", "}", "",
              "} // namespace watari", ""]
    return "\n".join(lines)


def check_used(flat, folders):
    used = set()
    for folder in folders:
        for path in pathlib.Path(folder).rglob("*.[ch]pp"):
            used.update(re.findall(r"message::([a-z][a-z0-9_]*)", path.read_text(encoding="utf-8")))
    unused = [f"{section}.{code}" for code, (section, _) in flat.items() if code not in used]
    if unused:
        sys.exit("data/messages: no source uses " + ", ".join(sorted(unused)) + "; delete them from en.json and ja.json")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=pathlib.Path, required=True)
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
    if arguments.check_used:
        check_used(flat["en"], arguments.check_used)

    for section, messages in raw["en"].items():
        write_if_different(arguments.out / "messages" / f"{section}.hpp", header(section, messages))
    write_if_different(arguments.out / "catalogue.cpp", catalogue_source(flat))
    (arguments.out / "messages.stamp").touch()


if __name__ == "__main__":
    main()
