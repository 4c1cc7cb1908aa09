"""A reader that leaves before the end: `headgate … | head`."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.functional.conftest import Terminal
from tests.projects import make_project

UNHEARD = 128 + signal.SIGPIPE


@pytest.mark.parametrize("words", [["--list"], ["migrate.review"], ["migrate.review", "--json"]], ids=" ".join)
def test_a_reader_that_has_gone_is_no_defect_and_no_pass(words: list[str], tmp_path: Path, terminal: Terminal) -> None:
    """What was found has reached nobody: 0 would let it through, and a traceback is not the reader's to see."""
    made = make_project(tmp_path / "shop")
    with subprocess.Popen(
        [sys.executable, "-P", "-m", "headgate", *words],
        cwd=made.root,
        env=terminal.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    ) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        said = process.stderr.read()
    assert said == ""
    assert process.returncode in {UNHEARD, -signal.SIGPIPE}
