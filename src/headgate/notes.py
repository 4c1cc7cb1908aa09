"""Small files in the cache that spare work: written whole or not at all, the oldest thrown away.

To be unable to read or write one is no reason to fail: what it says is then found out anew.
"""

from __future__ import annotations

import json
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Any

__all__ = ["load", "save"]

# Each project has one of a kind, and each is some kilobytes.
_KEPT = 50


def load(path: Path) -> Any:
    """Give what a file says; `None` where there is none, or nobody can read it."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def save(path: Path, said: object) -> None:
    """Write a file, and remove those beside it that were written longest ago.

    Args:
        path: the file.
        said: what it is to say, in values that JSON has.
    """
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_text(json.dumps(said), encoding="utf-8")
        partial.replace(path)
        beside = sorted(path.parent.glob("*.json"), key=lambda one: one.stat().st_mtime, reverse=True)
        for old in beside[_KEPT:]:
            old.unlink(missing_ok=True)
