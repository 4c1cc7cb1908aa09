"""Where an expression in env.py takes its value from: the ini file, environment variables, `-x`, a fixed text.

It is followed through the project's own functions and settings objects, by their syntax trees.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal
from urllib.parse import urlsplit

from headgate.adoption.expressions import pieces, returned
from headgate.adoption.modules import Modules, SourceModule
from headgate.adoption.settings_class import SettingsClass, called, text

__all__ = ["Reader", "Source"]

Kind = Literal["ini", "variable", "x", "text", "application", "unknown"]

_GETTERS = frozenset({"getenv", "env", "config", "get", "str", "get_env", "pop"})
_WRAPPERS = frozenset(
    {
        "str",
        "make_url",
        "URL",
        "cast",
        "quote",
        "quote_plus",
        "escape",
        "SecretStr",
        "parse_obj_as",
        "PostgresDsn",
        "database_url",
    }
)
_ROLES = {
    "host": "host",
    "hostname": "host",
    "server": "host",
    "port": "port",
    "user": "user",
    "username": "user",
    "password": "password",
    "pw": "password",
    "database": "database",
    "dbname": "database",
    "db": "database",
    "path": "database",
}
_DEEP = 20


@dataclass(frozen=True)
class Source:
    """One place that a value comes from.

    Args:
        kind: what it is.
        name: the variable, the key of `-x`, the fixed text, or the code that was not understood.
        part: which part of the URL it is: `url` for the whole.
        line: the line in env.py, or in the module that was followed.
        spliced: whether the part is put into the text of a URL; else it is handed over by itself.
    """

    kind: Kind
    name: str
    part: str = "url"
    line: int = 0
    spliced: bool = True


@dataclass(frozen=True)
class Reader:
    """Reads expressions of one module.

    Args:
        modules: the project's modules.
        module: the one whose names hold.
        own: the class whose `self` is meant, inside of a method.
        depth: how many names have been followed.
    """

    modules: Modules
    module: SourceModule
    own: SettingsClass | None = None
    depth: int = 0

    def read(self, node: ast.expr | None) -> Iterator[Source]:
        """Give the places that an expression's value comes from, the one that is asked first standing first."""
        if node is None or self.depth > _DEEP or (isinstance(node, ast.Constant) and node.value is None):
            return
        match node:
            case ast.Constant(value=str(value)):
                yield Source("text", value, line=node.lineno)
            case ast.BoolOp(values=values):
                yield from self._all(values)
            case ast.IfExp(body=body, orelse=other):
                yield from self._all([body, other])
            case ast.Await(value=value) | ast.NamedExpr(value=value):
                yield from self.read(value)
            case ast.JoinedStr() | ast.BinOp(op=ast.Add()):
                yield from self._composed(node)
            case ast.Name(id=name):
                yield from self._name(name, node)
            case ast.Attribute():
                yield from self._attribute(node)
            case ast.Subscript(value=value, slice=key):
                yield from self._item(value, key, node)
            case ast.Call():
                yield from self._call(node)
            case _:
                yield self._unknown(node)

    def _all(self, nodes: Iterable[ast.expr | None]) -> Iterator[Source]:
        for node in nodes:
            yield from self.read(node)

    def _unknown(self, node: ast.expr) -> Source:
        return Source("unknown", ast.unparse(node), line=node.lineno)

    def _deeper(self, module: SourceModule | None = None, own: SettingsClass | None = None) -> Reader:
        return Reader(self.modules, module or self.module, own or self.own, self.depth + 1)

    def _name(self, name: str, node: ast.expr) -> Iterator[Source]:
        if self.module.imports.get(name, ("", ""))[0] == "flask":
            yield Source("application", name, line=node.lineno)
            return
        for module, found in self.modules.defined(self.module, name):
            for value in module.values.get(found, ()):
                yield from self._deeper(module).read(value)
            return
        yield self._unknown(node)

    def _attribute(self, node: ast.Attribute) -> Iterator[Source]:
        if isinstance(node.value, ast.Name):
            source, attribute = self.module.imports.get(node.value.id, ("", None))
            named = f"{source}.{attribute}" if attribute else source
            if named == "flask.current_app":
                yield Source("application", node.value.id, line=node.lineno)
                return
            if (other := self.modules.named(named)) is not None:
                yield from self._deeper(other)._name(node.attr, node)
                return
        if (owner := self.class_of(node.value)) is not None:
            yield from self._of_class(owner, node)
            return
        if node.attr == "url" or node.attr.startswith(("get_secret", "unicode")):
            yield from self.read(node.value)
            return
        yield self._unknown(node)

    def _of_class(self, owner: SettingsClass, node: ast.Attribute) -> Iterator[Source]:
        if (method := owner.method(node.attr)) is not None:
            yield from self._deeper(method[0].module, owner)._returned(method[1])
        elif (found := owner.field(node.attr)) is not None:
            part, _, value = found
            if owner.reads_environment:
                yield Source("variable", part.variable(node.attr, value), line=node.lineno)
                if text_ := value and text(value):
                    yield Source("text", text_, line=value.lineno if value else 0)
            else:
                yield from self._deeper(part.module, owner).read(value)
        else:
            yield self._unknown(node)

    def class_of(self, node: ast.expr) -> SettingsClass | None:
        """Give the class that an expression's value is of, where the project defines it."""
        if self.depth > _DEEP:
            return None
        match node:
            case ast.Name(id="self" | "cls") if self.own:
                return self.own
            case ast.Name(id=name):
                for module, found in self.modules.defined(self.module, name):
                    if (definition := module.classes.get(found)) is not None:
                        return SettingsClass(self.modules, module, definition)
                    for value in module.values.get(found, ()):
                        if (owner := self._deeper(module).class_of(value)) is not None:
                            return owner
            case ast.Call(func=function):
                for module, found in self.modules.defined(self.module, called(function)):
                    if (definition := module.classes.get(found)) is not None:
                        return SettingsClass(self.modules, module, definition)
                    if (body := module.functions.get(found)) is not None:
                        for value in returned(body):
                            if (owner := self._deeper(module).class_of(value)) is not None:
                                return owner
            case ast.Attribute(value=value, attr=name):
                if (owner := self.class_of(value)) is not None and (field := owner.field(name)) is not None:
                    return owner.part(name, *field[1:])
                if isinstance(value, ast.Name):
                    source, attribute = self.module.imports.get(value.id, ("", None))
                    other = self.modules.named(f"{source}.{attribute}" if attribute else source)
                    if other is not None:
                        return self._deeper(other).class_of(ast.Name(id=name))
        return None

    def _item(self, value: ast.expr, key: ast.expr, node: ast.expr) -> Iterator[Source]:
        if called(value) == "environ" and text(key):
            yield Source("variable", text(key), line=node.lineno)
        elif self._is_x(value) and text(key):
            yield Source("x", text(key), line=node.lineno)
        elif text(key) == "sqlalchemy.url":
            yield Source("ini", text(key), line=node.lineno)
        else:
            yield self._unknown(node)

    def _call(self, node: ast.Call) -> Iterator[Source]:
        name = called(node.func)
        first = node.args[0] if node.args else None
        receiver = node.func.value if isinstance(node.func, ast.Attribute) else None
        if name in ("get_main_option", "get_section_option", "get_section", "get_alembic_option"):
            yield Source("ini", "sqlalchemy.url", line=node.lineno)
        elif receiver is not None and name == "get" and self._is_x(receiver) and first is not None:
            yield Source("x", text(first), line=node.lineno)
            yield from self._all(node.args[1:])
        elif name in _GETTERS and first is not None and text(first) and self._asks_environment(node.func):
            yield Source("variable", text(first), line=node.lineno)
            yield from self._all([*node.args[1:2], *(k.value for k in node.keywords if k.arg == "default")])
        elif name in ("create", "build") and any(keyword.arg in _ROLES for keyword in node.keywords):
            for keyword in node.keywords:
                if keyword.arg in ("scheme", "drivername") and text(keyword.value):
                    yield Source("text", f"{text(keyword.value)}://", line=node.lineno)
                elif keyword.arg in _ROLES:
                    for source in self.read(keyword.value):
                        if source.kind != "text":
                            yield replace(source, part=_ROLES[keyword.arg], spliced=name == "build")
        elif name in _WRAPPERS and node.args:
            yield from self.read(node.args[-1] if name in ("cast", "parse_obj_as") else first)
        elif receiver is not None and (owner := self.class_of(receiver)) and (method := owner.method(name)):
            yield from self._deeper(method[0].module, owner)._returned(method[1])
        else:
            yield from self._function(node, receiver, name)

    def _function(self, node: ast.Call, receiver: ast.expr | None, name: str) -> Iterator[Source]:
        if receiver is None or isinstance(receiver, ast.Name):
            module = self.module
            if isinstance(receiver, ast.Name):
                source, attribute = self.module.imports.get(receiver.id, ("", None))
                found = self.modules.named(f"{source}.{attribute}" if attribute else source)
                module = found or module
            for where, defined in self.modules.defined(module, name):
                if (body := where.functions.get(defined)) is not None:
                    yield from self._deeper(where)._returned(body)
                    return
        if receiver is None:
            yield self._unknown(node)
        else:  # a method of the text or URL: replace, strip, set, render_as_string
            for one in self.read(receiver):
                yield self._unknown(node) if one.kind == "unknown" else one

    def _returned(self, body: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[Source]:
        yield from self._all(returned(body))

    def _is_x(self, node: ast.expr) -> bool:
        match node:
            case ast.Call(func=function):
                return called(function) == "get_x_argument"
            case ast.Name(id=name):
                return any(self._is_x(value) for value in self.module.values.get(name, ()) if value is not node)
        return False

    def _asks_environment(self, function: ast.expr) -> bool:
        match function:
            case ast.Name(id=name):
                return self.module.imports.get(name, ("", ""))[0] in ("os", "decouple", "environs") or (
                    any(
                        isinstance(v, ast.Call) and called(v.func) in _READERS for v in self.module.values.get(name, ())
                    )
                )
            case ast.Attribute(value=value, attr=name):
                return called(value) in ("environ", "os") or (
                    isinstance(value, ast.Name) and self._asks_environment(value) and name == "str"
                )
        return False

    def _composed(self, node: ast.expr) -> Iterator[Source]:
        """A text put together: each piece is the part of the URL that it stands in."""
        parted = list(pieces(node))
        marks = {f"zq{at}zq": piece for at, piece in enumerate(parted) if not isinstance(piece, str)}
        whole = "".join(f"zq{at}zq" if not isinstance(p, str) else p for at, p in enumerate(parted))
        if "://" not in whole:
            yield from self._all(marks.values())
            return
        parts = urlsplit(whole)
        account, _, address = parts.netloc.rpartition("@")
        user, _, password = account.partition(":")
        host, _, port = address.partition(":")
        named = {"user": user, "password": password, "host": host, "port": port, "database": parts.path}
        for mark, piece in marks.items():
            part = next((name for name, held in named.items() if mark in held), None)
            if part:
                yield from (replace(s, part=part) for s in self.read(piece) if s.kind != "text")
        yield Source("text", whole, line=node.lineno)


_READERS = frozenset({"Env", "Config", "Environment"})
