"""`python3 tasks.py` on machines that lack this or that, each a real interpreter and a real clone."""

from __future__ import annotations

import ast
import base64
import json
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import threading
import venv
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import psutil
import pytest

from tests import checkout
from tests.checkout import ROOT

PYTHON = Path(sys.executable).resolve()

# Enough to build headgate: an install of seconds, where the whole lock is not the point.
SMALL = ("hatchling", "packaging", "pathspec", "pip", "pluggy", "tomlkit", "trove-classifiers")

# In the small clones this stands in for the tasks: what is shown there is the way to them.
ARRIVAL = "import json, os, sys\nprint(json.dumps([sys.executable, os.getcwd(), *sys.argv[1:]]))\n"


@dataclass(frozen=True)
class Clone:
    """A fresh clone, and `python3 tasks.py` in it."""

    path: Path

    def command(self, *arguments: str, python: Path = PYTHON) -> list[str]:
        return [str(python), str(self.path / "tasks.py"), *arguments]

    def run(
        self, *arguments: str, python: Path = PYTHON, cwd: Path | None = None, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*arguments, python=python),
            cwd=cwd or self.path,
            env={**_environment(), **environment},
            capture_output=True,
            text=True,
            check=False,
        )

    @property
    def venv(self) -> Path:
        return self.path / ".venv"

    def arrived(self, *arguments: str, cwd: Path | None = None) -> str:
        """What the stand-in prints when it was reached with these arguments."""
        return json.dumps([str(self.venv / "bin" / "python"), str(cwd or self.path), *arguments]) + "\n"


def _environment() -> dict[str, str]:
    """This process's environment without what belongs to the environment that the tests run in."""
    return {name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "PYTHONPATH")}


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    """A clone whose lock has only what builds headgate."""
    small = Clone(checkout.clone(tmp_path / "clone"))
    (small.path / "src" / "headgate" / "__main__.py").write_text(ARRIVAL, encoding="utf-8")
    lock = small.path / "requirements.lock"
    kept, keep = [], False
    for line in lock.read_text(encoding="utf-8").splitlines(keepends=True):
        if not line.startswith((" ", "#")):
            keep = line.partition("==")[0] in SMALL
        if keep:
            kept.append(line)
    lock.write_text("".join(kept), encoding="utf-8")
    return small


@pytest.fixture
def bare_python(tmp_path: Path) -> Path:
    """A real interpreter as some distributions ship it: externally managed, without ensurepip, without pip."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    prefix = tmp_path / "bare"
    library = prefix / "lib" / version
    library.mkdir(parents=True)
    (prefix / "bin").mkdir()
    python = prefix / "bin" / version
    shutil.copy(PYTHON, python)  # a copy: Python looks for its library beside the file that a link leads to
    for shared in Path(sysconfig.get_config_var("LIBDIR")).glob("libpython*"):
        (prefix / "lib" / shared.name).symlink_to(shared)
    for entry in Path(sysconfig.get_path("stdlib")).iterdir():
        if entry.name not in ("ensurepip", "site-packages", "dist-packages", "__pycache__"):
            (library / entry.name).symlink_to(entry)
    (library / "EXTERNALLY-MANAGED").write_text("[externally-managed]\nError=Not here.\n", encoding="utf-8")
    # Debian and Fedora keep pip's wheel in a folder of their own, which this file names.
    for data in library.glob("_sysconfigdata_*.py"):
        text = data.read_text(encoding="utf-8") + '\nbuild_time_vars["WHEEL_PKG_DIR"] = ""\n'
        data.unlink()
        data.write_text(text, encoding="utf-8")
    (library / "site-packages").mkdir()
    return python


@pytest.fixture
def index() -> Iterator[tuple[str, list[str | None]]]:
    """An index that asks for a password and gives a pip that is not the locked one; with the headers it was sent."""
    asked: list[str | None] = []

    class Index(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.headers["Authorization"])
            name = self.server.wheel  # type: ignore[attr-defined]
            body = b"not pip" if self.path.endswith(".whl") else f'<a href="../files/{name}">{name}</a>'.encode()
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Stay silent."""

    pin = (ROOT / "requirements.lock").read_text(encoding="utf-8").partition("\npip==")[2].split()[0]
    with ThreadingHTTPServer(("127.0.0.1", 0), Index) as server:
        server.wheel = f"pip-{pin}-py3-none-any.whl"  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_address[1]}", asked
        server.shutdown()


