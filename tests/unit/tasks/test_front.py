"""`headgate.tasks.front`: however a task ends, it ends with one of the four codes and says why."""

from __future__ import annotations

import io
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from invoke.context import Context
from invoke.exceptions import Exit as Ended
from rich.text import Text

from headgate import redaction
from headgate.errors import Exit, HeadgateError
from headgate.report.model import Check, Finding, Report, Severity, Status
from headgate.tasks import front
from tests.projects import make_project

PASSED = Report((Check("heads", Status.PASSED, "one head", seconds=0.1),), seconds=0.1)
FAILED = Report((Check("x", Status.FAILED, "y", (Finding("r", Severity.ERROR, "ü"),)),))


@pytest.fixture(autouse=True)
def _signals() -> Iterator[None]:
    """A task sets handlers of its own, which are the process's."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGPIPE, signal.SIGINT)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture(autouse=True)
def _secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redaction, "_secrets", set())
    redaction.remember("postgresql://amy:tiger@db/app")


@pytest.fixture(autouse=True)
def _no_job(monkeypatch: pytest.MonkeyPatch) -> None:
    """These tests run in a job of GitHub too."""
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)


def _code(body: Callable[[Context], None]) -> int:
    """The exit code that the task ends with; 0 when it returns."""
    try:
        front.task()(body)(Context())
    except Ended as ended:
        return ended.code
    return 0


def test_a_task_that_returns_ends_with_nothing() -> None:
    """The usual case."""
    done: list[Context] = []

    assert _code(done.append) == 0
    assert len(done) == 1


def test_an_expected_failure_is_two_lines_and_its_code(capsys: pytest.CaptureFixture[str]) -> None:
    """On standard error, without the password that the message may hold."""

    def body(_: Context) -> None:
        raise HeadgateError("tiger is refused.", "Give another than tiger.", code=Exit.FINDINGS)

    assert _code(body) == 1
    assert capsys.readouterr() == ("", "error: *** is refused.\n  fix: Give another than ***.\n")


def test_a_defect_of_ours_is_a_report_to_send(capsys: pytest.CaptureFixture[str]) -> None:
    """With the versions, the task and the traceback, and without the password."""

    def broken(_: Context) -> None:
        raise RuntimeError("tiger")

    assert _code(broken) == 3
    out, err = capsys.readouterr()
    assert out == ""
    lines = err.splitlines()
    assert lines[0] == "error: headgate has a defect: RuntimeError: ***"
    assert lines[1].startswith("  fix: report it with the lines below (headgate ")
    assert lines[1].endswith(f", Python {sys.version.split()[0]}, task broken).")
    assert lines[3] == "Traceback (most recent call last):"
    assert "tiger" not in err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_ends_as_shells_expect(capsys: pytest.CaptureFixture[str], number: signal.Signals) -> None:
    """Ctrl-C and a CI runner's cancel leave by the same door, and can be told apart outside."""

    def body(_: Context) -> None:
        signal.raise_signal(number)

    assert _code(body) == 128 + number
    assert capsys.readouterr().err == "\nStopped. What was started for this command has been put away.\n"


def test_ctrl_c_is_heard_though_the_start_let_the_system_end_the_process() -> None:
    """`headgate` starts with the system's own handling, so that an import is not interrupted with a traceback."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)

    assert _code(lambda _: signal.raise_signal(signal.SIGINT)) == 130


def test_an_interrupt_that_a_library_raised_anew_is_ctrl_c() -> None:
    """It no longer says which signal it was."""

    def body(_: Context) -> None:
        raise KeyboardInterrupt

    assert _code(body) == 130


def test_ctrl_c_is_not_heard_in_the_background() -> None:
    """A shell has what it runs in the background ignore it: it is meant for what runs in front."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    assert _code(lambda _: signal.raise_signal(signal.SIGINT)) == 0


