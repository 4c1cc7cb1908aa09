"""Columns that become NOT NULL, get another type, or come with a value for the rows that are there.

https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-NOTES
"""

from __future__ import annotations

import ast

import libcst as cst

from headgate.revisions.rewrite.batch import taken_out
from headgate.revisions.rewrite.calls import Call, call_of, quoted
from headgate.revisions.rewrite.layout import execute, fitted, literal, with_argument, with_call, with_value, written
from headgate.revisions.rewrite.model import CannotRewrite, Wanted
from headgate.revisions.rewrite.split import split
from headgate.revisions.rewrite.sql import name_at, starts, value
from headgate.revisions.rewrite.steps import Place, Revision, Step, with_leading
from headgate.revisions.rewrite.texts import Sent, find, sent
from headgate.revisions.rewrite.types import sql_type

__all__ = ["cast", "require", "set_not_null"]

_LONGEST_NAME = 63  # bytes: https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-SYNTAX-IDENTIFIERS


def set_not_null(revision: Revision, place: Place, wanted: Wanted) -> None:
    """Prove that no NULL is there by a CHECK, so that SET NOT NULL need not read the table."""
    call = _call(place, revision)
    if call.operation == "execute":
        text = sent(place.step, call)
        table, column = _not_null_sql(text)
        _prove(revision, place, table, column, quoted_table=table, schema=None)
        return
    if call.operation != "alter_column" or not call.says("nullable", "False"):
        raise CannotRewrite(f"{call.operation}() sets NOT NULL as a part of itself: set it in an op.alter_column()")
    if also := {"type_", "new_column_name"}.intersection(call.keywords):
        raise CannotRewrite(
            f"the call also takes {', '.join(sorted(also))}: give that a call of its own before this one"
        )
    place = taken_out(revision, place)
    call = _call(place, revision)
    schema = call.argument("schema")
    given = None if schema is None or revision.code(schema) == "None" else call.text("schema")
    _prove(
        revision,
        place,
        call.text("table_name"),
        call.text("column_name"),
        quoted_table=call.table(),
        schema=given,
    )


def _prove(revision: Revision, place: Place, table: str, column: str, *, quoted_table: str, schema: str | None) -> None:
    bare = value(table.rsplit(".", 1)[-1]) if table == quoted_table else table
    name = _check_name(bare, column)
    # op.f: a naming convention of the project leaves the name as it is.
    named = [f"{revision.op}.f({literal(name)})", literal(bare)]
    within = [f"schema={literal(schema)}"] if schema else []
    if schema is None and table == quoted_table and "." in table:
        within = [f"schema={literal(value(table.rsplit('.', 1)[0]))}"]
    condition = literal(f"{quoted(column)} IS NOT NULL")
    depth = 1 if place.owner is None else 2
    before = [
        written(revision, "drop_constraint", *named, 'type_="check"', *within, "if_exists=True", depth=depth),
        written(
            revision, "create_check_constraint", *named, condition, *within, "postgresql_not_valid=True", depth=depth
        ),
    ]
    validate = f"ALTER TABLE {quoted_table} VALIDATE CONSTRAINT {quoted(name)}"
    after = [
        with_leading(place.step, ()),
        written(revision, "drop_constraint", *named, 'type_="check"', *within, depth=depth),
    ]
    split(revision, place, [execute(revision, validate, depth=2)], before=before, after=after)


def _check_name(table: str, column: str) -> str:
    stem = f"{table}_{column}".encode()[: _LONGEST_NAME - len("_is_set")].decode(errors="ignore")
    return f"{stem}_is_set"


def _altered(text: Sent) -> tuple[str, str, int]:
    """The table and the column of `ALTER TABLE … ALTER …` as they are written, and the place after them."""
    words, at = text.words, 2
    while at < len(words) and words[at].says("IF", "EXISTS", "ONLY"):
        at += 1
    table, at = name_at(words, at)
    column, end = name_at(words, at + (2 if starts(words[at:], "ALTER", "COLUMN") else 1))
    alters = starts(words, "ALTER", "TABLE") and starts(words[at:], "ALTER")
    if not alters or not column or find(words, ",") > 0:
        raise CannotRewrite("it is no ALTER TABLE that alters one column and does nothing else: split it first")
    return table, column, end


