"""`cache.*`: what is kept between runs."""

from __future__ import annotations

from invoke.collection import Collection
from invoke.context import Context

from headgate.tasks.front import print_json, settings, task
from headgate.wording import counted

__all__ = ["collection"]

_MEGABYTE = 1_000_000


@task(help={"json": "print one JSON document"}, default=True)
def show(context: Context, json: bool = False) -> None:
    """Show what is kept between runs."""
    from dataclasses import asdict
    from datetime import datetime

    from headgate.cache import PARTS, parts

    config = settings()
    found = list(parts(config.cache))
    if json:
        print_json({"schema_version": 1, "folder": str(config.cache), "parts": [asdict(part) for part in found]})
        return
    for part in found:
        used = f"used {datetime.fromtimestamp(part.used):%Y-%m-%d %H:%M}" if part.used else "empty"
        entries = counted(part.entries, "entry", "entries")
        print(f"{part.name:<10} {part.size / _MEGABYTE:>6,.0f} MB  {entries:<12}  {used:<21}  {PARTS[part.name]}")
    total = sum(part.size for part in found)
    print(f"{total / _MEGABYTE:,.0f} MB in {config.cache}.  inv cache.clear empties it")


@task(help={"all": "PostgreSQL's own programs as well"})
def clear(context: Context, all: bool = False) -> None:
    """Empty the cache; the next run fills it."""
    from headgate.cache import FETCHED, PARTS
    from headgate.cache import clear as empty

    config = settings()
    freed = empty(config.cache, [name for name in PARTS if all or name not in FETCHED])
    print(f"{freed / _MEGABYTE:,.0f} MB removed from {config.cache}.")


def collection() -> Collection:
    """Give the namespace."""
    return Collection("cache", show, clear)
