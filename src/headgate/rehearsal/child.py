"""Run a function of ours in a process of its own.

A project's env.py and revisions are other people's code: they print, configure logging, set module globals, end the
process. In a child none of that reaches headgate, and Alembic's contexts, which are module globals, are fresh.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import BinaryIO, TypeVar

from headgate.errors import HeadgateError

__all__ = ["Emit", "call"]

Emit = Callable[[str], None]
Result = TypeVar("Result")

_GRACE_SECONDS = 5
_PR_SET_PDEATHSIG = 1  # linux/prctl.h


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
    # A fork costs 5 ms and a spawn half a second of imports; on macOS a fork is not safe once system libraries ran.
    context = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
    receiver, sender = context.Pipe(duplex=False)
    told = ""
    with tempfile.TemporaryFile() as output:
        descriptor = output.fileno()
        process = context.Process(  # type: ignore[attr-defined]  # typeshed's BaseContext lacks it
            target=_serve,
            args=(function, arguments, sender, descriptor if sys.platform == "linux" else None, os.getpid()),
        )
        try:
            process.start()
            sender.close()
            while True:
                try:
                    kind, value = receiver.recv()
                except EOFError:
                    process.join()
                    raise _ended(process.exitcode or 0, told, output) from None
                if kind == "event":
                    told = value
                    if on_event:
                        on_event(value)
                elif kind == "result":
                    return value  # type: ignore[no-any-return]
                elif kind == "expected":
                    raise value
                else:
                    raise RuntimeError(value)
        finally:
            receiver.close()
            if process.pid:
                _end(process)


def _end(process: BaseProcess) -> None:
    """End a child whose function asked for SIGTERM with time to put its own things away, any other at once."""
    try:
        process.terminate()
        process.join(_GRACE_SECONDS)
    finally:
        process.kill()
        process.join()


def _serve(
    function: Callable[..., object], arguments: tuple[object, ...], sender: Connection, output: int | None, parent: int
) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides, and ends this process when it leaves
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)  # it died before it could be watched
    target = output if output is not None else os.open(os.devnull, os.O_WRONLY)
    os.dup2(target, 1)
    os.dup2(target, 2)
    # Whoever called may have put something else there than the descriptors, and what it buffers is not ours to write.
    sys.stdout = sys.stderr = os.fdopen(1, "w", buffering=1, encoding="utf-8", errors="backslashreplace", closefd=False)

    def emit(text: str) -> None:
        sender.send(("event", text))

    try:
        sender.send(("result", function(emit, *arguments)))
    except HeadgateError as error:
        sender.send(("expected", error))
    except Exception:
        sender.send(("defect", traceback.format_exc()))
    sender.close()
    sys.stdout.flush()
    # Not sys.exit: what the project registered with atexit, and the parent's inherited connections, must not run here.
    os._exit(0)


def _ended(code: int, told: str, output: BinaryIO) -> HeadgateError:
    output.seek(0)
    lines = output.read().decode(errors="replace").strip().splitlines()
    last = f" It printed last: {lines[-1]}" if lines else ""
    how, fix = f"exit code {code}", "Remove the exit from env.py or the revision."
    if code < 0:
        how, fix = signal.Signals(-code).name, "Look for a crash in an extension, or a lack of memory."
    return HeadgateError(f"The project's own code ended the process ({how}) {told}".rstrip() + ".", f"{fix}{last}")
