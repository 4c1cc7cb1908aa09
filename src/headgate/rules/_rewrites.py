"""Why PostgreSQL wrote a table anew: for a new or changed column, or because it is stored otherwise.

A default that is the same for every row is kept once, in the catalog; anything else has to be written into each row.
https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-NOTES
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Literal

from headgate.rules._made import added, altered, attributes, table_of
from headgate.rules._work import burdens, listed

if TYPE_CHECKING:
    from headgate.catalog import Difference
    from headgate.catalog.model import Attributes
    from headgate.rehearsal.evidence import Rehearsed
    from headgate.report.model import Finding
    from headgate.rules._work import Burden
    from headgate.rules.rule import Evidence, Rule

__all__ = ["Cause", "name_of", "retyped", "stored_otherwise", "written_anew"]

Cause = Literal["generated", "identity", "domain", "serial", "default"]


def written_anew(
    rule: Rule,
    evidence: Evidence,
    cause: Cause,
    which: str,
    steps: Callable[[str, str, Attributes], tuple[str, ...]],
) -> Iterator[Finding]:
    """Give a rule's findings about tables that were written anew for a column.

    Args:
        rule: the rule.
        evidence: what running the revision showed.
        cause: the reason that the rule is about.
        which: what is said of such a column, as in `which is an identity column`.
        steps: is given the table, the column's own name and its attributes, and gives the fix.
    """
    for burden in burdens(evidence):
        columns = _rewriting(burden, cause)
        if not columns:
            continue
        first, its = columns[0]
        yield burden.finding(
            rule,
            f"{burden.waiting} on {listed(burden.rewritten)} wait while every row is written anew"
            f" for {listed(name_of(one.name) for one, _ in columns)}, {which}",
            fix=steps(burden.rewritten[0], name_of(first.name), its),
        )


def stored_otherwise(rule: Rule, evidence: Evidence, attribute: str, work: str, *, usual: str) -> Iterator[Finding]:
    """Give a rule's findings about tables that were written anew because of an attribute of the table itself.

    Args:
        rule: the rule.
        evidence: what running the revision showed.
        attribute: the attribute, as the catalog names it.
        work: what is done, up to the attribute's new value.
        usual: what stands for a value that the catalog leaves out.
    """
    for burden in burdens(evidence):
        changed = list(altered(burden.statement, "table", attribute))
        if not burden.rewritten or not any(burden.concerns(one.name) for one in changed):
            continue
        yield burden.finding(
            rule,
            f"{burden.waiting} on {listed(burden.rewritten)} wait while {work} {changed[0].after or usual}",
            fix=(
                f"make a new table in place of {burden.table}, copy the rows in batches, swap the names,",
                "or run this while nobody needs the table, and consent to it",
            ),
        )


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


def _rewriting(burden: Burden, cause: Cause) -> list[tuple[Difference, Attributes]]:
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
