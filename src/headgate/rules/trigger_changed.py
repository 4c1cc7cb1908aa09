"""A trigger that no longer fires.

Code leaves to a trigger what it does not do itself: a time of change, a history, a check. When the trigger is dropped
or disabled the rows go on coming, without it.

It fires when a trigger, rule or event trigger that was there before the change is gone, or fires no more, after it. It
is silent when the revision makes it again, and when its table went with it.
"""

from __future__ import annotations

from collections.abc import Iterator

from headgate.report.model import Finding, Severity
from headgate.rules._change import Made, before, made
from headgate.rules._example import example
from headgate.rules.rule import Evidence, Rule

__all__ = ["RULE"]

_KINDS = ("trigger", "rule", "event trigger")


def _check(evidence: Evidence) -> Iterator[Finding]:
    after = evidence.run.after.objects
    for one in (*made(evidence, "removed", *_KINDS), *made(evidence, "changed", *_KINDS, attribute="fires")):
        key = one.difference.kind, one.name
        is_gone = one.difference.change == "removed"
        if key not in before(evidence).objects or (is_gone and (key in after or _went_with_its_table(one))):
            continue
        if not is_gone and after.get(key, {}).get("fires") != "disabled":
            continue
        yield RULE.finding(
            evidence,
            one.statement,
            f"{one.name} no longer fires, and what it did for code that runs now is not done",
            seen=(f"PostgreSQL {evidence.run.server}: the {key[0]} is {'gone' if is_gone else 'disabled'} after it",),
            fix=("Release code that does not need it first; enable again, in the same revision, what must go on.",),
        )


def _went_with_its_table(one: Made) -> bool:
    return any(other.change == "removed" and other.kind in {"table", "view"} for other in one.statement.made)


RULE = Rule(
    name="trigger-changed",
    severity=Severity.WARNING,
    family="clients",
    reads="run",
    condition="A trigger or rule that was there before the change is dropped or disabled.",
    effect="Rows come without what it did for them, and nothing fails.",
    workaround="Release code that does its work first, or enable it again before the revision ends.",
    before="""CREATE TABLE entries (id bigint PRIMARY KEY, changed timestamptz);
        CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.changed = now(); RETURN NEW; END';
        CREATE TRIGGER touch BEFORE UPDATE ON entries FOR EACH ROW EXECUTE FUNCTION touch()""",
    bad=example(
        "leave the time of change to the service",
        intent="the service knows it better",
        up='op.execute("DROP TRIGGER touch ON entries")',
        down='op.execute("CREATE TRIGGER touch BEFORE UPDATE ON entries FOR EACH ROW EXECUTE FUNCTION touch()")',
    ),
    good=example(
        "note by whom an entry was changed",
        intent="the service gives it with each change",
        up='op.add_column("entries", sa.Column("changed_by", sa.Text()))',
        down='op.drop_column("entries", "changed_by")',
    ),
    source="https://www.postgresql.org/docs/current/trigger-definition.html",
    check=_check,
)
