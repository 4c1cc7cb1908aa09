"""The rule downgrade-missing."""

from __future__ import annotations

import pytest

UPGRADE = """
def upgrade() -> None:
    op.create_table("tags", sa.Column("id", sa.Integer()))
    op.add_column("entries", sa.Column("note", sa.Text()))
    with op.get_context().autocommit_block():
        op.create_index("ix_entries_note", "entries", ["note"], postgresql_concurrently=True)
    op.create_check_constraint("ck_note", "entries", "note <> ''")
    op.alter_column("entries", "body", new_column_name="text")
    op.execute("UPDATE entries SET note = title")
"""
IRREVERSIBLE = '''"""drop note of entries

Intent: nobody reads them.
Risk: the remarks are lost.
Rollback: {}
"""
'''


@pytest.mark.parametrize(
    "body", ["pass", "...", '"""Downgrade schema."""', "return", "return None", '"""Nothing."""\n    pass']
)
def test_a_body_that_does_nothing_fires(judge, body: str) -> None:
    """Each is a way to write that nothing happens; Alembic then reports a rollback that was none."""
    (finding,) = judge(f"{UPGRADE}\n\ndef downgrade() -> None:\n    {body}\n")
    assert finding.message == "downgrade() does nothing, so a rollback leaves the schema as it is"


def test_no_function_fires_at_the_upgrade(judge) -> None:
    """There is no line of the downgrade to point at."""
    (finding,) = judge(UPGRADE)
    assert finding.message == "there is no downgrade()"
    assert finding.line is not None


def test_only_raising_fires_and_keeps_the_reason(judge) -> None:
    """The reason that stands in the code is the one that belongs in the header."""
    (finding,) = judge(f'{UPGRADE}\n\ndef downgrade() -> None:\n    raise RuntimeError("the old text is gone")\n')
    assert finding.message.startswith("downgrade() only raises")
    assert finding.fix[-1] == "Rollback: irreversible, the old text is gone"


def test_the_fix_undoes_the_users_own_operations_in_reverse(judge) -> None:
    """A fix that the author can paste, and that names what it cannot write."""
    (finding,) = judge(UPGRADE)
    assert finding.fix == (
        "def downgrade() -> None:",
        "    # undo: op.execute('UPDATE entries SET note = title')",
        '    op.alter_column("entries", "text", new_column_name="body")',
        '    op.drop_constraint("ck_note", "entries", type_="check")',
        '    op.drop_index("ix_entries_note", table_name="entries")',
        '    op.drop_column("entries", "note")',
        '    op.drop_table("tags")',
        "or, in the docstring, if nothing brings it back:",
        "Rollback: irreversible, <why>",
    )


@pytest.mark.parametrize("body", ["pass", 'raise NotImplementedError("the remarks are gone")'])
@pytest.mark.parametrize("rollback", ["irreversible, the remarks are gone.", "Irreversible: they are gone"])
def test_a_header_that_says_why_is_silent(judge, body: str, rollback: str) -> None:
    """The header is what an operator reads before the deployment."""
    code = f"{UPGRADE}\n\ndef downgrade() -> None:\n    {body}\n"
    assert judge(code, header=IRREVERSIBLE.format(rollback)) == ()


@pytest.mark.parametrize("rollback", ["irreversible", "irreversible.", "irreversible, <why>", "not irreversible"])
def test_irreversible_without_a_reason_fires(judge, rollback: str) -> None:
    """No reason, no consent."""
    code = f"{UPGRADE}\n\ndef downgrade() -> None:\n    pass\n"
    assert len(judge(code, header=IRREVERSIBLE.format(rollback))) == 1


@pytest.mark.parametrize(
    "code",
    [
        "\ndef upgrade() -> None:\n    pass\n",
        f"{UPGRADE}\n\ndef downgrade() -> None:\n    op.drop_table('tags')\n",
        f"from backend.down import downgrade\n{UPGRADE}",
        f"{UPGRADE}\ndowngrade = upgrade\n",
        f"{UPGRADE}\n\ndef downgrade() -> None:\n    if op.get_context().as_sql:\n        raise RuntimeError\n",
    ],
)
def test_what_changes_nothing_or_undoes_something_is_silent(judge, code: str) -> None:
    """An empty revision, a real downgrade, and one that is defined elsewhere and so cannot be read here."""
    assert judge(code) == ()
