"""A lock that may be waited for without end.

A statement that needs a strong lock waits for every query that runs on the table, and everybody who comes later waits
behind it: one long report, and the table stands still. With a lock_timeout of a second or two the statement gives up,
and can be tried again.

It fires once a revision, on the first statement that takes a lock for which others wait on a table that was there
before the change, while lock_timeout is 0 or more than ten seconds: as advice, and as a warning where the table is
known to be large in production. It is silent behind a shorter one, wherever it was set. `inv migrate.up` sets one
itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from headgate.report.model import Finding, Severity
from headgate.rules._code import execute
from headgate.rules._example import ENTRIES, example
from headgate.rules._locks import blocking, told
from headgate.rules._work import large
from headgate.rules.rule import Evidence, Rule

__all__ = ["RULE"]


_LONGEST = 10_000  # milliseconds


def _check(evidence: Evidence) -> Iterator[Finding]:
    run = evidence.run
    for statement in run.up.statements:
        locks = blocking(run, statement.locks)
        waits = int(statement.settings.get("lock_timeout", 0))
        if not locks or 0 < waits <= _LONGEST:
            continue
        first = next(iter(locks.values()))
        own = "SET LOCAL" if statement.transaction is not None else "SET"
        yield RULE.finding(
            evidence,
            statement,
            f"this waits for its lock on {first.relation} {f'up to {waits // 1000} s' if waits else 'without end'},"
            " and others behind it",
            seen=(*told(run, *locks.values()), f"lock_timeout is {f'{waits} ms' if waits else '0, which is none'}"),
            fix=(execute(f"{own} lock_timeout = '2s'"), "before it, and try again when it gives up"),
            severity=Severity.WARNING if large(evidence, locks) else None,
        )
        return


_REVISION = partial(example, "let editors leave a note", intent="editors leave remarks", rollback="drops the column")

RULE = Rule(
    name="lock-timeout",
    severity=Severity.ADVICE,
    family="locks",
    reads="run",
    condition="A lock for which others wait is taken on a table that was there before; no lock_timeout, or a long one.",
    effect="While it waits for one long query, everybody who needs the table waits behind it.",
    workaround="SET LOCAL lock_timeout = '2s' first, and try again when it gives up.",
    before=ENTRIES,
    bad=_REVISION(
        (
            'op.execute("SET LOCAL lock_timeout = 0")',
            'op.add_column("entries", sa.Column("note", sa.Text()))',
        ),
        'op.drop_column("entries", "note")',
        risk="ACCESS EXCLUSIVE on entries for a moment",
    ),
    good=_REVISION(
        (
            "op.execute(\"SET LOCAL lock_timeout = '2s'\")",
            'op.add_column("entries", sa.Column("note", sa.Text()))',
        ),
        'op.drop_column("entries", "note")',
        risk="ACCESS EXCLUSIVE on entries for a moment",
    ),
    source="https://www.postgresql.org/docs/current/runtime-config-client.html#GUC-LOCK-TIMEOUT",
    check=_check,
)
