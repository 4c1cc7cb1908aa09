"""Nothing is left running or on disk, whatever becomes of the caller."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from headgate.postgres.server import scratch_server

SCRIPT = """
    import os, signal, sys, time
    from pathlib import Path
    from headgate.postgres.scratch import database
    from headgate.postgres.server import scratch_server

    with scratch_server(cache=Path(sys.argv[1])) as server, database(server) as scratch:
        print(server.host, flush=True)
        {then}
"""

WAIT = "time.sleep(600)"


@pytest.mark.parametrize(
    ("then", "number"),
    [
        pytest.param("pass", None, id="success"),
        pytest.param("raise ValueError", None, id="failure"),
        pytest.param("sys.exit(3)", None, id="exit"),
        pytest.param("os._exit(3)", None, id="exit without cleanup"),
        pytest.param("os.abort()", None, id="crash of the interpreter"),
        pytest.param(WAIT, signal.SIGINT, id="Ctrl-C"),
        pytest.param(WAIT, signal.SIGQUIT, id="Ctrl-\\"),
        pytest.param(WAIT, signal.SIGTERM, id="SIGTERM"),
        pytest.param(WAIT, signal.SIGHUP, id="closed terminal"),
        pytest.param(WAIT, signal.SIGKILL, id="kill -9"),
    ],
)
def test_nothing_is_left_when_the_caller_ends(
    caller: Callable[..., Any],
    cache: Path,
    folder: Path,
    gone: Callable[..., bool],
    then: str,
    number: int | None,
) -> None:
    """A laptop on which each interrupted run left a server behind would soon run out of memory."""
    one = caller(SCRIPT.format(then=then), cache)
    home = Path(one.says())
    one.ends(number)
    assert home.parent == folder
    assert gone(home)
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_no_process_is_left_when_the_caller_is_killed(
    caller: Callable[..., Any],
    cache: Path,
    gone: Callable[..., bool],
    postmaster: Callable[..., tuple[int, int]],
    number: int,
) -> None:
    """The folder alone does not show it: a server survives the removal of its files."""
    one = caller(SCRIPT.format(then=WAIT), cache)
    processes = postmaster(one.says())
    one.ends(number)
    assert gone(*processes)


KILLED = """
    import os, signal, sys, threading
    from pathlib import Path
    from headgate.postgres.server import scratch_server

    threading.Timer(int(sys.argv[2]) / 1000, os.kill, (os.getpid(), signal.SIGKILL)).start()
    with scratch_server(cache=Path(sys.argv[1])):
        threading.Event().wait()
