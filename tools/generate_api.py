#!/usr/bin/env python3
"""Turns docs/openapi.yaml into C++: request and response types, decoders that report every problem at once and refuse unknown
fields, encoders, the route table, and the Handlers interface (an operationId without a handler does not compile).

usage: generate_api.py --openapi FILE --out DIR
"""
import argparse
import json
import pathlib
import re
import sys

import yaml

METHODS = ("get", "post", "put", "patch", "delete")


def fail(where, what):
    sys.exit(f"openapi.yaml: {where}: {what}")


def camel(operation_id):
    return "".join(part.capitalize() for part in operation_id.split("_"))


def quoted(text):
    return json.dumps(text, ensure_ascii=False)


def write_if_different(path, text):
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


class Contract:
    def __init__(self, document):
        self.document = document
        self.schemas = document["components"]["schemas"]
        self.operations = []
        for path, item in document["paths"].items():
            shared = item.get("parameters", [])
            for method in METHODS:
                if method in item:
                    self.operations.append(self.operation(method, path, item[method], shared))
        names = [operation["id"] for operation in self.operations]
        for name in names:
            if names.count(name) > 1:
                fail(name, "operationId stands twice")

    def resolve(self, node):
        if "$ref" not in node:
            return node
        target = self.document
        for part in node["$ref"].removeprefix("#/").split("/"):
            if part not in target:
                fail(node["$ref"], "points nowhere")
            target = target[part]
        return target

    def operation(self, method, path, node, shared):
        if "operationId" not in node:
            fail(f"{method} {path}", "has no operationId")
        parameters = [self.resolve(parameter) for parameter in shared + node.get("parameters", [])]
        in_path = {parameter["name"] for parameter in parameters if parameter["in"] == "path"}
        if in_path != set(re.findall(r"\{([^}]+)\}", path)):
            fail(node["operationId"], "path parameters do not match the path")
        body = node.get("requestBody")
        return {
            "id": node["operationId"],
            "method": method.upper(),
            "path": path,
            "summary": node.get("summary", ""),
            "parameters": parameters,
            "body": body["content"]["application/json"]["schema"] if body else None,
            "body_required": bool(body and body.get("required")),
            "public": node.get("security") == [],
        }

    def type_of(self, schema, where):
        if "$ref" in schema:
            return schema["$ref"].rsplit("/", 1)[1]
        kind = schema.get("type")
        if kind == "string":
            return "std::string"
        if kind == "integer":
            return "std::int64_t"
        if kind == "boolean":
            return "bool"
        if kind == "number":
            return "double"
        if kind == "array":
            return f"std::vector<{self.type_of(schema['items'], where)}>"
        fail(where, f"type {kind!r} is not one the generator knows; use a named schema")

    def references(self, schema):
        if "$ref" in schema:
            return {schema["$ref"].rsplit("/", 1)[1]}
        if schema.get("type") == "array":
            return self.references(schema["items"])
        return set()

    def ordered_schemas(self):
        ordered, visiting = [], set()

        def visit(name):
            if name in ordered:
                return
            if name in visiting:
                fail(name, "contains itself")
            visiting.add(name)
            for schema in self.schemas[name].get("properties", {}).values():
                for other in sorted(self.references(schema)):
                    visit(other)
            ordered.append(name)

        for name in self.schemas:
            visit(name)
        return ordered


def member(contract, owner, name, schema, required):
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        fail(f"{owner}.{name}", "is not snake_case")
    kind = contract.type_of(schema, f"{owner}.{name}")
    identifier = cpp_name(name)
    plain = required or schema.get("type") == "array"
    comment = f" ///< {schema['description']}" if "description" in schema else ""
    initial = " = 0" if kind in ("std::int64_t", "double") else " = false" if kind == "bool" else " = {}"
    return f"    {kind} {identifier}{initial};{comment}" if plain else f"    std::optional<{kind}> {identifier} = {{}};{comment}"


def cpp_name(name):
    return {"namespace": "namespace_", "switch": "switch_", "default": "default_", "operator": "operator_", "delete": "delete_"}.get(name, name)


NUMBER_RULES = {"minimum": "minimum", "maximum": "maximum", "minLength": "length_min", "maxLength": "length_max",
                "minItems": "items_min", "maxItems": "items_max"}
FORMAT_RULES = {"uuid": "is_uuid", "date-time": "is_time"}


def rules(schema):
    """The constraints of one value as C++ (contract::Rules)."""
    parts = [f".{rule} = {schema[name]}" for name, rule in NUMBER_RULES.items() if name in schema]
    if "pattern" in schema:
        parts.append(f".pattern = {quoted(schema['pattern'])}")
    if "enum" in schema:
        parts.append(f".values = {quoted('|'.join(schema['enum']))}")
    if schema.get("format") in FORMAT_RULES:
        parts.append(f".{FORMAT_RULES[schema['format']]} = true")
    return "Rules{" + ", ".join(parts) + "}"


def required_of(contract, name):
    schema = contract.schemas[name]
    required = set(schema.get("required", []))
    unknown = required - set(schema.get("properties", {}))
    if unknown:
        fail(name, f"requires {sorted(unknown)}, which it does not have")
    return required


def call_name(operation):
    return f"{camel(operation['id'])}Call"


def parameter_field(parameter):
    return cpp_name(parameter["name"].lower().replace("-", "_"))


def struct(contract, name):
    required = required_of(contract, name)
    fields = contract.schemas[name].get("properties", {}).items()
    return [f"struct {name} {{",
            *(member(contract, name, field, schema, field in required) for field, schema in fields),
            "};",
            f"void decode(const boost::json::value& json, {name}& into, Reader& reader);",
            f"boost::json::value encode(const {name}& value);", ""]


