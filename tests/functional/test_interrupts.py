"""Commands that are stopped at a bad moment: nothing is left running, nothing on disk, and no traceback is shown."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from tests.functional.conftest import PATIENCE, Terminal, rows
from tests.projects import REVISIONS, SECOND, THIRD, make_project, revision

STOPPED = "\nStopped. What was started for this command has been put away.\n"
SLEEP = revision(
    THIRD,
    SECOND,
    """
    op.add_column("entries", sa.Column("size", sa.Integer()))
    open("asleep", "w").close()
    op.execute("SELECT pg_sleep(600)")
    """,
    'op.drop_column("entries", "size")',
)
PROJECT = {**REVISIONS, f"{THIRD}_sleep.py": SLEEP}
SERVICE = """\
async def app(scope, receive, send):
    while scope["type"] == "lifespan":
        message = await receive()
        open("served", "w").close()
        await send({"type": message["type"] + ".complete"})
        if message["type"] == "lifespan.shutdown":
            return
"""


@pytest.fixture
def temporary(short_folder: Path) -> Iterator[Path]:
    """The folder for temporary files of the command that is stopped; whatever stays in it was left behind."""
    folder = Path(tempfile.mkdtemp(prefix="t", dir=short_folder))
    folder.chmod(0o1777)
    yield folder
    for process in processes(folder):
        process.kill()
    shutil.rmtree(folder)


@pytest.fixture
def own(terminal: Terminal, temporary: Path) -> Terminal:
    """A terminal whose commands are known by their temporary folder."""
    return replace(terminal, environment={**terminal.environment, "TMPDIR": str(temporary)})


def until(happened: Callable[[], object], process: subprocess.Popen[str]) -> None:
    """Wait until something has happened, as long as the command runs."""
    give_up = time.monotonic() + PATIENCE
    while not happened():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < give_up
        time.sleep(0.005)


def stop(process: subprocess.Popen[str], number: signal.Signals) -> tuple[int, str]:
    """Send a signal as it comes: Ctrl-C and a closed terminal to the whole group, the others to the process."""
    if number in {signal.SIGINT, signal.SIGHUP}:
        os.killpg(process.pid, number)
    else:
        process.send_signal(number)
    _, err = process.communicate(timeout=PATIENCE)
    return process.returncode, err


def processes(folder: Path) -> list[psutil.Process]:
    """Those that have the folder as their own for temporary files, or that were started on something in it."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("TMPDIR") == str(folder) or str(folder) in " ".join(process.cmdline()):
                found.append(process)
        except psutil.Error:
            continue
    return found


def left(folder: Path) -> list[object]:
    """What is still there: processes and files."""
    return [*processes(folder), *folder.iterdir()]


def nothing_is_left(folder: Path) -> bool:
    """Whether all is gone, now or within the time that a killed process's helper needs."""
    give_up = time.monotonic() + 10
    while left(folder) and time.monotonic() < give_up:
        time.sleep(0.05)
    return left(folder) == []


@pytest.mark.parametrize("moment", ["tasks are loaded", "server starts", "revision runs"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_a_stopped_gate_leaves_nothing(
    number: signal.Signals, moment: str, own: Terminal, temporary: Path, tmp_path: Path
) -> None:
    """A gate is stopped many times a day; a server left behind by each would fill the machine by the evening."""
    made = make_project(tmp_path, PROJECT)
    if moment == "tasks are loaded":
        (made.root / "tasks.py").write_text('import time\n\nopen("loading", "w").close()\ntime.sleep(600)\n')
    process = own.start(made.root, "gate")
    if moment == "tasks are loaded":
        until((made.root / "loading").exists, process)
    elif moment == "server starts":
        until(lambda: list(temporary.iterdir()), process)
    elif moment == "revision runs":
        until((made.root / "asleep").exists, process)
    code, err = stop(process, number)
    if moment == "tasks are loaded" or number in {signal.SIGHUP, signal.SIGKILL}:
        assert (code, err) == (-number, "")
        assert nothing_is_left(temporary)
    else:
        assert (code, err) == (128 + number, STOPPED)
        assert left(temporary) == []


def test_impatience_does_not_hinder_the_cleaning_up(own: Terminal, temporary: Path, tmp_path: Path) -> None:
    """Ctrl-C is pressed again and again by whoever does not see at once that it worked."""
    made = make_project(tmp_path, PROJECT)
    process = own.start(made.root, "gate")
    until((made.root / "asleep").exists, process)
    for _ in range(20):
        os.killpg(process.pid, signal.SIGINT)
        time.sleep(0.01)
    _, err = process.communicate(timeout=PATIENCE)
    assert "Traceback" not in err
    assert nothing_is_left(temporary)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_upgrade_takes_its_statement_along(
    number: signal.Signals, own: Terminal, temporary: Path, tmp_path: Path, url: str
) -> None:
    """The statement would hold its locks until it ends by itself, and everybody would wait behind them."""
    made = make_project(tmp_path, PROJECT)
    process = own.start(made.root, "migrate.up", DATABASE_URL=url)
    until((made.root / "asleep").exists, process)
    code, err = stop(process, number)
    assert (code, err) == (128 + number, STOPPED)
    assert rows(url, "SELECT query FROM pg_stat_activity WHERE query LIKE '%sleep(%' AND pid <> pg_backend_pid()") == []
    assert rows(url, "SELECT version_num FROM alembic_version") == [(SECOND,)]
    assert rows(url, "SELECT FROM pg_attribute WHERE attrelid = 'entries'::regclass AND attname = 'size'") == []
    assert left(temporary) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
@pytest.mark.parametrize("reload", [True, False], ids=["reload", "no reload"])
def test_a_stopped_service_does_not_go_on_alone(
    number: signal.Signals, reload: bool, own: Terminal, temporary: Path, tmp_path: Path
) -> None:
    """It would keep the port, and the next `backend.serve` would be refused."""
    made = make_project(tmp_path, settings='backend = { folder = "service", app = "service:app" }')
    folder = made.root / "service"
    folder.mkdir()
    (folder / "service.py").write_text(SERVICE)
    process = own.start(made.root, "backend.serve", "--port", "0", *([] if reload else ["--no-reload"]))
    until((folder / "served").exists, process)
    code, err = stop(process, number)
    assert code == (-number if number == signal.SIGKILL else 0)
    assert "Traceback" not in err
    assert nothing_is_left(temporary)


def test_a_server_whose_first_start_was_stopped_starts_the_next_time(own: Terminal, tmp_path: Path) -> None:
    """Half a data directory must not be taken for a whole one."""
    made = make_project(tmp_path)
    state = Path(own.environment["HEADGATE_STATE"])
    process = own.start(made.root, "db.start")
    until(lambda: list(state.glob("*/data.partial/base")), process)
    assert stop(process, signal.SIGINT)[0] == 128 + signal.SIGINT
    try:
        assert own.type(made.root, "db.start").code == 0
    finally:
        assert own.type(made.root, "db.stop").out == "The server is stopped; its data stays.\n"
