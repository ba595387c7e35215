#!/usr/bin/env python3
"""Turns data/schema/*.json into C++.

typed:  headers schema/v1.hpp, schema/v2.hpp, schema/cimv2.hpp with the classes that used.json lists. Names are those of the
        schema; where C++ forbids one, the rule is a trailing underscore: a property named like its class or method, a parameter
        named like its method, a keyword, `class_name`, `ns`, `name`. The input half of an in-out parameter ends in `_in`.
embed:  MODULE/embedded.{hpp,cpp}: the minified text of each JSON file as a function NAME() that returns it.

Bad data stops the build with the file, the class and what is wrong.
usage: generate_schema.py typed --data DIR --out DIR
       generate_schema.py embed --out DIR --module MODULE NAME=FILE...
"""
import argparse
import hashlib
import json
import pathlib
import sys

GENERATIONS = ["ws2008r2sp1", "ws2012", "ws2012r2", "vnext", "ws2016", "ws2019", "ws2022", "ws2025"]
HEADERS = {"v1": "root/virtualization", "v2": "root/virtualization/v2", "cimv2": "root/cimv2"}
CPP_TYPES = {
    "boolean": "bool", "string": "std::string", "datetime": "cim::DateTime", "ref": "cim::ObjectPath", "object": "cim::Instance",
    "uint8": "std::uint8_t", "uint16": "std::uint16_t", "uint32": "std::uint32_t", "uint64": "std::uint64_t",
    "sint8": "std::int8_t", "sint16": "std::int16_t", "sint32": "std::int32_t", "sint64": "std::int64_t",
    "real32": "double", "real64": "double",
}
CIM_TYPES = {**{name: name for name in CPP_TYPES}, "ref": "reference"}
KEYWORDS = set("""alignas alignof and asm auto bool break case catch char class const continue default delete do double else enum
explicit export extern false float for friend goto if inline int long mutable namespace new not nullptr operator or private
protected public register requires return short signed sizeof static struct switch template this throw true try typedef typeid
typename union unsigned using virtual void volatile while xor""".split())
NAMES = {
    "class": {"superclass", "abstract", "association", "since", "since_uncertain", "until", "observed", "singleton", "minimal",
              "keys", "properties", "methods"},
    "property": {"name", "type", "array", "key", "write", "reference", "embedded", "since", "until", "observed"},
    "method": {"name", "returns", "parameters", "since", "until", "observed", "supported", "results"},
    "parameter": {"name", "type", "array", "in", "out", "reference", "embedded", "since", "until"},
}


class BadData(Exception):
    pass


def load(path):
    def no_duplicates(pairs):
        seen = {}
        for key, value in pairs:
            if key in seen:
                raise BadData(f"{path}: '{key}' stands twice in one object")
            seen[key] = value
        return seen

    try:
        return json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=no_duplicates)
    except FileNotFoundError:
        raise BadData(f"{path}: there is no such file") from None
    except json.JSONDecodeError as error:
        raise BadData(f"{path}:{error.lineno}: not JSON: {error.msg}") from None


def check_item(where, kind, item):
    unknown = set(item) - NAMES[kind]
    if unknown:
        raise BadData(f"{where}: unknown member '{sorted(unknown)[0]}'; a {kind} has {', '.join(sorted(NAMES[kind]))}")
    for bound in ("since", "until"):
        if bound in item and item[bound] not in GENERATIONS:
            raise BadData(f"{where}: '{bound}' is '{item[bound]}', which is no generation")
    if kind in ("property", "parameter") and item.get("type") not in CPP_TYPES:
        raise BadData(f"{where}: type '{item.get('type')}' is unknown; types are {', '.join(CPP_TYPES)}")


def check_unique(where, kind, items):
    seen = set()
    for item in items:
        if "name" not in item:
            raise BadData(f"{where}: a {kind} without a name")
        if item["name"].lower() in seen:
            raise BadData(f"{where}: {kind} '{item['name']}' stands twice")
        seen.add(item["name"].lower())


