"""Machines as they are: full disks, taken ports, strange folders, no git, a terminal or a pipe, a neighbour's gate."""

from __future__ import annotations

import json
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.functional.conftest import Said, Terminal, error
from tests.projects import FIRST, REVISIONS, SECOND, THIRD, make_project, revision

PASSED = """\
ok      heads     one head, 20261102090000; 2 revisions
ok      names     2 new revisions read by … rules
ok      upgrade   2 revisions from nothing to head, with 1,000 rows a table before the new ones
ok      rules     2 statements judged by … rules
ok      rollback  2 of 2 new revisions down and up again
ok      drift     0 differences in 7 catalog objects
ok      docs      no documents are named in [tool.headgate.docs]

2 new revisions, 2 statements, … rules: nothing to fix.  PostgreSQL 18.4.
"""
# The little project has two habits that are advised against; these tests are about something else.
QUIET = 'judge = "all"\nseverities = { int-pk = "off", lock-timeout = "off" }'
TASKS = "import headgate\n\nns = headgate.collection()\n"
TWO_HEADS = {
    **REVISIONS,
    f"{THIRD}_other.py": revision(THIRD, FIRST, "op.execute('SELECT 1')", "op.execute('SELECT 1')"),
}


@pytest.fixture(params=["read-only", "full"])
def bad_disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A folder that nothing can be written to, and what the system says of it."""
    folder = tmp_path / "disk"
    folder.mkdir()
    options, reason, need = {
        "read-only": ("ro", "Read-only file system", "that can be written"),
        "full": ("size=1m", "No space left on device", "with free space"),
    }[request.param]
    mount = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder]
    if subprocess.run(mount, stderr=subprocess.DEVNULL, check=False).returncode == 0:
        yield folder, f"{folder}/cache cannot be written: {reason}.\n{need}"
        subprocess.run(["umount", folder], check=True)
    else:  # Only root may mount, and whoever is not root may forbid himself to write.
        folder.chmod(0o500)
        yield folder, f"{folder}/cache cannot be written: Permission denied.\nthat can be written"
        folder.chmod(0o700)


def test_a_disk_that_takes_nothing_is_named(bad_disk: tuple[Path, str], terminal: Terminal, tmp_path: Path) -> None:
    """The folder is one that the user never chose, so the setting that moves it stands in the message."""
    folder, reason = bad_disk
    what, need = reason.splitlines()
    made = make_project(tmp_path / "project")
    said = terminal.type(made.root, "gate", HEADGATE_CACHE=f"{folder}/cache")
    fix = f"Set HEADGATE_CACHE to a folder {need}, then run the command again."
    assert said == Said(2, "", error(what, fix))


def test_a_file_in_the_place_of_the_cache_is_named(terminal: Terminal, tmp_path: Path) -> None:
    """A slip in a CI setting."""
    made = make_project(tmp_path)
    fix = "Set HEADGATE_CACHE to a folder that can be written, then run the command again."
    said = terminal.type(made.root, "gate", HEADGATE_CACHE=str(made.ini))
    assert said == Said(2, "", error(f"{made.ini} cannot be written: File exists.", fix))


def test_a_port_in_use_is_answered_with_a_free_one(terminal: Terminal, tmp_path: Path) -> None:
    """The service of this morning still runs somewhere; the answer must be a command that works."""
    made = make_project(tmp_path, settings='backend.folder = "alembic"')
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = terminal.type(made.root, "backend.serve", "--port", str(port))
    what, fix = said.err.splitlines()
    assert (said.code, said.out, what) == (2, "", f"error: Port {port} cannot be listened on: Address already in use.")
    advice, _, free = fix.rpartition(" ")
    assert advice == "  fix: Choose another one: inv backend.serve --port"
    with socket.create_server(("127.0.0.1", int(free))):
        assert int(free) != port


@pytest.mark.parametrize("port", ["99999", "-1"])
def test_a_port_that_none_can_be_is_refused(port: str, terminal: Terminal, tmp_path: Path) -> None:
    """The operating system's own words for it are about bind()."""
    made = make_project(tmp_path, settings='backend.folder = "alembic"')
    said = terminal.type(made.root, "backend.serve", "--port", port)
    what = f"error: Port {port} cannot be listened on: a port is a number from 0 to 65535."
    assert (said.code, said.out, said.err.splitlines()[0]) == (2, "", what)


def test_without_git_nothing_says_what_is_new(terminal: Terminal, tmp_path: Path) -> None:
    """A guess would judge either everything or nothing."""
    made = make_project(tmp_path, settings=None)
    assert terminal.type(made.root, "gate") == Said(
        2,
        "",
        error(
            f"{tmp_path} is not in a git repository, so nothing says which revisions are new.",
            'Run `git init`, or judge the whole history with judge = "all" in [tool.headgate].',
        ),
    )


