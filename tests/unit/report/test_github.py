"""`headgate.report.github`: annotations and the summary of a job."""

from __future__ import annotations

from pathlib import Path

import pytest

from headgate import redaction
from headgate.report import github
from headgate.report.model import Check, Finding, JudgedRevision, Report, Severity, Status

ODD = Finding(
    rule="upgrade-fails",
    severity=Severity.ERROR,
    message="100% of a|b\nfails: `x`, <b>",
    path="versions/a,b:c.py",
    line=3,
    seen=("PostgreSQL 18.4: 42704",),
    fix=("correct it;", "then run it again"),
)
ORPHANS = Finding("foreign-key-on-orphans", Severity.WARNING, "orphans", "b.py", 7, kind="precondition")
ADVICE = Finding("int-key", Severity.ADVICE, "use bigint")
ALLOWED = Finding("sql-from-fstring", Severity.ERROR, "not told", "c.py", 1, consent="a constant")
REPORT = Report(
    (
        Check("names", Status.PASSED, "1 new revision", (ADVICE, ORPHANS)),
        Check("upgrade", Status.FAILED, "the history does not reach its head", (ODD, ALLOWED)),
        Check("rollback", Status.NOT_RUN, "not proved"),
    ),
    server="PostgreSQL 18.4",
    history=3,
    revisions=(JudgedRevision("1", "1.py", {}, {"tags": "its columns contradict"}),),
    seconds=2.0,
)


def test_only_a_job_of_github_is_told() -> None:
    """Its commands would be noise elsewhere."""
    assert github.is_running({"GITHUB_ACTIONS": "true"})
    assert not github.is_running({"CI": "true"})


def test_each_finding_is_a_command_the_gravest_first() -> None:
    """GitHub takes the comma, the colon, the percent sign and the line end for its own, each in its place."""
    assert list(github.commands(REPORT, prefix="shop/")) == [
        "::error title=error[upgrade-fails],file=shop/versions/a%2Cb%3Ac.py,line=3"
        "::100%25 of a|b%0Afails: `x`, <b>%0APostgreSQL 18.4: 42704%0Afix: correct it;%0Athen run it again",
        "::warning title=warning[precondition],file=shop/b.py,line=7::orphans",
        "::notice title=advice[int-key]::use bigint",
    ]


def test_no_more_commands_are_given_than_github_keeps() -> None:
    """It drops the rest without a word; the summary has them."""
    many = tuple(Finding("r", severity, str(n)) for n in range(30) for severity in Severity)

    commands = list(github.commands(Report((Check("x", Status.FAILED, "y", many),))))

    assert [command.partition(" ")[0] for command in commands] == ["::error"] * 10 + ["::warning"] * 10 + [
        "::notice"
    ] * 10


def test_the_summary_in_full() -> None:
    """Nothing in a message is taken for Markdown, and a table stays a table."""
    assert github.summary(REPORT) == (
        "### headgate: 1 error, 1 advice, 1 precondition\n\n"
        "|  | Check | Shown |\n"
        "|---|---|---|\n"
        "| ✅ | names | 1 new revision |\n"
        "| ❌ | upgrade | the history does not reach its head |\n"
        "| ⚠️ | rollback | not proved |\n\n"
        "| Finding | Where | What |\n"
        "|---|---|---|\n"
        "| `advice[int-key]` |  | use bigint |\n"
        "| `warning[precondition]` | `b.py:7` | orphans |\n"
        "| `error[upgrade-fails]` | `versions/a,b:c.py:3` | 100% of a\\|b fails: \\`x\\`, \\<b\\> |\n\n"
        "not rehearsed: tags has no rows, its columns contradict\n\n"
        "1 new revision: 1 error, 1 advice, 1 precondition. 1 allowed by consent. "
        "History of 2 revisions: run, not judged. PostgreSQL 18.4. 2.0 s\n\n"
    )


def test_a_summary_of_thousands_is_one_that_github_takes() -> None:
    """It refuses more than a mebibyte, and then shows nothing."""
    many = tuple(Finding("r", Severity.ERROR, "m" * 1000, "p" * 200, 1) for _ in range(5000))

    shown = github.summary(Report((Check("x", Status.FAILED, "y", many),)))

    assert len(shown.encode()) < 2**20
    assert "… and 4,800 more." in shown


def test_the_summary_is_added_without_a_password(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Other steps have written to the file; everybody who sees the job reads it."""
    monkeypatch.setattr(redaction, "_secrets", set())
    redaction.remember("postgresql://amy:tiger@db/app")
    (tmp_path / "summary.md").write_text("before\n")
    finding = Finding("r", Severity.ERROR, "tiger is refused")

    github.append_summary(tmp_path / "summary.md", Report((Check("x", Status.FAILED, "y", (finding,)),)))

    text = (tmp_path / "summary.md").read_text(encoding="utf-8")
    assert text.startswith("before\n### headgate: 1 error")
    assert "tiger" not in text


def test_a_summary_that_cannot_be_written_costs_nothing(tmp_path: Path) -> None:
    """The result stands in the log and in the exit code."""
    github.append_summary(tmp_path / "gone" / "summary.md", REPORT)

    assert not (tmp_path / "gone").exists()
