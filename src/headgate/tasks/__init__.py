"""The Invoke front end: each task parses, calls and renders; what it does is elsewhere."""

from __future__ import annotations

from invoke.collection import Collection

__all__ = ["SECTIONS", "collection"]

# The workflow document's sections, which `--list` reads by; a task that is not here stands last.
SECTIONS = {
    "init": 1,
    "setup": 1,
    "doctor": 1,
    "migrate.plan": 2,
    "migrate.new": 3,
    "migrate.review": 4,
    "migrate.sql": 4,
    "migrate.up": 5,
    "backend.test": 5,
    "backend.serve": 5,
    "backend.smoke": 5,
    "migrate.down": 6,
    "migrate.rollback": 6,
    "docs.check": 7,
    "docs.sync": 7,
    "migrate.drift": 8,
    "checklist": 8,
    "ship": 9,
}


def collection() -> Collection:
    """Give every task, as the root of a project's `tasks.py`."""
    from headgate.tasks import adopt, backend, cache, db, docs, migrate, rules, workflow

    root = Collection(adopt.init, workflow.setup, workflow.doctor, workflow.gate, workflow.checklist, workflow.ship)
    root.add_task(docs.check, name="docs-check", default=False)
    for part in (migrate, backend, docs, db, rules, cache):
        root.add_collection(_in_order(part.collection()))
    return _in_order(root)


class _Name(str):
    """A task's name that sorts by the workflow: `inv --list` is Invoke's own, and all it does is sort."""

    __slots__ = ("place",)

    place: int

    def __lt__(self, other: str) -> bool:
        return self.place < getattr(other, "place", len(SECTIONS))


def _in_order(part: Collection) -> Collection:
    known = {full.removeprefix(f"{part.name}."): place for place, full in enumerate(SECTIONS)}
    for name in list(part.tasks):
        ordered = _Name(name)
        ordered.place = known.get(name, len(SECTIONS))
        part.tasks[ordered] = part.tasks.pop(name)
    return part