def check_class(where, body, classes):
    check_item(where, "class", body)
    if "superclass" in body and body["superclass"] == where.rpartition(" ")[2]:
        raise BadData(f"{where}: is its own superclass")
    properties, methods = body.get("properties", []), body.get("methods", [])
    check_unique(where, "property", properties)
    check_unique(where, "method", methods)
    for item in properties:
        check_item(f"{where}.{item['name']}", "property", item)
    for key in body.get("keys", []):
        if not any(item["name"] == key and item.get("key") for item in properties):
            raise BadData(f"{where}: key '{key}' is not one of its properties marked \"key\": true")
    for method in methods:
        check_item(f"{where}.{method['name']}", "method", method)
        check_unique(f"{where}.{method['name']}", "parameter", method.get("parameters", []))
        for item in method.get("parameters", []):
            check_item(f"{where}.{method['name']}.{item['name']}", "parameter", item)
            if not item.get("in") and not item.get("out"):
                raise BadData(f"{where}.{method['name']}.{item['name']}: neither in nor out")


def check_superclasses(path, classes):
    for name in classes:
        seen, at = set(), name
        while at in classes:
            if at in seen:
                raise BadData(f"{path}: {name}: the superclasses of '{at}' go round in a circle")
            seen.add(at)
            at = classes[at].get("superclass")


def check_schema(path, schema, ns):
    if schema.get("namespace") != ns:
        raise BadData(f"{path}: namespace is '{schema.get('namespace')}', expected '{ns}'")
    classes = schema.get("classes", {})
    for name, body in classes.items():
        check_class(f"{path}: {name}", body, classes)
    check_superclasses(path, classes)
    return classes


def identifier(name, *taken):
    return name + "_" if name in KEYWORDS or name in taken else name


def remark(item):
    parts = []
    if item.get("since"):
        parts.append(f"since {item['since']}")
    if item.get("until"):
        parts.append(f"until {item['until']}")
    if item.get("embedded"):
        parts.append(f"CIM-XML of {item['embedded']} (a hint)" if item["type"] == "string" else item["embedded"])
    if item.get("reference"):
        parts.append(f"to {item['reference']}")
    if item.get("supported") is False:
        parts.append("documented as not supported")
    return f" ///< {', '.join(parts)}" if parts else ""


def constant(kind, owner, item, cpp_type, name, indent):
    return (f"{indent}static constexpr schema::{kind}<{owner}, {cpp_type}> {name}"
            f"{{\"{item['name']}\", cim::Type::{CIM_TYPES[item['type']]}}};{remark(item)}")


def method_struct(method, class_name, struct_name):
    lines = [f"    struct {struct_name} {{{remark({**method, 'type': ''})}",
             f"        using Class = {class_name};",
             f"        static constexpr std::string_view name = \"{method['name']}\";"]
    for item in method.get("parameters", []):
        is_embedded = item["type"] == "object" or (item["type"] == "string" and "embedded" in item)
        cpp_type = "schema::Embedded" if is_embedded else CPP_TYPES[item["type"]]
        name = identifier(item["name"], struct_name, "name", "Class")
        array = "Array" if item.get("array") else ""
        if item.get("in"):
            lines.append(constant(f"{array}In", struct_name, item, cpp_type, name + "_in" * bool(item.get("out")), " " * 8))
        if item.get("out"):
            lines.append(constant(f"{array}Out", struct_name, item, cpp_type, name, " " * 8))
    lines.append("    };")
    return lines


def class_struct(name, body):
    lines = [f"struct {name} {{{remark({**body, 'type': ''})}",
             f"    static constexpr std::string_view class_name = \"{name}\";",
             "    static constexpr std::string_view ns = schema_ns;", ""]
    methods = body.get("methods", [])
    structs = {method["name"]: identifier(method["name"], name, "class_name", "ns") for method in methods}
    for item in body.get("properties", []):
        kind = "ArrayProperty" if item.get("array") else "Property"
        member = identifier(item["name"], name, "class_name", "ns", *structs.values())
        lines.append(constant(kind, name, item, CPP_TYPES[item["type"]], member, " " * 4))
    for method in methods:
        lines.append("")
        lines += method_struct(method, name, structs[method["name"]])
    return lines + ["};", ""]


