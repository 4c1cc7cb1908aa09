"""A length that will have to be changed.

`varchar(n)` is stored as `text` is. A longer length is free later, a shorter one reads and locks the whole table, while
a CHECK on the length can be added NOT VALID and validated without a lock that blocks.

It fires when the revision adds a column of the type `varchar(n)`. It is silent for `text` and for
`varchar` without a length.
"""

from __future__ import annotations

from collections.abc import Iterator

from headgate.report.model import Finding, Severity
from headgate.rules._columns import typed
from headgate.rules._example import example
from headgate.rules.rule import Evidence, Rule

__all__ = ["RULE"]


def _check(evidence: Evidence) -> Iterator[Finding]:
    return typed(
        RULE,
        evidence,
        lambda name: name.startswith("character varying("),
        called="character varying(n)",
        message="has a length that can be made shorter only by reading the whole table",
        fix="sa.Text(), with a CHECK on its length where there must be one",
    )


RULE = Rule(
    name="prefer-text",
    severity=Severity.ADVICE,
    family="schema",
    reads="run",
    off=True,
    condition="A new column has the type varchar(n).",
    effect="A shorter length later reads the whole table under a lock that blocks everybody.",
    workaround="Use text, with a CHECK on the length where there must be one.",
    before="CREATE TABLE entries (id bigint PRIMARY KEY, title text NOT NULL)",
    bad=example(
        "give entries a subtitle",
        intent="the page shows it",
        up='op.add_column("entries", sa.Column("subtitle", sa.String(100)))',
        down='op.drop_column("entries", "subtitle")',
    ),
    good=example(
        "give entries a subtitle",
        intent="the page shows it",
        up='op.add_column("entries", sa.Column("subtitle", sa.Text()))',
        down='op.drop_column("entries", "subtitle")',
    ),
    source="https://wiki.postgresql.org/wiki/Don%27t_Do_This#Don.27t_use_varchar.28n.29_by_default",
    check=_check,
)
