"""Constraints that are checked while others go on reading and writing: NOT VALID first, VALIDATE by itself.

https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-NOTES
"""

from __future__ import annotations

from collections.abc import Sequence

from headgate.revisions.rewrite.batch import taken_out
from headgate.revisions.rewrite.calls import Call, call_of, quoted, text_of
from headgate.revisions.rewrite.layout import execute, with_argument
from headgate.revisions.rewrite.model import CannotRewrite, Wanted
from headgate.revisions.rewrite.repeat import guarded
from headgate.revisions.rewrite.split import split
from headgate.revisions.rewrite.sql import name_at, starts, statements, value
from headgate.revisions.rewrite.steps import Place, Revision, Step
from headgate.revisions.rewrite.texts import added, find, sent

__all__ = ["check", "earlier_drops", "foreign_key", "validate"]


def foreign_key(revision: Revision, place: Place, wanted: Wanted) -> None:
    """Add a foreign key NOT VALID, then validate it under a lock that lets others write."""
    _not_valid(revision, place, wanted, "create_foreign_key", ("source_table", "source_schema"), ("FOREIGN", "KEY"))


def check(revision: Revision, place: Place, wanted: Wanted) -> None:
    """Add a CHECK NOT VALID, then validate it under a lock that lets others read and write."""
    _not_valid(revision, place, wanted, "create_check_constraint", ("table_name", "schema"), ("CHECK",))


def validate(revision: Revision, place: Place, wanted: Wanted) -> None:
    """Take a VALIDATE CONSTRAINT out of the transaction that still holds the lock of NOT VALID."""
    place = taken_out(revision, place)
    name = _added(revision, place.step)
    for index in range(place.index, len(place.steps)):
        validated = _validated(revision, place.steps[index])
        if validated is not None and (index == place.index or name in {None, validated}):
            split(revision, Place(place.function, place.steps, index, place.owner), [place.steps[index]])
            return
    raise CannotRewrite("no VALIDATE CONSTRAINT of it stands by itself in the file: give it an op.execute() of its own")


def earlier_drops(revision: Revision, steps: Sequence[Step]) -> set[str]:
    """Give the constraints that these statements drop; a split makes each of them an IF EXISTS."""
    calls = [call_of(revision, step) for step in steps if step.kind == "plain"]
    dropped = [call.argument("constraint_name") for call in calls if call and call.operation == "drop_constraint"]
    return {name for node in dropped if node is not None and (name := text_of(revision, node)) is not None}


def _not_valid(
    revision: Revision,
    place: Place,
    wanted: Wanted,
    operation: str,
    parameters: tuple[str, str],
    kind: tuple[str, ...],
) -> None:
    call = call_of(revision, place.step)
    if call is None:
        raise CannotRewrite("it is no call of an Alembic operation")
    if call.operation == "execute":
        _not_valid_sql(revision, place, call, kind)
        return
    if call.operation != operation:
        raise CannotRewrite(
            f"{call.operation}() makes the constraint as a part of itself: add it in an op.{operation}() of its own"
        )
    place = taken_out(revision, place)
    call = call_of(revision, place.step)
    assert call is not None
    name = wanted.data.get("constraint") or call.text("constraint_name")
    validated = f"ALTER TABLE {call.table(*parameters)} VALIDATE CONSTRAINT {quoted(name)}"
    depth = 1 if place.owner is None else 2
    step = with_argument(place.step, call, "postgresql_not_valid", "True", depth=depth)
    before = list(guarded(step, call, depth, earlier_drops(revision, place.steps[: place.index])))
    split(revision, place, [execute(revision, validated, depth=2)], before=before)


def _not_valid_sql(revision: Revision, place: Place, call: Call, kind: tuple[str, ...]) -> None:
    text = sent(place.step, call)
    table, name, at = added(text)
    if not starts(text.words[at:], *kind):
        raise CannotRewrite(f"it adds no {' '.join(kind)} to a table: rewrite it by hand")
    end = text.words[-1].end
    not_valid = find(text.words, "VALID") > 0
    drop = execute(revision, f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {name}")
    split(
        revision,
        place,
        [execute(revision, f"ALTER TABLE {table} VALIDATE CONSTRAINT {name}", depth=2)],
        before=[drop, text.step if not_valid else text.edited((end, end, " NOT VALID"))],
    )


def _validated(revision: Revision, step: Step) -> str | None:
    """The constraint that a step validates."""
    call = call_of(revision, step) if step.kind == "plain" else None
    if call is None or call.operation != "execute":
        return None
    sql = text_of(revision, call.needed("sqltext"))
    found = statements(sql) if sql else ()
    if len(found) != 1 or not starts(found[0], "ALTER", "TABLE"):
        return None
    at = find(found[0], "VALIDATE")
    name = name_at(found[0], at + 2)[0] if at > 0 else ""
    return value(name) if name and find(found[0], ",", "ADD") < 0 else None


def _added(revision: Revision, step: Step) -> str | None:
    """The constraint that a step adds; `None` where that cannot be read."""
    call = call_of(revision, step) if step.kind == "plain" else None
    if call is None:
        return None
    if call.operation == "execute":
        try:
            return value(added(sent(step, call))[1])
        except CannotRewrite:
            return None
    node = call.argument("constraint_name")
    return text_of(revision, node) if node is not None else None