def test_a_fresh_clone_becomes_the_tasks_and_the_second_run_needs_no_pip(tmp_path: Path) -> None:
    """The promise of the README's first screen, in a folder with spaces and letters beyond ASCII.

    That the second run calls no pip is shown by taking pip out of the environment and pointing at an index that is not.
    It finds the package compiled, also where Python is told to write nothing.
    """
    fresh = Clone(checkout.clone(tmp_path / "un clône à moi"))

    first = fresh.run("--version", PYTHONDONTWRITEBYTECODE="1")
    assert first.returncode == 0, first.stderr
    assert ".venv is ready after" in first.stderr
    rules = fresh.path / "src" / "headgate" / "rules"
    compiled = {path.name.partition(".")[0] for path in rules.glob("__pycache__/*.pyc")}
    assert compiled == {path.stem for path in rules.glob("*.py")}

    for package in fresh.venv.glob("lib/python*/site-packages/pip"):
        shutil.rmtree(package)
    second = fresh.run("--version", PIP_INDEX_URL="http://127.0.0.1:9", PIP_NO_CACHE_DIR="1")
    assert (second.returncode, second.stdout, second.stderr) == (0, first.stdout, "")


def test_an_interpreter_with_nothing_fetches_the_locked_pip(clone: Clone, bare_python: Path) -> None:
    """Debian's python3 comes without ensurepip and pip, and forbids to install into itself."""
    done = clone.run("gate", "--json", python=bare_python)

    assert (done.returncode, done.stdout) == (0, clone.arrived("gate", "--json")), done.stderr
    assert "tasks.py: no pip on this machine; fetching pip " in done.stderr


def test_an_externally_managed_pip_installs_into_the_environment_only(clone: Clone, bare_python: Path) -> None:
    """The host's pip is good enough, and the host's own packages stay as they are."""
    packages = next(bare_python.parents[1].glob("lib/python*/site-packages"))
    for part in Path(sysconfig.get_path("purelib")).glob("pip*"):
        if part.name == "pip" or (part.name.startswith("pip-") and part.name[4].isdigit()):
            (packages / part.name).symlink_to(part)
    before = sorted(packages.iterdir())

    done = clone.run("gate", python=bare_python)

    assert (done.returncode, done.stdout) == (0, clone.arrived("gate")), done.stderr
    assert "fetching pip" not in done.stderr
    assert sorted(packages.iterdir()) == before


def test_a_pip_that_is_not_the_locked_one_is_refused_and_no_password_shown(
    clone: Clone, bare_python: Path, index: tuple[str, list[str | None]]
) -> None:
    """What is downloaded is run, so it is held against the lock first; the index's password goes to the index alone."""
    host, asked = index

    done = clone.run("gate", python=bare_python, PIP_INDEX_URL=f"http://anna:p%40ss@{host}/simple")

    assert done.returncode == 2
    assert "is not the file that requirements.lock names\n" in done.stderr
    assert not list(clone.venv.glob("*.whl"))
    assert asked == [f"Basic {base64.b64encode(b'anna:p@ss').decode()}"] * 2
    assert "p%40ss" not in done.stdout + done.stderr
    assert "p@ss" not in done.stdout + done.stderr


