"""A private temporary folder, and the server in it, that go away with the process that asked for them.

`Kept` is the caller's side of `keeper.py`. What neither of the two could remove, because the keeper itself was
killed, is removed by the next `Kept`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import weakref
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from headgate.errors import HeadgateError
from headgate.postgres import keeper, temporary
from headgate.postgres.account import Account, identity
from headgate.postgres.folders import writing

__all__ = ["Kept", "ServerStartError", "environment", "last_words"]


class ServerStartError(HeadgateError):
    """PostgreSQL's own refusal, as against that of a folder."""


class Kept:
    """A temporary folder that is removed, and whose server is stopped, when the block or the process ends.

    Args:
        account: who owns the folder and runs the server; `None` for the caller.

    Raises:
        HeadgateError: no temporary folder can be made.
    """

    def __init__(self, account: Account | None) -> None:
        self.account = account
        with writing(Path(os.environ.get("TMPDIR", "/tmp")), "TMPDIR"):
            bases = temporary.bases(account)
        for base in bases:
            temporary.sweep(base, account)
        self._owner = os.getpid()
        with writing(bases[0], "TMPDIR"):
            while (lock := self._claim(temporary.new_path(bases[0]))) is None:
                pass
        self._lock = lock
        _close_in_forked_children()
        _kept.add(self)

    def _claim(self, path: Path) -> int | None:
        # The keeper comes before the folder: there is no moment at which a kill leaves the folder to nobody.
        self.path = path
        self._keeper = subprocess.Popen(
            [sys.executable, "-I", "-S", keeper.__file__, path],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            # A test runner that waits for the end of our error output must not wait for the keeper's.
            stderr=subprocess.DEVNULL,
            cwd="/",
            # Ctrl-C reaches every process of the terminal's group; this one is still needed then.
            start_new_session=True,
            bufsize=0,
        )
        lock = None
        try:
            lock = temporary.claim(path)
        finally:
            if lock is None:
                self._dismiss_keeper()
        return lock

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def hand_over(self) -> None:
        """Give the folder to the account, once what we put there is in place."""
        if self.account is not None:
            os.chown(self.path, self.account.uid, self.account.gid)

    def start(self, argv: Sequence[str]) -> None:
        """Start a server whose data is in the folder's `data`, and wait until it accepts connections.

        Raises:
            ServerStartError: its log says why.
        """
        if error := self._ask("ready", argv).get("error"):
            try:
                log = (self.path / "log").read_text(encoding="utf-8", errors="replace")
            except FileNotFoundError:
                log = ""
            raise ServerStartError(
                f"PostgreSQL ({argv[0]}) cannot be used: {error}: {last_words(log)}",
                "Mend what it names, or set HEADGATE_POSTGRES_URL to a server on which scratch databases may be made.",
            )

    def run(self, argv: Sequence[str], *, own: bool = False) -> tuple[int, str]:
        """Run a program in the folder to its end, even if the caller is killed meanwhile.

        Args:
            argv: the program and its arguments.
            own: whether it runs as the caller, and not as the account.

        Returns:
            Its exit code and its error output.
        """
        answer = self._ask("done", argv, own=own)
        return answer.get("code", 1), str(answer.get("said", answer.get("error")))

    def _ask(self, until: str, argv: Sequence[str], *, own: bool = False) -> dict[str, Any]:
        request = {
            "argv": list(argv),
            "environment": environment(),
            "identity": {} if own else identity(self.account),
            "until": until,
        }
        stdin, stdout = self._keeper.stdin, self._keeper.stdout
        line = b""
        if stdin and stdout:
            with suppress(BrokenPipeError):
                stdin.write(json.dumps(request).encode() + b"\n")
                line = stdout.readline()
        answer: dict[str, Any] = json.loads(line or b'{"error": "its keeper was killed"}')
        return answer

    def close(self) -> None:
        """Stop the server and remove the folder. In a forked child it does neither: they are the parent's."""
        if self._owner != os.getpid():
            return
        self._dismiss_keeper()
        if self.path.exists():
            keeper.remove(self.path)
        os.close(self._lock)
        _kept.discard(self)

    def _dismiss_keeper(self) -> None:
        for stream in (self._keeper.stdin, self._keeper.stdout):
            if stream:
                stream.close()
        self._keeper.wait()

    def _let_go(self) -> None:
        """Give up, in a forked child, what tells others that the caller lives."""
        if self._keeper.stdin:
            self._keeper.stdin.close()
        os.close(self._lock)


_kept: weakref.WeakSet[Kept] = weakref.WeakSet()


@cache
def _close_in_forked_children() -> None:
    """Keep a forked child (multiprocessing's fork) from holding pipe and lock after its parent was killed."""

    def let_go() -> None:
        for kept in _kept:
            kept._let_go()
        _kept.clear()  # a process that this one forks would close what has these numbers by then

    os.register_at_fork(after_in_child=let_go)


def environment() -> dict[str, str]:
    """Give the environment for PostgreSQL's programs: nothing of the caller's settings, messages in English."""
    passed = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH")
    return {"LC_ALL": "C", "TZ": "UTC"} | {name: os.environ[name] for name in passed if name in os.environ}


def last_words(text: str) -> str:
    """Give what one of PostgreSQL's programs said last about why it stopped, without the time and the process."""
    lines = text.splitlines() or ["it left no message"]
    said = [line.partition(mark)[2] for line in lines for mark in ("FATAL:  ", "PANIC:  ", "error: ") if mark in line]
    return (said or lines)[-1].strip()
