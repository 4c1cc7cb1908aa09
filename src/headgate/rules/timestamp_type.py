"""A time that is no moment.

`timestamp without time zone` keeps what a clock showed, and not where. Compared with now(), or read by a client in
another zone, it is hours off, and twice a year nobody can tell which hour it was.

It fires when the revision adds a column of the type `timestamp` without a time zone. It is silent for `timestamptz`.
"""

from __future__ import annotations

from collections.abc import Iterator

from headgate.report.model import Finding, Severity
from headgate.rules._columns import typed
from headgate.rules._example import example
from headgate.rules.rule import Evidence, Rule

__all__ = ["RULE"]


def _check(evidence: Evidence) -> Iterator[Finding]:
    return typed(
        RULE,
        evidence,
        lambda name: name.startswith("timestamp") and name.endswith("without time zone"),
        called="timestamp without time zone",
        message="is a clock's reading without a place: it is no moment",
        fix="sa.DateTime(timezone=True)",
    )


RULE = Rule(
    name="timestamp-type",
    severity=Severity.ADVICE,
    family="schema",
    reads="run",
    condition="A new column has the type timestamp without time zone.",
    effect="What it says depends on who reads it, and on the day of the year.",
    workaround="Use timestamptz.",
    before="CREATE TABLE entries (id bigint PRIMARY KEY, title text NOT NULL)",
    bad=example(
        "note when entries were read",
        intent="the list shows what is new",
        up='op.add_column("entries", sa.Column("read_at", sa.DateTime()))',
        down='op.drop_column("entries", "read_at")',
    ),
    good=example(
        "note when entries were read",
        intent="the list shows what is new",
        up='op.add_column("entries", sa.Column("read_at", sa.DateTime(timezone=True)))',
        down='op.drop_column("entries", "read_at")',
    ),
    source="https://wiki.postgresql.org/wiki/Don%27t_Do_This#Don.27t_use_timestamp_.28without_time_zone.29",
    check=_check,
)
