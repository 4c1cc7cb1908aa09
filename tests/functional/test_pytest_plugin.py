"""`pytest --headgate`: the gate as tests that are named as promises, beside the project's own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from headgate import gate
from headgate.pytest_plugin import TESTS
from tests.functional.conftest import Terminal
from tests.projects import FIRST, REVISIONS, make_project, revision

BROKEN = {
    **REVISIONS,
    "20261103090000_add_amount.py": revision(
        "20261103090000",
        "20261102090000",
        'op.execute("ALTER TABLE entries ADD COLUMN amount integer NOT NULL")',
        'op.drop_column("entries", "amount")',
    ),
}


def test_every_step_of_the_gate_is_a_test() -> None:
    """A step that is added to the gate must not be missing from who runs it by pytest."""
    assert list(TESTS) == [step.__name__ for step in gate.STEPS]


def test_a_clean_project_passes_each_promise_beside_its_own_tests(terminal: Terminal, tmp_path: Path) -> None:
    """They are chosen by name as any test is, and the project's own run as they did."""
    made = make_project(tmp_path)
    (tmp_path / "test_own.py").write_text("def test_own() -> None:\n    assert True\n")

    whole = terminal.type(made.root, "--headgate", "-v", module="pytest")
    assert whole.code == 0, whole.out
    assert [line.split()[0] for line in whole.out.splitlines() if "PASSED" in line] == [
        "test_own.py::test_own",
        *(f"headgate::{name}" for name in TESTS.values()),
    ]

    one = terminal.type(made.root, "--headgate", "-q", "-k", "downgrades_undo", module="pytest")
    assert (one.code, "1 passed, 7 deselected" in one.out) == (0, True)


def test_a_failure_is_told_in_the_gates_own_words(terminal: Terminal, tmp_path: Path) -> None:
    """Who reads the test's output must learn as much as who ran the gate."""
    made = make_project(tmp_path, BROKEN)

    said = terminal.type(made.root, "--headgate", "-q", module="pytest")
    told = terminal.type(made.root, "gate")

    assert (said.code, told.code) == (1, 1)
    assert "Traceback" not in said.out
    first = next(part for part in told.out.split("\n\n") if part.startswith("error["))
    assert first in said.out


def test_a_project_that_cannot_be_judged_fails_with_the_two_lines(terminal: Terminal, tmp_path: Path) -> None:
    """No test may pass where nothing was judged."""
    made = make_project(tmp_path, {f"{FIRST}_create.py": revision(FIRST, "20260101000000")})

    said = terminal.type(made.root, "--headgate", "-q", module="pytest")

    assert said.code == 1
    assert f"{len(TESTS)} failed" in said.out
    assert "down_revision 20260101000000 is in no file of alembic/versions." in said.out
    assert "Traceback" not in said.out


def test_without_the_option_nothing_of_headgate_is_imported(tmp_path: Path) -> None:
    """The plugin is loaded by every pytest run of who has headgate installed."""
    (tmp_path / "test_own.py").write_text(
        "import sys\n\n\ndef test_own() -> None:\n"
        "    print(sorted(name for name in sys.modules if name.startswith(('headgate', 'alembic', 'sqlalchemy'))))\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-s"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "['headgate', 'headgate.pytest_plugin']" in done.stdout
