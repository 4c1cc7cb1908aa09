"""A type that is made a second time.

`sa.Enum` in a new table sends CREATE TYPE, also when an earlier revision has made the type for another table.

It fires when the server refused a type because there is one of that name. It is silent when the type is named with
`create_type=False`.
"""

from __future__ import annotations

from collections.abc import Iterator

from headgate.report.model import Finding, Severity
from headgate.rules._failure import failure, line, named, seen
from headgate.rules.rule import Evidence, Rule

__all__ = ["RULE"]

_TYPES = frozenset({"enum", "domain", "composite type", "range type"})

_REVISION = '''"""let lists have a mood too

Intent: lists are sorted by mood.
Risk: catalog change only.
Rollback: drops the table.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "20261122170212"
down_revision = "20261120091500"


def upgrade() -> None:
    op.create_table(
        "lists",
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column("mood", {type}),
    )


def downgrade() -> None:
    op.drop_table("lists")
'''


def _check(evidence: Evidence) -> Iterator[Finding]:
    found = failure(evidence, "42710")
    names = named(found) if found else []
    if found is None or len(names) != 1 or not found.error.startswith("type "):
        return
    known = next(
        (
            (kind, attributes.get("labels"))
            for catalog in (evidence.run.before, evidence.run.after)
            for (kind, name), attributes in catalog.objects.items()
            if kind in _TYPES and name.replace('"', "").rpartition(".")[2] == names[0]
        ),
        None,
    )
    has = () if known is None or not isinstance(known[1], tuple) else (f"{names[0]} has {', '.join(known[1])}",)
    yield RULE.finding(
        evidence,
        line(evidence),
        f"the type {names[0]} is there already",
        seen=seen(evidence, found, *has),
        fix=(
            "from sqlalchemy.dialects import postgresql",
            f'postgresql.ENUM(name="{names[0]}", create_type=False)  # in place of sa.Enum(…)',
        ),
    )


RULE = Rule(
    name="enum-exists",
    severity=Severity.ERROR,
    family="rows",
    reads="run",
    condition="A revision makes a type that an earlier one has made.",
    effect="The upgrade stops on every database.",
    workaround="Name the type with postgresql.ENUM(…, create_type=False).",
    before="CREATE TYPE mood AS ENUM ('calm', 'merry'); CREATE TABLE entries (id bigint PRIMARY KEY, mood mood)",
    bad=_REVISION.format(type='sa.Enum("calm", "merry", name="mood")'),
    good=_REVISION.format(type='postgresql.ENUM("calm", "merry", name="mood", create_type=False)'),
    source="https://www.postgresql.org/docs/current/sql-createtype.html",
    check=_check,
)
