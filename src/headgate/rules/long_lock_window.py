"""Work on one table while the lock on another is held.

An ACCESS EXCLUSIVE lock is over in a moment when it is the last thing that its transaction does. Statements after it
make it last: whoever needs the locked table waits for what is done to another one.

It fires when a statement reads or writes rows of a table that was there before the change, while its transaction holds
ACCESS EXCLUSIVE on another such table: as advice, and as a warning where every row of it is read, because that grows.
It is silent where a rule about work speaks of the statement, as for work on the locked table itself, and when nothing
but the catalog is changed afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from headgate.report.model import Finding, Severity
from headgate.rules._example import example
from headgate.rules._locks import earlier, told
from headgate.rules._rows import reads_all, written
from headgate.rules._work import burdens, listed
from headgate.rules.rule import Evidence, Rule

__all__ = ["RULE"]


def _check(evidence: Evidence) -> Iterator[Finding]:
    run = evidence.run
    working = {burden.statement.number for burden in burdens(evidence)}
    for statement in run.up.statements:
        held = earlier(run, statement, exclusive=True)
        works = [work for work in statement.work if work.relation in run.up.rows and work.relation not in held]
        # The rules about work speak of these.
        at_work = statement.number in working or any(reads_all(run, work) for work in written(run, statement))
        if not held or not works or at_work:
            continue
        whole = [work for work in works if reads_all(run, work)]
        work = (whole or works)[0]
        done = max(work.read, work.fetched, work.inserted + work.updated + work.deleted)
        yield RULE.finding(
            evidence,
            statement,
            f"readers and writers on {listed(held)} wait while {work.relation} is {'read' if whole else 'worked on'}",
            seen=(
                *told(run, *held.values()),
                f"{done:,} rows of {work.relation} touched meanwhile{'; grows with the table' if whole else ''}",
            ),
            fix=(f"do this before {listed(held)} is locked, or in a revision of its own",),
            severity=Severity.WARNING if whole else None,
        )


_REVISION = partial(example, "let editors leave a note", intent="editors leave remarks", rollback="drops the column")

RULE = Rule(
    name="long-lock-window",
    severity=Severity.ADVICE,
    family="locks",
    reads="run",
    condition="Rows of a table that was there before are touched while ACCESS EXCLUSIVE on another one is held.",
    effect="SELECT, INSERT, UPDATE and DELETE on the locked table wait for work that has nothing to do with it.",
    workaround="Do the work first, or in a revision of its own; take the strong lock last.",
    before=(
        "CREATE TABLE users (id bigint PRIMARY KEY, name text); "
        "CREATE TABLE entries (id bigint PRIMARY KEY, user_id bigint, title text)"
    ),
    bad=_REVISION(
        (
            'op.add_column("entries", sa.Column("note", sa.Text()))',
            "op.execute(\"INSERT INTO users (id, name) VALUES (-1, 'nobody')\")",
        ),
        (
            'op.execute("DELETE FROM users WHERE id = -1")',
            'op.drop_column("entries", "note")',
        ),
        risk="ACCESS EXCLUSIVE on entries for a moment",
    ),
    good=_REVISION(
        (
            "op.execute(\"INSERT INTO users (id, name) VALUES (-1, 'nobody')\")",
            'op.add_column("entries", sa.Column("note", sa.Text()))',
        ),
        (
            'op.drop_column("entries", "note")',
            'op.execute("DELETE FROM users WHERE id = -1")',
        ),
        risk="ACCESS EXCLUSIVE on entries for a moment",
    ),
    source="https://www.postgresql.org/docs/current/explicit-locking.html#LOCKING-TABLES",
    check=_check,
)
