"""A table moved to another way of storing rows.

SET ACCESS METHOD writes the whole table and its indexes anew in the new form, under an ACCESS EXCLUSIVE lock.

It fires when a table that was there before the change was rewritten for another access method. It is silent when the
table has that method already, and for tables that the same change created.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from headgate.report.model import Finding, Severity
from headgate.rules._example import example
from headgate.rules._rewrites import stored_otherwise
from headgate.rules.rule import Evidence, Rule

__all__ = ["RULE"]


def _check(evidence: Evidence) -> Iterator[Finding]:
    return stored_otherwise(
        RULE, evidence, "access_method", "every row is written anew for the access method", usual="heap"
    )


_REVISION = partial(
    example, "store entries in columns", intent="reports read few columns of many rows", rollback="takes it back"
)

RULE = Rule(
    name="access-method",
    severity=Severity.ERROR,
    family="work",
    reads="run",
    condition="A table that was there before gets another access method.",
    effect="SELECT, INSERT, UPDATE and DELETE wait until every row and every index is written anew.",
    workaround="Make a new table with that method, copy the rows in batches, swap the names.",
    before=(
        "CREATE TABLE entries (id bigint PRIMARY KEY, title text); "
        "CREATE ACCESS METHOD columnar TYPE TABLE HANDLER heap_tableam_handler"
    ),
    bad=_REVISION(
        'op.execute("ALTER TABLE entries SET ACCESS METHOD columnar")',
        'op.execute("ALTER TABLE entries SET ACCESS METHOD heap")',
        risk="ACCESS EXCLUSIVE on entries",
    ),
    good=_REVISION(
        'op.execute("CREATE TABLE reports (id bigint PRIMARY KEY, title text) USING columnar")',
        'op.drop_table("reports")',
        risk="ACCESS EXCLUSIVE on entries",
    ),
    source="https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-SET-ACCESS-METHOD",
    check=_check,
)
