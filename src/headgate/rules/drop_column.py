"""A column dropped with what it holds.

DROP COLUMN is quick, and final: a downgrade brings the column back, and none of its values. Code of the last release,
which runs until the deployment is over, selects every column that its models name, and fails from that moment.

It fires when a column of a table that was there before the change is gone and its values are in no other column. It
is silent for a column that the same change added, and where `rename-as-drop-add` or `rename-column` speaks. For a
column that held nothing in any row of the rehearsal it is a warning: only old code is at risk then.
"""

from __future__ import annotations

from collections.abc import Iterator

from headgate.report.model import Finding, Severity
from headgate.rules._dropped import dropped_columns
from headgate.rules._example import example
from headgate.rules.rule import Evidence, Rule

__all__ = ["RULE"]


def _check(evidence: Evidence) -> Iterator[Finding]:
    for one in dropped_columns(evidence):
        if one.kept_in or one.twin:
            continue
        server = f"PostgreSQL {evidence.run.server}: "
        seen = ["the column is gone"] if one.values is None else [f"{one.values:,} values are gone"]
        if one.values == 0:
            seen = ["the column is gone; it held no value in any row"]
        if evidence.run.down:
            seen.append("the downgrade brings the column back without them")
        yield RULE.finding(
            evidence,
            one.statement,
            f"dropping {one.name} " + ("breaks code that still reads it" if one.values == 0 else "loses its values"),
            seen=(server + seen[0], *seen[1:]),
            fix=(
                f"Release code that does not know {one.name} first, which can still be taken back.",
                "Then drop it in a revision of its own, with `Rollback: irreversible, <why>` in its header.",
            ),
            severity=Severity.WARNING if one.values == 0 else None,
        )


RULE = Rule(
    name="drop-column",
    severity=Severity.ERROR,
    family="loss",
    reads="run",
    condition="A column of a table that was there before the change is dropped with its values.",
    effect="The values are lost, a downgrade cannot bring them back, and code that still reads the column fails.",
    workaround="Release code that does not know the column, then drop it in a later revision, with a consent.",
    before="CREATE TABLE entries (id bigint PRIMARY KEY, title text NOT NULL, remark text NOT NULL)",
    bad=example(
        "drop the remarks of entries",
        intent="nobody writes remarks any more",
        rollback="irreversible, the remarks are not kept",
        up='op.drop_column("entries", "remark")',
        down='raise NotImplementedError("the remarks are not kept")',
    ),
    good=example(
        "let entries be without a remark",
        intent="nobody writes remarks any more; the release after this one drops the column",
        up='op.alter_column("entries", "remark", nullable=True)',
        down="""
        op.execute("UPDATE entries SET remark = '' WHERE remark IS NULL")
        op.alter_column("entries", "remark", nullable=False)
        """,
    ),
    source="https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-DROP-COLUMN",
    check=_check,
)
