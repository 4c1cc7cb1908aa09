"""The Invoke front end: each task parses, calls and renders; what it does is elsewhere."""

from __future__ import annotations

from invoke import Collection

__all__ = ["SECTIONS", "collection"]

# The workflow document's sections, which `--list` reads by; a task that is not here stands last.
SECTIONS = {
    "setup": 1,
    "doctor": 1,
    "migrate.plan": 2,
    "migrate.new": 3,
    "migrate.review": 4,
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
    from headgate.tasks import backend, db, docs, migrate, workflow

    root = Collection(workflow.setup, workflow.doctor, workflow.gate, workflow.checklist, workflow.ship)
    for part in (migrate, backend, docs, db):
        root.add_collection(part.collection())
    return root
