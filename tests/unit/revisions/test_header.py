"""The header: whatever the message holds, the file stays valid and the message comes back."""

from __future__ import annotations

import ast

import pytest

from headgate.revisions.header import PLACEHOLDERS, Header, escaped, is_filled, parse, render, with_docstring

FULL = Header("add note", "editors leave a remark.", "none.", "drops entries.note.")
TRICKY = [
    'say "note"',
    '"""',
    '""""',
    'ends in "',
    'ends in """',
    "a \\ back\\slash \\n \\N{BULLET} \\",
    '\\"""',
    "'''",
    "${x} {y} %(z)s %%",
    "🎉 l'école",
    '"""\nimport os; os.system("x")\n"""'.replace("\n", " "),
    "x" * 300,
    "many words " * 40,
]


def rendered(header: Header) -> str:
    return render(header, revision_id="20261122170212", revises=("20261120091500",), created="2026-11-22 17:02:12")


def test_a_header_reads_as_the_convention_says() -> None:
    """Golden: what a reviewer sees at the top of the file."""
    assert rendered(FULL) == (
        '"""add note\n'
        "\n"
        "Intent: editors leave a remark.\n"
        "Risk: none.\n"
        "Rollback: drops entries.note.\n"
        "\n"
        "Revision ID: 20261122170212\n"
        "Revises: 20261120091500\n"
        "Create Date: 2026-11-22 17:02:12\n"
        '"""'
    )


@pytest.mark.parametrize("text", TRICKY)
def test_no_text_breaks_out_of_the_docstring(text: str) -> None:
    """A message is data: it may not end the docstring, and is read back as it was typed."""
    text = " ".join(text.split())
    source = f"{rendered(Header(text, text, text, text))}\n\nx = 1\n"
    tree = ast.parse(source)
    assert [type(node) for node in tree.body] == [ast.Expr, ast.Assign]
    read = parse(ast.get_docstring(tree) or "")
    assert (read.message, read.intent, read.risk, read.rollback) == (text,) * 4


@pytest.mark.parametrize("text", [*TRICKY, "two\nlines\n", '"', "\\"])
def test_escaped_text_reads_back(text: str) -> None:
    """Alembic's template writes the message between its own quotes, and so needs the text alone."""
    assert ast.literal_eval(f'"""{escaped(text)}"""') == text
    assert ast.literal_eval(f'"""{escaped(text)}\n\nRevision ID: 1\n"""') == f"{text}\n\nRevision ID: 1\n"


def test_long_texts_are_wrapped() -> None:
    """The file must pass a line length of 120."""
    text = rendered(Header("many words " * 40, "why " * 100, "", ""))
    assert max(map(len, text.splitlines())) <= 120


def test_what_is_not_known_is_a_placeholder_that_counts_as_missing() -> None:
    """The rule must flag what nobody has filled in."""
    read = parse(ast.literal_eval(rendered(Header("add note", risk="none."))))
    assert read.missing == ("Intent", "Rollback")
    assert (read.intent, read.rollback) == (PLACEHOLDERS["Intent"], PLACEHOLDERS["Rollback"])


def test_other_lines_of_the_docstring_are_kept() -> None:
    """A project's template may say more than Alembic's."""
    read = parse("add note\n\nTicket: HG-12\n\nRevision ID: 1\nRevises: \nCreate Date: x\n")
    assert read.rest == ("Ticket: HG-12",)
    assert "Ticket: HG-12" in rendered(read).splitlines()


@pytest.mark.parametrize(
    ("rollback", "why"),
    [
        ("irreversible, the rows are gone", "the rows are gone"),
        ("Irreversible: the rows are gone.", "the rows are gone."),
        ("irreversible – the rows are gone", "the rows are gone"),
        ("irreversible", None),
        ("irreversible, <why>", None),
        ("irreversible.", None),
        ("not irreversible, really", None),
        ("drops entries.note", None),
    ],
)
def test_irreversible_needs_a_reason(rollback: str, why: str | None) -> None:
    """It switches the rollback proof off, so it is a consent, and a consent has a reason."""
    assert parse(f"x\n\nRollback: {rollback}\n").irreversible == why


@pytest.mark.parametrize("text", ["none", "0", "é", "see <entries> below", "TODO list of an entry is kept"])
def test_a_text_that_somebody_wrote_is_filled(text: str) -> None:
    """Short is fine."""
    assert is_filled(text)


@pytest.mark.parametrize(
    "source",
    [
        '"""old"""\nx = 1\n',
        "'''old\nlines é 🎉\n'''\nx = 1\n",
        "# -*- coding: utf-8 -*-\n\"old\" 'more é'; x = 1\n",
        '("""old"""\n)\nx = 1\n',
        "x = 1\n",
        "",
    ],
)
def test_the_docstring_is_replaced_and_nothing_else(source: str) -> None:
    """The rest of the file is the project's, byte for byte."""
    after = with_docstring(source, '"""new é"""')
    assert ast.get_docstring(ast.parse(after)) == "new é"
    assert [ast.dump(node) for node in ast.parse(after).body if not isinstance(node, ast.Expr)] == [
        ast.dump(node) for node in ast.parse(source).body if not isinstance(node, ast.Expr)
    ]
    assert ("# -*- coding" in after) == ("# -*- coding" in source)
    assert "old" not in after
