#!/usr/bin/env python3
"""Reads the sources and fails where one leaves the architecture.

 layers   an include goes to a module that src/CMakeLists.txt (sim/CMakeLists.txt) does not name, or a module uses one that
          is not on a lower floor
 seams    clock, chance, environment and threads are touched outside the files that own them
 headers  an interface header pulls in Beast, sockets, XML or SQL

usage: check_architecture.py [ROOT]
"""
import dataclasses
import pathlib
import re
import sys

# The simulator knows the wire and the metal, never what is built on the drivers.
SIM_NEVER = {"hyperv", "operations", "provisioning", "api", "fleet", "store"}

SEAM_FILES = [
    r"src/core/clock\.cpp",
    r"src/core/random\.cpp",
    r"src/core/pool\.cpp",
    r"src/net/tcp[^/]*\.cpp",
    r"src/programs/.*",
    r"sim/programs/.*",
]

SEAMS = {
    "steady_timer": r"\bsteady_timer\b",
    "system_timer": r"\bsystem_timer\b",
    "system_clock::now": r"\bsystem_clock::now\b",
    "steady_clock::now": r"\bsteady_clock::now\b",
    "high_resolution_clock": r"\bhigh_resolution_clock\b",
    "random_device": r"\brandom_device\b",
    "getenv": r"\bgetenv\b",
    "std::thread": r"\bstd::j?thread\b(?!::)",
    "std::this_thread::sleep": r"\bthis_thread::sleep_(for|until)\b",
    "rand(": r"(?<![.>\w])s?rand\s*\(",
    "time(nullptr)": r"(?<![.>\w])time\s*\(\s*(nullptr|NULL|0)\s*\)",
    "gettimeofday": r"\bgettimeofday\b",
    "clock_gettime": r"\bclock_gettime\b",
}

HEADERS_NEVER_IN_HPP = ["boost/beast", "libxml/", "sqlite3.h", "libpq-fe.h", "boost/asio/ip/"]

INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]')
TEST_FILE = re.compile(r"(^|/)(test_[^/]*|[^/]*_test)\.[ch]pp$")


@dataclasses.dataclass
class Module:
    name: str
    folder: str
    uses: set
    floor: int
    line: int


def read_modules(path, folder, first_floor=0):
    """The add_module calls of a CMakeLists.txt; a comment of one number starts a floor."""
    modules = {}
    floor = first_floor
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    text, number = "", 0
    for index, line in enumerate(lines, 1):
        floor_comment = re.fullmatch(r"#\s*(\d+)\s*", line.strip())
        if floor_comment:
            floor = int(floor_comment[1])
            continue
        code = line.split("#", 1)[0].strip()
        if not text and not code.startswith("add_module("):
            continue
        number = number if text else index
        text = f"{text} {code}"
        if ")" not in code:
            continue
        words = text[text.index("(") + 1 : text.index(")")].split()
        text = ""
        lists = {"DIR": [], "USES": [], "TEST_USES": []}
        current = None
        for word in words[1:]:
            if word in lists:
                current = word
            elif current:
                lists[current].append(word)
        directory = lists["DIR"][0] if lists["DIR"] else words[0]
        where = folder if directory == "." else f"{folder}/{directory}"
        modules[words[0]] = Module(words[0], where, set(lists["USES"]), floor, number)
    return modules


def without_comments_and_strings(text):
    """The code alone, every line where it was."""
    token = re.compile(
        r'//[^\n]*|/\*.*?\*/|R"(?P<mark>[^()\\\s]{0,16})\(.*?\)(?P=mark)"|"(?:\\.|[^"\\\n])*"|(?<!\d)\'(?:\\.|[^\'\\\n])+\'', re.S
    )

    def blank(match):
        return re.sub(r"[^\n]", " ", match[0])

    return token.sub(blank, text)


