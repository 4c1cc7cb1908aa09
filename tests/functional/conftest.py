"""A terminal in which the real command is typed, with nothing of the developer's own settings in it."""

from __future__ import annotations

import os
import pty
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from headgate.postgres import scratch, temporary
from headgate.postgres.account import service_account
from headgate.postgres.server import Server
from tests.projects import Made

PATIENCE = 120.0  # seconds, for a command on a busy machine
_SECONDS = re.compile(r"  \d+\.\d+ s$", re.MULTILINE)
_RULES = re.compile(r"\b\d+ rules\b")


@dataclass(frozen=True)
class Said:
    """How a command ended and what it printed, without times and the number of rules, which never stay the same."""

    code: int
    out: str
    err: str = ""


@dataclass(frozen=True)
class Terminal:
    """Where commands are typed.

    Args:
        environment: the variables that a command is given.
    """

    environment: dict[str, str]

    def type(self, folder: Path, *words: str, module: str = "headgate", **more: str) -> Said:
        """Run a command to its end, its output into a pipe.

        Args:
            folder: where.
            words: the task and its options.
            module: the program.
            more: more variables.
        """
        with self.start(folder, *words, module=module, **more) as process:
            out, err = process.communicate(timeout=PATIENCE)
        return Said(process.returncode, _steady(out), _steady(err))

    def start(self, folder: Path, *words: str, module: str = "headgate", **more: str) -> subprocess.Popen[str]:
        """Start a command in a session of its own, as a terminal does; the arguments are those of `type`."""
        return subprocess.Popen(
            [sys.executable, "-P", "-m", module, *words],
            cwd=folder,
            env={**self.environment, **more},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            start_new_session=True,
        )

    def see(self, folder: Path, *words: str, answer: str = "", **more: str) -> Said:
        """Run a command on a terminal of its own; `out` is all that appears on the screen.

        Args:
            folder: where.
            words: the task and its options.
            answer: what is typed when it asks.
            more: more variables.
        """
        ours, its = pty.openpty()
        os.write(ours, answer.encode())
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "headgate", *words],
            cwd=folder,
            env={**self.environment, "TERM": "xterm", **more},
            stdin=its,
            stdout=its,
            stderr=its,
            start_new_session=True,
        )
        os.close(its)
        seen = b""
        # Linux answers with an error, not with an end of file, when the other side of a terminal is closed.
        with suppress(OSError):
            while part := os.read(ours, 4096):
                seen += part
        os.close(ours)
        return Said(process.wait(PATIENCE), seen.decode().replace("\r\n", "\n"))


def _steady(text: str) -> str:
    return _RULES.sub("… rules", _SECONDS.sub("", text))


def error(what: str, fix: str) -> str:
    """The two lines of an expected failure."""
    return f"error: {what}\n  fix: {fix}\n"


@pytest.fixture(scope="session")
def short_folder() -> Iterator[Path]:
    """A short folder that a server's account can enter, which pytest's own is not when root runs the tests."""
    folder = Path(tempfile.mkdtemp(prefix="hg-", dir=temporary.bases(service_account())[0]))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def terminal(short_folder: Path, cache: Path) -> Terminal:
    """A terminal whose development servers are apart from those of the machine."""
    home = short_folder / "home"
    home.mkdir()
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL") if name in os.environ}
    own = {"HOME": str(home), "HEADGATE_CACHE": str(cache), "HEADGATE_STATE": str(short_folder / "state")}
    return Terminal({**kept, **own})


@pytest.fixture
def url(server: Server) -> Iterator[str]:
    """The URL of an empty database, for DATABASE_URL."""
    with scratch.database(server) as database:
        yield database.url()


def rows(url: str, query: str) -> list[tuple[object, ...]]:
    """Ask a database."""
    import psycopg
    from sqlalchemy import make_url

    parsed = make_url(url)
    with psycopg.connect(dbname=parsed.database, user=parsed.username, **parsed.query) as connection:  # type: ignore[arg-type]
        cursor = connection.execute(query)  # type: ignore[arg-type]
        return cursor.fetchall() if cursor.description else []


def latest(made: Made) -> Path:
    """The newest revision file of a project."""
    return max(made.versions.glob("*.py"))
