"""An index built in a transaction that readers already wait for.

ALTER TABLE takes an ACCESS EXCLUSIVE lock, most forms for a moment only. But the lock stays until the transaction
ends, and an index that is built in the same transaction makes that as long as reading the whole table: nobody reads
the table meanwhile, where a bare CREATE INDEX would have stopped writers only.

It fires when an index was built on a table that was there before the change, while its transaction held ACCESS
EXCLUSIVE on it from an earlier statement. It is silent when the index is built by itself, for which index-not-
concurrent speaks, and for tables that the same change created.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from headgate.report.model import Finding, Severity
from headgate.rules._code import apart, create_index
from headgate.rules._example import ENTRIES, example
from headgate.rules._made import attributes
from headgate.rules._work import burdens, listed
from headgate.rules.rule import Evidence, Rule

__all__ = ["RULE"]


def _check(evidence: Evidence) -> Iterator[Finding]:
    for burden in burdens(evidence):
        made, held = burden.added("index"), burden.held_before()
        if not made or held is None or burden.rewritten or burden.on_partitioned(made):
            continue
        known = {one.name: attributes(evidence.run, burden.statement, one.kind, one.name) for one in made}
        calls = [create_index(name, its) for name, its in known.items() if its]
        yield burden.finding(
            RULE,
            f"readers and writers on {held.relation} wait while the index {listed(known)} is built",
            fix=("in a revision of its own:", *apart(*calls)),
        )


_REVISION = partial(
    example,
    "give entries a due date and find them by it",
    intent="lists are sorted by the due date",
    rollback="drops the index and the column",
)

RULE = Rule(
    name="index-under-lock",
    severity=Severity.ERROR,
    family="work",
    reads="run",
    condition="An index is built on a table that was there before, in a transaction that holds ACCESS EXCLUSIVE on it.",
    effect="SELECT, INSERT, UPDATE and DELETE wait until the index is built and the transaction has ended.",
    workaround="Build the index concurrently, in a revision of its own after the one that alters the table.",
    before=ENTRIES,
    bad=_REVISION(
        (
            'op.add_column("entries", sa.Column("due", sa.Date()))',
            'op.create_index("ix_entries_due", "entries", ["due"])',
        ),
        (
            'op.drop_index("ix_entries_due", "entries")',
            'op.drop_column("entries", "due")',
        ),
        risk="ACCESS EXCLUSIVE on entries for a moment, then an index build",
    ),
    good=_REVISION(
        (
            'op.add_column("entries", sa.Column("due", sa.Date()))',
            "with op.get_context().autocommit_block():",
            '    op.create_index("ix_entries_due", "entries", ["due"], postgresql_concurrently=True)',
        ),
        (
            'op.drop_index("ix_entries_due", "entries")',
            'op.drop_column("entries", "due")',
        ),
        risk="ACCESS EXCLUSIVE on entries for a moment, then an index build",
    ),
    source="https://www.postgresql.org/docs/current/explicit-locking.html#LOCKING-TABLES",
    check=_check,
)
