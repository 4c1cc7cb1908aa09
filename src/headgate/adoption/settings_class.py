"""A settings object of the pydantic kind: from which environment variable each of its fields is read.

The names follow https://docs.pydantic.dev/latest/concepts/pydantic_settings/#environment-variable-names.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from headgate.adoption.modules import Modules, SourceModule

__all__ = ["SettingsClass", "called", "text"]

_ALIASES = ("validation_alias", "alias", "env")


@dataclass(frozen=True)
class SettingsClass:
    """A class whose attributes env.py reads.

    Args:
        modules: the project's modules.
        module: where it is defined.
        node: its definition.
        outer: what the variables of its fields begin with, where it is a part of another settings object.
    """

    modules: Modules
    module: SourceModule
    node: ast.ClassDef
    outer: str | None = None

    def bases(self) -> Iterator[SettingsClass]:
        """Give the class and those of the project that it builds on."""
        yield self
        for base in self.node.bases:
            for module, name in self.modules.defined(self.module, called(base)):
                if (node := module.classes.get(name)) is not None and node is not self.node:
                    yield from SettingsClass(self.modules, module, node, self.outer).bases()

    @property
    def reads_environment(self) -> bool:
        """Whether its fields are read from the environment."""
        names = {called(base) for part in self.bases() for base in part.node.bases}
        return self.outer is not None or "BaseSettings" in names

    def field(self, name: str) -> tuple[SettingsClass, ast.expr | None, ast.expr | None] | None:
        """Give the class that has a field, the field's annotation and its value; `None` where none has it."""
        for part in self.bases():
            for node in part.node.body:
                match node:
                    case ast.AnnAssign(target=ast.Name(id=found), annotation=kind, value=value) if found == name:
                        return part, kind, value
                    case ast.Assign(targets=[ast.Name(id=found)], value=value) if found == name:
                        return part, None, value
        return None

    def method(self, name: str) -> tuple[SettingsClass, ast.FunctionDef] | None:
        """Give the class that has a method or property, and its definition."""
        for part in self.bases():
            for node in part.node.body:
                if isinstance(node, ast.FunctionDef) and node.name == name:
                    return part, node
        return None

    def variable(self, name: str, value: ast.expr | None) -> str:
        """Name the environment variable of a field."""
        if isinstance(value, ast.Call) and called(value.func) == "Field":
            for keyword in value.keywords:
                found = keyword.value
                if isinstance(found, ast.Call) and found.args:  # AliasChoices("A", "B")
                    found = found.args[0]
                if keyword.arg in _ALIASES and (alias := text(found)):
                    return alias
        prefix = self.outer if self.outer is not None else self.setting("env_prefix")
        return (prefix + name).upper()

    def setting(self, name: str) -> str:
        """Give a text of `model_config` or of `class Config`; empty where it is not set."""
        for part in self.bases():
            for node in part.node.body:
                match node:
                    case ast.Assign(targets=[ast.Name(id="model_config")], value=ast.Call(keywords=keywords)):
                        found = [text(keyword.value) for keyword in keywords if keyword.arg == name]
                    case ast.Assign(targets=[ast.Name(id="model_config")], value=ast.Dict(keys=keys, values=values)):
                        found = [text(v) for k, v in zip(keys, values, strict=True) if k and text(k) == name]
                    case ast.ClassDef(name="Config", body=body):
                        found = [
                            text(one.value)
                            for one in body
                            if isinstance(one, ast.Assign) and called(one.targets[0]) == name
                        ]
                    case _:
                        continue
                if found and found[0]:
                    return found[0]
        return ""

    def part(self, name: str, kind: ast.expr | None, value: ast.expr | None) -> SettingsClass | None:
        """Give the class of a field that is a settings object of its own."""
        named = [called(one) for one in (kind, value.func if isinstance(value, ast.Call) else None) if one]
        if isinstance(value, ast.Call):
            named += [called(k.value) for k in value.keywords if k.arg == "default_factory"]
        for word in named:
            for module, found in self.modules.defined(self.module, word):
                if (node := module.classes.get(found)) is not None:
                    inner = SettingsClass(self.modules, module, node)
                    delimiter = self.setting("env_nested_delimiter")
                    if inner.reads_environment or not self.reads_environment:
                        return inner
                    return SettingsClass(self.modules, module, node, f"{self.variable(name, None)}{delimiter or '__'}")
        return None


def called(node: ast.AST) -> str:
    """Give the last name of a dotted expression; empty for another one."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case ast.Constant(value=str(name)):  # a quoted annotation
            return name
        case ast.Subscript(value=value):
            return called(value)
    return ""


def text(node: ast.AST) -> str:
    """Give a text that stands in quotes; empty for anything else."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
