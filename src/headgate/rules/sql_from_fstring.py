"""SQL that is put together from values.

A name with a quote in it ends the statement early, or does something else than was meant; a `%` in a text is read as a
parameter; and what the revision does can no more be read in its file. A bound parameter has none of this.

It fires when what is handed to `op.execute`, `connection.execute`, `exec_driver_sql`, `sa.text` and the like is an
f-string, `%`, `.format()` or `+` with a value from elsewhere: a parameter, a row, a setting. It is silent when every
part is a literal or a constant in the same file.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator

from headgate.report.model import Finding, Severity
from headgate.rules._text import Scope, glued, parts, scope_of
from headgate.rules.rule import Evidence, Rule

__all__ = ["RULE"]

_METHODS = frozenset({"execute", "exec_driver_sql", "scalar", "scalars", "text", "DDL"})
_FUNCTIONS = frozenset({"text", "DDL", "execute"})
_KEYWORDS = frozenset({"sqltext", "statement", "text"})
_CHANGES_ROWS = frozenset({"select", "insert", "update", "delete", "with", "merge"})


def _check(evidence: Evidence) -> Iterator[Finding]:
    for call, scope in _calls(evidence.revision.tree, Scope()):
        handed = _handed(call)
        found = glued(handed, scope) if handed is not None else None
        if found is None:
            continue
        seen = (ast.get_source_segment(evidence.revision.source, found) or ast.unparse(found)).splitlines()[0]
        pieces = parts(found) or [found]
        values = ", ".join(dict.fromkeys(ast.unparse(piece) for piece in pieces if isinstance(piece, ast.expr)))
        yield RULE.finding(
            evidence,
            call.lineno,
            f"the statement is put together with {values}",
            seen=(seen,),
            fix=tuple(_fix(call, pieces)),
        )


def _calls(node: ast.AST, scope: Scope) -> Iterator[tuple[ast.Call, Scope]]:
    if isinstance(node, (ast.Module, ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
        scope = scope_of(node, scope)
    if isinstance(node, ast.Call):
        yield node, scope
    for child in ast.iter_child_nodes(node):
        yield from _calls(child, scope)


def _handed(call: ast.Call) -> ast.expr | None:
    """What a call is given as SQL, or `None` for a call that takes none."""
    match call.func:
        case ast.Attribute(attr=name) if name in _METHODS:
            pass
        case ast.Name(id=name) if name in _FUNCTIONS:
            pass
        case _:
            return None
    if call.args:
        return call.args[0]
    return next((keyword.value for keyword in call.keywords if keyword.arg in _KEYWORDS), None)


def _fix(call: ast.Call, pieces: list[str | ast.expr]) -> Iterator[str]:
    statement = ""
    bound: dict[str, str] = {}
    for index, piece in enumerate(pieces):
        if isinstance(piece, str):
            statement += piece
            continue
        following = pieces[index + 1] if index + 1 < len(pieces) else ""
        if not _takes_a_value(statement):
            value = ast.unparse(piece)
            yield f"{value} stands where PostgreSQL takes no parameter: write the statement out for each {value},"
            yield f"or make {value} a constant of this file."
            return
        if statement.endswith("'") and isinstance(following, str) and following.startswith("'"):
            statement, pieces[index + 1] = statement[:-1], following[1:]
        name = _parameter(piece, bound)
        bound[name] = ast.unparse(piece)
        statement += f":{name}"
    arguments = ", ".join(f"{name}={value}" for name, value in bound.items())
    repaired = f"sa.text({_quoted(statement)}).bindparams({arguments})"
    is_text = ast.unparse(call.func).rpartition(".")[2] in _FUNCTIONS - {"execute"}
    function = ast.unparse(call.func).replace("exec_driver_sql", "execute")
    yield from (repaired if is_text else f"{function}({repaired})").splitlines()


def _takes_a_value(before: str) -> bool:
    """Whether a parameter may follow. A guess from the words before it, for the text of the finding only."""
    words = before.casefold().replace("(", " ( ").split()
    if not words or words[0] not in _CHANGES_ROWS:
        return False
    return before.rstrip().endswith(("'", "=", "<", ">")) or (
        before.rstrip().endswith(("(", ",")) and ("values" in words or "in" in words)
    )


def _parameter(node: ast.expr, taken: dict[str, str]) -> str:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            pass
        case _:
            name = "value"
    if taken.get(name, ast.unparse(node)) == ast.unparse(node):
        return name
    return f"{name}_{len(taken) + 1}"


def _quoted(statement: str) -> str:
    return f'"""{statement}"""' if "\n" in statement or '"' in statement else json.dumps(statement, ensure_ascii=False)


_REVISION = '''"""give entries without an owner to the importer

Intent: each entry needs an owner before owner_id can be NOT NULL.
Risk: updates the entries without an owner, a few hundred rows.
Rollback: irreversible, nothing tells them from entries that the importer wrote.
"""

import os

import sqlalchemy as sa
from alembic import op

revision = "20261122170212"
down_revision = "20261120091500"


def upgrade() -> None:
    importer = os.environ["IMPORTER"]
    op.execute({statement})


def downgrade() -> None:
    raise NotImplementedError("nothing tells them from entries that the importer wrote")
'''

RULE = Rule(
    name="sql-from-fstring",
    severity=Severity.ERROR,
    condition="SQL is an f-string, or glued with %, .format() or +, and holds a value from elsewhere.",
    effect="A quote or a percent sign in the value breaks the statement or changes what it does.",
    workaround="Hand the value over as a bound parameter; write names of tables and columns out.",
    bad=_REVISION.format(statement="""f"UPDATE entries SET owner = '{importer}' WHERE owner IS NULL\""""),
    good=_REVISION.format(
        statement='sa.text("UPDATE entries SET owner = :importer WHERE owner IS NULL").bindparams(importer=importer)'
    ),
    source="https://docs.sqlalchemy.org/en/20/core/sqlelement.html#sqlalchemy.sql.expression.text",
    check=_check,
)
