"""An index that is built for a key while everybody waits, though one that was built before could be taken over.

https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-ADD-TABLE-CONSTRAINT-USING-INDEX
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from headgate.report.model import Finding
from headgate.rules._code import apart, execute
from headgate.rules._made import attributes
from headgate.rules._work import burdens, listed
from headgate.rules.rule import Evidence, Rule

__all__ = ["built"]


def built(
    rule: Rule,
    evidence: Evidence,
    kind: Literal["primary key", "unique constraint"],
    words: Literal["PRIMARY KEY", "UNIQUE"],
) -> Iterator[Finding]:
    """Give a rule's findings about keys whose index was built under their lock.

    Args:
        rule: the rule.
        evidence: what running the revision showed.
        kind: what the catalog calls such a key.
        words: what SQL calls it.
    """
    for burden in burdens(evidence):
        made = burden.builds(kind)
        if not made or burden.rewritten:
            continue
        fix: list[str] = []
        for one in made:
            its = attributes(evidence.run, burden.statement, one.kind, one.name)
            table, definition = str(its.get("of", burden.table)), str(its.get("definition", f"{words} (…)"))
            name, state = one.name.removesuffix(f" on {table}"), str(its.get("deferrable", "")).upper()
            # The index has the words in another order than the constraint.
            ending, _, columns = definition.removeprefix(words).partition("(")
            shape = f"({columns} {ending.strip()}".rstrip()
            fix += apart(execute(f"CREATE UNIQUE INDEX CONCURRENTLY {name} ON {table} {shape}"))
            add = f"ALTER TABLE {table} ADD CONSTRAINT {name} {words} USING INDEX {name} {state}"
            fix.append(execute(add.rstrip()))
        yield burden.finding(
            rule,
            f"{burden.waiting} on {listed(burden.tables)} wait while the index of"
            f" {listed(one.name.partition(' on ')[0] for one in made)} is built",
            fix=tuple(fix),
        )
