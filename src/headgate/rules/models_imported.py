"""A revision that imports the project's own code.

A revision is a record: it must do in two years what it did today. The model it imports will by then have columns that
the database does not have yet when the revision runs, or be gone, and a history that worked fails on a new machine.
Enumerations and constants move in the same way.

It fires on every import of a package or module of the project, absolute, relative or by `importlib.import_module`, at
the top or inside a function. It is silent under `if TYPE_CHECKING:`, and about libraries and the folder of env.py.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from dataclasses import dataclass

from headgate.report.model import Finding, Severity
from headgate.rules._project_code import beside_env, definition
from headgate.rules.rule import Evidence, Rule

__all__ = ["RULE"]

_LONGEST_QUOTE = 12


@dataclass(frozen=True)
class _Import:
    node: ast.stmt | ast.Call
    module: str
    names: tuple[ast.alias, ...] = ()


def _check(evidence: Evidence) -> Iterator[Finding]:
    revision = evidence.revision
    for found in _imports(revision.tree):
        top = found.module.partition(".")[0]
        if top and top not in evidence.model_modules:
            continue
        if beside_env(revision.path.parent, evidence.root, found.module):
            continue
        what = ", ".join(alias.name for alias in found.names)
        source = found.module or "its own folder"
        yield RULE.finding(
            evidence,
            found.node.lineno,
            f"the revision imports {what} from {source}, which will change"
            if what
            else f"the revision imports {source}, which will change",
            seen=((ast.get_source_segment(revision.source, found.node) or "").splitlines()[0],),
            fix=tuple(_fix(evidence, found)),
        )


def _imports(node: ast.AST) -> Iterator[_Import]:
    match node:
        case ast.If(test=ast.Name(id="TYPE_CHECKING") | ast.Attribute(attr="TYPE_CHECKING"), orelse=orelse):
            for statement in orelse:
                yield from _imports(statement)
            return
        case ast.Import(names=names):
            yield from (_Import(node, alias.name) for alias in names)
        case ast.ImportFrom(module=module, names=names, level=level):
            yield _Import(node, "" if level else module or "", tuple(names))
        case ast.Call(
            func=ast.Attribute(attr="import_module") | ast.Name(id="import_module" | "__import__"),
            args=[ast.Constant(value=str(module)), *_],
        ):
            yield _Import(node, module.lstrip(".") if not module.startswith(".") else "")
    for child in ast.iter_child_nodes(node):
        yield from _imports(child)


def _fix(evidence: Evidence, found: _Import) -> Iterator[str]:
    yield f"- {ast.unparse(found.node).splitlines()[0]}"
    used = _attributes(evidence.revision.tree)
    for alias in found.names:
        local = alias.asname or alias.name
        code = (
            definition(evidence.revision.path.parent, evidence.root, found.module, alias.name) if found.module else None
        )
        if code is not None and (table := _table_name(code)):
            columns = [name for name in used.get(local, ()) if not name.startswith("__")]
            arguments = [json.dumps(table), *(f"sa.column({json.dumps(name)})" for name in columns)]
            yield f"+ {table} = sa.table({', '.join(arguments)})"
            yield from (f"  and {table}.c.{name} for {local}.{name}" for name in columns)
        elif code is not None and len(lines := ast.unparse(code).splitlines()) <= _LONGEST_QUOTE:
            yield from (f"+ {line}" for line in lines)
        else:
            yield f"+ the part of {alias.name} that this revision needs, written out as it is today"
    if not found.names:
        yield f"+ the part of {found.module or 'it'} that this revision needs, written out as it is today"


def _table_name(code: ast.ClassDef | ast.Assign) -> str | None:
    for node in code.body if isinstance(code, ast.ClassDef) else ():
        match node:
            case ast.Assign(targets=[ast.Name(id="__tablename__")], value=ast.Constant(value=str() as name)):
                return name
    return None


def _attributes(tree: ast.Module) -> dict[str, list[str]]:
    """The attributes that are read of each name, in the order in which they stand."""
    read = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
    found: dict[str, list[str]] = {}
    for node in sorted(read, key=lambda node: (node.lineno, node.col_offset)):
        known = found.setdefault(ast.unparse(node.value), [])
        if node.attr not in known:
            known.append(node.attr)
    return found


_REVISION = '''"""archive entries without a title

Intent: an entry without a title cannot be opened, so it is archived.
Risk: updates the entries without a title, a few hundred rows.
Rollback: irreversible, nothing tells them from entries that were archived before.
"""

import sqlalchemy as sa
from alembic import op
{imports}
revision = "20261122170212"
down_revision = "20261120091500"


def upgrade() -> None:
{body}


def downgrade() -> None:
    raise NotImplementedError("nothing tells them from entries that were archived before")
'''

RULE = Rule(
    name="models-imported",
    severity=Severity.ERROR,
    condition="A revision imports the project's own models, enumerations, constants or services.",
    effect="The revision changes with the code, and a history that worked fails when it is next run from the start.",
    workaround="Describe the table in the revision with sa.table and sa.column, and write values out.",
    bad=_REVISION.format(
        imports="\nfrom backend.src.models.entry import Entry\n",
        body="    op.execute(sa.update(Entry).where(Entry.title.is_(None)).values(is_archived=True))",
    ),
    good=_REVISION.format(
        imports="",
        body="""    entries = sa.table("entries", sa.column("title"), sa.column("is_archived"))
    op.execute(sa.update(entries).where(entries.c.title.is_(None)).values(is_archived=True))""",
    ),
    source="https://docs.sqlalchemy.org/en/20/core/selectable.html#sqlalchemy.sql.expression.table",
    check=_check,
)
