"""A small process that outlives its caller, to stop the server and remove its folder whatever became of the caller.

Run as `python -I -S keeper.py <folder>` in a session of its own, with the standard library only. It holds the read
end of a pipe: the pipe closes when the caller closes it, and also when the caller is killed. A request is one line of
JSON, `{"argv", "environment", "identity", "until"}`, where `until` is `ready` for a server and `done` for a program
that is run to its end; the answer is one line, `{"code", "said"}` or `{"error"}`.

The keeper is the parent of the server, so that on Linux the server ends even when the keeper itself is killed
(PR_SET_PDEATHSIG, prctl(2)). SIGQUIT is the "immediate" shutdown, which leaves no shared memory behind:
https://www.postgresql.org/docs/current/server-shutdown.html
"""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

_PR_SET_PDEATHSIG = 1
_READY_SECONDS = 60.0
_STOP_SECONDS = 10.0
_POLL_SECONDS = 0.001


def main(folder: Path) -> None:
    """Serve the one caller until its end of the pipe closes, then clean up."""
    for ignored in (signal.SIGINT, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _leave)
    server = None
    try:
        for line in sys.stdin:
            request = json.loads(line)
            answer: dict[str, Any] = {}
            try:
                if request.pop("until") == "ready":
                    server = _start(folder, **request)
                else:
                    answer = _run(folder, **request)
            except Exception as error:  # The caller reports it: nobody reads this process's own output.
                answer = {"error": str(error)}
            sys.stdout.write(json.dumps(answer) + "\n")
            sys.stdout.flush()
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        if server is not None:
            _stop(server)
        remove(folder)


def _leave(_signal: int, _frame: FrameType | None) -> None:
    sys.exit(0)


def _run(folder: Path, argv: list[str], environment: dict[str, str], identity: dict[str, Any]) -> dict[str, Any]:
    """Run a program to its end, even if the caller is killed: an `initdb` cut short would leave shared memory."""
    done = subprocess.run(
        argv,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        cwd=folder,
        env=environment,
        check=False,
        **identity,
    )
    return {"code": done.returncode, "said": done.stderr.decode(errors="replace")}


def _start(
    folder: Path, argv: list[str], environment: dict[str, str], identity: dict[str, Any]
) -> subprocess.Popen[bytes]:
    with (folder / "log").open("ab") as log:
        server = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=folder,
            env=environment,
            # Runs after the user switch, which would clear the setting.
            preexec_fn=_die_with_parent(),
            **identity,
        )
    try:
        _wait_until_ready(server, folder / "data" / "postmaster.pid")
    except BaseException:
        _stop(server)
        raise
    return server


def _wait_until_ready(server: subprocess.Popen[bytes], pid_file: Path) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while not ready(pid_file):
        if server.poll() is not None:
            raise RuntimeError("it did not start")
        if time.monotonic() > deadline:
            raise RuntimeError(f"it was not ready after {_READY_SECONDS:.0f} s")
        time.sleep(_POLL_SECONDS)


def ready(pid_file: Path) -> bool:
    """Say whether the server accepts connections, the way `pg_ctl --wait` does: by the eighth line of its pid file."""
    try:
        return pid_file.read_bytes().split(b"\n")[7:8] == [b"ready   "]
    except OSError:
        return False


def _die_with_parent() -> Callable[[], None] | None:
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl
    parent = os.getpid()

    def ask() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGQUIT)
        if os.getppid() != parent:
            os._exit(1)

    return ask


def _stop(server: subprocess.Popen[bytes]) -> None:
    server.send_signal(signal.SIGQUIT)
    try:
        server.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def remove(folder: Path) -> None:
    """Remove the folder; try again while a process that is just ending still writes into it."""
    deadline = time.monotonic() + _STOP_SECONDS
    while folder.exists() and time.monotonic() < deadline:
        shutil.rmtree(folder, ignore_errors=True)
        if folder.exists():
            time.sleep(_POLL_SECONDS * 10)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
