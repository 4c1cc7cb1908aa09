"""What in a revision needs an operator's hand, read from its syntax tree; nothing is run.

Four kinds, each a reason to read a note before the deployment: an index built concurrently, work that takes as long as
the table is large, data that is lost, and a change that old and new code must be deployed around in a certain order.

Sources: https://www.postgresql.org/docs/current/sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY,
https://www.postgresql.org/docs/current/sql-altertable.html (VALIDATE CONSTRAINT scans; RENAME and DROP COLUMN).
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from headgate.revisions.file import RevisionFile

__all__ = ["Kind", "Need", "of"]


class Kind(StrEnum):
    """Why a hand is needed."""

    BUILD = "concurrent build"
    WORK = "long work"
    LOSS = "data loss"
    ORDER = "deployment order"


@dataclass(frozen=True)
class Need:
    """One reason.

    Args:
        kind: what kind of reason it is.
        what: what the revision does, as in `drops the column users.name`.
        line: the line on which it does, counted from 1.
    """

    kind: Kind
    what: str
    line: int


def of(revision: RevisionFile) -> tuple[Need, ...]:
    """Give what in a revision's upgrade needs a hand, in the order of its lines.

    Args:
        revision: the file. The functions and texts of the file that `upgrade()` names are followed.
    """
    upgrade = revision.function("upgrade")
    needs = set() if upgrade is None else set(_of_function(revision, upgrade, {"upgrade"}))
    if (why := revision.header.irreversible) is not None:
        needs.add(Need(Kind.LOSS, f"cannot be undone ({why.rstrip('.')})", 1))
    if revision.message.casefold().startswith(("expand ", "contract ")):
        needs.add(Need(Kind.ORDER, "is one step of an expand-and-contract change", 1))
    return tuple(sorted(needs, key=lambda need: (need.line, need.kind)))


def _of_function(revision: RevisionFile, function: ast.FunctionDef, seen: set[str]) -> Iterator[Need]:
    for node in ast.walk(function):
        match node:
            case ast.Call(func=ast.Name(id=name)) if name not in seen and (helper := revision.function(name)):
                yield from _of_function(revision, helper, seen | {name})
            case ast.Call(func=ast.Attribute(attr=name)):
                yield from _of_call(revision, name, node)


def _of_call(revision: RevisionFile, name: str, call: ast.Call) -> Iterator[Need]:
    texts = [_text(revision, value) for value in call.args]
    match name:
        case "create_index" if _is_true(call, "postgresql_concurrently"):
            yield Need(Kind.BUILD, f"builds the index {_shown(texts, 0)} on {_shown(texts, 1)}", call.lineno)
        case "drop_table":
            yield Need(Kind.LOSS, f"drops the table {_shown(texts, 0)}", call.lineno)
        case "drop_column":
            column = ".".join(text or "…" for text in texts[:2])
            yield Need(Kind.LOSS, f"drops the column {column}", call.lineno)
            yield Need(Kind.ORDER, f"code that uses {column} fails from then on", call.lineno)
        case "rename_table":
            yield Need(Kind.ORDER, f"renames the table {_shown(texts, 0)}", call.lineno)
        case "alter_column" if any(keyword.arg == "new_column_name" for keyword in call.keywords):
            column = ".".join(text or "…" for text in texts[:2])
            yield Need(Kind.ORDER, f"renames the column {column}", call.lineno)
        case "execute" | "scalar" | "scalars" | "exec_driver_sql" if call.args:
            if built := _built(call.args[0]):
                yield Need(Kind.WORK, f"changes rows ({built.upper()})", call.lineno)
            for statement in (texts[0] or "").split(";"):
                yield from _of_sql(statement.split(), call.lineno)


def _of_sql(words: list[str], line: int) -> Iterator[Need]:
    """Judge one statement by its words; names are given as they are written."""
    upper = [word.upper().rstrip(",") for word in words]
    match upper:
        case ["UPDATE" | "DELETE" | "INSERT" as verb, *_]:
            names = [word for word, known in zip(words, upper, strict=True) if known not in _BEFORE_TABLE]
            yield Need(Kind.WORK, f"changes rows of {names[0] if names else '…'} ({verb})", line)
        case ["WITH", *rest] if any(word.lstrip("(") in {"UPDATE", "DELETE", "INSERT"} for word in rest):
            yield Need(Kind.WORK, "changes rows (WITH)", line)
        case ["CREATE", *_] if "INDEX" in upper and "CONCURRENTLY" in upper:
            yield Need(Kind.BUILD, f"builds an index: {' '.join(words)}", line)
        case ["REINDEX" | "REFRESH", *_]:
            yield Need(Kind.WORK, f"reads whole tables: {' '.join(words)}", line)
        case ["ALTER", "TABLE", *_] if "VALIDATE" in upper:
            yield Need(Kind.WORK, f"reads every row to validate {words[-1]}", line)
        case ["ALTER", "TABLE", *_] if _follows(upper, "DROP", "COLUMN"):
            yield Need(Kind.LOSS, f"drops a column: {' '.join(words)}", line)
            yield Need(Kind.ORDER, "code that uses the column fails from then on", line)
        case ["ALTER", "TABLE" | "VIEW", *_] if "RENAME" in upper and not _follows(upper, "RENAME", "CONSTRAINT"):
            yield Need(Kind.ORDER, f"renames: {' '.join(words)}", line)
        case ["ALTER", "TYPE", name, *_] if _follows(upper, "ADD", "VALUE"):
            del name
            yield Need(Kind.ORDER, f"code from before it does not know the new value of {words[2]}", line)
        case ["DROP", "TABLE" | "SCHEMA", *_] | ["TRUNCATE", *_]:
            yield Need(Kind.LOSS, f"loses rows: {' '.join(words)}", line)


_BEFORE_TABLE = frozenset({"UPDATE", "DELETE", "INSERT", "INTO", "FROM", "ONLY"})


def _follows(words: list[str], first: str, second: str) -> bool:
    return (first, second) in pairwise(words)


def _built(value: ast.expr) -> str | None:
    """Name the verb of a statement that SQLAlchemy builds, as in `sa.update(users).values(…)`."""
    node: ast.expr = value
    while isinstance(node, ast.Call):
        match node.func:
            case (
                ast.Attribute(attr="update" | "delete" | "insert" as verb)
                | ast.Name(id="update" | "delete" | "insert" as verb)
            ):
                return verb
            case ast.Attribute(value=inner):
                node = inner
            case _:
                return None
    return None


def _text(revision: RevisionFile, value: ast.expr) -> str | None:
    """Give the text that an expression is, as far as it is written down; `None` when it is no text."""
    match value:
        case ast.Constant(value=str() as text):
            return text
        case ast.JoinedStr(values=parts):
            return "".join(_text(revision, part) or "…" for part in parts)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return f"{_text(revision, left) or '…'}{_text(revision, right) or '…'}"
        case ast.Call(func=ast.Attribute(attr="text" | "f") | ast.Name(id="text"), args=[inner, *_]):
            return _text(revision, inner)
        case ast.Call(func=ast.Attribute(value=inner, attr="bindparams" | "format" | "strip")):
            return _text(revision, inner)
        case ast.Name(id=name):
            for statement in revision.tree.body:
                match statement:
                    case ast.Assign(targets=[ast.Name(id=known)], value=given) if known == name:
                        return _text(revision, given)
                    case ast.AnnAssign(target=ast.Name(id=known), value=ast.expr() as given) if known == name:
                        return _text(revision, given)
    return None


def _shown(texts: list[str | None], index: int) -> str:
    return (texts[index] if index < len(texts) else None) or "…"


def _is_true(call: ast.Call, name: str) -> bool:
    return any(
        keyword.arg == name and isinstance(keyword.value, ast.Constant) and keyword.value.value is True
        for keyword in call.keywords
    )
