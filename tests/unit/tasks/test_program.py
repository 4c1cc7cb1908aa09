"""`headgate.tasks.program`: Invoke's program, with headgate's codes and a list that reads as the workflow."""

from __future__ import annotations

from pathlib import Path

import pytest

from headgate.tasks import SECTIONS
from headgate.tasks.program import HeadgateProgram

PAINT = "from invoke import task\n\n\n@task\ndef paint(c):\n    'Paint it.'\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder without a tasks.py of its own."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as caught:
        HeadgateProgram().run(["headgate", *words])
    return (int(caught.value.code or 0), *capsys.readouterr())


def test_the_list_stands_in_the_order_of_the_sections(capsys: pytest.CaptureFixture[str]) -> None:
    """And what belongs to none comes last."""
    code, out, err = _run(capsys, "--list")

    assert (code, err) == (0, "")
    shown = [line.split()[0] for line in out.splitlines() if line.startswith("  ")]
    assert shown[: len(SECTIONS)] == list(SECTIONS)
    assert "\n3  Create the migration\n  migrate.new (migrate.revision)" in out
    assert out.index("The gate, the server, the repository") > out.index("9  One shot")


def test_no_word_at_all_shows_the_list(capsys: pytest.CaptureFixture[str]) -> None:
    """Who types nothing wants to know what there is."""
    assert _run(capsys) == _run(capsys, "--list")


@pytest.mark.parametrize("words", [["no-such-task"], ["gate", "--no-such-option"], ["gate", "--postgres"]])
def test_a_word_that_is_not_understood_ends_with_two(capsys: pytest.CaptureFixture[str], words: list[str]) -> None:
    """Invoke's own 1 would read as findings."""
    code, out, err = _run(capsys, *words)

    assert (code, out) == (2, "")
    assert err.startswith("error: ")
    assert err.endswith("\n  fix: See `headgate --list` and `headgate <task> --help`.\n")


def test_a_tasks_py_with_headgates_tasks_is_taken(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its own tasks stand beside them."""
    (folder / "tasks.py").write_text(f"import headgate\n{PAINT}\n\nns = headgate.collection()\nns.add_task(paint)\n")

    assert "  paint" in _run(capsys, "--list")[1]


def test_a_tasks_py_of_something_else_is_not(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`headgate gate` means headgate's, in any repository."""
    (folder / "tasks.py").write_text(PAINT)
    out = _run(capsys, "--list")[1]

    assert "paint" not in out
    assert "  gate" in out


def test_a_tasks_py_that_does_not_load_is_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In two lines; the traceback is Invoke's to show."""
    (folder / "tasks.py").write_text("1 / 0\n")

    assert _run(capsys, "--list") == (
        2,
        "",
        "error: The nearest tasks.py cannot be loaded: ZeroDivisionError: division by zero.\n"
        "  fix: Mend the file; `inv --list` shows the whole traceback.\n",
    )
