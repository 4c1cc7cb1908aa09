"""`docs.*`: documents that tell the truth."""

from __future__ import annotations

from invoke.collection import Collection
from invoke.context import Context

from headgate.tasks.front import finish, project, task

__all__ = ["collection"]


@task(help={"json": "print one JSON document"}, default=True)
def check(context: Context, json: bool = False) -> None:
    """Hold the documents against the code."""
    from headgate import gate

    found = project()
    finish(gate.run(found, (gate.docs,)), found.config.root, as_json=json)


@task()
def sync(context: Context) -> None:
    """Write the generated parts of the documents."""
    from headgate.docs.sync import sync as write

    found = project()
    changed = write(found)
    for path in changed:
        print(f"wrote {found.shown(path)}")
    if not changed:
        print("Every generated part is current.")


def collection() -> Collection:
    """Give the namespace."""
    return Collection("docs", check, sync)
