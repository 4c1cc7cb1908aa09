"""The rule edited-after-merge."""

from __future__ import annotations

import pytest

MERGED = '''"""add note to entries"""

import sqlalchemy as sa
from alembic import op

revision = "20261122170212"
down_revision = "20261120091500"


def upgrade() -> None:
    """Upgrade schema."""
    op.add_column("entries", sa.Column("note", sa.Text()))
    with op.get_context().autocommit_block():
        op.create_index("ix_note", "entries", ["note"])


def downgrade() -> None:
    op.drop_column("entries", "note")
'''


def edited(judge, source: str):  # type: ignore[no-untyped-def]
    return judge(source, header="", top="", merged=MERGED)


@pytest.mark.parametrize(
    "source",
    [
        MERGED,
        MERGED.replace("    op.add_column", "    # nullable: old rows have none\n    op.add_column"),
        MERGED.replace('"""add note to entries"""', '"""Add the note.\n\nRisk: none.\n"""'),
        MERGED.replace('    """Upgrade schema."""\n', ""),
        MERGED.replace('"entries", sa.Column', "\n        'entries',\n        sa.Column"),
    ],
    ids=["same", "comment", "docstring", "function docstring", "layout and quotes"],
)
def test_what_changes_no_code_is_silent(judge, source: str) -> None:
    """A comment added later, or a formatter, changes no database."""
    assert edited(judge, source) == ()


def test_a_file_that_is_not_merged_is_silent(judge) -> None:
    """A new revision may be edited as long as its author wants."""
    assert judge(MERGED, header="", top="", merged=None) == ()


@pytest.mark.parametrize(
    ("before", "after", "line", "was", "now"),
    [
        (
            'sa.Column("note", sa.Text())',
            'sa.Column("note", sa.String())',
            12,
            'op.add_column("entries", sa.Column("note", sa.Text()))',
            'op.add_column("entries", sa.Column("note", sa.String()))',
        ),
        (
            '["note"]',
            '["note", "id"]',
            14,
            'op.create_index("ix_note", "entries", ["note"])',
            'op.create_index("ix_note", "entries", ["note", "id"])',
        ),
        (
            '\n\ndef downgrade() -> None:\n    op.drop_column("entries", "note")\n',
            "",
            14,
            "def downgrade() -> None:",
            "nothing",
        ),
        (
            '"20261120091500"',
            '"20261121080000"',
            7,
            'down_revision = "20261120091500"',
            'down_revision = "20261121080000"',
        ),
        (
            '    op.drop_column("entries", "note")\n',
            '    op.drop_column("entries", "note")\n    op.execute("SELECT 1")\n',
            19,
            "nothing",
            'op.execute("SELECT 1")',
        ),
        (
            "autocommit_block()",
            "begin()",
            13,
            "with op.get_context().autocommit_block():",
            "with op.get_context().begin():",
        ),
    ],
    ids=["changed", "nested", "removed", "parent", "added", "header of a block"],
)
def test_the_finding_shows_the_first_line_that_differs(
    judge, before: str, after: str, line: int, was: str, now: str
) -> None:
    """A reviewer must see at once what moved: the line as merged, and as it is."""
    (finding,) = edited(judge, MERGED.replace(before, after))
    assert (finding.line, finding.seen) == (line, (f"merged: {was}", f"now: {now}"))


def test_the_fix_puts_the_merged_text_back(judge) -> None:
    """The user's own two lines, the wrong one out and the merged one in."""
    (finding,) = edited(judge, MERGED.replace("sa.Text", "sa.String"))
    assert finding.fix == (
        "Put back what was merged, and make the change in a revision of its own:",
        '- op.add_column("entries", sa.Column("note", sa.String()))',
        '+ op.add_column("entries", sa.Column("note", sa.Text()))',
    )


def test_a_merged_file_that_was_no_python_is_silent(judge) -> None:
    """What could not be parsed has run on no database."""
    assert judge(MERGED, header="", top="", merged="def upgrade(:\n") == ()


def test_a_precondition_may_be_written_down_later(judge) -> None:
    """It is asked before the revision runs, where it has not run yet, and changes nothing where it has."""
    declared = MERGED.replace(
        "\n\n\ndef upgrade", '\n\npreconditions = {"no entry": "SELECT count(*) FROM entries"}\n\n\ndef upgrade', 1
    )
    assert declared != MERGED
    assert edited(judge, declared) == ()
