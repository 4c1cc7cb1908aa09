"""A column of the type json.

`json` keeps the text as it came and has no equality: SELECT DISTINCT, GROUP BY and UNION over a row that has such a
column fail, and no index helps to look inside. `jsonb` has both.

It fires when the revision adds a column of the type `json`. It is silent for `jsonb`.
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
        lambda name: name == "json",
        called="json",
        message="has no equality operator: SELECT DISTINCT and GROUP BY fail on it",
        fix='postgresql.JSONB(), or sa.JSON().with_variant(postgresql.JSONB(), "postgresql")',
    )


RULE = Rule(
    name="json-type",
    severity=Severity.ADVICE,
    family="schema",
    reads="run",
    condition="A new column has the type json.",
    effect="DISTINCT, GROUP BY and UNION over it fail, and no index serves it.",
    workaround="Use jsonb.",
    before="CREATE TABLE entries (id bigint PRIMARY KEY, title text NOT NULL)",
    bad=example(
        "keep the settings of entries",
        intent="the editor keeps what was chosen",
        up='op.add_column("entries", sa.Column("settings", sa.JSON()))',
        down='op.drop_column("entries", "settings")',
    ),
    good=example(
        "keep the settings of entries",
        intent="the editor keeps what was chosen",
        up='op.add_column("entries", sa.Column("settings", sa.dialects.postgresql.JSONB()))',
        down='op.drop_column("entries", "settings")',
    ),
    source="https://www.postgresql.org/docs/current/datatype-json.html",
    check=_check,
)
