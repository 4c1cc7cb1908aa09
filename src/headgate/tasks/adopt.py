"""The task `init`: take headgate into a repository."""

from __future__ import annotations

import sys
from pathlib import Path

from invoke.context import Context

from headgate.errors import HeadgateError
from headgate.tasks.front import confirm, settings, task

__all__ = ["init"]


@task(
    help={
        "alembic": "the file that configures Alembic",
        "section": "its section",
        "database": "the one that is judged, of those in a multidb env.py",
        "url_variable": "the environment variable in which env.py expects the URL",
        "driver": "psycopg, psycopg2 or asyncpg",
        "base": "the branch that work is merged into",
        "baseline": "the newest revision that is not to be judged",
        "versions": "the folder of the revisions, where env.py sets it",
        "within": "the Flask application, or what makes it: app:create_app",
        "tasks": "write a tasks.py",
        "nox": "write a noxfile.py",
        "pre_commit": "add the hooks to .pre-commit-config.yaml",
        "ci": "write a workflow of GitHub Actions",
        "yes": "write without asking",
    }
)
def init(
    context: Context,
    alembic: str | None = None,
    section: str | None = None,
    database: str | None = None,
    url_variable: str | None = None,
    driver: str | None = None,
    base: str | None = None,
    baseline: str | None = None,
    within: str | None = None,
    versions: str | None = None,
    tasks: bool = False,
    nox: bool = False,
    pre_commit: bool = False,
    ci: bool = False,
    yes: bool = False,
) -> None:
    """Take headgate into this repository.

    It finds the Alembic project, how env.py takes its URL, the driver, the base branch and the heads, without running
    any of it; shows each file that it would write as a diff; and asks. What is there is never overwritten.
    """
    from headgate.adoption.changes import Wanted, changes, write
    from headgate.adoption.survey import Answers, nearest, survey

    config = nearest(settings(), Path.cwd().resolve())
    found = survey(config, Answers(alembic, section, database, url_variable, driver, base, baseline, within, versions))
    for note in found.notes:
        print(note)
    planned = list(changes(found, Wanted(tasks, nox, pre_commit, ci)))
    for change in planned:
        name = change.path.relative_to(config.root).as_posix()
        if change.changed:
            print(f"\n{change.diff(config.root)}", end="")
        elif change.by_hand:
            print(f"\n{name} is there and is left as it is; add to it by hand:\n\n{change.by_hand}")
        else:
            print(f"\n{name}: nothing to change")
    waiting = [change for change in planned if change.changed]
    if not waiting:
        return
    print()
    names = " and ".join(change.path.relative_to(config.root).as_posix() for change in waiting)
    if not (yes or confirm(f"Write {names}?")):
        if not sys.stdin.isatty():
            raise HeadgateError("Nothing was written.", "Write it without being asked: headgate init --yes")
        print("Nothing was written.")
        return
    for change in waiting:
        write(change)
        print(f"wrote {change.path.relative_to(config.root).as_posix()}")
    print("next  headgate gate")
