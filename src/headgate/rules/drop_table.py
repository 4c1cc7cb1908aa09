"""A table dropped with what it holds.

DROP TABLE ends the rows and the last release that reads them at once. A downgrade makes the table anew, and empty.
It also takes a strong lock on every table that its foreign keys point to.

It fires when a table that was there before the change is gone after a statement. It is silent for a table that the
same change created, and for one that has another name now; one that is made again is `force-create`'s.
"""

from __future__ import annotations

from collections.abc import Iterator

from headgate.report.model import Finding, Severity
from headgate.rules._change import TABLES, Made, existed, made
from headgate.rules._example import example
from headgate.rules._moved import original, renames
from headgate.rules.rule import Evidence, Rule

__all__ = ["RULE"]


def _check(evidence: Evidence) -> Iterator[Finding]:
    renamed = {(one.statement.number, one.old) for one in renames(evidence, *TABLES)}
    for one in made(evidence, "removed", *TABLES):
        was = original(evidence, one.name)
        again = any((kind, one.name) in evidence.run.after.objects for kind in TABLES)
        if (one.statement.number, one.name) in renamed or again or not existed(evidence, was):
            continue
        yield RULE.finding(
            evidence,
            one.statement,
            f"dropping {one.name} loses its rows",
            seen=tuple(_seen(evidence, one, was)),
            fix=(
                "Release code that no longer uses it first; keep a copy of the rows if anybody may ask for them.",
                "Then drop it in a revision of its own, with `Rollback: irreversible, <why>` in its header.",
            ),
        )


def _seen(evidence: Evidence, one: Made, was: str) -> Iterator[str]:
    rows = evidence.run.up.rows.get(was)
    yield f"PostgreSQL {evidence.run.server}: " + ("the table is gone" if rows is None else f"{rows:,} rows are gone")
    also = [other for other in one.statement.made if other.change == "removed" and other.name != one.name]
    if also:
        yield "with it went " + ", ".join(f"{other.kind} {other.name}" for other in also)
    others = [lock for lock in one.statement.locks if lock.kind == "table" and lock.blocks and lock.relation != was]
    for lock in others:
        yield f"{lock.mode} on {lock.relation} as well, which blocks {lock.blocks}"
    if was in evidence.sizes:
        yield f"{was} has {evidence.sizes[was].told} in production"


RULE = Rule(
    name="drop-table",
    severity=Severity.ERROR,
    family="loss",
    reads="run",
    condition="A table that was there before the change is dropped.",
    effect="Its rows are lost, code that still uses it fails, and a downgrade makes it anew without them.",
    workaround="Release code that no longer uses it, then drop it in a revision that says so, with a consent.",
    before="CREATE TABLE drafts (id bigint PRIMARY KEY, title text NOT NULL)",
    bad=example(
        "drop the drafts",
        intent="drafts are entries now",
        rollback="irreversible, the drafts are not kept",
        up='op.drop_table("drafts")',
        down='raise NotImplementedError("the drafts are not kept")',
    ),
    good=example(
        "announce the end of the drafts",
        intent="drafts are entries now; the release after this one drops the table",
        up='op.create_table_comment("drafts", "not used since 2026-11, to be dropped in 2027-01")',
        down='op.drop_table_comment("drafts")',
    ),
    source="https://www.postgresql.org/docs/current/sql-droptable.html",
    check=_check,
)
