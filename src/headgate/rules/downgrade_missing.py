"""A revision that cannot be undone, and does not say so.

An empty `downgrade()` is worse than none: `alembic downgrade -1` reports success, the version goes back, the schema
does not, and the next upgrade fails half-way on what is already there.

It fires when there is no `downgrade()`, or an empty one, or one that only raises. It is silent when the upgrade is
empty too, and when the header says why there is no way back:

    Rollback: irreversible, the remarks are not taken apart again.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from headgate.report.model import Finding, Severity
from headgate.revisions.file import RevisionFile, does_nothing
from headgate.rules._inverse import inverse
from headgate.rules.rule import Evidence, Rule

__all__ = ["RULE"]


def _check(evidence: Evidence) -> Iterator[Finding]:
    revision = evidence.revision
    upgrade, downgrade = revision.function("upgrade"), revision.function("downgrade")
    if upgrade is None or does_nothing(upgrade) or revision.header.irreversible or _bound_otherwise(revision):
        return
    if downgrade is None:
        line, what = upgrade.lineno, "there is no downgrade()"
    elif does_nothing(downgrade):
        line, what = downgrade.lineno, "downgrade() does nothing, so a rollback leaves the schema as it is"
    elif _only_raises(downgrade):
        line, what = downgrade.lineno, "downgrade() only raises, and the header does not say that there is no way back"
    else:
        return
    yield RULE.finding(
        evidence,
        line,
        what,
        fix=(
            "def downgrade() -> None:",
            *(f"    {text}" for operation in inverse(upgrade) for text in operation.splitlines()),
            "or, in the docstring, if nothing brings it back:",
            f"Rollback: irreversible, {_reason(downgrade)}",
        ),
    )


def _bound_otherwise(revision: RevisionFile) -> bool:
    """Whether the name is imported or assigned instead of defined; what it then does cannot be read here."""
    for node in revision.tree.body:
        match node:
            case ast.Assign(targets=targets) if any(isinstance(t, ast.Name) and t.id == "downgrade" for t in targets):
                return True
            case ast.ImportFrom(names=names) if any((name.asname or name.name) == "downgrade" for name in names):
                return True
    return False


def _only_raises(function: ast.FunctionDef) -> bool:
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    return bool(body) and isinstance(body[0], ast.Raise)


def _reason(function: ast.FunctionDef | None) -> str:
    for node in ast.walk(function) if function else ():
        match node:
            case ast.Raise(exc=ast.Call(args=[ast.Constant(value=str() as reason), *_])):
                return reason
    return "<why>"


_REVISION = '''"""add note to entries

Intent: editors leave a remark on an entry.
Risk: catalog change only; ACCESS EXCLUSIVE on entries for a moment.
Rollback: drops entries.note; the remarks are lost.
"""

import sqlalchemy as sa
from alembic import op

revision = "20261122170212"
down_revision = "20261120091500"


def upgrade() -> None:
    op.add_column("entries", sa.Column("note", sa.Text(), nullable=True))


def downgrade() -> None:
    {body}
'''

RULE = Rule(
    name="downgrade-missing",
    severity=Severity.ERROR,
    condition="A revision that changes something has no downgrade, or one that does nothing.",
    effect="A rollback moves the version back and leaves the schema, so the next upgrade fails.",
    workaround="Undo each operation in reverse order, or say in the header that the revision is irreversible and why.",
    bad=_REVISION.format(body="pass"),
    good=_REVISION.format(body='op.drop_column("entries", "note")'),
    source="https://alembic.sqlalchemy.org/en/latest/tutorial.html#downgrading",
    check=_check,
)
