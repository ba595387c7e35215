#!/usr/bin/env python3
"""Every switch that hvsim offers is one it acts on; what it does not act on yet stands under `awaited`.

usage: switches_test.py SOURCE-FOLDER
"""
import json
import pathlib
import sys

ROOT = pathlib.Path(sys.argv[1])
data = json.loads((ROOT / "data/profiles/switches.json").read_text(encoding="utf-8"))
sources = "".join(path.read_text(encoding="utf-8") for folder in ("sim", "src") for path in sorted((ROOT / folder).rglob("*.[ch]pp"))
                  if not path.stem.endswith("_test"))

problems = []
for group, is_acted_on in (("switches", True), ("awaited", False)):
    names = [one["name"] for one in data[group]]
    if names != sorted(names):
        problems.append(f"{group}: not sorted by name")
    for name in names:
        if (f'"{name}"' in sources) != is_acted_on:
            problems.append(f"{group}: {name} is {'named by no source' if is_acted_on else 'acted on: it belongs to switches'}")
if not data["switches"]:
    problems.append("no switches")
print("\n".join(problems) or f"{len(data['switches'])} switches are acted on, {len(data['awaited'])} are awaited")
sys.exit(bool(problems))
