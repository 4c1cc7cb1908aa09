"""A rollback that does not bring back what was there.

A downgrade is for the minute in which a deployment goes wrong. One that gives back the schema and not the rows turns a
failed deployment into a loss of data, and nobody sees it then.

It fires when a table holds fewer rows or values after the upgrade and its downgrade than before: an error. Where it
holds as many and they are others, as after an UPDATE that nothing undoes, it is advice. It is silent when the header
says `Rollback: irreversible, <why>`, and where another rule speaks of the loss on the same line.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from headgate.report.model import Finding, Severity
from headgate.rules._example import example
from headgate.rules.rule import Evidence, Rule

if TYPE_CHECKING:
    from headgate.rehearsal.contents import Loss
    from headgate.rehearsal.trace import Statement, Trace

__all__ = ["RULE"]


def _check(evidence: Evidence) -> Iterator[Finding]:
    for loss in evidence.run.lost:
        what = f"{loss.table}.{loss.column}" if loss.column else loss.table
        unit = "values" if loss.column else "rows"
        seen = f"{loss.after:,} of {loss.before:,} {unit} are left" if loss.gone else f"{unit} are others than before"
        yield RULE.finding(
            evidence,
            _at(evidence, loss),
            f"the downgrade does not bring back the {unit} of {what}"
            + ("" if loss.gone else ", which the upgrade wrote over"),
            seen=(f"PostgreSQL {evidence.run.server}: after the upgrade and its downgrade {seen}",),
            fix=(
                f"Keep what {what} held until nobody wants to go back, and restore it in downgrade();",
                "or say in the header that there is no way back: `Rollback: irreversible, <why>`",
            ),
            severity=None if loss.gone else Severity.ADVICE,
        )


def _at(evidence: Evidence, loss: Loss) -> Statement | int:
    """The statement that took the values: of the upgrade when they were gone after it, else of the downgrade."""
    run = evidence.run
    function = evidence.revision.function("upgrade")
    held, holds = run.held.get(loss.table, {}), run.holds.get(loss.table, run.held.get(loss.table, {}))
    gone_by = run.up if loss.table in run.holds and held.get(loss.column) != holds.get(loss.column) else run.down
    found = (_last(gone_by, loss) if gone_by else None) or _last(run.up, loss)
    return found or (function.lineno if function else 1)


def _last(trace: Trace, loss: Loss) -> Statement | None:
    """The last statement that dropped, changed, emptied or wrote the column's values; else that locked the table."""
    name = f"{loss.table}.{loss.column}" if loss.column else loss.table
    written: Statement | None = None
    locked: Statement | None = None
    for statement in trace.statements:
        if loss.table in statement.truncated or any(
            one.name in {name, loss.table} and one.change != "added" and one.attribute in {None, "type"}
            for one in statement.made
        ):
            return statement
        if any(work.relation == loss.table and (work.deleted or work.updated) for work in statement.work):
            written = statement
        if any(lock.relation == loss.table and lock.blocks for lock in statement.locks):
            locked = statement
    return written or locked


RULE = Rule(
    name="downgrade-data-loss",
    severity=Severity.ERROR,
    family="loss",
    general=True,
    reads="run",
    condition="After the upgrade and its downgrade a table holds less than before.",
    effect="Going back to the last release, when a deployment goes wrong, loses data.",
    workaround="Keep what was there and restore it in downgrade(), or say in the header why there is no way back.",
    before="""CREATE TABLE entries (id bigint PRIMARY KEY, title text NOT NULL);
        CREATE TABLE shelf (id bigint PRIMARY KEY, title text NOT NULL)""",
    bad=example(
        "put old entries on a shelf",
        intent="the list shows recent entries only",
        up='op.execute("DELETE FROM entries WHERE id % 2 = 0")',
    ),
    good=example(
        "put old entries on a shelf",
        intent="the list shows recent entries only",
        rollback="irreversible, old entries are not wanted again",
        up='op.execute("DELETE FROM entries WHERE id % 2 = 0")',
        down='raise NotImplementedError("old entries are not wanted again")',
    ),
    source="https://alembic.sqlalchemy.org/en/latest/tutorial.html#downgrading",
    check=_check,
)
