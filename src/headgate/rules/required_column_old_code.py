"""A column that the running release does not fill, and must.

An INSERT of the release that runs while a deployment goes on names the columns that it knows. For a new NOT NULL
column without a default it gives nothing, and the server refuses the row. A default that is taken away in the same
revision helps the rows that are there, and none of those that come.

It fires when a table that was there before the change has, after it, a new column that is NOT NULL and that nothing
fills: no default, identity or generation. For an older column whose default is taken away it is a warning, and with a
trigger on INSERT, which may fill it, advice. It is silent for tables that the same change created.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from headgate.report.model import Finding, Severity
from headgate.rules._change import attributes, before, existed, is_new_column, table_of
from headgate.rules._example import example
from headgate.rules._moved import original, was_named
from headgate.rules.rule import Evidence, Rule

__all__ = ["RULE"]


def _check(evidence: Evidence) -> Iterator[Finding]:
    run, told = evidence.run, set[str]()
    if run.failure:
        return
    for statement in reversed(run.up.statements):  # the last one that touched the column left it so
        for one in statement.made:
            its = attributes(run.after, "column", one.name)
            if one.kind != "column" or one.name in told or not its or its.get("generated") or its.get("identity"):
                continue
            if one.change == "changed" and one.attribute not in {"default", "not_null", "identity"}:
                continue
            told.add(one.name)
            table = table_of(evidence, one)
            if not existed(evidence, original(evidence, table)) or not _is_needed(evidence, its):
                continue
            weight = _weight(evidence, one.name)
            if weight is None:
                continue
            yield RULE.finding(
                evidence,
                statement,
                f"an INSERT of code that runs now fails: {one.name} is NOT NULL and nothing fills it",
                seen=(f"PostgreSQL {run.server}: after the revision {one.name} is NOT NULL and has no default",),
                fix=(
                    f"Leave {one.name} a server_default until the release that fills it is everywhere,",
                    "and take it away in a later revision.",
                ),
                severity=Severity.ADVICE if _has_trigger(evidence, table) else weight,
            )


def _is_needed(evidence: Evidence, its: Mapping[str, object]) -> bool:
    """Whether a row that does not name the column is refused."""
    domain = attributes(evidence.run.after, "domain", str(its.get("type")))
    return bool(its.get("not_null") or domain.get("not_null")) and not (its.get("default") or domain.get("default"))


def _weight(evidence: Evidence, name: str) -> Severity | None:
    """A new column stops every INSERT, an older one those that left it to its default."""
    was = was_named(evidence, name)
    if is_new_column(evidence, was):
        return RULE.severity
    its = attributes(before(evidence), "column", was)
    if its.get("not_null") and not (its.get("default") or its.get("identity") or its.get("generated")):
        return None
    return Severity.WARNING if its.get("default") or its.get("identity") else None


def _has_trigger(evidence: Evidence, table: str) -> bool:
    return any(
        kind == "trigger" and its.get("of") == table and "BEFORE INSERT" in str(its.get("definition"))
        for (kind, _), its in evidence.run.after.objects.items()
    )


RULE = Rule(
    name="required-column-old-code",
    severity=Severity.ERROR,
    family="clients",
    reads="run",
    condition="A table that was there before has a new NOT NULL column which nothing fills.",
    effect="Every INSERT of the running release fails until the new release is everywhere, and again after a rollback.",
    workaround="Leave the column its server_default, and take it away in a later revision.",
    before="CREATE TABLE entries (id bigint PRIMARY KEY, title text NOT NULL)",
    bad=example(
        "give entries a language",
        intent="the search needs it",
        up="""
        op.add_column("entries", sa.Column("language", sa.Text(), server_default="en", nullable=False))
        op.alter_column("entries", "language", server_default=None)
        """,
        down='op.drop_column("entries", "language")',
    ),
    good=example(
        "give entries a language",
        intent="the search needs it",
        up='op.add_column("entries", sa.Column("language", sa.Text(), server_default="en", nullable=False))',
        down='op.drop_column("entries", "language")',
    ),
    source="https://www.postgresql.org/docs/current/ddl-default.html",
    check=_check,
)
