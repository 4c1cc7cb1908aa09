"""A schema, view, function, type, sequence or extension's like dropped under those who use it.

The server refuses to drop what another object of the database needs. It knows nothing of the queries that a client
sends: code of the last release that selects from the view, or casts to the type, fails from that moment.

It fires when such an object that was there before the change is gone after it; with tables in it, as a schema dropped
with CASCADE has, it is an error. It is silent when the revision makes it again or only renames it, and for a function
that only triggers could call.
"""

from __future__ import annotations

from collections.abc import Iterator

from headgate.report.model import Finding, Severity
from headgate.rules._change import Made, attributes, before, made
from headgate.rules._example import example
from headgate.rules._moved import renames
from headgate.rules.rule import Evidence, Rule

__all__ = ["KINDS", "RULE"]

KINDS = (
    "schema", "view", "materialized view", "function", "procedure", "aggregate", "sequence",
    "enum", "domain", "composite type", "range type",
)  # fmt: skip


def _check(evidence: Evidence) -> Iterator[Finding]:
    renamed = {(one.statement.number, one.old) for one in renames(evidence, *KINDS)}
    for one in made(evidence, "removed", *KINDS):
        kind = one.difference.kind
        key = kind, one.name
        was = attributes(before(evidence), *key)
        if (one.statement.number, one.name) in renamed or key not in before(evidence).objects:
            continue
        if _is_there(evidence, one.name) or was.get("result") in {"trigger", "event_trigger"}:
            continue
        also = _also(one)
        yield RULE.finding(
            evidence,
            one.statement,
            f"dropping the {kind} {one.name} breaks code that uses it"
            + (f", and takes {_told(also)} with it" if also else ""),
            seen=(f"PostgreSQL {evidence.run.server}: the {kind} was there before this change, and is gone after it",),
            fix=(f"Release code that does not use {one.name} first, and drop it in a later revision.",),
            severity=Severity.ERROR if any(kind in {"table", "column"} for kind, _ in also) else None,
        )


def _is_there(evidence: Evidence, name: str) -> bool:
    """Whether the revision made something of the same name, of whatever kind."""
    return any((kind, name) in evidence.run.after.objects for kind in (*KINDS, "table", "foreign table"))


def _also(one: Made) -> tuple[tuple[str, str], ...]:
    return tuple(
        (other.kind, other.name)
        for other in one.statement.made
        if other.change == "removed" and other.name != one.name and other.kind not in {"position"}
    )


def _told(also: tuple[tuple[str, str], ...]) -> str:
    shown = [f"{kind} {name}" for kind, name in also[:3]]
    return ", ".join(shown) + (f" and {len(also) - 3} more" if len(also) > 3 else "")


RULE = Rule(
    name="drop-object",
    severity=Severity.WARNING,
    family="loss",
    reads="run",
    condition="A schema, view, function, procedure, sequence or type that was there before the change is dropped.",
    effect="Code of the last release that still uses it fails; with CASCADE, what depends on it is gone too.",
    workaround="Release code that does not use it first, and drop it in a later revision.",
    before="""CREATE TABLE entries (id bigint PRIMARY KEY, title text NOT NULL);
        CREATE VIEW titles AS SELECT title FROM entries""",
    bad=example(
        "drop the view of titles",
        intent="the list reads the entries themselves",
        up='op.execute("DROP VIEW titles")',
        down='op.execute("CREATE VIEW titles AS SELECT title FROM entries")',
    ),
    good=example(
        "list titles with their entry",
        intent="the list links to the entry",
        up='op.execute("CREATE OR REPLACE VIEW titles AS SELECT title, id FROM entries")',
        down="""
        op.execute("DROP VIEW titles")
        op.execute("CREATE VIEW titles AS SELECT title FROM entries")
        """,
    ),
    source="https://www.postgresql.org/docs/current/ddl-depend.html",
    check=_check,
)