def test_the_gate_passes_where_git_is_not_even_installed(terminal: Terminal, tmp_path: Path) -> None:
    """A slim container has no git; a project that judges its whole history needs none."""
    made = make_project(tmp_path, settings=QUIET)
    assert terminal.type(made.root, "gate", PATH=str(tmp_path)) == Said(0, PASSED)


def test_what_is_not_committed_is_judged_too(terminal: Terminal, tmp_path: Path) -> None:
    """The gate is asked before a commit more often than after it."""
    made = make_project(tmp_path, settings='base = "main"', commit=True)
    added = revision(THIRD, SECOND, "op.execute('SELECT 1')", "op.execute('SELECT 1')")
    (made.versions / f"{THIRD}_select.py").write_text(added)
    made.env.write_text(made.env.read_text() + "\n# touched\n")
    assert terminal.type(made.root, "migrate.review") == Said(
        0,
        "1 new revision, 1 statement, … rules: nothing to fix.  History of 2 revisions: run, not judged."
        "  PostgreSQL 18.4.\n",
    )


def test_a_folder_may_have_any_name(terminal: Terminal, tmp_path: Path) -> None:
    """Spaces, quotes, other alphabets, and what a shell would run. (A percent sign is more than Alembic can read.)"""
    made = make_project(tmp_path / "größe 'sicher' \"日本\"; $(x)", settings=QUIET)
    assert terminal.type(made.root, "gate") == Said(0, PASSED)
    assert terminal.type(made.root, "db.start").code == 0
    try:
        url = terminal.type(made.root, "db.url").out.strip()
        assert terminal.type(made.root, "migrate.up", DATABASE_URL=url).code == 0
    finally:
        assert terminal.type(made.root, "db.stop").out == "The server is stopped; its data stays.\n"


@pytest.mark.parametrize("module", ["headgate", "invoke"])
def test_tasks_work_from_any_folder_of_the_project(module: str, terminal: Terminal, tmp_path: Path) -> None:
    """Nobody goes back to the root for a command."""
    made = make_project(tmp_path)
    (made.root / "tasks.py").write_text(TASKS)
    said = terminal.type(made.versions, "docs-check", module=module)
    assert said == Said(
        0, "ok      docs  no documents are named in [tool.headgate.docs]\n\n2 new revisions: nothing to fix.\n"
    )


@pytest.mark.parametrize("more", [{}, {"NO_COLOR": "1"}], ids=["terminal", "NO_COLOR"])
def test_colours_are_for_terminals_that_want_them(more: dict[str, str], terminal: Terminal, tmp_path: Path) -> None:
    """Escape codes in a log file hide the very words that are searched for."""
    made = make_project(tmp_path, TWO_HEADS)
    seen = terminal.see(made.root, "migrate.review", **more)
    piped = terminal.type(made.root, "migrate.review")
    assert (seen.code, piped.code) == (1, 1)
    assert "\x1b[" not in piped.out + piped.err
    assert ("\x1b[1;31merror[multiple-heads]\x1b[0m" in seen.out) == (not more)
    assert (re.search(r"\x1b\[[0-9;]+m", seen.out) is not None) == (not more)


def test_progress_is_gone_when_the_command_has_ended(terminal: Terminal, tmp_path: Path) -> None:
    """It is drawn over itself on one line, which is empty again before the report begins."""
    made = make_project(tmp_path, settings=QUIET)
    seen = terminal.see(made.root, "gate", NO_COLOR="1")
    progress, _, report = seen.out.rpartition("\r\x1b[K")
    assert f"… upgrading to {SECOND}" in progress
    assert report.startswith("ok      heads     one head")


def test_two_gates_at_once_do_not_disturb_each_other(terminal: Terminal, tmp_path: Path) -> None:
    """A commit hook and a terminal, on a machine where nothing is prepared yet: both find an empty cache."""
    made = make_project(tmp_path)
    cache = Path(terminal.environment["HEADGATE_STATE"]).parent / "fresh"
    both = [terminal.start(made.root, "gate", HEADGATE_CACHE=str(cache)) for _ in range(2)]
    ended = [(process.communicate(timeout=600)[1], process.returncode) for process in both]
    shutil.rmtree(cache)
    assert ended == [("", 0), ("", 0)]


def test_json_is_one_document_whatever_env_py_prints(terminal: Terminal, tmp_path: Path, url: str) -> None:
    """A machine reads it; a print for debugging that was forgotten must not break the pipeline."""
    made = make_project(tmp_path)
    noise = "import os, sys\nprint('out')\nprint('err', file=sys.stderr)\nos.system('echo from a child')\n"
    made.env.write_text(noise + made.env.read_text())
    for task in ("gate", "migrate.rollback", "migrate.drift", "migrate.plan", "migrate.status", "migrate.review"):
        said = terminal.type(made.root, task, "--json", DATABASE_URL=url)
        assert (said.code, said.err) == (0, "")
        json.loads(said.out)
