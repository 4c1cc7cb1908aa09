"""A guarantee that the database no longer gives.

Code relies on a constraint without naming it: that there is one row, that the parent exists, that a number is
positive. After it is dropped the first bad row comes in silently, and the constraint cannot be put back.

It fires when a unique, check, foreign key or exclusion constraint, a primary key or a unique index of a table that was
there before is gone after the revision. It is silent when the revision puts one on the same columns in its place, when
NOT NULL says the same, and when the columns or the table went with it.
"""

from __future__ import annotations

from collections.abc import Iterator

from headgate.report.model import Finding, Severity
from headgate.rules._change import Made, attributes, existed, made, short, table_of
from headgate.rules._example import example
from headgate.rules._indexes import columns, indexes
from headgate.rules._moved import original
from headgate.rules.rule import Evidence, Rule

__all__ = ["RULE"]

_CONSTRAINTS = ("primary key", "unique constraint", "check constraint", "foreign key", "exclusion constraint")


def _check(evidence: Evidence) -> Iterator[Finding]:
    for one in made(evidence, "removed", *_CONSTRAINTS, "index"):
        kind, table = one.difference.kind, table_of(evidence, one.difference)
        its = attributes(evidence.run.before, kind, one.name)
        if not its or (kind == "index" and not its.get("unique")) or not existed(evidence, original(evidence, table)):
            continue
        if _went_with_its_columns(one, table) or _is_kept(evidence, kind, one.name, table, str(its["definition"])):
            continue
        told = "unique index" if kind == "index" else kind
        definition = " ".join(str(its["definition"]).split())
        yield RULE.finding(
            evidence,
            one.statement,
            f"after dropping {short(one.name, table)} nothing keeps {table} to {_promise(kind, definition)}",
            seen=(f"PostgreSQL {evidence.run.server}: the {told} {one.name} is gone, and nothing says the same",),
            fix=(
                "Make sure that no code relies on it, then say so: the first row that breaks it cannot be told later.",
                "If another constraint is to take its place, create that one first, in the same revision.",
            ),
        )


def _promise(kind: str, definition: str) -> str:
    return f"unique {definition}" if kind == "index" else definition


def _went_with_its_columns(one: Made, table: str) -> bool:
    return any(
        other.change == "removed"
        and (
            other.kind in {"table", "foreign table"} or (other.kind == "column" and other.name.startswith(f"{table}."))
        )
        for other in one.statement.made
    )


def _is_kept(evidence: Evidence, kind: str, name: str, table: str, definition: str) -> bool:
    """Whether the schema after the revision still says as much."""
    after = evidence.run.after
    if (kind, name) in after.objects:
        return True
    if kind == "check constraint":
        return any(
            f"CHECK (({short(name_, table)} IS NOT NULL))" == definition
            for (kind_, name_), its in after.objects.items()
            if kind_ == "column" and its.get("of") == table and its.get("not_null")
        )
    if kind == "foreign key":
        promise = definition.partition(" ON ")[0]
        return any(
            kind_ == kind and its.get("of") == table and str(its["definition"]).partition(" ON ")[0] == promise
            for (kind_, _), its in after.objects.items()
        )
    if kind == "exclusion constraint":
        return False
    keyed = set(columns(definition))
    return any(
        index.unique and set(index.columns) <= keyed and " WHERE " not in index.rest for index in indexes(after, table)
    )


RULE = Rule(
    name="drop-constraint",
    severity=Severity.WARNING,
    family="loss",
    reads="run",
    condition="A constraint or unique index of a table that was there before is dropped, and nothing takes its place.",
    effect="Rows come in that code does not expect, and the constraint cannot be put back over them.",
    workaround="Put what replaces it in place first, and drop it when no code relies on it.",
    before="CREATE TABLE entries (id bigint PRIMARY KEY, slug text NOT NULL, CONSTRAINT uq_slug UNIQUE (slug))",
    bad=example(
        "let entries share a slug",
        intent="two users may use the same slug",
        rollback="fails where slugs are shared by then",
        up='op.drop_constraint("uq_slug", "entries")',
        down='op.create_unique_constraint("uq_slug", "entries", ["slug"])',
    ),
    good=example(
        "keep slugs apart by an index",
        intent="an index can be rebuilt without a lock, a constraint's cannot",
        up="""
        with op.get_context().autocommit_block():
            op.create_index("ux_slug", "entries", ["slug"], unique=True, postgresql_concurrently=True)
        op.drop_constraint("uq_slug", "entries")
        """,
        down="""
        with op.get_context().autocommit_block():
            op.create_index("uq_slug", "entries", ["slug"], unique=True, postgresql_concurrently=True)
        op.execute("ALTER TABLE entries ADD CONSTRAINT uq_slug UNIQUE USING INDEX uq_slug")
        op.drop_index("ux_slug", "entries")
        """,
    ),
    source="https://www.postgresql.org/docs/current/ddl-constraints.html",
    check=_check,
)
