"""Work that was thrown away.

A BEGIN in an `autocommit_block` without its COMMIT, a second connection that nobody commits: the statements run, the
upgrade ends without an error, the version moves, and what they made is not there.

It fires when something that a statement of the upgrade made is not there at the end, no statement took it away, and
the upgrade did not fail. It is silent for what a savepoint gave back on purpose inside a failed part.
"""

from __future__ import annotations

from collections.abc import Iterator

from headgate.report.model import Finding, Severity
from headgate.rules._change import TABLES
from headgate.rules._example import example
from headgate.rules.rule import Evidence, Rule

__all__ = ["RULE"]

_KINDS = frozenset({*TABLES, "column", "index", "view", "materialized view", "enum", "sequence", "schema"})


def _check(evidence: Evidence) -> Iterator[Finding]:
    run = evidence.run
    if run.failure:
        return
    statements = run.up.statements
    for at, statement in enumerate(statements):
        savepoint = any(other.tag in {"SAVEPOINT", "ROLLBACK"} and "TO" in other.sql.upper() for other in statements)
        for one in statement.made:
            if one.change != "added" or one.kind not in _KINDS or (one.kind, one.name) in run.after.objects:
                continue
            later = statements[at + 1 :]
            if savepoint or any(_touches(other.made, one.name) for other in later):
                continue
            yield RULE.finding(
                evidence,
                statement,
                f"{one.kind} {one.name} is made here and thrown away: nobody committed it",
                seen=(f"PostgreSQL {run.server}: the upgrade ended without an error, and {one.name} is not there",),
                fix=("Leave the transaction to Alembic: no BEGIN, and op.get_bind() instead of another connection.",),
            )
            break


def _touches(made: tuple[object, ...], name: str) -> bool:
    """Whether a later statement removed or renamed it, alone or with its table."""
    return any(
        getattr(one, "change", "") in {"removed", "changed"}
        and (one.name == name or name.startswith(f"{one.name}.") or one.attribute in {"name", "kind"})  # type: ignore[attr-defined]
        for one in made
    )


RULE = Rule(
    name="uncommitted",
    severity=Severity.ERROR,
    family="again",
    reads="run",
    condition="Something that the upgrade made is not there when it has ended without an error.",
    effect="The version says that the work was done, and it was not.",
    workaround="Leave the transaction to Alembic.",
    before="CREATE TABLE entries (id bigint PRIMARY KEY, title text NOT NULL)",
    bad=example(
        "give entries a length",
        intent="lists show how long an entry is",
        up="""
        connection = op.get_bind().engine.connect()
        connection.execute(sa.text("ALTER TABLE entries ADD length bigint"))
        connection.close()
        """,
    ),
    good=example(
        "give entries a length",
        intent="lists show how long an entry is",
        up='op.add_column("entries", sa.Column("length", sa.BigInteger()))',
        down='op.drop_column("entries", "length")',
    ),
    source="https://www.postgresql.org/docs/current/tutorial-transactions.html",
    check=_check,
)
