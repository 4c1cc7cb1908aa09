"""Run a function of ours in a process of its own.

A project's env.py and revisions are other people's code: they print, configure logging, set module globals, end the
process. In a child none of that reaches headgate, and Alembic's contexts, which are module globals, are fresh. The
child has a session of its own, and what it forked or started there ends with it.
"""

from __future__ import annotations

import faulthandler
import multiprocessing
import os
import pickle
import signal
import sys
import tempfile
import threading
import traceback
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import BinaryIO, NoReturn, TypeVar

from headgate import ahead
from headgate.errors import HeadgateError
from headgate.rehearsal import forkserver, orphans
from headgate.rehearsal.forkserver import Forked

__all__ = ["Emit", "Line", "call"]

Emit = Callable[[str], None]
Result = TypeVar("Result")

_GRACE_SECONDS = 5
_DUMP = signal.SIGUSR1


class Line:
    """The way from a child process to its caller. It is called to tell where the child stands, by any thread.

    Args:
        sender: the child's end of the pipe.
    """

    def __init__(self, sender: Connection) -> None:
        self._sender, self._lock, self._process = sender, threading.Lock(), os.getpid()
        os.register_at_fork(after_in_child=self._let_go)

    def __call__(self, text: str) -> None:
        self.send("event", text)

    def watched(self, seconds: float | None) -> None:
        """Tell the caller that this process lives, and after how many silent seconds it does not; `None` to stop."""
        self.send("watched", seconds)

    def send(self, kind: str, value: object) -> None:
        """Send something. What a revision forked has nothing to say."""
        if os.getpid() == self._process:
            with self._lock:
                self._sender.send((kind, value))

    def answer(self, value: object) -> NoReturn:
        """Send the result and end the process, whatever its other threads do."""
        try:
            self.send("result", value)
        except Exception:
            self.send("defect", traceback.format_exc())
        # Not sys.exit: what the project registered with atexit, and the parent's inherited connections, must not run.
        os._exit(0)

    def _let_go(self) -> None:
        """Give up the pipe in a forked process, or its end would not be seen; and have that process end with us."""
        self._sender.close()
        if sys.platform == "linux":
            forkserver.die_with()


def call(function: Callable[..., Result], *arguments: object, on_event: Emit | None = None) -> Result:
    """Call a function in a child process and give what it returned.

    Args:
        function: a module-level function. Its first argument is an `Emit`, with which it tells where it stands.
        arguments: its other arguments; they must pickle, as its result must.
        on_event: is given each told text, in this process.

    Raises:
        HeadgateError: the function raised one, or the process ended without a result.
        RuntimeError: the function raised anything else, which is a defect of ours; holds its traceback.
    """
    ahead.wait()
    receiver, sender = multiprocessing.Pipe(duplex=False)
    told, patience = "", None
    process: Forked | BaseProcess | None = None
    with tempfile.TemporaryFile() as output, orphans.ended():
        try:
            process = _begin(function, arguments, sender, output.fileno())
            sender.close()
            while True:
                try:
                    if not receiver.poll(patience):
                        raise _stuck(process, told, output)
                    kind, value = receiver.recv()
                except EOFError:
                    process.join()
                    raise _ended(process.exitcode or 0, told, output) from None
                if kind == "event":
                    told = value
                    if on_event:
                        on_event(value)
                elif kind == "watched":
                    patience = value
                elif kind == "result":
                    return value  # type: ignore[no-any-return]
                elif kind == "expected":
                    raise value
                else:
                    raise RuntimeError(value)
        finally:
            receiver.close()
            if process is not None:
                _end(process)


