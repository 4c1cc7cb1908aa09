"""`headgate.tasks`: the names that the workflow is typed with."""

from __future__ import annotations

import pytest
from invoke.tasks import Task

import headgate
from headgate.tasks import SECTIONS, collection

NAMES = {
    "checklist",
    "doctor",
    "gate",
    "setup",
    "ship",
    "docs-check",
    "migrate.status",
    "migrate.plan",
    "migrate.new",
    "migrate.review",
    "migrate.up",
    "migrate.down",
    "migrate.rollback",
    "migrate.drift",
    "backend.test",
    "backend.serve",
    "backend.smoke",
    "docs.check",
    "docs.sync",
    "db.start",
    "db.stop",
    "db.reset",
    "db.url",
    "db.status",
    "rules.list",
    "rules.show",
    "rules.new",
    "cache.show",
    "cache.clear",
}

# They answer `--help` themselves, which Invoke hands over as the name.
WITH_A_NAME = {"rules.show", "rules.new"}


CONTEXTS = {context.name: context for context in collection().to_contexts()}


def _tasks() -> dict[str, Task]:  # type: ignore[type-arg]
    found = collection()
    return {name: found[name] for name in found.task_names}


def test_every_name_of_the_workflow_is_there() -> None:
    """They stand in documents, scripts and CI files of others."""
    assert set(_tasks()) >= NAMES
    assert set(SECTIONS) <= set(_tasks())


def test_the_documents_own_words_are_aliases() -> None:
    """Who knows Alembic types these."""
    found = collection()

    for alias, name in (
        ("migrate.revision", "migrate.new"),
        ("migrate.upgrade", "migrate.up"),
        ("migrate", "migrate.status"),
        ("docs", "docs.check"),
        ("rules", "rules.list"),
    ):
        assert found[alias] == found[name]


@pytest.mark.parametrize("name", sorted(map(str, CONTEXTS)))
def test_every_task_has_a_short_line_of_help_and_says_what_its_options_are(name: str) -> None:
    """The first lines stand side by side in the list."""
    task = _tasks()[name]
    first = (task.__doc__ or "").strip().splitlines()[0]

    assert 0 < len(first) <= 50
    assert first.endswith(".")
    assert [argument.name for argument in CONTEXTS[name].args.values() if not argument.help] == []
    assert bool(task.positional) == (name in WITH_A_NAME)


def test_a_message_is_taken_as_m() -> None:
    """The option that is typed most often."""
    for name in ("migrate.new", "ship"):
        assert {"m", "message"} <= {word for argument in CONTEXTS[name].args.values() for word in argument.names}


def test_the_list_of_invoke_itself_reads_as_the_workflow() -> None:
    """`inv --list` sorts; so the names do."""
    shown = sorted(collection().collections["migrate"].tasks)

    assert shown[:7] == ["plan", "new", "review", "sql", "up", "down", "rollback"]


def test_a_projects_own_tasks_py_gets_the_same_tasks() -> None:
    """`ns = headgate.collection()` is its whole content."""
    assert set(headgate.collection().task_names) == set(_tasks())
