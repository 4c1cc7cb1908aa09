"""A name that the schema does not have.

Constraints that were made without a name got one from PostgreSQL, and a naming convention of the models does not
change it afterwards. A revision that drops or alters such an object by the name that the models would give it stops.

It fires when the server knows no table, column, constraint, index or type of the name that the revision uses, and tells
the names that are there. It is silent for a name that an earlier statement made.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from headgate.report.model import Finding, Severity
from headgate.rules._example import example
from headgate.rules._failure import close, failure, line, message, named, seen
from headgate.rules.rule import Evidence, Rule

__all__ = ["RULE"]

if TYPE_CHECKING:
    from headgate.rehearsal.model import Failure

_KINDS = {
    "constraint": frozenset(
        {"primary key", "unique constraint", "check constraint", "foreign key", "exclusion constraint"}
    ),
    "index": frozenset({"index"}),
    "column": frozenset({"column"}),
    "type": frozenset({"enum", "domain", "composite type", "range type"}),
    "relation": frozenset({"table", "view", "materialized view", "sequence", "index"}),
}


def _check(evidence: Evidence) -> Iterator[Finding]:
    found = failure(evidence, "42704", "42P01", "42703")
    if found is None:
        return
    names = named(found)
    there = close(names[0], _there(evidence, found, names)) if names else ()
    yield RULE.finding(
        evidence,
        line(evidence),
        message(found),
        seen=seen(evidence, found, *([f"there are: {', '.join(there)}"] if there else ["there is none"])),
        fix=(
            f"use the name that the catalog has{f', such as {there[0]}' if there else ''};",
            "give constraints a name in the models: MetaData(naming_convention={…})",
        ),
    )


def _there(evidence: Evidence, found: Failure, names: list[str]) -> Iterator[str]:
    """The names of that kind which are there: of the same table, where the server names one."""
    word = found.error.partition(" ")[0]
    of = names[1] if len(names) > 1 else None
    kinds = _KINDS.get(word, _KINDS["relation"])
    for (kind, name), attributes in evidence.run.before.objects.items():
        owner = str(attributes.get("of", "")).replace('"', "").rpartition(".")[2]
        if kind not in kinds or (of is not None and owner != of):
            continue
        yield name.removesuffix(f" on {attributes.get('of')}") if kind in _KINDS["constraint"] else name


RULE = Rule(
    name="unknown-name",
    severity=Severity.ERROR,
    family="rows",
    reads="run",
    condition="A revision names a table, column, constraint, index or type that the schema does not have.",
    effect="The upgrade stops on every database, or on those that were built in another way.",
    workaround="Use the name that the catalog has.",
    before="CREATE TABLE entries (id bigint PRIMARY KEY, title text UNIQUE)",
    bad=example(
        "let titles stand twice",
        'op.drop_constraint("uq_entries_title", "entries", type_="unique")',
        'op.create_unique_constraint("entries_title_key", "entries", ["title"])',
        intent="two entries may have one title",
    ),
    good=example(
        "let titles stand twice",
        """
        # headgate: allow drop-constraint because two entries may have one title
        op.drop_constraint("entries_title_key", "entries", type_="unique")
        """,
        'op.create_unique_constraint("entries_title_key", "entries", ["title"])',
        intent="two entries may have one title",
    ),
    source="https://www.postgresql.org/docs/current/ddl-constraints.html",
    check=_check,
)
