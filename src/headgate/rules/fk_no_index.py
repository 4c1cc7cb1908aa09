"""A foreign key without an index beneath it.

The server looks for children by itself: each DELETE of a parent, and each change of its key, reads the whole table of
the children when no index leads there. So does a query for the children of one parent.

It fires when a new foreign key has no full index whose first columns are its own. It is silent when the same change
adds one, or a primary key or unique constraint serves.
"""

from __future__ import annotations

from collections.abc import Iterator

from headgate.report.model import Finding, Severity
from headgate.rules._change import after, new_parts
from headgate.rules._example import example
from headgate.rules._indexes import columns, indexes, referenced
from headgate.rules.rule import Evidence, Rule

__all__ = ["RULE"]


def _check(evidence: Evidence) -> Iterator[Finding]:
    final = after(evidence)
    for statement, _, its in new_parts(evidence, "foreign key"):
        table, keyed = str(its["of"]), columns(str(its["definition"]))
        if any(
            set(index.columns[: len(keyed)]) == set(keyed) and " WHERE " not in index.rest and index.valid
            for index in indexes(final, table)
        ):
            continue
        parent, _ = referenced(str(its["definition"]))
        told = ", ".join(keyed)
        yield RULE.finding(
            evidence,
            statement,
            f"no index leads from {parent} to its rows in {table}: a DELETE on {parent} reads all of {table}",
            seen=(f"PostgreSQL {evidence.run.server}: no full index of {table} begins with {told}",),
            fix=(
                "with op.get_context().autocommit_block():",
                f'    op.create_index("ix_{table}_{"_".join(keyed)}", "{table}", {list(keyed)},'
                " postgresql_concurrently=True)",
            ),
        )


RULE = Rule(
    name="fk-no-index",
    severity=Severity.ADVICE,
    family="schema",
    reads="run",
    condition="A new foreign key has no full index on the columns that refer.",
    effect="Each DELETE of a parent row reads the whole table of its children.",
    workaround="Add an index that begins with the columns of the foreign key.",
    before="CREATE TABLE users (id bigint PRIMARY KEY)",
    bad=example(
        "keep entries of users",
        intent="users write entries",
        up="""
        op.create_table(
            "entries",
            sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
            sa.Column("user_id", sa.BigInteger(), sa.ForeignKey("users.id"), nullable=False),
        )
        """,
        down='op.drop_table("entries")',
    ),
    good=example(
        "keep entries of users",
        intent="users write entries",
        up="""
        op.create_table(
            "entries",
            sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
            sa.Column("user_id", sa.BigInteger(), sa.ForeignKey("users.id"), nullable=False),
        )
        op.create_index("ix_entries_user_id", "entries", ["user_id"])
        """,
        down='op.drop_table("entries")',
    ),
    source="https://www.postgresql.org/docs/current/ddl-constraints.html#DDL-CONSTRAINTS-FK",
    check=_check,
)