def call_struct(contract, operation):
    lines = [f"/// {operation['method']} {operation['path']}: {operation['summary']}", f"struct {call_name(operation)} {{"]
    for parameter in operation["parameters"]:
        kind = contract.type_of(parameter["schema"], operation["id"])
        field = parameter_field(parameter)
        lines.append(f"    {kind} {field};" if parameter["in"] == "path" else f"    std::optional<{kind}> {field} = {{}};")
    if operation["body"]:
        kind = contract.type_of(operation["body"], operation["id"])
        lines.append(f"    {kind} body;" if operation["body_required"] else f"    std::optional<{kind}> body = {{}};")
    return [*lines, "};", "/// Throws InvalidRequest with every problem.",
            f"{call_name(operation)} decode_{operation['id']}(const RawCall& raw);", ""]


def route(operation):
    public = "true" if operation["public"] else "false"
    return f"    {{OperationId::{operation['id']}, \"{operation['id']}\", \"{operation['method']}\", \"{operation['path']}\", {public}}},"


def header(contract):
    operations = contract.operations
    lines = ["// Made by tools/generate_api.py from docs/openapi.yaml.", "#pragma once", "", '#include "contract/support.hpp"', "",
             "#include <array>", "#include <cstdint>", "#include <optional>", "#include <string>", "#include <string_view>", "#include <vector>", "",
             "namespace watari::contract {", ""]
    for name in contract.ordered_schemas():
        lines += struct(contract, name)
    for operation in operations:
        lines += call_struct(contract, operation)
    lines += ["enum class OperationId {", *(f"    {operation['id']}," for operation in operations), "};", "",
              "struct Route {", "    OperationId operation;", "    std::string_view name;", "    std::string_view method;",
              "    std::string_view path;", "    bool is_public = false;", "};", "",
              f"inline constexpr std::array<Route, {len(operations)}> routes{{{{", *map(route, operations), "}};", "",
              "/// One function per operationId; a class that lacks one is abstract and does not compile.",
              "template <class Reply, class Context>", "class Handlers", "{", "public:", "    virtual ~Handlers() = default;",
              *(f"    virtual Reply {operation['id']}(Context& context, {call_name(operation)} call) = 0;" for operation in operations),
              "};", "", "/// Decodes and calls. Throws InvalidRequest.", "template <class Reply, class Context>",
              "Reply dispatch(Handlers<Reply, Context>& handlers, OperationId operation, Context& context, const RawCall& raw)", "{",
              "    switch (operation) {"]
    for operation in operations:
        lines += [f"    case OperationId::{operation['id']}:", f"        return handlers.{operation['id']}(context, decode_{operation['id']}(raw));"]
    lines += ["    }", "    throw_unknown_operation();", "}", "", "/// docs/openapi.yaml as JSON.", "std::string_view openapi_json() noexcept;", "",
              "} // namespace watari::contract", ""]
    return "\n".join(lines)


def decoder_and_encoder(contract, name):
    schema = contract.schemas[name]
    required = required_of(contract, name)
    fields = schema.get("properties", {}).items()
    closed = "true" if schema.get("additionalProperties") is False else "false"
    return [f"void decode(const boost::json::value& json, {name}& into, Reader& reader)", "{", "    ObjectReader object{json, reader};",
            *(f"    object.{'required' if field in required else 'optional'}({quoted(field)}, into.{cpp_name(field)}, {rules(field_schema)});"
              for field, field_schema in fields),
            f"    object.end({closed});", "}", "", f"boost::json::value encode(const {name}& value)", "{", "    boost::json::object json;",
            *(f"    put(json, {quoted(field)}, value.{cpp_name(field)});" for field, _ in fields),
            "    return json;", "}", ""]


def call_decoder(operation):
    call = call_name(operation)
    return [f"{call} decode_{operation['id']}(const RawCall& raw)", "{", f"    {call} call;", "    CallReader reader{raw};",
            *(f"    reader.{parameter['in']}({quoted(parameter['name'])}, call.{parameter_field(parameter)}, {rules(parameter['schema'])});"
              for parameter in operation["parameters"]),
            "    reader.body(call.body);" if operation["body"] else "    reader.no_body();",
            "    reader.end();", "    return call;", "}", ""]


def document_as_json(contract):
    text = json.dumps(contract.document, ensure_ascii=False, separators=(",", ":"), default=str)
    chunks = [text[i:i + 8000] for i in range(0, len(text), 8000)]
    return ["std::string_view openapi_json() noexcept", "{", "    static constexpr std::string_view text =",
            *(f'        R"openapi({chunk})openapi"' for chunk in chunks), "        ;", "    return text;", "}", ""]


def source(contract):
    lines = ["// Made by tools/generate_api.py from docs/openapi.yaml.", '#include "contract/contract.hpp"', "", "#include <boost/json.hpp>", "",
             "namespace watari::contract {", ""]
    for name in contract.ordered_schemas():
        lines += decoder_and_encoder(contract, name)
    for operation in contract.operations:
        lines += call_decoder(operation)
    return "\n".join([*lines, *document_as_json(contract), "} // namespace watari::contract", ""])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--openapi", type=pathlib.Path, required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    arguments = parser.parse_args()
    contract = Contract(yaml.safe_load(arguments.openapi.read_text(encoding="utf-8")))
    write_if_different(arguments.out / "contract" / "contract.hpp", header(contract))
    write_if_different(arguments.out / "contract" / "contract.cpp", source(contract))
    (arguments.out / "contract.stamp").touch()


if __name__ == "__main__":
    main()