def _not_null_sql(text: Sent) -> tuple[str, str]:
    """The table as it is written and the column as the catalog has it."""
    table, column, at = _altered(text)
    if not starts(text.words[at:], "SET", "NOT", "NULL") or len(text.words) != at + 3:
        raise CannotRewrite("it does not set a column NOT NULL, or does more: split it first")
    return table, value(column)


def cast(revision: Revision, place: Place, wanted: Wanted) -> None:
    """Say how the old values become new ones: PostgreSQL has no cast that it would use by itself."""
    call = _call(place, revision)
    if call.operation == "execute":
        place.steps[place.index] = _cast_sql(sent(place.step, call))
        return
    if call.operation != "alter_column" or call.argument("type_") is None:
        raise CannotRewrite(f"{call.operation}() changes no type that could be told how: use op.alter_column()")
    if "postgresql_using" in call.keywords:
        raise CannotRewrite("it has a postgresql_using already, which the server refused: mend that")
    column = call.text("column_name")
    target = wanted.data.get("type") or sql_type(call.code("type_"), revision.module.code)
    if target is None:
        raise CannotRewrite(
            f"what {call.code('type_')} is in SQL is not known without running it: "
            f'add postgresql_using="{quoted(column)}::<its name>"'
        )
    depth = 1 if place.owner is None else 2
    using = literal(f"{quoted(column)}::{target}")
    place.steps[place.index] = with_argument(place.step, call, "postgresql_using", using, depth=depth)


def _cast_sql(text: Sent) -> Step:
    words = text.words
    _, column, at = _altered(text)
    at += 2 if starts(words[at:], "SET", "DATA") else 0
    if not starts(words[at:], "TYPE") or at + 1 >= len(words) or find(words, "USING", "COLLATE") > 0:
        raise CannotRewrite("it does not give a column another type, or says more of it: rewrite it by hand")
    end = words[-1].end
    return text.edited((end, end, f" USING {column}::{text.sql[words[at + 1].start : end]}"))


def require(revision: Revision, place: Place, wanted: Wanted) -> None:
    """Give the rows that are there the value that the model names for new ones, then take the default away again.

    A constant default is stored once and rewrites nothing:
    https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-NOTES
    """
    call = _call(place, revision)
    if call.operation != "add_column":
        raise CannotRewrite(f"{call.operation}() adds no column that a default could be given to")
    column = call.needed("column")
    table = "the table" if place.owner is not None else call.code("table_name")
    args = column.args if isinstance(column, cst.Call) else ()
    named = Call(revision, column, "Column") if isinstance(column, cst.Call) else None
    name = revision.code(args[0].value) if args else "the column"
    default = named.argument("default") if named else None
    server_default = _constant(revision.code(default)) if default is not None else None
    if named is None or server_default is None:
        raise CannotRewrite(
            f"no value is known for the rows that {table} has, and none is invented here: give {name} a "
            "server_default if one value is right for all of them; or add it nullable, fill it in a revision of its "
            "own, and set NOT NULL in a third"
        )
    place = taken_out(revision, place)
    call = _call(place, revision)
    column = call.needed("column")
    assert isinstance(column, cst.Call)
    depth = 1 if place.owner is None else 2
    given = with_value(Call(revision, column, "Column"), "server_default", server_default)
    changed = call.node.deep_replace(column, given)
    assert isinstance(changed, cst.Call)
    drop = written(revision, "alter_column", call.code("table_name"), name, "server_default=None", depth=depth)
    place.steps[place.index : place.index + 1] = [fitted(revision, with_call(place.step, changed), depth), drop]


def _constant(source: str) -> str | None:
    """The source of a server default that stands for a Python constant."""
    try:
        constant = ast.literal_eval(source)
    except (ValueError, SyntaxError):
        return None
    match constant:
        case bool():
            return f"sa.text({literal(str(constant).lower())})"
        case int() | float():
            return f"sa.text({literal(str(constant))})"
        case str():
            return literal(constant)
    return None


def _call(place: Place, revision: Revision) -> Call:
    call = call_of(revision, place.step)
    if call is None:
        raise CannotRewrite("it is no call of an Alembic operation")
    return call
