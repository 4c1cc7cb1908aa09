"""A table moved to another disk.

SET TABLESPACE copies the files of the table under an ACCESS EXCLUSIVE lock, for as long as the disk takes.

It fires when the file of a table that was there before the change was copied to another tablespace. It is silent when
the table is there already, and for tables that the same change created.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from headgate.report.model import Finding, Severity
from headgate.rules._example import ENTRIES, example
from headgate.rules._rewrites import stored_otherwise
from headgate.rules.rule import Evidence, Rule

__all__ = ["RULE"]


def _check(evidence: Evidence) -> Iterator[Finding]:
    return stored_otherwise(RULE, evidence, "tablespace", "its files are copied to", usual="the default tablespace")


_REVISION = partial(example, "move entries to the fast disk", intent="it is faster", rollback="takes it back")

RULE = Rule(
    name="set-tablespace",
    severity=Severity.ERROR,
    family="work",
    reads="run",
    condition="A table that was there before is moved to another tablespace.",
    effect="SELECT, INSERT, UPDATE and DELETE wait until the files are copied.",
    workaround="Make a new table there, copy the rows in batches, swap the names.",
    before=ENTRIES,
    bad=_REVISION(
        (
            "with op.get_context().autocommit_block():",
            '    op.execute("SET allow_in_place_tablespaces = on")',
            "    op.execute(\"CREATE TABLESPACE headgate_example LOCATION ''\")",
            'op.execute("ALTER TABLE entries SET TABLESPACE headgate_example")',
        ),
        (
            'op.execute("ALTER TABLE entries SET TABLESPACE pg_default")',
            "with op.get_context().autocommit_block():",
            '    op.execute("DROP TABLESPACE headgate_example")',
        ),
        risk="ACCESS EXCLUSIVE on entries",
    ),
    good=_REVISION(
        'op.execute("ALTER TABLE entries SET TABLESPACE pg_default")', "pass", risk="ACCESS EXCLUSIVE on entries"
    ),
    source="https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-SET-TABLESPACE",
    check=_check,
)
