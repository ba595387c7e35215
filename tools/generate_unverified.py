#!/usr/bin/env python3
"""Prints docs/unverified.md: what nobody has recorded, how the simulator behaves there, and which tests flip it.

usage: generate_unverified.py > docs/unverified.md
       generate_unverified.py --check docs/unverified.md     ends with 1 when the page is stale, or when no test flips a switch
"""
import collections
import json
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
GENERATIONS = ("ws2008r2sp1", "ws2012", "ws2012r2", "vnext", "ws2016", "ws2019", "ws2022", "ws2025")
SUITE = ROOT / "tests/driver/switches_test.cpp"
SINGLY, TOGETHER = "flipped_singly_change_nothing_for_the_drivers", "all_flipped_change_nothing_for_the_drivers"
C_TEST = re.compile(r"^TEST(?:_F|_P)?\((\w+), ?(\w+)\)", re.MULTILINE)
PYTHON_TEST = re.compile(r"^class (\w+)|^ +def (test_\w+)", re.MULTILINE)


def defaults_of(switch):
    """[(generation or None, value)]: a value holds until the next generation that has one."""
    default = switch["default"]
    return [(None, default)] if isinstance(default, str) else [(name, default[name]) for name in GENERATIONS if name in default]


def conservative_of(switch):
    """What `flip` makes of each default: the next value of the list."""
    values = switch["values"]
    return list(dict.fromkeys(values[(values.index(value) + 1) % len(values)] for _, value in defaults_of(switch)))


def tests_in(path):
    """[(name of a test, its text)]"""
    text = path.read_text(encoding="utf-8")
    found, suite = [], ""
    marks = list((C_TEST if path.suffix == ".cpp" else PYTHON_TEST).finditer(text))
    for mark, following in zip(marks, [*marks[1:], None]):
        if path.suffix != ".cpp" and mark[1]:
            suite = mark[1]
            continue
        name = f"{mark[1]}.{mark[2]}" if path.suffix == ".cpp" else f"{suite}.{mark[2]}"
        found.append((name, text[mark.end():following.start() if following else len(text)]))
    return found


def named_by_tests(names):
    """name of a switch -> tests that name it, outside the driver suite."""
    found = collections.defaultdict(list)
    files = sorted(path for folder in ("src", "sim", "tests") for pattern in ("*_test.cpp", "*_test.py")
                   for path in (ROOT / folder).rglob(pattern) if path != SUITE and path.name != "switches_test.py")
    for path in files:
        for test, text in tests_in(path):
            for name in names:
                if re.search(rf'"{name}["=]', text):
                    found[name].append(f"`{path.relative_to(ROOT)}` {test}")
    return found


def other_hosts():
    """Switches the driver suite leaves alone: they make the host another one."""
    body = re.search(r"bool is_another_host\(.*?\n}", SUITE.read_text(encoding="utf-8"), re.DOTALL)
    return set(re.findall(r'"(\w+)"', body[0]))


def cell(text):
    return str(text).replace("|", "\\|").replace("\n", " ")


def page():
    data = json.loads((ROOT / "data/profiles/switches.json").read_text(encoding="utf-8"))
    suite = {name for name, _ in tests_in(SUITE)}
    if suite != {f"Switches.{SINGLY}", f"Switches.{TOGETHER}"}:
        sys.exit(f"generate_unverified: {SUITE} has other tests: {sorted(suite)}")
    alone = other_hosts()
    named = named_by_tests([one["name"] for one in data["switches"]])
    unflipped = sorted(name for name in alone if not named[name])
    if unflipped:
        sys.exit(f"generate_unverified: no test flips {', '.join(unflipped)}")
    lines = [
        "# What nobody has verified",
        "",
        "Made by `tools/generate_unverified.py` of `data/profiles/switches.json` and of the tests; a test fails when this page is stale.",
        "",
        "Each row is a statement about hosts that no recording and no document settles. The simulator behaves in the default position;",
        "`hvsim --switch NAME=VALUE` takes another. The *conservative* position is the one the drivers must bear as well: the driver suite",
        f"(`tests/driver/switches_test.cpp`) lives a VM's whole life on every row of its matrix with each switch in every other position,",
        f"singly (`{SINGLY}`), and with all in the conservative one at once (`{TOGETHER}`).",
        "Switches that make a host another one (✗ in the column *suite*) are left out there and flipped by the tests named. `docs/requests.md`",
        "counts the requests in both positions. Evidence names the section of the facts that leaves the question open.",
        "",
        "| switch | says | default | conservative | other | evidence | suite | flipped by, besides |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for one in data["switches"]:
        conservative = conservative_of(one)
        default = ", ".join(f"from {generation}: {value}" if generation else value for generation, value in defaults_of(one))
        taken = {value for _, value in defaults_of(one)} | set(conservative)
        other = ", ".join(value for value in one["values"] if value not in taken)
        tests = "; ".join(named[one["name"]])
        row = (f"`{one['name']}`", one["text"], default, ", ".join(conservative), other, one["source"],
               "✗" if one["name"] in alone else "✓", tests)
        lines.append("| " + " | ".join(map(cell, row)) + " |")
    lines += ["", "## Without a switch so far", "",
              "The simulator behaves in the default's way only; what the other way would ask of the drivers no test shows.", "",
              "| name | says | default | other | evidence |", "| --- | --- | --- | --- | --- |"]
    for one in data["awaited"]:
        default = ", ".join(dict.fromkeys(value for _, value in defaults_of(one)))
        other = ", ".join(value for value in one["values"] if value != default)
        lines.append("| " + " | ".join(map(cell, (f"`{one['name']}`", one["text"], default, other, one["source"]))) + " |")
    return "\n".join(lines) + "\n"


def main():
    made = page()
    if sys.argv[1:2] == ["--check"]:
        present = pathlib.Path(sys.argv[2])
        if not present.exists() or present.read_text(encoding="utf-8") != made:
            sys.exit(f"{present} is stale: tools/generate_unverified.py > docs/unverified.md")
        print(f"{present} is up to date")
    else:
        sys.stdout.write(made)


if __name__ == "__main__":
    main()
