"""A revision that passes or fails by the rows that it meets.

The upgrade passes on ordinary rows and stops on some that the schema allows: a NULL, a duplicate, a value that points
nowhere, one that the new type does not have. Whether the real tables hold such rows is not known here, so this is a
warning, with the query that must return 0 on the real database.

It fires when the upgrade failed on rows that are as awkward as the schema allows. It is silent once the revision
establishes what it needs (it fills the gaps or takes the duplicates away first), and once it declares it:
`preconditions = {"no duplicate users.email": "SELECT …"}` beside the revision's id. `inv migrate.up` asks what is
declared before it changes anything, and refuses while it gives something else than 0.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from headgate.report.model import Finding, Severity
from headgate.rules.rule import Evidence, Rule

if TYPE_CHECKING:
    from headgate.rehearsal.evidence import Unmet

__all__ = ["RULE"]


def _check(evidence: Evidence) -> Iterator[Finding]:
    for unmet in evidence.run.unmet:
        if unmet.declared is not None:
            continue
        said = unmet.error.partition(" CONTEXT: ")[0]
        code = f"{unmet.sqlstate}, " if unmet.sqlstate else ""
        seen = [f"PostgreSQL {evidence.run.server}: {code}{said}"]
        if unmet.left:
            seen.append(f"when it fails, this stays behind: {'; '.join(unmet.left)}")
        if unmet.query is None:
            fix: tuple[str, ...] = (
                "no query is known that finds those rows; guard the statement against them,",
                "or declare one that you know: preconditions = {…}",
            )
        else:
            seen.append(f"{unmet.broken:,} found in the {unmet.rows:,} rows of the rehearsal")
            fix = (
                f"holds when this returns 0: {unmet.query}",
                f'or declare it: preconditions = {{"{unmet.name}": "SELECT …"}}',
            )
        finding = RULE.finding(evidence, unmet.line, _message(unmet), seen=tuple(seen), fix=fix)
        facts = {unmet.name: unmet.query} if unmet.query else {}
        yield replace(finding, kind="precondition", facts=facts)


def _message(unmet: Unmet) -> str:
    return f"fails when {unmet.what}" if unmet.what else "fails on rows that the schema allows"


_REVISION = '''"""let nobody sign up twice

Intent: two accounts with one address cannot be told apart.
Risk: builds an index on users.
Rollback: drops the index.
"""

from alembic import op

revision = "20261122170212"
down_revision = "20261120091500"
{declared}

def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.create_index("ux_users_email", "users", ["email"], unique=True, postgresql_concurrently=True)


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index("ux_users_email", "users", postgresql_concurrently=True)
'''

RULE = Rule(
    name="precondition",
    severity=Severity.WARNING,
    family="rows",
    reads="run",
    condition="The upgrade passes on ordinary rows and fails on some that the schema allows.",
    effect="The upgrade stops on a database that holds such rows, however often it passed on others.",
    workaround="Mend the rows in the revision first, or declare the query that must return 0.",
    before="CREATE TABLE users (id bigint PRIMARY KEY, email text)",
    bad=_REVISION.format(declared=""),
    good=_REVISION.format(
        declared="""preconditions = {
    "no duplicate users.email": "SELECT count(*) FROM (SELECT 1 FROM users GROUP BY email HAVING count(email) > 1) AS d"
}
"""
    ),
    source="https://www.postgresql.org/docs/current/ddl-constraints.html",
    check=_check,
)
