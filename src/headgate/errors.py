"""What headgate says when it stops, and the exit code that goes with it.

Two kinds of failure exist: one we expected, which is two lines (what is wrong, what to do), and one that is our bug,
which is a crash report. The exit code tells which.
"""

from __future__ import annotations

from enum import IntEnum

__all__ = ["Exit", "HeadgateError"]


class Exit(IntEnum):
    """The exit codes of every command, hook and session."""

    NOTHING_TO_FIX = 0
    FINDINGS = 1
    CANNOT_JUDGE = 2
    OUR_BUG = 3


class HeadgateError(Exception):
    """An expected failure: headgate cannot go on, and knows what the user can do about it.

    Args:
        what: one line that says what is wrong, with the user's own names.
        fix: one line that says what to do.
        code: the exit code that this failure ends the process with.
    """

    def __init__(self, what: str, fix: str, *, code: Exit = Exit.CANNOT_JUDGE) -> None:
        super().__init__(what, fix)
        self.what = what
        self.fix = fix
        self.code = code

    def __str__(self) -> str:
        return f"{self.what}\n{self.fix}"

    def __reduce__(self) -> tuple[object, ...]:
        """Cross a process boundary with the exit code intact (rehearsals run in a child process)."""
        return _rebuild, (self.what, self.fix, self.code)


def _rebuild(what: str, fix: str, code: Exit) -> HeadgateError:
    return HeadgateError(what, fix, code=code)
