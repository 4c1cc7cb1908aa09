"""`headgate.report.terminal`: the report in full, as a person reads it: with one finding and with forty."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from rich.text import Text

from headgate import redaction
from headgate.report.evidence import TracedStatement
from headgate.report.model import Check, Finding, JudgedRevision, Report, Severity, Status
from headgate.report.terminal import print_findings, print_report

REVISION = "versions/20261122170212_add_note.py"
LONG = "ALTER TABLE entries ADD CONSTRAINT entries_note_fkey FOREIGN KEY (note) REFERENCES notes (id) ON DELETE CASCADE"

ERROR = Finding(
    rule="downgrade-fails",
    severity=Severity.ERROR,
    message="revision 20261122170212 does not downgrade",
    path=REVISION,
    line=3,
    revision="20261122170212",
    seen=("PostgreSQL 18.4: 42704, index [bold]ix[/bold] does not exist", f"statement: {LONG}"),
    fix=("correct the statement;", "the scratch database is gone"),
)
WARNING = Finding("multiple-bases", Severity.WARNING, "the history has 2 roots", fix=("join them",))
ADVICE = Finding("revision-header", Severity.ADVICE, "the header says little", path="gone.py", line=7)
ALLOWED = Finding("sql-from-fstring", Severity.ERROR, "not shown", consent="the name is a constant")

REPORT = Report(
    (
        Check("heads", Status.PASSED, "one head, 20261122170212; 1,412 revisions", (WARNING, ADVICE)),
        Check("upgrade", Status.FAILED, "the history does not reach its head", (ERROR,), 1.26),
        Check("rollback", Status.NOT_RUN, "not proved", (ALLOWED,), 0.04),
    ),
    server="PostgreSQL 18.4",
    history=1412,
    revisions=(JudgedRevision("20261122170212", REVISION), JudgedRevision("20261122170213", "b.py")),
    seconds=2.04,
)
GOLDEN = f"""\
warning[multiple-bases]: the history has 2 roots
   fix  join them

advice[revision-header]: the header says little
  gone.py:7

error[downgrade-fails]: revision 20261122170212 does not downgrade
  {REVISION}:3
    3 │     op.drop_index("ix")  # ü
      │     PostgreSQL 18.4: 42704, index [bold]ix[/bold] does not exist
      │     statement: {LONG}
   fix  correct the statement;
        the scratch database is gone

ok      heads     one head, 20261122170212; 1,412 revisions
failed  upgrade   the history does not reach its head  1.3 s
not run rollback  not proved

2 new revisions: 1 error, 1 warning, 1 advice.  1 allowed by consent.  History of 1,410 revisions: run, not judged.  \
PostgreSQL 18.4.  2.0 s
"""

# One finding that headgate can repair, as the first minute should look like.
ENTRIES = "versions/20261122170213_index_entries.py"
CODE = """\
def upgrade() -> None:
    op.create_index("ix_entries_user_created_at", "entries", ["user_id", "created_at"])
    op.create_foreign_key(
        "fk_entries_user_id",
        "entries",
        "users",
        ["user_id"],
        ["id"],
    )
