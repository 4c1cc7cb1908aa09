"""What a run of the project's code read: files, folders and environment variables, so that a later run can tell
whether it would read the same.

In the child process of a rehearsal Python itself tells each opened file and each listed folder to an audit hook:
https://docs.python.org/3/library/audit_events.html
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

__all__ = ["Input", "Recorder", "seen_from_here", "unchanged"]

# What libpq reads without Python's knowledge: https://www.postgresql.org/docs/current/libpq-envars.html
_LIBPQ = ("PGAPPNAME", "PGOPTIONS", "PGTZ", "PGDATESTYLE", "PGCLIENTENCODING")
# Changes with every shell, and no history depends on it.
_VOLATILE = frozenset({"PWD", "OLDPWD", "SHLVL", "_", "TERM", "COLUMNS", "LINES"})


class Input(NamedTuple):
    """One thing that was read.

    Args:
        kind: `file`, `folder` or `variable`.
        name: its path or its name.
        digest: what it held, as SHA-256; empty when it was not there.
    """

    kind: str
    name: str
    digest: str


class Recorder:
    """Records what is read below a folder, from now until the process ends. For a child process: it cannot be undone.

    Args:
        root: the repository's root. What is read elsewhere (Python, installed packages) is told by its version.
        leave_out: folders whose files are told by other means.
    """

    def __init__(self, root: Path, leave_out: Iterable[Path]) -> None:
        self._root = f"{root}{os.sep}"
        self._out = tuple(f"{path}{os.sep}" for path in leave_out)
        self._read: set[tuple[str, str]] = set()
        sys.addaudithook(self._heard)
        environment: Any = os.environ.__class__
        getitem: Callable[[Any, str], str] = environment.__getitem__

        def recorded(variables: Any, name: str) -> str:
            self._read.add(("variable", name))
            return getitem(variables, name)

        environment.__getitem__ = recorded

    def result(self) -> tuple[Input, ...]:
        """Give what was read so far, with what it holds now."""
        read = set(self._read)
        read.update(("variable", name) for name in _LIBPQ)
        found = {Input(kind, name, _digest(kind, name)) for kind, name in read if isinstance(name, str)}
        return tuple(sorted(one for one in found if one.name not in _VOLATILE))

    def _heard(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            kind = "file"
        elif event in {"os.listdir", "os.scandir"}:
            kind = "folder"
        else:
            return
        path = arguments[0] if arguments else None
        if isinstance(path, (str, bytes, os.PathLike)):
            name = str(Path(os.fsdecode(path)).absolute())
            if f"{name}{os.sep}".startswith(self._root) and not f"{name}{os.sep}".startswith(self._out):
                self._read.add((kind, _source(name)))


def seen_from_here(inputs: Iterable[Input], *, without: str) -> tuple[Input, ...]:
    """Give inputs as this process sees them: the one that read them was given another environment.

    Args:
        inputs: what was read.
        without: the variable that names the scratch database there.
    """
    return tuple(Input(kind, name, _digest(kind, name)) for kind, name, _ in inputs if name != without)


def unchanged(inputs: Iterable[Input]) -> bool:
    """Say whether everything that was read holds what it held then."""
    return all(_digest(kind, name) == digest for kind, name, digest in inputs)


def _source(path: str) -> str:
    """The file that a compiled one was made from, which Python only looks at and does not open."""
    if path.endswith(".pyc"):
        try:
            return importlib.util.source_from_cache(path)
        except (ValueError, NotImplementedError):
            return path
    return path


def _digest(kind: str, name: str) -> str:
    try:
        if kind == "variable":
            held = os.environ.get(name)
            return "" if held is None else hashlib.sha256(held.encode(errors="surrogateescape")).hexdigest()
        if kind == "folder":
            names = sorted(entry.name for entry in Path(name).iterdir() if entry.name[0] not in "._")
            return hashlib.sha256("\0".join(names).encode(errors="surrogateescape")).hexdigest()
        return hashlib.sha256(Path(name).read_bytes()).hexdigest()
    except OSError:
        return ""
