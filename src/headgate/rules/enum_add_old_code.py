"""A value that the running release does not know.

An enum that grows is safe for the database. The release that still runs has its own copy of the enum: SQLAlchemy's
`Enum` raises a LookupError for a value that is not in it, as soon as a row of the new release is read.

It fires when an enum that was there before the change has a value more. It is silent for an enum that the same change
created. A value that is given no place stands at the end, and sorts there.
"""

from __future__ import annotations

from collections.abc import Iterator

from headgate.report.model import Finding, Severity
from headgate.rules._enums import enum_changes
from headgate.rules._example import example
from headgate.rules.rule import Evidence, Rule

__all__ = ["RULE"]


def _check(evidence: Evidence) -> Iterator[Finding]:
    for one in enum_changes(evidence):
        if one.gone or not one.new:
            continue
        new = ", ".join(f"'{label}'" for label in one.new)
        yield RULE.finding(
            evidence,
            one.statement,
            f"code that runs now does not know {new}, and fails where it reads it from a row",
            seen=(f"PostgreSQL {evidence.run.server}: {one.name} had {', '.join(one.was)}, and has {new} as well",),
            fix=(
                f"Let the release that reads {new} be everywhere before one writes it.",
                f"Its place in the order is the end; else: ADD VALUE {new} BEFORE or AFTER '{one.was[-1]}'",
            ),
        )


RULE = Rule(
    name="enum-add-old-code",
    severity=Severity.ADVICE,
    family="clients",
    reads="run",
    condition="An enum that was there before the change has a value more after it.",
    effect="A release whose own enum does not know the value fails where it reads a row that has it.",
    workaround="Release code that reads the value before code that writes it.",
    before="CREATE TYPE mood AS ENUM ('happy', 'sad')",
    bad=example(
        "add gloomy to the moods",
        intent="the survey says gloomy",
        rollback="irreversible, a value of an enum cannot be taken away",
        up="op.execute(\"ALTER TYPE mood ADD VALUE 'gloomy'\")",
        down='raise NotImplementedError("a value of an enum cannot be taken away")',
    ),
    good=example(
        "give moods a table",
        intent="moods come and go without a release",
        up="""
        op.create_table(
            "moods",
            sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
            sa.Column("name", sa.Text(), nullable=False),
        )
        """,
        down='op.drop_table("moods")',
    ),
    source="https://docs.sqlalchemy.org/en/20/core/type_basics.html#sqlalchemy.types.Enum",
    check=_check,
)
