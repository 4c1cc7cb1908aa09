"""A declared precondition that cannot be asked.

`preconditions` is read from the file, never run as Python, and its queries are asked of the real database before the
revision runs there. One that is no literal text, that the server refuses, or that gives something else than one number
would be found out in the middle of a deployment.

It fires when a declared query does not give one number on the schema that the revision starts from, and when
`preconditions` is not a dict of literal texts. It is silent about what the query gives.
"""

from __future__ import annotations

from collections.abc import Iterator

from headgate.report.model import Finding, Severity
from headgate.rules.rule import Evidence, Rule

__all__ = ["RULE"]

_FIX = (
    'preconditions = {"no duplicate users.email": "SELECT count(*) FROM …"}',
    "with names of the schema as it is before this revision",
)


def _check(evidence: Evidence) -> Iterator[Finding]:
    line = evidence.revision.unread_precondition
    if line is not None:
        yield RULE.finding(
            evidence, line, "preconditions is not a dict of literal texts, so nobody can ask it", fix=_FIX
        )
    for asked in evidence.run.asked:
        if asked.error is not None:
            yield RULE.finding(
                evidence,
                asked.line,
                f'the precondition "{asked.name}" cannot be asked',
                seen=(f"PostgreSQL {evidence.run.server}: {asked.error}", f"query: {' '.join(asked.query.split())}"),
                fix=_FIX,
            )


_REVISION = '''"""let nobody sign up without an address

Intent: an account without an address cannot be reached.
Risk: catalog change only.
Rollback: drops the column.
"""

import sqlalchemy as sa
from alembic import op

revision = "20261122170212"
down_revision = "20261120091500"
preconditions = {{"no user without an address": "{query}"}}


def upgrade() -> None:
    op.add_column("users", sa.Column("reached", sa.DateTime(timezone=True)))


def downgrade() -> None:
    op.drop_column("users", "reached")
'''

RULE = Rule(
    name="precondition-invalid",
    severity=Severity.ERROR,
    family="rows",
    reads="run",
    condition="A declared precondition is not a query that gives one number.",
    effect="The deployment stops when it asks, or nobody asks.",
    workaround="Write a literal query over the schema as it is before the revision, and count what must not be.",
    before="CREATE TABLE users (id bigint PRIMARY KEY, email text)",
    bad=_REVISION.format(query="SELECT count(*) FROM user_accounts WHERE email IS NULL"),
    good=_REVISION.format(query="SELECT count(*) FROM users WHERE email IS NULL"),
    source="https://www.postgresql.org/docs/current/functions-aggregate.html",
    check=_check,
)
