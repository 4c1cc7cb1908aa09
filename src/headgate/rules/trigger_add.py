"""A trigger added, dropped or switched while writers wait.

CREATE TRIGGER, ENABLE and DISABLE TRIGGER take a SHARE ROW EXCLUSIVE lock, DROP TRIGGER an ACCESS EXCLUSIVE one. They
are quick, but they wait for every running transaction that writes to the table, and later writers wait behind them.
From then on each write does what the trigger does, or no longer does it.

It fires, as advice, when a trigger of a table that was there before the change appears, goes, or is switched on or
off. It is silent for triggers that go with their table, and for tables that the same change created.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from headgate.report.model import Finding, Severity
from headgate.rules._example import example
from headgate.rules._locks import blocking, told
from headgate.rules._made import table_of, was_there
from headgate.rules._work import large
from headgate.rules.rule import Evidence, Rule

__all__ = ["RULE"]


_DONE = {"added": "is added to", "removed": "is dropped from", "changed": "is switched or defined anew on"}


def _check(evidence: Evidence) -> Iterator[Finding]:
    run = evidence.run
    for statement in run.up.statements:
        for one in statement.made:
            if one.kind != "trigger" or one.attribute in ("comment", "name"):
                continue
            table = table_of(run, statement, one)
            lock = blocking(run, statement.held).get(table)
            if not was_there(run, table) or lock is None:
                continue
            yield RULE.finding(
                evidence,
                statement,
                f"the trigger {one.name.removesuffix(f' on {table}')} {_DONE[one.change]} {table}",
                seen=told(run, lock),
                fix=("with a short lock_timeout, in a revision of its own, and tried again when it gives up",),
                severity=Severity.WARNING if large(evidence, [table]) else None,
            )


_REVISION = partial(
    example, "write down who changed an entry", intent="changes can be traced", rollback="drops the trigger"
)

RULE = Rule(
    name="trigger-add",
    severity=Severity.ADVICE,
    family="locks",
    reads="run",
    condition="A trigger of a table that was there before is added, dropped, or switched on or off.",
    effect="Writers wait behind the statement, and it waits for every transaction that writes to the table.",
    workaround="In a revision of its own, with a short lock_timeout.",
    before=(
        "CREATE TABLE entries (id bigint PRIMARY KEY, title text); "
        "CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'"
    ),
    bad=_REVISION(
        'op.execute("CREATE TRIGGER note BEFORE UPDATE ON entries FOR EACH ROW EXECUTE FUNCTION note()")',
        'op.execute("DROP TRIGGER note ON entries")',
        risk="SHARE ROW EXCLUSIVE on entries for a moment",
    ),
    good=_REVISION(
        (
            'op.execute("CREATE TABLE changes (id bigint PRIMARY KEY, title text)")',
            'op.execute("CREATE TRIGGER note BEFORE UPDATE ON changes FOR EACH ROW EXECUTE FUNCTION note()")',
        ),
        'op.drop_table("changes")',
        risk="SHARE ROW EXCLUSIVE on entries for a moment",
    ),
    source="https://www.postgresql.org/docs/current/sql-createtrigger.html",
    check=_check,
)
