"""An exclusion constraint built while everybody waits.

ADD EXCLUDE builds its index under an ACCESS EXCLUSIVE lock. It knows neither NOT VALID nor USING INDEX, so on a table
in use there is no gentle form: put it on a new table and copy, or do it while nobody needs the table.

It fires when the index of an exclusion constraint was built on a table that was there before the change. It is silent
for tables that the same change created.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from headgate.report.model import Finding, Severity
from headgate.rules._example import example
from headgate.rules._work import burdens, listed
from headgate.rules.rule import Evidence, Rule

__all__ = ["RULE"]


def _check(evidence: Evidence) -> Iterator[Finding]:
    for burden in burdens(evidence):
        made = burden.builds("exclusion constraint")
        if not made or burden.rewritten:
            continue
        name = listed(one.name.partition(" on ")[0] for one in made)
        yield burden.finding(
            RULE,
            f"{burden.waiting} on {listed(burden.tables)} wait while the index of {name} is built",
            fix=(
                f"make a table like {burden.table} that has {name}, copy the rows in batches, swap the names,",
                "or run this while nobody needs the table, and consent to it",
            ),
        )


_REVISION = partial(
    example, "no two entries overlap", intent="a room has one entry at a time", rollback="takes it back"
)

RULE = Rule(
    name="exclusion-build",
    severity=Severity.ERROR,
    family="work",
    reads="run",
    condition="An exclusion constraint is added to a table that was there before.",
    effect="SELECT, INSERT, UPDATE and DELETE wait until its index is built and the transaction has ended.",
    workaround="Put the constraint on a new table, copy the rows in batches, swap the names.",
    before="CREATE TABLE entries (id bigint PRIMARY KEY, room int4range)",
    bad=_REVISION(
        'op.execute("ALTER TABLE entries ADD CONSTRAINT entries_id_excl EXCLUDE USING btree (id WITH =)")',
        'op.drop_constraint("entries_id_excl", "entries")',
        risk="ACCESS EXCLUSIVE on entries",
    ),
    good=_REVISION(
        'op.execute("CREATE TABLE bookings (id bigint, room int4range, EXCLUDE USING gist (room WITH &&))")',
        'op.drop_table("bookings")',
        risk="ACCESS EXCLUSIVE on entries",
    ),
    source="https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-ADD-TABLE-CONSTRAINT",
    check=_check,
)
