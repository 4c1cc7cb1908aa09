"""`headgate.rehearsal.forkserver`: processes that are ours, forked from one that has imported what they need."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from headgate.rehearsal.child import Emit

# Each in a process of its own, as the program is: it is started before anything of size is imported.
BEGIN = """
import os, signal, sys
from headgate.rehearsal import child, forkserver
forkserver.start()
from tests.unit.rehearsal import test_forkserver as ours
(server,) = ours.children(os.getpid())
"""


def run(code: str) -> list[str]:
    done = subprocess.run([sys.executable, "-c", BEGIN + code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def children(pid: int) -> list[int]:
    """The children of a process: https://man7.org/linux/man-pages/man5/proc_tid_children.5.html."""
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def parent(_emit: Emit) -> int:
    return os.getppid()


def place(_emit: Emit) -> tuple[str, str | None, str]:
    return str(Path.cwd()), os.environ.get("SHOP"), sys.path[0]


def length(_emit: Emit, text: str) -> int:
    return len(text)


def has_imported(_emit: Emit, name: str) -> bool:
    return name in sys.modules


def end(_emit: Emit) -> None:
    sys.exit("DATABASE_URL is missing")


def test_a_process_is_our_own_child() -> None:
    """Its end is ours to wait for, and it ends with us, not with what it was forked from."""
    assert run("print(child.call(ours.parent) == os.getpid() != server)") == ["True"]


def test_what_a_rehearsal_needs_is_there_and_not_imported_here() -> None:
    """That is what it is for: the two get ready side by side."""
    found = run("print('alembic' in sys.modules, child.call(ours.has_imported, 'alembic'))")
    assert found == ["False", "True"]


def test_a_process_stands_where_we_stand_now() -> None:
    """The server was forked before settings were read; env.py reads the environment of the moment."""
    code = "os.chdir('/usr'); os.environ['SHOP'] = 'x'; sys.path.insert(0, '/shop'); print(*child.call(ours.place))"
    assert run(code) == ["/usr", "x", "/shop"]


def test_arguments_of_any_size_arrive() -> None:
    """The catalogs of a large schema are megabytes, and a socket takes a part of them at a time."""
    assert run("print(child.call(ours.length, 'x' * 20_000_000), child.call(ours.length, ''))") == ["20000000", "0"]


def test_how_a_process_ended_is_told_with_its_last_words() -> None:
    """As of one that was forked from here."""
    code = "try: child.call(ours.end)\nexcept Exception as error: print(error.what, error.fix)"
    said = " ".join(run(code))
    assert "(exit code 1)" in said
    assert said.endswith("It printed last: DATABASE_URL is missing")


@pytest.mark.parametrize("how", ["SIGKILL", "SIGTERM"])
def test_when_it_is_gone_a_process_is_forked_from_here(how: str) -> None:
    """Somebody may have killed it, or the machine was out of memory; a review goes on."""
    code = f"os.kill(server, signal.{how}); os.waitpid(server, 0); print(child.call(ours.length, 'xyz'))"
    assert run(code) == ["3"]


@pytest.mark.parametrize("how", ["SIGKILL", "SIGTERM", "SIGINT"])
def test_it_ends_with_us(how: str) -> None:
    """A command that was killed leaves nothing running."""
    code = f"print(server, flush=True); os.kill(os.getpid(), signal.{how})"
    done = subprocess.run([sys.executable, "-c", BEGIN + code], capture_output=True, text=True, check=False)
    give_up = time.monotonic() + 60
    while Path("/proc", done.stdout.strip()).exists() and time.monotonic() < give_up:
        time.sleep(0.01)
    assert done.stdout.strip()
    assert not Path("/proc", done.stdout.strip()).exists()


@pytest.mark.parametrize(
    ("words", "starts"),
    [
        ("gate", True),
        ("migrate.review --json", True),
        ("gate --help", False),
        ("--help gate", False),
        ("db.url", False),
    ],
)
def test_it_is_started_for_what_rehearses_and_not_for_its_help(words: str, starts: bool) -> None:
    """A list and a help answer at once, and leave the other core alone."""
    code = """
import sys
from headgate.rehearsal import forkserver
forkserver.start = lambda: print("started")
import headgate.__main__ as program
import headgate.tasks.program
headgate.tasks.program.HeadgateProgram.run = lambda self: None
sys.argv = ["headgate", *sys.argv[1:]]
program.main()
"""
    done = subprocess.run([sys.executable, "-c", code, *words.split()], capture_output=True, text=True, check=True)
    assert done.stdout == ("started\n" if starts else "")
