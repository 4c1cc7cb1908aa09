"""A drop that locks the table at the other end of a foreign key.

A foreign key has triggers on both tables. Dropping it, or a table that has one, takes an ACCESS EXCLUSIVE lock on the
other table as well: often the one that everybody uses.

It fires, as advice, when a statement that drops a table or a foreign key takes ACCESS EXCLUSIVE on another table that
was there before the change and stays; as a warning where that is known to be large in production. It is silent for
tables without foreign keys, and for tables that the same change created.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from headgate.report.model import Finding, Severity
from headgate.rules._example import example
from headgate.rules._locks import blocking, told
from headgate.rules._made import removed, table_of
from headgate.rules._work import large, listed
from headgate.rules.rule import Evidence, Rule

if TYPE_CHECKING:
    from headgate.catalog.model import Attributes

__all__ = ["RULE"]


def _check(evidence: Evidence) -> Iterator[Finding]:
    run = evidence.run
    keys = [its for (kind, _), its in run.before.objects.items() if kind == "foreign key"]
    for statement in run.up.statements:
        gone = {one.name for one in removed(statement, "table")}
        # A foreign key goes with its table, or alone.
        own = gone | {table_of(run, statement, one) for one in removed(statement, "foreign key")}
        locks = blocking(run, statement.locks, exclusive=True)
        others = {table: lock for table, lock in locks.items() if table not in own and any(_joins(keys, own, table))}
        if not own or not others:
            continue
        yield RULE.finding(
            evidence,
            statement,
            f"readers and writers on {listed(others)} wait as well: a foreign key with {listed(sorted(own))} goes",
            seen=told(run, *others.values()),
            fix=("drop the foreign key first, in a revision of its own with a short lock_timeout, then the rest",),
            severity=Severity.WARNING if large(evidence, others) else None,
        )


def _joins(keys: list[Attributes], tables: set[str], other: str) -> Iterator[bool]:
    """Whether each foreign key is between one of the tables and the other."""
    for its in keys:
        left, right = str(its.get("of")), str(its.get("definition"))
        for table in tables:
            yield left == table and f" REFERENCES {other}(" in right
            yield left == other and f" REFERENCES {table}(" in right


_REVISION = partial(
    example, "drop the drafts", intent="nobody writes drafts any more", rollback="makes the table again, empty"
)

RULE = Rule(
    name="drop-table-fk",
    severity=Severity.ADVICE,
    family="locks",
    reads="run",
    condition="Dropping a table or a foreign key locks the table at the other end, which was there before.",
    effect="SELECT, INSERT, UPDATE and DELETE on that table wait as well, until the transaction ends.",
    workaround="Drop the foreign key first, in a revision of its own with a short lock_timeout.",
    before=(
        "CREATE TABLE users (id bigint PRIMARY KEY); "
        "CREATE TABLE drafts (id bigint PRIMARY KEY, user_id bigint REFERENCES users); "
        "CREATE TABLE notes (id bigint PRIMARY KEY)"
    ),
    bad=_REVISION(
        (
            "# headgate: allow drop-table because nobody writes drafts any more",
            'op.drop_table("drafts")',
        ),
        'op.execute("CREATE TABLE drafts (id bigint PRIMARY KEY, user_id bigint REFERENCES users)")',
        risk="ACCESS EXCLUSIVE on users for a moment",
    ),
    good=_REVISION(
        (
            "# headgate: allow drop-table because nobody writes notes any more",
            'op.drop_table("notes")',
        ),
        'op.execute("CREATE TABLE notes (id bigint PRIMARY KEY)")',
        risk="ACCESS EXCLUSIVE on users for a moment",
    ),
    source="https://www.postgresql.org/docs/current/sql-droptable.html",
    check=_check,
)