"""
INDEX = Finding(
    rule="index-not-concurrent",
    severity=Severity.ERROR,
    message="writers on entries wait while the index is built",
    path=ENTRIES,
    line=2,
    revision="20261122170213",
    seen=(
        "seen on PostgreSQL 18.4: SHARE on entries, 10,000 of 10,000 rows read under it",
        "blocks INSERT, UPDATE, DELETE; grows with the table",
    ),
    fix=("build it concurrently",),
    fixable=True,
    diff=(
        '-    op.create_index("ix_entries_user_created_at", "entries", ["user_id", "created_at"])',
        "+    with op.get_context().autocommit_block():",
        '+        op.create_index("ix_entries_user_created_at", "entries", ["user_id", "created_at"],',
        "+                        postgresql_concurrently=True)",
        "     # the end",
    ),
)
QUERY = "SELECT count(*) FROM entries e WHERE NOT EXISTS (SELECT FROM users u WHERE u.id = e.user_id)"
ORPHANS = Finding(
    rule="foreign-key-on-orphans",
    severity=Severity.WARNING,
    message="the foreign key fails when a row of entries names a user that is not there",
    path=ENTRIES,
    line=3,
    seen=("PostgreSQL 18.4: 23503, Key (user_id)=(7) is not present in table users",),
    fix=("this must return 0 before the upgrade:", QUERY),
    kind="precondition",
)
STATEMENT = TracedStatement("20261122170213", "up", 1, "CREATE INDEX …", ENTRIES, 2, "upgrade", 1)
ONE = Report(
    (Check("rules", Status.FAILED, "1 statement", (INDEX, ORPHANS)),),
    history=413,
    revisions=(JudgedRevision("20261122170213", ENTRIES, {"entries": 1000}, {"tags": "its two columns contradict"}),),
    seconds=1.04,
    statements=(STATEMENT,),
    rules=41,
)
NEW = JudgedRevision("1", "1.py")
CONSENTABLE = {"index-not-concurrent", "downgrade-missing"}
GOLDEN_ONE = f"""\
error[index-not-concurrent]: writers on entries wait while the index is built
  {ENTRIES}:2
    2 │     op.create_index("ix_entries_user_created_at", "entries", ["user_id", "created_at"])
      │     seen on PostgreSQL 18.4: SHARE on entries, 10,000 of 10,000 rows
      │       read under it
      │     blocks INSERT, UPDATE, DELETE; grows with the table
   fix  inv migrate.review --fix
      - op.create_index("ix_entries_user_created_at", "entries", ["user_id", "created_at"])
      + with op.get_context().autocommit_block():
      +     op.create_index("ix_entries_user_created_at", "entries", ["user_id", "created_at"],
      +                     postgresql_concurrently=True)
        # the end
   or   # headgate: allow index-not-concurrent because <reason>

