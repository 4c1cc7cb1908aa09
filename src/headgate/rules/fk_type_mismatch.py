"""A foreign key between columns of two types.

A key that is widened from integer to bigint takes the columns that point to it along only in one's mind: they stay
integer, and the first large id stops every insert. Between types that cannot be compared the server refuses the key.

It fires when a revision leaves a foreign key whose column has another type than the column it points to, and when the
server refused one for that reason. It is silent when both sides are changed.
"""

from __future__ import annotations

from collections.abc import Iterator

from headgate.report.model import Finding, Severity
from headgate.rules._example import example
from headgate.rules._failure import failure, line, message, seen
from headgate.rules._keys import pairs
from headgate.rules.rule import Evidence, Rule

__all__ = ["RULE"]

_TEXTS = frozenset({"text", "character varying", "character"})


def _check(evidence: Evidence) -> Iterator[Finding]:
    found = failure(evidence, "42804")
    if found is not None and "foreign key" in found.error:
        said = (found.detail or "").strip()
        yield RULE.finding(
            evidence,
            line(evidence),
            f"{message(found)}: {said[:1].lower()}{said[1:].rstrip('.')}" if said else message(found),
            seen=seen(evidence, found),
            fix=("give the column the type of the one that it points to",),
        )
        return
    if evidence.run.failure is not None:
        return
    changed = {one.name for one in evidence.run.made if (one.kind, one.attribute) == ("column", "type")}
    for (kind, name), attributes in evidence.run.after.objects.items():
        if kind != "foreign key" or "inherited_from" in attributes:
            continue
        for ours, theirs in pairs(str(attributes["of"]), str(attributes["definition"])):
            own, other = (_type(evidence, column) for column in (ours, theirs))
            if own is None or other is None or own == other or {own, other} <= _TEXTS:
                continue
            at = changed & {*_whole(evidence, ours), *_whole(evidence, theirs)}
            if at or (kind, name) not in evidence.run.before.objects:
                key = name.removesuffix(f" on {attributes['of']}")
                yield _mismatch(evidence, key, (ours, own), (theirs, other), at=at or {name})


def _mismatch(evidence: Evidence, key: str, own: tuple[str, str], other: tuple[str, str], *, at: set[str]) -> Finding:
    statements = evidence.run.up.statements
    statement = next(
        (
            one
            for names in (at, {own[0].rpartition(".")[0]})
            for one in statements
            if any(made.name in names for made in one.made)
        ),
        None,
    )
    function = evidence.revision.function("upgrade")
    table, _, column = own[0].rpartition(".")
    return RULE.finding(
        evidence,
        statement or (function.lineno if function else 1),
        f"{own[0]} is {own[1]} and points to {other[0]}, which is {other[1]}",
        seen=(f"foreign key {key}: {own[0]} {own[1]} references {other[0]} {other[1]}",),
        fix=(f'op.execute("ALTER TABLE {table} ALTER COLUMN {column} TYPE {other[1]}")  # in steps, on a large table',),
    )


def _whole(evidence: Evidence, column: str) -> Iterator[str]:
    """The column, and those of the tables that its table is a part of: a change of theirs is told there alone."""
    waiting = [column]
    for one in waiting:
        yield one
        waiting += evidence.run.after.objects.get(("column", one), {}).get("inherited_from", ())  # type: ignore[arg-type]


def _type(evidence: Evidence, column: str) -> str | None:
    found = evidence.run.after.objects.get(("column", column), {}).get("type")
    return None if found is None else str(found).partition("(")[0]


RULE = Rule(
    name="fk-type-mismatch",
    severity=Severity.ERROR,
    family="rows",
    reads="run",
    condition="A foreign key's column has another type than the column it points to.",
    effect="The server refuses the key, or the narrower column stops inserts once the ids have outgrown it.",
    workaround="Change all columns of a key together.",
    before="CREATE TABLE users (id bigint PRIMARY KEY)",
    bad=example(
        "keep what users have seen",
        """
        op.create_table(
            "visits",
            sa.Column("id", sa.BigInteger(), primary_key=True),
            sa.Column("user_id", sa.Integer(), sa.ForeignKey("users.id"), index=True),
        )
        """,
        'op.drop_table("visits")',
        intent="what was seen is not shown again",
    ),
    good=example(
        "keep what users have seen",
        """
        op.create_table(
            "visits",
            sa.Column("id", sa.BigInteger(), primary_key=True),
            sa.Column("user_id", sa.BigInteger(), sa.ForeignKey("users.id"), index=True),
        )
        """,
        'op.drop_table("visits")',
        intent="what was seen is not shown again",
    ),
    source="https://www.postgresql.org/docs/current/ddl-constraints.html#DDL-CONSTRAINTS-FK",
    check=_check,
)
