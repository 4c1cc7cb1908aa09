"""Consent: where it counts, when it does not, and what it may say."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from headgate import review
from headgate.report.model import Finding
from headgate.revisions.file import read
from headgate.rules.rule import Evidence

NAME = "20261122170212_fill_owner.py"
SOURCE = '''{head}"""fill owner of entries

Intent: each entry has an owner.
Risk: updates a few rows.
Rollback: clears owner.
"""
{after}
import os

from alembic import op

revision = "20261122170212"
down_revision = None


def upgrade() -> None:
    name = os.environ["OWNER"]
    {above}
    op.execute({inside}
        f"UPDATE entries SET owner = '{{name}}'"{trailing}
    ){last}
    {other}


def downgrade() -> None:
    op.execute("UPDATE entries SET owner = NULL")
'''
CONSENT = "# headgate: allow sql-from-fstring because OWNER is set by us"
Judged = Callable[..., list[Finding]]


@pytest.fixture
def judged(tmp_path: Path) -> Judged:
    def judge(*, name: str = NAME, today: date = date(2026, 11, 22), **places: str) -> list[Finding]:
        empty = dict.fromkeys(("head", "after", "above", "inside", "trailing", "last"), "")
        path = tmp_path / name
        path.write_text(SOURCE.format(**{**empty, "other": "pass", **places}), encoding="utf-8")
        revision = read(path)
        assert revision is not None
        return list(review.judge([Evidence(revision=revision, root=tmp_path, today=today)], severities={}))

    return judge


def test_without_consent_the_finding_counts(judged: Judged) -> None:
    """The control for all that follows."""
    (finding,) = judged()
    assert (finding.rule, finding.consent) == ("sql-from-fstring", None)


@pytest.mark.parametrize(
    "places",
    [
        {"above": CONSENT},
        {"above": f"{CONSENT}\n    # and another remark"},
        {"inside": f"  {CONSENT}"},
        {"inside": f"\n        {CONSENT}"},
        {"trailing": f"  {CONSENT}"},
        {"last": f"  {CONSENT}"},
        {"above": CONSENT.replace("# ", "#", 1)},
        {"above": CONSENT.replace("because", "until 2026-11-22 because")},
    ],
    ids=["above", "above a remark", "first line", "inside", "on the text", "last line", "no space", "on the last day"],
)
def test_a_consent_beside_the_statement_takes_the_finding_off(judged: Judged, places: dict[str, str]) -> None:
    """A statement of three lines is one statement, wherever a formatter puts the comment."""
    (finding,) = judged(**places)
    assert (finding.rule, finding.consent) == ("sql-from-fstring", "OWNER is set by us")


@pytest.mark.parametrize(
    "places",
    [{"head": f"{CONSENT}\n"}, {"after": CONSENT}, {"above": f"{CONSENT}\n"}, {"other": CONSENT}],
    ids=["top of the file", "below the docstring", "an empty line between", "below the statement"],
)
def test_a_consent_elsewhere_is_unused(judged: Judged, places: dict[str, str]) -> None:
    """It must be read together with what it allows, or it goes on allowing what is written next."""
    counting, unused = sorted(judged(**places), key=lambda finding: finding.rule, reverse=True)
    assert (counting.rule, counting.consent) == ("sql-from-fstring", None)
    assert unused.message == "the consent to sql-from-fstring is not needed: the rule does not fire there"


@pytest.mark.parametrize(
    ("comment", "message"),
    [
        ("# headgate: allow sql-from-fstring", "the consent to sql-from-fstring gives no reason, so it does not count"),
        (
            "# headgate: allow sql-from-fstring because",
            "the consent to sql-from-fstring gives no reason, so it does not count",
        ),
        (
            "# headgate: allow sql-from-fstring because <reason>",
            "the consent to sql-from-fstring gives no reason, so it does not count",
        ),
        (
            "# headgate: allow sql-from-fsting because it is ours",
            "the consent names the rule sql-from-fsting, which does not exist",
        ),
        (
            "# headgate: allow sql-from-fstring until 2026-11-21 because it is ours",
            "the consent to sql-from-fstring ended on 2026-11-21",
        ),
        (
            "# headgate: allow sql-from-fstring until tomorrow because it is ours",
            "the consent to sql-from-fstring ends on tomorrow, which is not a date",
        ),
        ("# headgate: ignore", "a comment to headgate cannot be read as a consent"),
        ("# headgate:allow sql-from-fstring because it is ours", "a comment to headgate cannot be read as a consent"),
        (
            "# headgate: allow sql-from-fstring, consent because both",
            "a comment to headgate cannot be read as a consent",
        ),
    ],
)
def test_a_consent_that_does_not_count_is_a_finding_and_allows_nothing(
    judged: Judged, comment: str, message: str
) -> None:
    """No reason, no consent; and a typing error must not look like one."""
    found = {finding.rule: finding for finding in judged(above=comment)}
    assert found["consent"].message == message
    assert found["consent"].fix
    assert found["sql-from-fstring"].consent is None


@pytest.mark.parametrize("place", ["head", "after"])
def test_a_consent_before_the_first_statement_speaks_of_the_file(judged: Judged, place: str) -> None:
    """A file's name is on no line, so its consent stands where the file begins."""
    comment = "# headgate: allow revision-file-name because the old tool made it\n"
    by_rule = {finding.rule: finding for finding in judged(name="old.py", **{place: comment})}
    assert by_rule["revision-file-name"].consent == "the old tool made it"
    assert "consent" not in by_rule


def test_a_consent_at_the_else_does_not_speak_of_the_if(judged: Judged) -> None:
    """Of a statement with a body, only what stands before the body is beside the comment."""
    code = """if op.get_bind().scalar(f"SELECT '{name}'"):
        pass
    else:  # headgate: allow sql-from-fstring because OWNER is set by us
        pass"""
    assert [finding.consent for finding in judged(other=code) if finding.rule == "sql-from-fstring"] == [None, None]
    above = f"{CONSENT}\n    {code.replace(CONSENT, '')}"
    assert "OWNER is set by us" in [finding.consent for finding in judged(other=above)]


def test_a_consent_in_a_text_is_none(judged: Judged) -> None:
    """Comments are read by Python's own tokenizer; a string that looks like one allows nothing."""
    (finding,) = judged(above=f"remark = '{CONSENT}'")
    assert finding.consent is None


def test_one_statement_may_have_several_consents(judged: Judged) -> None:
    """They stand one below the other, each with its own reason; the one that is not needed is told."""
    found = judged(above=f"# headgate: allow revision-header because no reason\n    {CONSENT}")
    assert {(finding.rule, finding.consent) for finding in found} == {
        ("sql-from-fstring", "OWNER is set by us"),
        ("consent", None),
    }


def test_nobody_consents_to_a_broken_consent(judged: Judged) -> None:
    """Or a reasonless comment could allow itself."""
    found = judged(above="# headgate: allow consent because I may\n    # headgate: allow sql-from-fstring")
    assert [finding.consent for finding in found if finding.rule == "sql-from-fstring"] == [None]


@pytest.mark.parametrize(
    "comment",
    ["# headgate: allow downgrade-not-inverse because the order of columns does not matter"],
)
def test_a_consent_to_what_only_running_shows_is_left_to_the_gate(judged: Judged, comment: str) -> None:
    """The text alone cannot say whether it is needed."""
    (finding,) = judged(other=comment)
    assert finding.rule == "sql-from-fstring"