"""


@pytest.mark.parametrize("milliseconds", range(0, 300, 20))
def test_a_caller_may_be_killed_at_any_moment_of_the_start(
    caller: Callable[..., Any], cache: Path, folder: Path, gone: Callable[..., bool], milliseconds: int
) -> None:
    """Between the keeper, the folder, the copy and the server there is no moment that nobody cleans up after."""
    caller(KILLED, cache, milliseconds).ends()
    assert gone(*folder.iterdir())


@pytest.mark.parametrize("milliseconds", range(100, 800, 100))
def test_a_caller_may_be_killed_at_any_moment_of_its_first_run(
    caller: Callable[..., Any], folder: Path, gone: Callable[..., bool], milliseconds: int
) -> None:
    """`initdb` goes on for a moment then; its folder must go after it, and the next run must find no half a cluster."""
    kept = folder / "cache"
    caller(KILLED, kept, milliseconds).ends()
    assert gone(*(path for path in folder.iterdir() if path != kept))
    with scratch_server(cache=kept) as server, server.connect() as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_ctrl_c_reaches_the_caller_before_the_server(caller: Callable[..., Any], cache: Path) -> None:
    """A terminal sends it to every process of its group, and the caller may still have to tidy up in the database."""
    one = caller(
        """
        import sys, time
        from pathlib import Path
        from headgate.postgres.server import scratch_server

        with scratch_server(cache=Path(sys.argv[1])) as server:
            try:
                print("started", flush=True)
                time.sleep(600)
            except KeyboardInterrupt:
                with server.connect() as connection:
                    print(connection.execute("SELECT 'still there'").fetchone()[0], flush=True)
        """,
        cache,
    )
    assert one.says() == "started"
    assert one.ends(signal.SIGINT) == 0
    assert one.says() == "still there"


def test_a_forked_child_does_not_keep_the_server_of_a_killed_parent(
    caller: Callable[..., Any],
    cache: Path,
    gone: Callable[..., bool],
    alive: Callable[[int], bool],
    postmaster: Callable[..., tuple[int, int]],
) -> None:
    """A child of multiprocessing's fork inherits the pipe whose closing tells the keeper of its parent's end."""
    one = caller(SCRIPT.format(then="child = os.fork(); print(child, flush=True) if child else None; " + WAIT), cache)
    home = Path(one.says())
    child = int(one.says())
    processes = postmaster(home)
    one.process.kill()
    one.process.wait()
    assert gone(home, *processes)
    assert alive(child)
    os.kill(child, signal.SIGKILL)


def test_a_forked_child_that_leaves_the_block_leaves_the_server_to_its_parent(
    caller: Callable[..., Any], cache: Path
) -> None:
    """`sys.exit` in a forked child runs the parent's `finally` blocks in the child."""
    one = caller(
        """
        import os, sys
        from pathlib import Path
        from headgate.postgres.server import scratch_server

        with scratch_server(cache=Path(sys.argv[1])) as server:
            child = os.fork()
            if not child:
                sys.exit()
            os.waitpid(child, 0)
            with server.connect() as connection:
                print(connection.execute("SELECT 'still there'").fetchone()[0], flush=True)
        """,
        cache,
    )
    assert one.says() == "still there"
    assert one.ends() == 0


def test_a_keeper_that_is_asked_to_end_cleans_up_first(
    cache: Path, gone: Callable[..., bool], postmaster: Callable[..., tuple[int, int]]
) -> None:
    """A machine that shuts down sends SIGTERM to every process."""
    with scratch_server(cache=cache) as server:
        pid, keeper = postmaster(server.host)
        os.kill(keeper, signal.SIGTERM)
        assert gone(pid, Path(server.host))


def test_the_caller_cleans_up_after_a_killed_keeper(
    cache: Path, gone: Callable[..., bool], postmaster: Callable[..., tuple[int, int]]
) -> None:
    """Where the kernel ends a child with its parent the server is gone already; the folder is not."""
    with scratch_server(cache=cache) as server:
        pid, keeper = postmaster(server.host)
        os.kill(keeper, signal.SIGKILL)
    assert gone(pid, Path(server.host))


def test_the_next_start_cleans_up_after_a_killed_keeper_and_caller(
    caller: Callable[..., Any],
    cache: Path,
    folder: Path,
    gone: Callable[..., bool],
    postmaster: Callable[..., tuple[int, int]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Somebody who kills everything by name leaves nobody to tidy up."""
    one = caller(SCRIPT.format(then=WAIT), cache)
    home = Path(one.says())
    pid, keeper = postmaster(home)
    os.kill(keeper, signal.SIGKILL)
    one.ends(signal.SIGKILL)
    assert home.exists()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    monkeypatch.setenv("TMPDIR", str(folder))
    with scratch_server(cache=cache) as server:
        assert gone(pid, home)
        assert Path(server.host).exists()


def test_the_next_start_leaves_other_folders_alone(cache: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody's checkout in /tmp may be called headgate-scratch-2 too, and another gate's server is in use."""
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    monkeypatch.setenv("TMPDIR", str(folder))
    checkout = folder / "headgate-scratch-2"
    checkout.mkdir()
    with scratch_server(cache=cache) as first, scratch_server(cache=cache) as second:
        assert first.host != second.host
        with first.connect() as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
    assert list(folder.iterdir()) == [checkout]
