#!/usr/bin/env python3
"""Turns data/prepare/*.ps1.in into C++: prepare/blocks.hpp with one Block per file, its parts as they stand.

The build stops where a block lacks a part: what is done has a way to check it and a way to undo it.
usage: generate_prepare.py --data DIR --out DIR
"""
import argparse
import pathlib
import re
import sys

PARTS = ("do", "check", "undo")
# What other blocks stand on, and what ends a script.
WITHOUT_UNDO = {"common"}
WITHOUT_CHECK = {"common", "end"}
DELIMITER = "ps1"


def parts_of(path):
    name = path.name.removesuffix(".ps1.in")
    parts, current = {}, None
    for number, line in enumerate(path.read_text(encoding="ascii").splitlines(), 1):
        heading = re.fullmatch(r"#: (\w+)", line)
        if heading:
            current = heading[1]
            if current not in PARTS or current in parts:
                sys.exit(f"{path}:{number}: '{current}' is none of {', '.join(PARTS)}, or stands twice")
            parts[current] = []
        elif current is None:
            sys.exit(f"{path}:{number}: stands before any part")
        else:
            parts[current].append(line)
    texts = {part: "\n".join(lines).strip("\n") + "\n" if "".join(lines).strip() else "" for part, lines in parts.items()}
    for part in PARTS:
        free = {"check": WITHOUT_CHECK, "undo": WITHOUT_UNDO}.get(part, set())
        if not texts.get(part) and name not in free:
            sys.exit(f"{path}: part '{part}' is missing or empty")
        if f'){DELIMITER}"' in texts.get(part, ""):
            sys.exit(f"{path}: part '{part}' cannot be quoted in C++")
    return name, texts


def header(blocks):
    lines = ["// Made by tools/generate_prepare.py from data/prepare.", "#pragma once", "", "#include <string_view>", "",
             "namespace watari::prepare {", "", "/// PowerShell: what is done, how to check it, and how to undo it.", "struct Block {",
             "    std::string_view act;", "    std::string_view check;", "    std::string_view undo;", "};", ""]
    for name, texts in blocks:
        quoted = ",\n    ".join(f'R"{DELIMITER}({texts.get(part, "")}){DELIMITER}"' for part in PARTS)
        lines += [f"inline constexpr Block {name} = {{\n    {quoted}}};", ""]
    return "\n".join(lines + ["} // namespace watari::prepare", ""])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    arguments = parser.parse_args()
    text = header([parts_of(path) for path in sorted(arguments.data.glob("*.ps1.in"))])
    path = arguments.out / "prepare" / "blocks.hpp"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