def typed_header(short, ns, classes, used):
    lines = [f"// Made by tools/generate_schema.py from data/schema/{short}.json and used.json.", "#pragma once", "",
             '#include "schema/typed.hpp"', "", f"namespace watari::schema::{short} {{", "",
             f"inline constexpr std::string_view schema_ns = \"{ns}\";", ""]
    for name in used:
        lines += class_struct(name, classes[name])
    lines += ["/// All of them as one type, for code that speaks to several namespaces alike.", "struct Classes {",
              "    static constexpr std::string_view ns = schema_ns;"]
    lines += [f"    using {name} = {short}::{name};" for name in used] + ["};", ""]
    return "\n".join(lines + [f"}} // namespace watari::schema::{short}", ""])


def write_if_different(path, text):
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def typed(data, out):
    used = load(data / "used.json")
    for ns in used:
        if ns not in HEADERS.values():
            raise BadData(f"{data / 'used.json'}: namespace '{ns}' is unknown; known are {', '.join(HEADERS.values())}")
    headers = {}
    for short, ns in HEADERS.items():
        path = data / f"{short}.json"
        classes = check_schema(path, load(path), ns)
        for name in used.get(ns, []):
            if name not in classes:
                raise BadData(f"{data / 'used.json'}: '{name}' is not a class of {ns} in {path.name}")
        headers[short] = typed_header(short, ns, classes, sorted(set(used.get(ns, []))))
    for short, text in headers.items():
        write_if_different(out / "schema" / f"{short}.hpp", text)


def embed(out, module, files):
    """The hash in the source makes it change, and so compile again, whenever the text it includes does."""
    header = [f"// Made by tools/generate_schema.py: data files inside the program, minified.", "#pragma once", "", "#include <string_view>",
              "", f"namespace watari::{module}::embedded {{", ""]
    source = ["// Made by tools/generate_schema.py.", f'#include "{module}/embedded.hpp"', ""]
    functions = []
    for entry in files:
        name, _, file = entry.partition("=")
        text = json.dumps(load(pathlib.Path(file)), ensure_ascii=False, separators=(",", ":"))
        minified = out / module / f"{name}.min.json"
        write_if_different(minified, text)
        symbol = f"watari_{module}_{name}"
        digest = hashlib.sha256(text.encode()).hexdigest()
        source += [f"// {digest}",
                   f'__asm__(".section .rodata\\n.global {symbol}\\n.global {symbol}_end\\n"',
                   f'        "{symbol}:\\n.incbin \\"{minified}\\"\\n{symbol}_end:\\n.byte 0\\n.text\\n");',
                   f'extern "C" const char {symbol}[];', f'extern "C" const char {symbol}_end[];', ""]
        header.append(f"std::string_view {name}() noexcept;")
        functions += [f"std::string_view {name}() noexcept", "{", f"    return {{{symbol}, {symbol}_end}};", "}", ""]
    footer = [f"}} // namespace watari::{module}::embedded", ""]
    write_if_different(out / module / "embedded.hpp", "\n".join(header + [""] + footer))
    opening = [f"namespace watari::{module}::embedded {{", ""]
    write_if_different(out / module / "embedded.cpp", "\n".join(source + opening + functions + footer))


def main():
    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers(dest="command", required=True)
    typed_command = commands.add_parser("typed")
    typed_command.add_argument("--data", type=pathlib.Path, required=True)
    typed_command.add_argument("--out", type=pathlib.Path, required=True)
    embed_command = commands.add_parser("embed")
    embed_command.add_argument("--out", type=pathlib.Path, required=True)
    embed_command.add_argument("--module", required=True)
    embed_command.add_argument("files", nargs="+", metavar="NAME=FILE")
    arguments = parser.parse_args()
    try:
        if arguments.command == "typed":
            typed(arguments.data, arguments.out)
        else:
            embed(arguments.out, arguments.module, arguments.files)
    except BadData as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
