"""A value taken from an enum, or called otherwise.

The release that runs while a deployment goes on writes the old word, and the server refuses it; it reads the new one,
and its own enum does not know it.

It fires when an enum that was there before the change lacks a value after it that it had. It is silent when values are
only added, and for an enum that the same change created.
"""

from __future__ import annotations

from collections.abc import Iterator

from headgate.report.model import Finding, Severity
from headgate.rules._enums import enum_changes
from headgate.rules._example import example
from headgate.rules.rule import Evidence, Rule

__all__ = ["RULE"]


def _check(evidence: Evidence) -> Iterator[Finding]:
    for one in enum_changes(evidence):
        if not one.gone:
            continue
        gone = ", ".join(f"'{label}'" for label in one.gone)
        new = f"; it has {', '.join(repr(label) for label in one.new)} instead" if one.new else ""
        yield RULE.finding(
            evidence,
            one.statement,
            f"code that runs now writes {gone}, which {one.name} no longer has",
            seen=(f"PostgreSQL {evidence.run.server}: {one.name} lacks {gone} after it{new}",),
            fix=(
                "this release: add the new value, read both, write the new one",
                "a later one: change the rows, and leave the old value where it is: it does no harm",
            ),
        )


RULE = Rule(
    name="rename-enum-value",
    severity=Severity.ERROR,
    family="clients",
    reads="run",
    condition="An enum that was there before the change lacks a value that it had.",
    effect="The running release fails where it writes the old value, and where it reads the new one.",
    workaround="Add the new value, and leave the old one.",
    before="CREATE TYPE mood AS ENUM ('happy', 'sad')",
    bad=example(
        "call sad gloomy",
        intent="the survey says gloomy",
        up="op.execute(\"ALTER TYPE mood RENAME VALUE 'sad' TO 'gloomy'\")",
        down="op.execute(\"ALTER TYPE mood RENAME VALUE 'gloomy' TO 'sad'\")",
    ),
    good=example(
        "add gloomy to the moods",
        intent="the survey says gloomy",
        rollback="irreversible, a value of an enum cannot be taken away",
        up="op.execute(\"ALTER TYPE mood ADD VALUE IF NOT EXISTS 'gloomy' AFTER 'sad'\")",
        down='raise NotImplementedError("a value of an enum cannot be taken away")',
    ),
    source="https://www.postgresql.org/docs/current/sql-altertype.html",
    check=_check,
)
