"""The JSON Schema of the report, made from the dataclasses that the report is made of.

https://json-schema.org/draft/2020-12
"""

from __future__ import annotations

import inspect
import json
import types
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from enum import EnumType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from headgate.errors import Exit
from headgate.report.model import SCHEMA_VERSION, Finding, Report

__all__ = ["Field", "described", "document", "text"]

_PLAIN = {str: "string", int: "integer", float: "number", bool: "boolean", types.NoneType: "null"}
_MADE: Mapping[str, tuple[Mapping[str, object], str]] = {
    "schema_version": ({"const": SCHEMA_VERSION}, "the version of this document's form"),
    "exit": ({"enum": [int(code) for code in Exit]}, "the exit code that the command ended with"),
    "findings": (
        {"type": "array", "items": {"$ref": f"#/$defs/{Finding.__name__}"}},
        "what was found, in the order of the checks",
    ),
}
"""What `Report.to_json` adds to the fields of the dataclass, or knows better."""

Field = tuple[str, str, str]
"""A field's name, its type in a few words, and what it means."""


def text() -> str:
    """Give the schema as the text of its file."""
    return json.dumps(document(), indent=2, ensure_ascii=False) + "\n"


def document() -> Mapping[str, Any]:
    """Give the schema of what `--json` prints."""
    found: dict[str, dict[str, Any]] = {}
    _object(Report, found)
    report = found.pop(Report.__name__)
    for name, (form, meaning) in _MADE.items():
        report["properties"][name] = {**form, "description": meaning}
    report["required"] = sorted(report["properties"])
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:headgate:report:{SCHEMA_VERSION}",
        "title": "The report of headgate",
        **report,
        "$defs": dict(sorted(found.items())),
    }


def described() -> Iterator[tuple[str, tuple[Field, ...]]]:
    """Give each kind of object with its fields, the report first, for the page that describes them."""
    schema = document()
    for name, form in (("Report", schema), *schema["$defs"].items()):
        yield (
            name,
            tuple((field, _words(value), value["description"]) for field, value in form["properties"].items()),
        )


def _object(kind: type[Any], found: dict[str, dict[str, Any]]) -> None:
    if kind.__name__ in found:
        return
    form = found[kind.__name__] = {"type": "object", "description": (inspect.getdoc(kind) or "").partition("\n")[0]}
    hints, meanings = get_type_hints(kind), _meanings(kind)
    form["properties"] = {
        field.name: {**_form(hints[field.name], found), "description": meanings[field.name]} for field in fields(kind)
    }
    form["required"] = sorted(form["properties"])


def _form(hint: Any, found: dict[str, dict[str, Any]]) -> dict[str, Any]:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in {types.UnionType, Union}:
        return {"type": [_form(argument, found)["type"] for argument in arguments]}
    if origin is tuple:
        return {"type": "array", "items": _form(arguments[0], found)}
    if origin is Mapping:
        return {"type": "object", "additionalProperties": _form(arguments[1], found)}
    if origin is Literal:
        return {"enum": list(arguments)}
    if isinstance(hint, EnumType):
        members: list[Any] = list(hint)
        return {"enum": [str(member) for member in members]}
    if is_dataclass(hint) and isinstance(hint, type):
        _object(hint, found)
        return {"$ref": f"#/$defs/{hint.__name__}"}
    return {"type": _PLAIN[hint]}


def _meanings(kind: type[Any]) -> dict[str, str]:
    """What the docstring says of each field, under `Args:`."""
    _, _, block = (inspect.getdoc(kind) or "").partition("Args:\n")
    found: dict[str, str] = {}
    name = ""
    for line in block.splitlines():
        indent = len(line) - len(line.lstrip())
        if indent == 4:
            name, _, meaning = line.strip().partition(": ")
            found[name] = meaning
        elif indent > 4:
            found[name] += f" {line.strip()}"
    return {name: meaning.rstrip(".").replace("`None`", "`null`") for name, meaning in found.items()}


def _words(form: Mapping[str, Any]) -> str:
    """A type in a few words, as in `list of Finding`."""
    match form:
        case {"const": value}:
            return json.dumps(value)
        case {"enum": values}:
            return ", ".join(json.dumps(value) for value in values)
        case {"$ref": str() as name}:
            return name.rpartition("/")[2]
        case {"type": "array", "items": items}:
            return f"list of {_words(items)}"
        case {"type": "object", "additionalProperties": values}:
            return f"object of {_words(values)}"
        case {"type": list() as types_}:
            return " or ".join(types_)
    return str(form["type"])
