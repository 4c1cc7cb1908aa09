"""Why a new or changed column made PostgreSQL write its table anew.

A default that is the same for every row is kept once, in the catalog; anything else has to be written into each row.
https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-NOTES
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from headgate.rules._made import added, altered, attributes, table_of

if TYPE_CHECKING:
    from headgate.catalog import Difference
    from headgate.catalog.model import Attributes
    from headgate.rehearsal.evidence import Rehearsed
    from headgate.rules._work import Burden

__all__ = ["Cause", "name_of", "retyped", "rewriting"]

Cause = Literal["generated", "identity", "domain", "serial", "default"]


def rewriting(burden: Burden, cause: Cause) -> list[tuple[Difference, Attributes]]:
    """Give the columns that a statement added to the tables which it rewrote, and that this is the reason for."""
    if not burden.rewritten:
        return []
    run, statement = burden.evidence.run, burden.statement
    found = []
    for one in added(statement, "column"):
        its = attributes(run, statement, "column", one.name)
        if burden.concerns(table_of(run, statement, one)) and _cause(run, one.name, its) == cause:
            found.append((one, its))
    if cause == "generated":
        anew = altered(statement, "column", "generated")
        found += [(one, attributes(run, statement, "column", one.name)) for one in anew if one.before and one.after]
    # Of several defaults a constant is not the one that had to be written into each row.
    computed = [(one, its) for one, its in found if "(" in str(its.get("default", "("))]
    return computed or found


def retyped(burden: Burden) -> list[Difference]:
    """Give the columns whose type or collation a statement changed in the tables that it worked on."""
    run, statement = burden.evidence.run, burden.statement
    return [
        one
        for one in altered(statement, "column", "type", "collation")
        if burden.concerns(table_of(run, statement, one))
    ]


def name_of(column: str) -> str:
    """Give a column's own name."""
    return column.rpartition(".")[2]


def _cause(run: Rehearsed, name: str, its: Attributes) -> Cause | None:
    if str(its.get("generated", "")).endswith(" stored"):
        return "generated"
    if its.get("identity"):
        return "identity"
    type_ = str(its.get("type", "")).removesuffix("[]")
    domain = run.after.objects.get(("domain", type_), {})
    if domain.get("not_null") or any(
        kind == "check constraint" and one.get("of") == type_ and domain for (kind, _), one in run.after.objects.items()
    ):
        return "domain"
    if str(its.get("default", "")).startswith("nextval("):
        owners = (one.get("owned_by") for (kind, _), one in run.after.objects.items() if kind == "sequence")
        return "serial" if name in owners else "default"
    return "default" if its.get("default") or domain.get("default") else None
