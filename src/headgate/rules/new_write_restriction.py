"""A rule for rows that the running release does not know.

A new constraint holds from the moment at which it is there, also with NOT VALID. The release that runs while a
deployment goes on was written without it, and may send rows that it refuses.

It fires when a table that was there before the change gets a unique, check, foreign key or exclusion constraint, a
unique index, or a NOT NULL on a column it had. It is silent for columns and tables that the same change added, which
the running release does not write, for a constraint that takes over a unique index which was there, and for a foreign
key that only does something else ON DELETE than the one that stood on these columns.
"""

from __future__ import annotations

from collections.abc import Iterator

from headgate.report.model import Finding, Severity
from headgate.rules._change import Made, attributes, before, existed, is_new_column, made, table_of
from headgate.rules._example import example
from headgate.rules._indexes import columns, indexes, referenced
from headgate.rules._moved import is_older, original
from headgate.rules.rule import Evidence, Rule

__all__ = ["RULE"]

_CONSTRAINTS = ("unique constraint", "primary key", "check constraint", "foreign key", "exclusion constraint")


def _check(evidence: Evidence) -> Iterator[Finding]:
    for one in made(evidence, "added", *_CONSTRAINTS, "index"):
        kind, table = one.difference.kind, table_of(evidence, one.difference)
        its = attributes(evidence.run.after, kind, one.name)
        if not its or (kind == "index" and not its.get("unique")) or not existed(evidence, original(evidence, table)):
            continue
        definition = " ".join(str(its["definition"]).split())
        if _is_about_new_columns(evidence, one, kind, table, definition):
            continue
        if kind in {"unique constraint", "primary key", "index"} and any(
            index.unique and not index.rest and index.columns == columns(definition)
            for index in indexes(before(evidence), original(evidence, table))
        ):
            continue
        if kind == "foreign key" and _was_kept(evidence, original(evidence, table), definition):
            continue
        promise = f"UNIQUE {definition}" if kind == "index" else definition
        yield _finding(evidence, one, f"{table} refuses rows that break {promise}")
    for one in made(evidence, "changed", "column", attribute="not_null"):
        if one.difference.after is not None and is_older(evidence, one.name):
            yield _finding(evidence, one, f"{table_of(evidence, one.difference)} refuses rows without {one.name}")


def _finding(evidence: Evidence, one: Made, refused: str) -> Finding:
    return RULE.finding(
        evidence,
        one.statement,
        f"{refused}, also those of code that runs now",
        seen=(f"PostgreSQL {evidence.run.server}: in force from this statement on, and not before it",),
        fix=("Let a release that sends no such rows be everywhere before this revision runs.",),
    )


def _is_about_new_columns(evidence: Evidence, one: Made, kind: str, table: str, definition: str) -> bool:
    if kind == "check constraint":
        # A default or NULL in a new column may let a row pass, or not: that of an older one decides as well.
        reads = attributes(evidence.run.after, kind, one.name).get("reads", ())
        assert isinstance(reads, tuple)
        return bool(reads) and not any(is_older(evidence, f"{table}.{name}") for name in reads)
    return any(is_new_column(evidence, f"{original(evidence, table)}.{name}") for name in columns(definition))


def _was_kept(evidence: Evidence, table: str, definition: str) -> bool:
    """Whether a foreign key of the same columns to the same ones refused such rows already."""
    return any(
        kind == "foreign key"
        and its.get("of") == table
        and its.get("enforced") is not False
        and columns(str(its["definition"])) == columns(definition)
        and referenced(str(its["definition"])) == referenced(definition)
        for (kind, _), its in before(evidence).objects.items()
    )


RULE = Rule(
    name="new-write-restriction",
    severity=Severity.ADVICE,
    family="clients",
    reads="run",
    condition="A table that was there before gets a constraint on columns that it had.",
    effect="The running release, written without it, may send rows that are refused.",
    workaround="Release code that keeps to it first, then add the constraint.",
    before="""CREATE TABLE entries (id bigint PRIMARY KEY, length integer NOT NULL DEFAULT 1 CHECK (length > 0));
        CREATE TABLE shelves (id bigint PRIMARY KEY)""",
    bad=example(
        "limit the length of entries",
        intent="longer ones do not fit the page",
        up='op.create_check_constraint("ck_length", "entries", "length < 100000", postgresql_not_valid=True)',
        down='op.drop_constraint("ck_length", "entries")',
    ),
    good=example(
        "put entries on shelves",
        intent="the page shows one shelf at a time",
        up='op.execute("ALTER TABLE entries ADD shelf_id bigint REFERENCES shelves")',
        down='op.drop_column("entries", "shelf_id")',
    ),
    source="https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-ADD-TABLE-CONSTRAINT",
    check=_check,
)
