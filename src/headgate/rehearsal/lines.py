"""Find the line of a revision file that a running call comes from."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

__all__ = ["Lines", "Place", "caller"]


class Place(NamedTuple):
    """A line of a revision file, and the function that Alembic called."""

    path: str
    line: int
    function: str


class Lines:
    """The lines of revision files.

    Args:
        revisions: the paths of the files.
    """

    def __init__(self, revisions: frozenset[str]) -> None:
        # A folder is resolved once: each step of a path is a call of the system, and a history has hundreds of files.
        parts = {path: path.rpartition(os.sep) for path in revisions}
        folders = {folder: Path(folder or ".").resolve() for folder, _, _ in parts.values()}
        self._revisions = {f"{folders[folder]}{os.sep}{name}": path for path, (folder, _, name) in parts.items()}
        self._paths: dict[str, str | None] = {}  # of every file that was ever in a stack
        self._queued: Place | None = None

    def here(self) -> Place | None:
        """Give the line that leads to the running call, or `None` when no revision does.

        Of a helper function in the same file it is the line in the helper; of one elsewhere, the line that calls it.
        """
        calls: dict[str, int] = {}
        outermost = None
        paths = self._paths
        frame: FrameType | None = sys._getframe(1)
        while frame is not None:
            name = frame.f_code.co_filename
            path = paths[name] if name in paths else self._path(name)
            if path:
                calls.setdefault(path, frame.f_lineno)
                outermost = path, frame.f_code.co_name
            frame = caller(frame)
        if outermost is None:
            return None
        return self._queued or Place(outermost[0], calls[outermost[0]], outermost[1])

    def follow_batches(self) -> None:
        """Have Alembic's batches remember where each of their calls was made: they are sent when the batch ends."""
        from alembic.operations.batch import BatchOperationsImpl

        lines = self
        patched: Any = BatchOperationsImpl
        start, flush = patched.__init__, patched.flush

        def started(batch: Any, *arguments: Any, **options: Any) -> None:
            start(batch, *arguments, **options)
            batch.batch = _Calls(lines.here, lines._sending)

        def flushed(batch: Any) -> None:
            try:
                flush(batch)
            finally:
                lines._sending(None)

        for name, function in (("__init__", started), ("flush", flushed)):
            setattr(patched, name, function)

    def _path(self, name: str) -> str | None:
        self._paths[name] = self._revisions.get(str(Path(name).resolve()))
        return self._paths[name]

    def _sending(self, place: Place | None) -> None:
        self._queued = place


def caller(frame: FrameType) -> FrameType | None:
    """Give the frame that called this one; of an asynchronous env.py, the one that waits for it."""
    if frame.f_code.co_name == "greenlet_spawn":
        # An async env.py: Alembic runs in a greenlet of SQLAlchemy, which waits in this frame for an answer.
        # https://docs.sqlalchemy.org/en/20/orm/extensions/asyncio.html#running-synchronous-methods-and-functions-under-asyncio
        greenlet = frame.f_locals.get("context")
        return getattr(greenlet, "gr_frame", None) or frame.f_back
    return frame.f_back


class _Calls(list[Any]):
    """The calls of a batch; tells where each was made when it is taken out."""

    def __init__(self, here: Callable[[], Place | None], sending: Callable[[Place | None], None]) -> None:
        super().__init__()
        self._here, self._sending = here, sending
        self._places: list[Place | None] = []

    def append(self, call: Any) -> None:
        self._places.append(self._here())
        super().append(call)

    def __iter__(self) -> Iterator[Any]:
        for place, call in zip(self._places, super().__iter__(), strict=True):
            self._sending(place)
            yield call
        self._sending(None)
