"""A process that imports what rehearsals need, and from which their processes are then forked.

It is forked off before this process imports anything of size, so both get ready side by side, each on a core of its
own. A process that it forks becomes our own child: its first parent ends at once, and we take in what our descendants
leave behind (`orphans`). It ends with us. Linux only; elsewhere nothing is started and `fork` gives `None`.

https://docs.python.org/3/library/multiprocessing.html#contexts-and-start-methods is the same idea, but starts from an
empty process, and imports the program's main module in each child.
"""

from __future__ import annotations

import gc
import importlib
import os
import signal
import socket
import struct
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

__all__ = ["NEEDED", "Forked", "die_with", "fork", "running", "start", "to_the_end"]

NEEDED = (
    "alembic.runtime.environment",
    "sqlalchemy.dialects.postgresql.psycopg",
    "headgate.rehearsal.run",
    "headgate.rehearsal.tracer",
    "headgate.rehearsal.preconditions",
    "headgate.rehearsal.bench",
)
"""What the function of a child imports, ours and other people's."""

_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_SIZE = struct.Struct("!QI")
_PID = struct.Struct("!I")
_POLL_SECONDS = 0.001

_channel: socket.socket | None = None
_owner = 0


class Forked:
    """A child process of this one, as `multiprocessing.Process` shows one.

    Args:
        pid: its number.
    """

    def __init__(self, pid: int) -> None:
        self.pid: int | None = pid
        self.exitcode: int | None = None

    def join(self, timeout: float | None = None) -> None:
        """Wait for its end, at most so many seconds."""
        assert self.pid is not None
        give_up = None if timeout is None else time.monotonic() + timeout
        while self.exitcode is None:
            try:
                pid, status = os.waitpid(self.pid, 0 if give_up is None else os.WNOHANG)
            except ChildProcessError:  # somebody else has waited for it
                self.exitcode = 0
                return
            if pid:
                self.exitcode = os.waitstatus_to_exitcode(status)
            elif give_up is None or time.monotonic() > give_up:
                return
            else:
                time.sleep(_POLL_SECONDS)

    def terminate(self) -> None:
        """Ask it to end."""
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        if self.exitcode is None and self.pid is not None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)


def start() -> None:
    """Start it, once; to be called while this process has one thread and little in it."""
    global _channel, _owner
    if sys.platform != "linux" or running():
        return
    ours, its = socket.socketpair()
    parent = os.getpid()
    if os.fork() == 0:
        ours.close()
        _serve(its, parent)
    its.close()
    _channel, _owner = ours, parent
    os.register_at_fork(after_in_child=_let_go)


def running() -> bool:
    """Say whether it was started, by this process."""
    return _channel is not None and _owner == os.getpid()


def fork(request: bytes, descriptors: Sequence[int]) -> Forked | None:
    """Have a process forked that unpickles a function and its arguments from the request, and calls it.

    Its working folder, its environment and its `sys.path` are those of this process. The function is called with the
    arguments and then with the descriptors, as numbers that hold there; it must not return.

    Args:
        request: the pickled function and its arguments, as a pair.
        descriptors: open files that it is given.

    Returns:
        The process, a child of this one; `None` where nothing was started, or it is gone.
    """
    global _channel
    if _channel is None or not running():
        return None
    import pickle

    around = pickle.dumps((Path.cwd(), dict(os.environ), sys.path))
    try:
        socket.send_fds(_channel, [_SIZE.pack(len(around), len(request))], list(descriptors))
        _channel.sendall(around + request)
        (pid,) = _PID.unpack(_exactly(_channel, _PID.size))
    except (OSError, EOFError):
        _channel = None
        return None
    return Forked(pid)


def die_with(parent: int | None = None) -> None:
    """Have this process end with its parent, also when that is killed.

    Args:
        parent: the process that must be its parent, so that none is missed that died before; `None` for any.
    """
    import ctypes

    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if parent is not None and os.getppid() != parent:
        os._exit(1)


def to_the_end(function: Callable[..., object], *arguments: object) -> NoReturn:
    """Call a function and end the process as Python would, but run nothing that was registered for its end.

    What the project registered with `atexit`, and the caller's inherited connections, are not this process's.
    """
    code = 1
    try:
        function(*arguments)
        code = 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
        if not isinstance(ended.code, int | None):
            sys.stderr.write(f"{ended.code}\n")
    except BaseException:
        traceback.print_exc()
    finally:
        with suppress(OSError, ValueError):
            sys.stdout.flush()
        os._exit(code)


def _let_go() -> None:
    """A forked process has no say: for this one the answer would be meant."""
    if _channel is not None:
        _channel.close()


def _serve(channel: socket.socket, parent: int) -> NoReturn:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    die_with(parent)
    gc.disable()  # an import makes much and throws little away
    for name in NEEDED:
        # What is missing or broken is told where it is needed.
        with suppress(Exception):
            importlib.import_module(name)
    gc.freeze()
    gc.enable()
    with suppress(OSError, EOFError):
        while True:
            head, descriptors, _, _ = socket.recv_fds(channel, _SIZE.size, 8)
            if not head:
                break
            head += _exactly(channel, _SIZE.size - len(head))
            around, request = (_exactly(channel, size) for size in _SIZE.unpack(head))
            channel.sendall(_PID.pack(_fork_for(parent, channel, around, request, descriptors)))
            for descriptor in descriptors:
                os.close(descriptor)
    os._exit(0)


def _fork_for(parent: int, channel: socket.socket, around: bytes, request: bytes, descriptors: Sequence[int]) -> int:
    """Fork a process whose own parent is gone when this returns, so that it is the parent's."""
    ours, its = os.pipe()
    if (between := os.fork()) == 0:
        between = os.getpid()
        if (pid := os.fork()) == 0:
            channel.close()
            os.close(ours)
            os.close(its)
            while os.getppid() == between:
                time.sleep(_POLL_SECONDS / 10)
            _call(parent, around, request, descriptors)
        os.write(its, _PID.pack(pid))
        os._exit(0)
    os.close(its)
    os.waitpid(between, 0)
    try:
        return int(_PID.unpack(os.read(ours, _PID.size))[0])
    finally:
        os.close(ours)


def _call(parent: int, around: bytes, request: bytes, descriptors: Sequence[int]) -> NoReturn:
    import pickle

    def call() -> None:
        folder, environment, path = pickle.loads(around)
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(environment)
        sys.path[:] = path
        function, arguments = pickle.loads(request)
        function(*arguments, *descriptors)

    die_with(parent)
    to_the_end(call)


def _exactly(channel: socket.socket, size: int) -> bytes:
    parts = []
    while size:
        part = channel.recv(min(size, 1 << 20))
        if not part:
            raise EOFError
        parts.append(part)
        size -= len(part)
    return b"".join(parts)