def test_an_end_with_a_code_is_handed_on() -> None:
    """Also Python's own, from a library."""

    def leave(_: Context) -> None:
        sys.exit(7)

    assert _code(lambda _: front.end(2)) == 2
    with pytest.raises(SystemExit):
        _code(leave)


def test_no_option_can_be_given_by_position_unless_its_task_says_so() -> None:
    """Invoke would give a required one the next word, `--help` included."""

    @front.task(help={"message": "x"}, aliases=("other",), default=True, name="named")
    def body(context: Context, message: str) -> None:
        """Say it."""

    assert body.positional == ()
    assert (body.name, body.aliases, body.is_default) == ("named", ("other",), True)
    assert body.help == {"message": "x"}


def test_a_report_ends_the_task_with_its_code(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Printed first; 0 ends nothing."""
    front.finish(PASSED, tmp_path, as_json=False)
    with pytest.raises(Ended) as caught:
        front.finish(FAILED, tmp_path, as_json=False)

    assert caught.value.code == 1
    out = capsys.readouterr().out
    assert out.startswith("ok      heads  one head  0.1 s\n\nno new revision: nothing to fix.  0.1 s\nerror[r]: ü\n")


def test_a_report_is_one_json_document(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """And nothing beside it."""
    with pytest.raises(Ended):
        front.finish(FAILED, tmp_path, as_json=True)

    assert json.loads(capsys.readouterr().out) == json.loads(json.dumps(FAILED.to_json()))


def test_a_job_of_github_gets_commands_and_a_summary(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the report, without a password, and beside a JSON document only the summary."""
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    told = Report((Check("x", Status.FAILED, "y", (Finding("r", Severity.ERROR, "tiger", path="a.py"),)),))

    with pytest.raises(Ended):
        front.finish(told, tmp_path, as_json=False)
    assert capsys.readouterr().out.endswith(" s\n::error title=error[r],file=a.py::***\n")
    with pytest.raises(Ended):
        front.finish(told, tmp_path, as_json=True)
    assert json.loads(capsys.readouterr().out)["exit"] == 1
    assert (tmp_path / "summary.md").read_text(encoding="utf-8").count("### headgate: 1 error") == 2


def test_a_sarif_file_is_written_beside_the_report(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Before the task ends with the findings' code."""
    with pytest.raises(Ended):
        front.finish(FAILED, tmp_path, as_json=True, sarif=str(tmp_path / "a.sarif"))

    (run,) = json.loads((tmp_path / "a.sarif").read_text(encoding="utf-8"))["runs"]
    assert [result["ruleId"] for result in run["results"]] == ["r"]
    assert json.loads(capsys.readouterr().out)["exit"] == 1


def test_json_holds_no_password_and_stays_readable(capsys: pytest.CaptureFixture[str]) -> None:
    """Letters as they are; what JSON does not know, as text."""
    front.print_json({"url": "postgresql://amy:tiger@db/app", "name": "ü", "path": Path("a")})

    assert capsys.readouterr().out == '{\n  "url": "postgresql://amy:***@db/app",\n  "name": "ü",\n  "path": "a"\n}\n'


def test_without_a_terminal_nobody_agrees(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pipe is no person, whatever comes out of it."""
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))

    assert front.confirm("Go on?") is False


@pytest.mark.parametrize(("typed", "agreed"), [("y", True), (" YES ", True), ("", False), ("n", False), ("yep", False)])
def test_on_a_terminal_only_a_yes_is_one(monkeypatch: pytest.MonkeyPatch, typed: str, agreed: bool) -> None:
    """Enter alone is a no."""
    ours, its = os.openpty()
    with os.fdopen(its, encoding="utf-8") as terminal:
        monkeypatch.setattr(sys, "stdin", terminal)
        os.write(ours, f"{typed}\n".encode())

        assert front.confirm("Go on?") is agreed
    os.close(ours)


def test_progress_is_silent_without_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """A CI log would hold every line of it."""
    with front.progress() as tell:
        tell("upgrading")

    assert capsys.readouterr() == ("", "")


def test_progress_is_one_line_that_goes_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut at the terminal's width, also at that of one that does not know its own, and without a password."""
    ours, its = os.openpty()
    with os.fdopen(its, "w", encoding="utf-8") as terminal:
        monkeypatch.setattr(sys, "stderr", terminal)
        with front.progress() as tell:
            tell("tiger " + "x" * 200)
        wanted = f"\r\x1b[K… *** {'x' * 73}\r\x1b[K".encode()
        seen = b""
        while len(seen) < len(wanted):  # a terminal gives what has arrived so far
            seen += os.read(ours, 4096)
    os.close(ours)

    assert seen == wanted


@pytest.mark.parametrize(
    ("variables", "coloured"),
    [({}, False), ({"FORCE_COLOR": "1"}, True), ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False)],
    ids=["a pipe", "FORCE_COLOR", "NO_COLOR"],
)
def test_only_a_terminal_is_coloured_unless_it_is_forced(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], variables: dict[str, str], coloured: bool
) -> None:
    """CI systems that show colours set FORCE_COLOR; who sets NO_COLOR wants no bold either."""
    for name in ("FORCE_COLOR", "NO_COLOR", "TTY_COMPATIBLE", "COLORTERM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    front.console().print(Text("error", style="bold red"))

    assert ("\x1b[" in capsys.readouterr().out) is coloured


def test_a_word_that_is_no_number_is_refused() -> None:
    """Invoke, left to it, answers with a traceback."""
    assert front.whole_number("-n", "3") == 3
    with pytest.raises(HeadgateError) as caught:
        front.whole_number("-n", "3.5")

    assert (caught.value.what, caught.value.fix) == (
        '-n takes a whole number, not "3.5".',
        "Give one, as in -n 1.",
    )


def test_the_project_is_the_one_of_the_callers_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From any folder inside it, with the version that the option names."""
    made = make_project(tmp_path / "p")
    monkeypatch.chdir(made.versions)

    project = front.project("16")

    assert (project.ini, project.config.postgres) == (made.ini, 16)
    with pytest.raises(HeadgateError, match="PostgreSQL latest is not a version"):
        front.project("latest")


def test_a_reader_that_has_gone_is_told_to_the_shell_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """`headgate gate | head`: what was found has not been told, so the code is not 0, and it is no defect."""
    written = SimpleNamespace(flush=lambda: None, fileno=lambda: os.open(os.devnull, os.O_WRONLY))

    def body(_: Context) -> None:
        raise BrokenPipeError

    monkeypatch.setattr(sys, "stdout", written)
    assert _code(body) == 128 + signal.SIGPIPE


def test_rows_and_seconds_are_given_for_one_call(tmp_path: Path) -> None:
    """As the settings would give them; what is not given stays as they have it."""
    found = make_project(tmp_path / "p", settings="rows = 7\ntimeout = 8").find()

    assert front.with_limits(found, None, None) is found
    limited = front.with_limits(found, "50", "5").config
    assert (limited.rows, limited.timeout) == (50, 5)
    assert front.with_limits(found, None, "5").config.rows == 7


@pytest.mark.parametrize(
    ("rows", "timeout", "what"),
    [
        ("many", None, '--rows takes a whole number, not "many".'),
        ("0", None, "--rows 0 is not between 1 and 1,000,000."),
        ("1000001", None, "--rows 1000001 is not between 1 and 1,000,000."),
        (None, "0", "--timeout 0 is not between 1 and 86,400."),
        (None, "1.5", '--timeout takes a whole number, not "1.5".'),
    ],
)
def test_a_limit_that_makes_no_sense_is_refused(
    tmp_path: Path, rows: str | None, timeout: str | None, what: str
) -> None:
    """Before a server is started for it."""
    with pytest.raises(HeadgateError) as refused:
        front.with_limits(make_project(tmp_path / "p").find(), rows, timeout)
    assert refused.value.what == what