def _begin(
    function: Callable[..., object], arguments: tuple[object, ...], sender: Connection, output: int
) -> Forked | BaseProcess:
    """Start the process. A fork costs 5 ms and a spawn half a second of imports."""
    if sys.platform != "linux":  # on macOS a fork is not safe once system libraries ran
        process = multiprocessing.get_context("spawn").Process(target=_serve, args=(function, arguments, sender, None))
        process.start()
        return process
    if forkserver.running():
        request = pickle.dumps((_serve_forked, (function, arguments)))
        if forked := forkserver.fork(request, (sender.fileno(), output)):
            return forked
    parent = os.getpid()
    if (pid := os.fork()) == 0:
        forkserver.die_with(parent)
        forkserver.to_the_end(_serve, function, arguments, sender, output)
    return Forked(pid)


def _serve_forked(function: Callable[..., object], arguments: tuple[object, ...], sender: int, output: int) -> None:
    _serve(function, arguments, Connection(sender, readable=False), output)


def _end(process: Forked | BaseProcess) -> None:
    """End a child whose function asked for SIGTERM with time to put its own things away, any other at once."""
    try:
        _signal(process, signal.SIGTERM)
        process.join(_GRACE_SECONDS)
    finally:
        _signal(process, signal.SIGKILL)
        process.kill()
        process.join()


def _signal(process: Forked | BaseProcess, number: signal.Signals) -> None:
    """Send a signal, once, to the child and to what it left running; or to it alone, before it has a session."""
    assert process.pid is not None
    try:
        os.killpg(process.pid, number)
    except (ProcessLookupError, PermissionError):
        process.terminate()


def _serve(
    function: Callable[..., object], arguments: tuple[object, ...], sender: Connection, output: int | None
) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides, and ends this process when it leaves
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    os.setsid()
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)
    target = output if output is not None else os.open(os.devnull, os.O_WRONLY)
    os.dup2(target, 1)
    os.dup2(target, 2)
    # Whoever called may have put something else there than the descriptors, and what it buffers is not ours to write.
    sys.stdout = sys.stderr = os.fdopen(1, "w", buffering=1, encoding="utf-8", errors="backslashreplace", closefd=False)
    # Written by a handler in C, also when some loop in C lets nothing else run.
    faulthandler.register(_DUMP, file=1, all_threads=False)
    line = Line(sender)
    try:
        result = function(line, *arguments)
    except HeadgateError as error:
        line.send("expected", error)
    except Exception:
        line.send("defect", traceback.format_exc())
    else:
        line.answer(result)


def _stuck(process: Forked | BaseProcess, told: str, output: BinaryIO) -> HeadgateError:
    """Say where a process is that lets not even its own watchdog run, as in a loop that is written in C."""
    start = os.fstat(output.fileno()).st_size
    with suppress(ProcessLookupError):
        os.kill(process.pid or 0, _DUMP)
    for _ in range(20):
        if os.fstat(output.fileno()).st_size > start:
            break
        process.join(0.1)
    output.seek(start)
    stack = output.read().decode(errors="replace").splitlines()
    # The innermost frame comes first, as in `  File "/app/versions/1.py", line 17 in upgrade`.
    frames = (line.strip().removeprefix('File "').split('", line ') for line in stack if line.startswith("  File "))
    library = (str(Path(os.__file__).parent), str(Path(__file__).parents[1]), "<frozen")
    places = (
        f"{path}, line {rest.split()[0]}"
        for path, rest in frames
        if "site-packages" not in path and not path.startswith(library)
    )
    own = next(places, "Python")
    return HeadgateError(
        f"Stopped {told}".rstrip() + f": {own} does not come to an end.",
        "Correct the line, or give it longer: timeout in [tool.headgate], in seconds.",
    )


def _ended(code: int, told: str, output: BinaryIO) -> HeadgateError:
    output.seek(0)
    lines = output.read().decode(errors="replace").strip().splitlines()
    last = f" It printed last: {lines[-1]}" if lines else ""
    how, fix = f"exit code {code}", "Remove the exit from env.py or the revision."
    if code < 0:
        how, fix = signal.Signals(-code).name, "Look for a crash in an extension, or a lack of memory."
    return HeadgateError(f"The project's own code ended the process ({how}) {told}".rstrip() + ".", f"{fix}{last}")