def test_a_failed_install_says_what_pip_said_and_the_next_run_repairs_it(clone: Clone) -> None:
    """The two lines that a user without network sees first; nothing is left that needs a hand."""
    failed = clone.run("gate", PIP_NO_INDEX="1", PIP_NO_CACHE_DIR="1")

    assert failed.returncode == 2
    assert failed.stdout == ""
    assert "No matching distribution found" in failed.stderr
    assert failed.stderr.endswith(
        "error: pip could not install from requirements.lock; its last words are above\n"
        "  fix: check the network (PIP_INDEX_URL names another index) and the disk, then run this again.\n"
    )

    repaired = clone.run("gate")
    assert (repaired.returncode, repaired.stdout) == (0, clone.arrived("gate")), repaired.stderr


def test_a_killed_install_is_started_over(clone: Clone) -> None:
    """`kill -9` leaves pip running without its parent; the next run waits for it, then trusts nothing that it left."""
    with subprocess.Popen(
        clone.command("gate"), env=_environment(), stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    ) as first:
        while not psutil.Process(first.pid).children():
            assert first.poll() is None
        os.kill(first.pid, signal.SIGKILL)
    (clone.venv / "half-written").touch()

    done = clone.run("gate")

    assert (done.returncode, done.stdout) == (0, clone.arrived("gate")), done.stderr
    assert done.stderr.startswith(
        "tasks.py: waiting for another run that is making .venv\ntasks.py: making .venv with Python "
    )
    assert not (clone.venv / "half-written").exists()


def test_two_first_runs_at_once_make_one_environment(clone: Clone) -> None:
    """A terminal and an editor, or two hooks: the second waits and then finds the work done."""
    both = [
        subprocess.Popen(
            clone.command("gate"),
            cwd=clone.path,
            env=_environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    outputs = [process.communicate() for process in both]

    assert [process.returncode for process in both] == [0, 0], outputs
    assert [stdout for stdout, _ in outputs] == [clone.arrived("gate")] * 2
    assert "".join(stderr for _, stderr in outputs).count("making .venv with") == 1


def test_a_changed_lock_is_installed_into_the_environment_that_is_there(clone: Clone, tmp_path: Path) -> None:
    """After `git pull` the next command brings the environment up to date by itself.

    The environment here was made by hand, and the run is from another folder: neither is thrown away nor in the way.
    """
    venv.create(clone.venv, symlinks=True)
    (clone.venv / "mine").touch()
    assert clone.run("gate", cwd=tmp_path).stdout == clone.arrived("gate")

    with (clone.path / "requirements.lock").open("a", encoding="utf-8") as lock:
        lock.write("# a newer lock\n")
    changed = clone.run("gate", cwd=clone.path / "src")

    assert (changed.returncode, changed.stdout) == (0, clone.arrived("gate", cwd=clone.path / "src")), changed.stderr
    assert "installing" in changed.stderr
    assert "making .venv" not in changed.stderr
    assert (clone.venv / "mine").exists()


def test_no_task_lists_them_and_help_makes_nothing(clone: Clone) -> None:
    """Someone who only looks must not wait for an install."""
    looked = clone.run("--help")
    assert looked.returncode == 0
    assert "python3 tasks.py gate" in looked.stdout
    assert not clone.venv.exists()

    assert clone.run().stdout == clone.arrived("--list")


def test_an_old_python_is_told_so_in_two_lines() -> None:
    """On Debian 11 or RHEL 8 `python3` is 3.9 or 3.6: no traceback, and the way on."""
    program = f"""if True:
        import runpy, sys
        sys.version_info = (3, 9, 2)
        runpy.run_path({str(ROOT / "tasks.py")!r}, run_name="__main__")
    """
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout, done.stderr) == (
        2,
        "",
        "error: tasks.py needs Python 3.11 or newer; this is Python 3.9\n"
        "  fix: call a newer one by its name, as in: python3.12 tasks.py gate\n",
    )


def test_an_old_python_can_read_the_file_that_turns_it_away() -> None:
    """A SyntaxError on line one is not a message; the annotations import alone would be one for Python 3.6."""
    source = (ROOT / "tasks.py").read_text(encoding="utf-8")

    tree = ast.parse(source, feature_version=(3, 6))

    assert not [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module == "__future__"]
