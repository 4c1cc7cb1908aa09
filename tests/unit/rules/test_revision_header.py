"""The rule revision-header."""

from __future__ import annotations

import pytest

LINES = {"Intent": "editors leave a remark.", "Risk": "none.", "Rollback": "drops entries.note."}


def header(message: str = "add note to entries", **changed: str | None) -> str:
    lines = {**LINES, **changed}
    said = "\n".join(f"{name}: {text}" for name, text in lines.items() if text is not None)
    return f'"""{message}\n\n{said}\n\nRevision ID: 20261122170212\n"""\n'


def test_a_header_that_says_all_is_silent(judge) -> None:
    """The control: without it the cases below could fire for any reason."""
    assert judge(header=header()) == ()


@pytest.mark.parametrize("name", sorted(LINES))
@pytest.mark.parametrize(
    "text", [None, "", "  ", "<why this is needed>", "TODO", "tbd.", "...", "-", "<what it locks, rewrites or loses>"]
)
def test_a_line_that_says_nothing_fires(judge, name: str, text: str | None) -> None:
    """What the template wrote is not what the author thought."""
    (finding,) = judge(header=header(**{name: text}))
    assert finding.message == f"the header does not say {name}"
    assert finding.line == 1
    assert finding.fix[0] == "In the docstring of 20261122170212_add_note_to_entries.py, for add note to entries:"
    assert finding.fix[1].startswith(f"{name}: <")


@pytest.mark.parametrize("message", ["", "empty message", "TODO"])
def test_no_message_fires(judge, message: str) -> None:
    """Alembic writes "empty message" when -m was left out."""
    (finding,) = judge(header=header(message))
    assert finding.message == "the header does not say a message"


def test_no_docstring_fires_once_for_all(judge) -> None:
    """One finding a file: four would say the same thing four times."""
    (finding,) = judge(header="")
    assert finding.message == "the header does not say a message, Intent, Risk and Rollback"


def test_a_line_may_go_on(judge) -> None:
    """A risk that takes two lines to say is what the header is for."""
    assert judge(header=header(Risk="\n  builds an index,\n  which takes an hour.")) == ()


def test_a_merge_of_two_branches_needs_a_message_only(judge) -> None:
    """It changes nothing, so it risks nothing."""
    top = '\nrevision = "20261122170212"\ndown_revision = ("20261120091500", "20261121080000")\n\n'
    body = "\ndef upgrade() -> None:\n    pass\n\n\ndef downgrade() -> None:\n    pass\n"
    assert judge(body, header='"""join the heads"""\n', top=top) == ()
    assert len(judge(body, header="", top=top)) == 1
