"""A text filled up with blanks.

`char(n)` fills every value up to its length, and forgets the blanks again in comparisons, but not in patterns. It saves
neither room nor time.

It fires when the revision adds a column of the type `char(n)`. It is off until the project gives it a
severity, and silent for `text` and `varchar`.
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
        lambda name: name.startswith("character("),
        called="character(n)",
        message="is filled up with blanks",
        fix="sa.Text(), with a CHECK on its length where there must be one",
    )


RULE = Rule(
    name="char-type",
    severity=Severity.ADVICE,
    family="schema",
    reads="run",
    off=True,
    condition="A new column has the type char(n).",
    effect="Values are filled up with blanks, which comparisons ignore and patterns do not.",
    workaround="Use text, with a CHECK on the length.",
    before="CREATE TABLE entries (id bigint PRIMARY KEY, title text NOT NULL)",
    bad=example(
        "give entries a country",
        intent="the list is sorted by it",
        up='op.add_column("entries", sa.Column("country", sa.CHAR(2)))',
        down='op.drop_column("entries", "country")',
    ),
    good=example(
        "give entries a country",
        intent="the list is sorted by it",
        up='op.add_column("entries", sa.Column("country", sa.Text()))',
        down='op.drop_column("entries", "country")',
    ),
    source="https://wiki.postgresql.org/wiki/Don%27t_Do_This#Don.27t_use_char.28n.29",
    check=_check,
)
