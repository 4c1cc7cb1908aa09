"""Rows and objects that other roles see from now on, or no longer.

A policy, row-level security or a REVOKE changes what a query gives without changing the query. The running release may
find a table empty, or be refused; and what was hidden may be seen.

It fires when policies, row-level security, privileges or the owner of something that was there before the change are
others after it. A GRANT that only adds is advice. It is silent for what the same change created.
"""

from __future__ import annotations

from collections.abc import Iterator

from headgate.report.model import Finding, Severity
from headgate.rules._change import Made, before, existed, made, table_of
from headgate.rules._example import example
from headgate.rules._moved import original
from headgate.rules.rule import Evidence, Rule

__all__ = ["RULE"]

_ATTRIBUTES = frozenset({"grants", "owner", "row_security"})


def _check(evidence: Evidence) -> Iterator[Finding]:
    for change in ("added", "removed", "changed"):
        for one in made(evidence, change):
            if not _is_about_access(evidence, one):
                continue
            difference = one.difference
            yield RULE.finding(
                evidence,
                one.statement,
                f"who may see or change what: {difference.sentence('the old schema', 'the new one')}",
                seen=(f"PostgreSQL {evidence.run.server}: it holds as soon as the transaction has ended",),
                fix=("Try the queries of the running release with the role that it uses, before and after.",),
                severity=Severity.ADVICE if _only_adds(difference.attribute, difference.after) else None,
            )


def _is_about_access(evidence: Evidence, one: Made) -> bool:
    kind, change = one.difference.kind, one.difference.change
    if kind == "policy":
        if one.difference.attribute in {"name", "comment"}:
            return False
        return existed(evidence, original(evidence, table_of(evidence, one.difference)))
    if kind == "default privileges":
        return True
    return (
        change == "changed" and one.difference.attribute in _ATTRIBUTES and (kind, one.name) in before(evidence).objects
    )


def _only_adds(attribute: str | None, after: object) -> bool:
    return attribute == "grants" and after is not None and " revoked from " not in str(after)


RULE = Rule(
    name="access-changed",
    severity=Severity.WARNING,
    family="clients",
    reads="run",
    condition="Policies, row-level security, privileges or the owner of what was there before are others.",
    effect="Queries of the running release give other rows or are refused, or others may see what was hidden.",
    workaround="Try the queries with the role that the service uses, and put policies in place before enabling them.",
    before="CREATE TABLE entries (id bigint PRIMARY KEY, owner_name text NOT NULL)",
    bad=example(
        "show entries to their owner only",
        intent="nobody reads what others write",
        up='op.execute("ALTER TABLE entries ENABLE ROW LEVEL SECURITY")',
        down='op.execute("ALTER TABLE entries DISABLE ROW LEVEL SECURITY")',
    ),
    good=example(
        "offer each user a view of own entries",
        intent="nobody reads what others write; the service changes to the view first",
        up="""
        op.execute("CREATE VIEW own_entries AS SELECT * FROM entries WHERE owner_name = current_user")
        """,
        down='op.execute("DROP VIEW own_entries")',
    ),
    source="https://www.postgresql.org/docs/current/ddl-rowsecurity.html",
    check=_check,
)