class Checker:
    def __init__(self, root):
        self.root = pathlib.Path(root)
        self.problems = []
        self.modules = read_modules(self.root / "src/CMakeLists.txt", "src")
        self.sim = read_modules(self.root / "sim/CMakeLists.txt", "sim", first_floor=1000)

    def problem(self, path, line, text):
        self.problems.append(f"{path}:{line}: {text}")

    def check(self):
        self.check_floors()
        for top in ("src", "sim"):
            for path in sorted((self.root / top).rglob("*.[ch]pp")):
                self.check_file(path.relative_to(self.root).as_posix(), path.read_text(encoding="utf-8"))
        return self.problems

    def check_floors(self):
        for module in self.modules.values():
            for used in sorted(module.uses):
                other = self.modules.get(used)
                if other is None:
                    self.problem("src/CMakeLists.txt", module.line, f"{module.name} uses {used}, which is no module")
                elif other.floor >= module.floor:
                    self.problem(
                        "src/CMakeLists.txt",
                        module.line,
                        f"{module.name} (floor {module.floor}) uses {used} (floor {other.floor}); only lower floors may be used",
                    )
        for module in self.sim.values():
            for used in sorted(module.uses):
                if used not in self.modules and used not in self.sim:
                    self.problem("sim/CMakeLists.txt", module.line, f"{module.name} uses {used}, which is no module")
                elif used.split("/")[0] in SIM_NEVER:
                    self.problem("sim/CMakeLists.txt", module.line, f"{module.name} uses {used}; the simulator never may")

    def check_file(self, path, text):
        lines = text.splitlines()
        for number, line in enumerate(lines, 1):
            include = INCLUDE.match(line)
            if not include:
                continue
            if include[1] == '"':
                self.check_include(path, number, include[2])
            if path.endswith(".hpp"):
                for header in HEADERS_NEVER_IN_HPP:
                    if include[2].startswith(header):
                        self.problem(path, number, f"interface header includes <{include[2]}>; keep it in a .cpp")
        if not TEST_FILE.search(path) and not any(re.fullmatch(seam, path) for seam in SEAM_FILES):
            self.check_seams(path, text)

    def check_seams(self, path, text):
        for number, line in enumerate(without_comments_and_strings(text).splitlines(), 1):
            for name, pattern in SEAMS.items():
                if re.search(pattern, line):
                    self.problem(path, number, f"{name} outside a seam; take Clock, Random or Pool by constructor")

    def module_of_file(self, path):
        folder = path.rsplit("/", 1)[0]
        return self.longest_match(f"{folder}/", {**self.modules, **self.sim}.values(), lambda module: module.folder)

    def module_of_include(self, include):
        if include.startswith("sim/"):
            return self.longest_match(include, self.sim.values(), lambda module: module.folder)
        return self.longest_match(include, self.modules.values(), lambda module: module.name)

    @staticmethod
    def longest_match(path, modules, prefix):
        found = [module for module in modules if path.startswith(prefix(module) + "/")]
        return max(found, key=lambda module: len(prefix(module)), default=None)

    def check_include(self, path, number, include):
        if include.startswith(("messages/", "faults/")):
            return
        if "/" not in include or ".." in include.split("/"):
            self.problem(path, number, f'"{include}" is not of the form "module/file.hpp"')
            return
        if path.startswith("src/programs/"):
            return
        owner = self.module_of_file(path)
        if owner is None:
            self.problem(path, number, f"{path} belongs to no module of its CMakeLists.txt")
            return
        used = self.module_of_include(include)
        if used is None:
            self.problem(path, number, f'"{include}" belongs to no module')
            return
        if used.name == owner.name or used.name == "core":
            return
        if TEST_FILE.search(path):
            self.check_test_include(path, number, include, owner, used)
        elif used.name not in owner.uses:
            self.problem(path, number, f'{owner.name} may not include "{include}": it does not use {used.name}')
        elif owner.name in self.sim and used.name == "wsman" and not include.startswith("wsman/codec/"):
            self.problem(path, number, f'sim may not include "{include}": of wsman only wsman/codec')

    def check_test_include(self, path, number, include, owner, used):
        """A test may use every lower floor, and the simulator."""
        if used.name in self.sim or used.name in owner.uses:
            return
        if owner.name in self.sim and used.name.split("/")[0] in SIM_NEVER:
            self.problem(path, number, f'sim may not include "{include}": the simulator never uses {used.name}')
        elif used.floor >= owner.floor:
            self.problem(path, number, f'a test of {owner.name} (floor {owner.floor}) includes "{include}" (floor {used.floor})')


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[2])
    problems = Checker(root).check()
    for problem in problems:
        print(problem)
    if problems:
        sys.exit(f"{len(problems)} problem(s); the layers are in src/CMakeLists.txt and ARCHITECTURE.md")


if __name__ == "__main__":
    main()
