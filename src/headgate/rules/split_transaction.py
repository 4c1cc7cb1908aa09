"""A revision that is committed in parts.

Alembic moves the version when a revision has ended. What was committed before, as by an `autocommit_block`, stays when
a later statement fails, and the version does not know of it: the next `upgrade` runs everything again, and stops at
what is there already.

It fires when a statement that cannot be run twice is committed while others are still to come. It is an error when the
upgrade then did fail in the rehearsal; a warning when what comes later depends on the rows, as a unique index does that
is not on new columns alone; advice where that is not so, and where what stays is only an index or a constraint, which
is easily taken away. It is silent when what comes first can be run again, and when the autocommit part is all there is.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from headgate.report.model import Finding, Severity
from headgate.rules._again import does_something, not_repeatable
from headgate.rules._change import attributes
from headgate.rules._example import example
from headgate.rules._indexes import columns
from headgate.rules.rule import Evidence, Rule

if TYPE_CHECKING:
    from headgate.catalog import Difference
    from headgate.rehearsal.trace import Statement

__all__ = ["RULE"]

_EASY = frozenset(
    {"index", "check constraint", "unique constraint", "primary key", "foreign key", "exclusion constraint"}
)


def _check(evidence: Evidence) -> Iterator[Finding]:
    run = evidence.run
    stays: list[tuple[Statement, str]] = []
    risky = False
    doing = [statement for statement in run.up.statements if does_something(statement)]
    for at, statement in enumerate(doing):
        if statement.error or not any(_is_later(statement, other) for other in doing[at + 1 :]):
            continue
        left = not_repeatable(evidence, statement)
        inserted = next((work for work in statement.work if work.inserted), None)
        if left:
            what = f"{left[0].kind} {left[0].name}" + (f" and {len(left) - 1} more" if len(left) > 1 else "")
            stays.append((statement, what))
        elif inserted and not statement.made:
            stays.append((statement, f"{inserted.inserted:,} rows of {inserted.relation}"))
        else:
            continue
        hard = any(one.kind not in _EASY for one in left) or not left
        risky |= hard and any(_needs_rows(evidence, other) for other in doing[at + 1 :] if _is_later(statement, other))
    if not stays:
        return
    statement, what = stays[0]
    failed = run.failure is not None
    seen = f"PostgreSQL {run.server}: committed with the statement on line {statement.line}, before the revision ended"
    yield RULE.finding(
        evidence,
        statement,
        f"when a later statement fails, {what} stays, and a second run stops at it",
        seen=(
            seen,
            *(["the upgrade failed after it, as it may in production"] if failed else []),
            *(f"line {other.line}: {name} would stay as well" for other, name in stays[1:3]),
        ),
        fix=(
            "Give what runs in the autocommit_block a revision of its own;",
            "or make what comes before it repeatable: if_not_exists=True, if_exists=True.",
        ),
        severity=Severity.ERROR if failed else Severity.WARNING if risky else Severity.ADVICE,
    )


def _is_later(statement: Statement, other: Statement) -> bool:
    return other.transaction is None or other.transaction != statement.transaction


def _needs_rows(evidence: Evidence, statement: Statement) -> bool:
    """Whether the rows that are there decide if a statement passes."""
    after = evidence.run.after
    return (
        any(work.inserted or work.updated or work.deleted for work in statement.work)
        or bool(statement.rewritten)
        or any(
            one.attribute == "not_null"
            or (
                (one.kind != "index" or attributes(after, "index", one.name).get("unique") is True)
                and one.kind in _EASY
                and one.change == "added"
                and not _of_new_columns(evidence, one)
            )
            for one in statement.made
            if one.change != "removed"
        )
    )


def _of_new_columns(evidence: Evidence, one: Difference) -> bool:
    """Whether a key, index or check is about columns alone that this revision added: no row has a value there yet."""
    its = attributes(evidence.run.after, one.kind, one.name)
    found = its.get("reads") if one.kind == "check constraint" else columns(str(its.get("definition", "")))
    before = evidence.run.before.objects
    return isinstance(found, tuple) and all(
        ("column", f"{its.get('of')}.{column}") not in before
        and ("column", f"{its.get('of')}.{column}") in evidence.run.after.objects
        for column in found
    )


RULE = Rule(
    name="split-transaction",
    severity=Severity.WARNING,
    family="again",
    reads="run",
    condition="Something that cannot be run twice is committed while statements of the revision are still to come.",
    effect="When one of those fails, half of the revision stays, and every further upgrade stops at it.",
    workaround="One revision for what runs in an autocommit_block, and another one for the rest.",
    before="CREATE TABLE entries (id bigint PRIMARY KEY, title text NOT NULL)",
    bad=example(
        "give entries a slug of their own",
        intent="the address of an entry is its slug, which is made of its title",
        up="""
        op.add_column("entries", sa.Column("slug", sa.Text()))
        with op.get_context().autocommit_block():
            op.create_index("ux_title", "entries", ["title"], unique=True, postgresql_concurrently=True)
        """,
        down="""
        with op.get_context().autocommit_block():
            op.drop_index("ux_title", "entries", postgresql_concurrently=True)
        op.drop_column("entries", "slug")
        """,
    ),
    good=example(
        "give entries a slug of their own",
        intent="the address of an entry is its slug; the index is built in the next revision",
        up='op.add_column("entries", sa.Column("slug", sa.Text()))',
        down='op.drop_column("entries", "slug")',
    ),
    source="https://alembic.sqlalchemy.org/en/latest/api/runtime.html#alembic.runtime.migration.MigrationContext.autocommit_block",
    check=_check,
)
