"""`headgate.report.terminal`: the report in full, as a person reads it."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console
from rich.text import Text

from headgate import redaction
from headgate.report.model import Check, Finding, Report, Severity, Status
from headgate.report.terminal import print_report

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
    revisions=("20261122170212", "20261122170213"),
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
      │ PostgreSQL 18.4: 42704, index [bold]ix[/bold] does not exist
      │ statement: {LONG}
   fix  correct the statement;
        the scratch database is gone

ok      heads     one head, 20261122170212; 1,412 revisions
failed  upgrade   the history does not reach its head  1.3 s
not run rollback  not proved

2 new revisions: 1 error, 1 warning, 1 advice.  1 allowed by consent.  1,410 earlier revisions: run, not judged.  \
PostgreSQL 18.4.  2.0 s
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """With the revision that the error is about."""
    (tmp_path / REVISION).parent.mkdir()
    (tmp_path / REVISION).write_text('x = 1\n\n    op.drop_index("ix")  # ü\n', encoding="utf-8")
    return tmp_path


def _printed(report: Report, root: Path, **options: object) -> str:
    output = io.StringIO()
    print_report(Console(file=output, width=80, markup=False, emoji=False, **options), report, root)  # type: ignore[arg-type]
    return output.getvalue()


def test_the_report_in_full(root: Path) -> None:
    """80 columns and no terminal: nothing is coloured, nothing wrapped, nothing taken for markup."""
    assert _printed(REPORT, root) == GOLDEN


def test_a_terminal_is_coloured(root: Path) -> None:
    """The same words, and what matters stands out: severity, place, repair, status."""
    shown = _printed(REPORT, root, force_terminal=True, color_system="standard")

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
    assert Text.from_ansi(shown).plain.rstrip() == GOLDEN.rstrip()


def test_a_password_in_a_finding_is_hidden(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A statement may hold one; the colours around it must not break on the shorter text."""
    monkeypatch.setattr(redaction, "_secrets", set())
    redaction.remember("postgresql://amy:a-very-long-password-of-forty-characters@db/app")
    finding = Finding("upgrade-fails", Severity.ERROR, "PASSWORD 'a-very-long-password-of-forty-characters' refused")

    shown = _printed(Report((Check("x", Status.FAILED, "y", (finding,)),)), root, force_terminal=True)

    assert "PASSWORD '***' refused" in shown


@pytest.mark.parametrize(
    ("report", "closing"),
    [
        (Report(()), "0 new revisions: nothing to fix.  0.0 s"),
        (Report((), history=1, revisions=("a",)), "1 new revision: nothing to fix.  0.0 s"),
        (
            Report((), history=2, revisions=("a",)),
            "1 new revision: nothing to fix.  1 earlier revision: not judged.  0.0 s",
        ),
        (
            Report((Check("x", Status.PASSED, "y", (WARNING, WARNING, ADVICE, ADVICE)),)),
            "0 new revisions: 2 warnings, 2 advice.  0.0 s",
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
