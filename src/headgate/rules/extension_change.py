"""An extension that is dropped or brought to another version.

An extension brings types, functions and operators that columns, indexes and queries use by name. Dropped with CASCADE
it takes the columns of its types along. Another version may change what its functions do, and a downgrade seldom has
the script that leads back.

It fires when an extension that was there before is gone, or has another version, after a statement: an error when
tables or columns went with it, advice for another version. It is silent for one that is created.
"""

from __future__ import annotations

from collections.abc import Iterator

from headgate.report.model import Finding, Severity
from headgate.rules._change import before, made
from headgate.rules._example import example
from headgate.rules.rule import Evidence, Rule

__all__ = ["RULE"]


def _check(evidence: Evidence) -> Iterator[Finding]:
    for statement, one in made(evidence, "removed", "extension"):
        if ("extension", one.name) not in before(evidence).objects:
            continue
        also = [f"{other.kind} {other.name}" for other in statement.made if other is not one]
        lost = any(other.kind in {"table", "column"} and other.change == "removed" for other in statement.made)
        yield RULE.finding(
            evidence,
            statement,
            f"dropping the extension {one.name} takes its functions and types away",
            seen=(f"PostgreSQL {evidence.run.server}: gone" + (f", and with it {', '.join(also)}" if also else ""),),
            fix=(f"Release code that uses nothing of {one.name} first; drop it without CASCADE.",),
            severity=Severity.ERROR if lost else None,
        )
    for statement, one in made(evidence, "changed", "extension", attribute="version"):
        yield RULE.finding(
            evidence,
            statement,
            f"the extension {one.name} goes from version {one.before} to {one.after}",
            seen=(f"PostgreSQL {evidence.run.server}: {one.sentence('the old schema', 'the new one')}",),
            fix=("Read its release notes, and make sure that production has the files of that version.",),
            severity=Severity.ADVICE,
        )


RULE = Rule(
    name="extension-change",
    severity=Severity.WARNING,
    family="loss",
    reads="run",
    condition="An extension that was there before the change is dropped, or brought to another version.",
    effect="Queries that use its functions fail; with CASCADE the columns of its types are gone.",
    workaround="Release code that uses nothing of it first, and drop it without CASCADE.",
    before="CREATE TABLE entries (id bigint PRIMARY KEY)",
    bad=example(
        "do without functions in PL/pgSQL",
        intent="functions are written in SQL only",
        up='op.execute("DROP EXTENSION plpgsql")',
        down='op.execute("CREATE EXTENSION plpgsql")',
    ),
    good=example(
        "bring PL/pgSQL where it is missing",
        intent="triggers are written in it",
        up='op.execute("CREATE EXTENSION IF NOT EXISTS plpgsql")',
    ),
    source="https://www.postgresql.org/docs/current/sql-dropextension.html",
    check=_check,
)
