"""UNIQUE and PRIMARY KEY out of an index that was built while others went on writing.

https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-ADD-TABLE-CONSTRAINT-USING-INDEX
"""

from __future__ import annotations

import ast
from collections.abc import Sequence

import libcst as cst

from headgate.revisions.rewrite.batch import taken_out
from headgate.revisions.rewrite.calls import Call, call_of, quoted, text_of
from headgate.revisions.rewrite.indexes import created
from headgate.revisions.rewrite.layout import execute, with_argument, with_call, without_argument
from headgate.revisions.rewrite.model import CannotRewrite, Wanted
from headgate.revisions.rewrite.split import split
from headgate.revisions.rewrite.sql import Word, starts, value
from headgate.revisions.rewrite.steps import Place, Revision, Step
from headgate.revisions.rewrite.texts import added, sent

__all__ = ["primary_key", "unique"]

_OF_INDEX = frozenset(
    {"constraint_name", "table_name", "columns", "schema", "postgresql_include", "postgresql_nulls_not_distinct"}
)
_TIMING = ("deferrable", "initially")


def unique(revision: Revision, place: Place, wanted: Wanted) -> None:
    """Build a unique index CONCURRENTLY, and make the constraint of it."""
    call = _call(revision, place, "create_unique_constraint")
    if call.operation == "execute":
        _from_sql(revision, place, call, ("UNIQUE",), ())
    else:
        _from_index(revision, place, "UNIQUE")


def primary_key(revision: Revision, place: Place, wanted: Wanted) -> None:
    """Build a unique index CONCURRENTLY, and make the primary key of it, where the columns are NOT NULL already.

    Of others ADD PRIMARY KEY makes NOT NULL columns first, and reads the table for it under ACCESS EXCLUSIVE.
    """
    call = _call(revision, place, "create_primary_key")
    known = {name.strip() for name in wanted.data.get("not_null", "").split(",")}
    known |= _set_not_null(revision, place.steps[: place.index])
    if call.operation == "execute":
        _from_sql(revision, place, call, ("PRIMARY", "KEY"), known)
        return
    try:
        columns = ast.literal_eval(call.code("columns"))
    except ValueError:
        raise CannotRewrite(
            "its columns are not written out here, so it is not known whether they are NOT NULL"
        ) from None
    _require(columns, known)
    _from_index(revision, place, "PRIMARY KEY")


def _call(revision: Revision, place: Place, operation: str) -> Call:
    call = call_of(revision, place.step)
    if call is None:
        raise CannotRewrite("it is no call of an Alembic operation")
    if call.operation not in {operation, "execute"}:
        raise CannotRewrite(
            f"{call.operation}() makes the constraint as a part of itself: add it in an op.{operation}() of its own"
        )
    return call


def _require(columns: Sequence[str], known: set[str]) -> None:
    unknown = [column for column in columns if column not in known]
    if unknown:
        raise CannotRewrite(
            f"{', '.join(unknown)} may be NULL, and ADD PRIMARY KEY would read the whole table under ACCESS EXCLUSIVE "
            "to make sure: set NOT NULL in a revision before this one"
        )


def _set_not_null(revision: Revision, steps: Sequence[Step]) -> set[str]:
    found = set()
    for step in steps:
        call = call_of(revision, step) if step.kind == "plain" else None
        if call and call.operation == "alter_column" and call.says("nullable", "False"):
            found.add(text_of(revision, call.needed("column_name")) or "")
    return found


def _from_index(revision: Revision, place: Place, kind: str) -> None:
    place = taken_out(revision, place)
    call = call_of(revision, place.step)
    assert call is not None
    if unknown := set(call.keywords) - _OF_INDEX - set(_TIMING):
        raise CannotRewrite(f"an index takes no {', '.join(sorted(unknown))}: build it and add the constraint by hand")
    table, name = call.table(), quoted(call.text("constraint_name"))
    timing = _timing(call)
    step = place.step
    for keyword in _TIMING:
        if keyword in call.keywords:
            step = without_argument(step, call, keyword)
            call = _again(revision, step)
    args = [
        arg.with_changes(keyword=cst.Name("index_name"))
        if arg.keyword and arg.keyword.value == "constraint_name"
        else arg
        for arg in call.node.args
    ]
    assert isinstance(call.node.func, cst.Attribute)
    function = call.node.func.with_changes(attr=cst.Name("create_index"))
    step = with_call(step, call.node.with_changes(func=function, args=args))
    step = with_argument(step, _again(revision, step), "unique", "True", depth=2)
    made = f"ALTER TABLE {table} ADD CONSTRAINT {name} {kind} USING INDEX {name}{timing}"
    split(revision, place, created(revision, step), after=[execute(revision, made)])


def _timing(call: Call) -> str:
    deferrable, initially = call.argument("deferrable"), call.argument("initially")
    said = {"True": " DEFERRABLE", "False": " NOT DEFERRABLE", "None": "", "": ""}
    code = call.revision.code(deferrable) if deferrable is not None else ""
    if code not in said:
        raise CannotRewrite("whether it is deferrable is not written out here")
    none = initially is None or call.revision.code(initially) == "None"
    when = "" if none else call.text("initially").upper()
    if when not in {"", "DEFERRED", "IMMEDIATE"}:
        raise CannotRewrite(f"INITIALLY {when} is not known to PostgreSQL")
    return said[code] + (f" INITIALLY {when}" if when else "")


def _again(revision: Revision, step: Step) -> Call:
    call = call_of(revision, step)
    assert call is not None
    return call


def _from_sql(
    revision: Revision, place: Place, call: Call, kind: tuple[str, ...], not_null: set[str] | tuple[()]
) -> None:
    text = sent(place.step, call)
    table, name, at = added(text)
    words = text.words[at:]
    opened = next((index for index, word in enumerate(words) if word.says("(")), -1)
    closed = next((index for index, word in enumerate(words) if word.depth == 1 and word.says(")")), -1)
    if not starts(words, *kind) or opened < 0 or closed < 0:
        raise CannotRewrite(f"it adds no {' '.join(kind)} over columns: rewrite it by hand")
    between, rest = words[len(kind) : opened], words[closed + 1 :]
    if between or (rest and not rest[0].says("DEFERRABLE", "NOT", "INITIALLY")):
        raise CannotRewrite("it says more of the constraint than its columns: build the index and add it by hand")
    if kind[0] == "PRIMARY":
        _require([value(word.text) for word in words[opened + 1 : closed] if word.kind != "sign"], set(not_null))
    columns = text.sql[words[opened].start : words[closed].end]
    schema = f"{table.rsplit('.', 1)[0]}." if "." in table else ""
    build = [
        execute(revision, f"DROP INDEX CONCURRENTLY IF EXISTS {schema}{name}", depth=2),
        execute(revision, f"CREATE UNIQUE INDEX CONCURRENTLY {name} ON {table} {columns}", depth=2),
    ]
    timing = f" {_text(text.sql, rest)}" if rest else ""
    made = f"ALTER TABLE {table} ADD CONSTRAINT {name} {' '.join(kind)} USING INDEX {name}{timing}"
    split(revision, place, build, after=[execute(revision, made)])


def _text(sql: str, words: Sequence[Word]) -> str:
    return sql[words[0].start : words[-1].end]
