"""A column of a domain with a constraint added to a table with rows.

Adding a column is quick because its default is kept in the catalog. A domain that has a CHECK or is NOT NULL takes
that way out (PostgreSQL 18 and before): each row is written anew, under an ACCESS EXCLUSIVE lock, so that its value
can be checked, even where there is no default.

It fires when a table that was there before the change was rewritten for a new column of such a domain. It is silent
for a domain without a constraint, for a column of the domain's own type that has the check itself, and for tables that
the same change created.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from headgate.report.model import Finding, Severity
from headgate.rules._code import apart, execute, validate
from headgate.rules._example import example
from headgate.rules._rewrites import written_anew
from headgate.rules.rule import Evidence, Rule

if TYPE_CHECKING:
    from headgate.catalog.model import Attributes

__all__ = ["RULE"]


def _check(evidence: Evidence) -> Iterator[Finding]:
    return written_anew(RULE, evidence, "domain", "whose type is a domain with a constraint", _steps)


def _steps(table: str, name: str, its: Attributes) -> tuple[str, ...]:
    type_ = its.get("type", "…")
    return (
        "give it the domain's own type, and the domain's condition as a check:",
        execute(f"ALTER TABLE {table} ADD COLUMN {name} …"),
        execute(f"ALTER TABLE {table} ADD CONSTRAINT {name}_check CHECK (… {name} …) NOT VALID"),
        *apart(validate(table, f"{name}_check")),
        f"in place of {type_}",
    )


_REVISION = partial(example, "give entries a rank", intent="lists are sorted by rank", rollback="drops the column")

RULE = Rule(
    name="constrained-domain-add",
    severity=Severity.ERROR,
    family="work",
    reads="run",
    condition="A column whose type is a domain with a constraint is added to a table that was there before.",
    effect="SELECT, INSERT, UPDATE and DELETE wait until every row and every index is written anew.",
    workaround="Give the column the domain's own type and a check NOT VALID, and validate that by itself.",
    before=(
        "CREATE TABLE entries (id bigint PRIMARY KEY, title text); CREATE DOMAIN rank AS integer CHECK (VALUE > 0)"
    ),
    bad=_REVISION(
        'op.execute("ALTER TABLE entries ADD COLUMN rank rank")',
        'op.drop_column("entries", "rank")',
        risk="ACCESS EXCLUSIVE on entries",
    ),
    good=_REVISION(
        (
            'op.add_column("entries", sa.Column("rank", sa.Integer()))',
            'op.execute("ALTER TABLE entries ADD CONSTRAINT rank_check CHECK (rank > 0) NOT VALID")',
        ),
        'op.drop_column("entries", "rank")',
        risk="ACCESS EXCLUSIVE on entries",
    ),
    source="https://www.postgresql.org/docs/current/sql-createdomain.html",
    check=_check,
)