warning[precondition]: the foreign key fails when a row of entries names a user
  that is not there
  {ENTRIES}:3  foreign-key-on-orphans
    3 │     op.create_foreign_key(
    4 │         "fk_entries_user_id",
    5 │         "entries",
    6 │         "users",
      │     … 3 more lines
      │     PostgreSQL 18.4: 23503, Key (user_id)=(7) is not present in table
      │       users
   fix  this must return 0 before the upgrade:
        {QUERY}

not rehearsed: tags has no rows, its two columns contradict

1 new revision, 1 statement, 41 rules: 1 error (fixable), 1 precondition.
History of 412 revisions: not judged.  1.0 s
"""

# Forty: more than anybody reads.
MANY = tuple(
    Finding("downgrade-missing", Severity.ERROR, f"revision {n} has no downgrade", f"versions/{n}.py", 9, str(n))
    for n in range(30)
)
FEW = tuple(Finding("foreign-key-without-index", Severity.ADVICE, f"advice {n}", "b.py", n) for n in range(1, 10))
FORTY = Report((Check("names", Status.FAILED, "30 revisions", (*MANY, *FEW, INDEX)),), history=30)
UNWRAPPED = GOLDEN_ONE.partition("warning[")[0].replace("rows\n      │       read", "rows read")
GOLDEN_FORTY = f"""\
error[downgrade-missing]: revision 0 has no downgrade
  versions/0.py:9
   or   # headgate: allow downgrade-missing because <reason>

error[downgrade-missing]: revision 1 has no downgrade
  versions/1.py:9
   or   # headgate: allow downgrade-missing because <reason>

error[downgrade-missing]: revision 2 has no downgrade
  versions/2.py:9
   or   # headgate: allow downgrade-missing because <reason>

… and 27 more of downgrade-missing in 27 files: --json lists all

{UNWRAPPED}\
no new revision: 31 errors (1 fixable), 9 advice (--advice tells it).  \
History of 30 revisions: not judged.  0.0 s
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """With the revision that the error is about."""
    (tmp_path / REVISION).parent.mkdir()
    (tmp_path / REVISION).write_text('x = 1\n\n    op.drop_index("ix")  # ü\n', encoding="utf-8")
    (tmp_path / ENTRIES).write_text(CODE)
    return tmp_path


def _console(output: io.StringIO, *, columns: int = 80, colour: bool = False, terminal: bool = False) -> Console:
    return Console(
        file=output,
        width=columns,
        force_terminal=colour or terminal,
        color_system="standard" if colour else None,
        markup=False,
        emoji=False,
    )


def _printed(report: Report, root: Path, *, advice: bool = False, steps: bool = True, **options: Any) -> str:
    output = io.StringIO()
    console = _console(output, **options)
    print_report(console, report, root, consentable=CONSENTABLE, advice=advice, steps=steps)
    return output.getvalue()


def test_the_report_in_full(root: Path) -> None:
    """80 columns and no terminal: nothing is coloured, nothing wrapped, nothing taken for markup."""
    assert _printed(REPORT, root) == GOLDEN


def test_one_finding_on_a_terminal_of_80_columns(root: Path) -> None:
    """Prose is wrapped under its beginning; what somebody will copy (code, a path, a query, a repair) never is."""
    assert _printed(ONE, root, terminal=True, steps=False) == GOLDEN_ONE


@pytest.mark.parametrize(("columns", "longest"), [(60, 60), (100, 100), (300, 100)])
def test_prose_fits_the_terminal_and_stays_readable_on_a_wide_one(root: Path, columns: int, longest: int) -> None:
    """Past a hundred columns an eye does not find the next line."""
    words = Finding("r", Severity.ERROR, "word " * 60, seen=("word " * 60,), fix=("word " * 60,))
    shown = _printed(Report((Check("x", Status.FAILED, "y", (words,)),)), root, terminal=True, columns=columns)

    assert longest - 6 < max(len(line) for line in shown.splitlines()) <= longest


def test_forty_findings_are_told_by_their_first_three(root: Path) -> None:
    """Whoever sees a screen full of one rule has understood it; the other finding must not drown in it."""
    assert _printed(FORTY, root, steps=False) == GOLDEN_FORTY


def test_ten_of_one_rule_are_all_told(root: Path) -> None:
    """Ten can be worked through, one after the other."""
    report = Report((Check("names", Status.FAILED, "x", MANY[:10]),))

    assert _printed(report, root).count("error[downgrade-missing]") == 10


def test_a_precondition_of_no_rule_of_its_own_says_so_once(root: Path) -> None:
    """The label names it already."""
    plain = replace(ORPHANS, rule="precondition")
    shown = _printed(Report((Check("x", Status.PASSED, "y", (plain,)),)), root)

    assert f"\n  {ENTRIES}:3\n" in shown


def test_much_advice_is_told_on_request(root: Path) -> None:
    """Advice that is always there is read by nobody; up to three it is no burden."""
    assert "advice 9" in _printed(FORTY, root, advice=True)
    assert "(--advice tells it)" not in _printed(FORTY, root, advice=True)
    few = Report((Check("names", Status.PASSED, "x", FEW[:3]),))
    assert _printed(few, root).count("advice[") == 3
    assert _printed(few, root).splitlines()[-1] == "no new revision: 3 advice.  0.0 s"


def test_a_step_that_could_not_run_is_told_in_any_case(root: Path) -> None:
    """Silence would read as a pass."""
    shown = _printed(REPORT, root, steps=False)

    assert "not run rollback  not proved\n" in shown
    assert "ok      heads" not in shown


def test_the_hook_tells_findings_and_counts_much_advice(root: Path) -> None:
    """It has no closing line."""
    output = io.StringIO()
    print_findings(_console(output), (*FEW, MANY[0]), root, consentable=CONSENTABLE)

    assert output.getvalue() == (
        "error[downgrade-missing]: revision 0 has no downgrade\n  versions/0.py:9\n"
        "   or   # headgate: allow downgrade-missing because <reason>\n\n"
        "9 advice: inv migrate.review --advice\n\n"
    )


def test_a_terminal_is_coloured(root: Path) -> None:
    """The same words, and what matters stands out: severity, place, repair, status."""
    shown = _printed(REPORT, root, colour=True, columns=100)

    for coloured in (
        "\x1b[1;31merror[downgrade-fails]\x1b[0m: revision",
        "\x1b[1;33mwarning[multiple-bases]\x1b[0m",
        "\x1b[1;36madvice[revision-header]\x1b[0m",
        f"\x1b[1m  {REVISION}:3\x1b[0m",
        "\x1b[32m   fix  correct the statement;\x1b[0m",
        "\x1b[32mok      \x1b[0mheads",
        "\x1b[1;31mfailed  \x1b[0mupgrade",
        "\x1b[33mnot run \x1b[0mrollback",
    ):
        assert coloured in shown
    assert Text.from_ansi(shown).plain.split() == GOLDEN.split()


def test_colour_changes_no_word_and_no_place(root: Path) -> None:
    """What a person copies from a coloured terminal is what stands in a log, the repair's plus and minus included."""
    coloured = _printed(ONE, root, colour=True, steps=False)

    assert Text.from_ansi(coloured).plain.rstrip() == GOLDEN_ONE.rstrip()
    assert "\x1b[31m      - op.create_index(" in coloured
    assert "\x1b[32m      + with op.get_context()" in coloured


def test_what_a_server_says_cannot_command_the_terminal(root: Path) -> None:
    """A name in a database may hold an escape character, and a message several lines."""
    finding = Finding("r", Severity.ERROR, "no \x1b[2J such\nname", seen=("one\ntwo",))

    shown = _printed(Report((Check("x", Status.FAILED, "y", (finding,)),)), root)

    assert shown.startswith("error[r]: no ␛[2J such\n  name\n      │ one\n      │   two\n")


def test_a_password_in_a_finding_is_hidden(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A statement may hold one; the colours around it must not break on the shorter text."""
    monkeypatch.setattr(redaction, "_secrets", set())
    redaction.remember("postgresql://amy:a-very-long-password-of-forty-characters@db/app")
    finding = Finding("upgrade-fails", Severity.ERROR, "PASSWORD 'a-very-long-password-of-forty-characters' refused")

    shown = _printed(Report((Check("x", Status.FAILED, "y", (finding,)),)), root, colour=True)

    assert "PASSWORD '***' refused" in shown


@pytest.mark.parametrize(
    ("report", "closing"),
    [
        (Report(()), "no new revision: nothing to fix.  0.0 s"),
        (Report((), history=1, revisions=(NEW,)), "1 new revision: nothing to fix.  0.0 s"),
        (
            Report((), history=2, revisions=(NEW,)),
            "1 new revision: nothing to fix.  History of 1 revision: not judged.  0.0 s",
        ),
        (
            Report((), revisions=(NEW, NEW), statements=(STATEMENT, replace(STATEMENT, direction="down")), rules=41),
            "2 new revisions, 1 statement, 41 rules: nothing to fix.  0.0 s",
        ),
        (
            Report((Check("x", Status.PASSED, "y", (WARNING, WARNING, ADVICE, ADVICE)),)),
            "no new revision: 2 warnings, 2 advice.  0.0 s",
        ),
        (
            Report((Check("x", Status.FAILED, "y", (INDEX, ERROR, INDEX, ORPHANS, ORPHANS)),)),
            "no new revision: 3 errors (2 fixable), 2 preconditions.  0.0 s",
        ),
    ],
)
def test_the_closing_line_counts(root: Path, report: Report, closing: str) -> None:
    """What was run is only claimed where a server ran it."""
    assert _printed(report, root).splitlines()[-1] == closing


def test_a_line_that_the_file_no_longer_has_is_left_out(root: Path) -> None:
    """Somebody may have edited it while the gate ran."""
    finding = Finding("x", Severity.ERROR, "m", path=REVISION, line=99)

    assert f"  {REVISION}:99\n\n" in _printed(Report((Check("x", Status.FAILED, "y", (finding,)),)), root)
