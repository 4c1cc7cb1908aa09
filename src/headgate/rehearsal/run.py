"""Rehearse: run a project's migrations on a scratch database, in a process of their own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from headgate.rehearsal import child
from headgate.rehearsal.isolation import only_scratch
from headgate.rehearsal.model import Failure, Move, Rehearsal, Step
from headgate.rehearsal.runner import Runner

if TYPE_CHECKING:
    from headgate.project import Project

__all__ = ["Failure", "Move", "Rehearsal", "Step", "rehearse"]


def rehearse(
    project: Project,
    moves: Sequence[Move],
    *,
    url: str,
    models_url: str | None = None,
    on_event: child.Emit | None = None,
) -> Rehearsal:
    """Run moves one after the other on a scratch database, in a process of their own.

    Args:
        project: the Alembic project.
        moves: what to run.
        url: the scratch database, as a SQLAlchemy URL.
        models_url: an empty scratch database, which the models are to build; `None` to leave the models alone.
        on_event: is told each revision as it starts.

    Raises:
        HeadgateError: env.py does not run, connects elsewhere, or ends the process.
    """
    return child.call(
        _perform,
        str(project.ini),
        project.config.section,
        project.config.url_variable,
        tuple(moves),
        url,
        models_url,
        on_event=on_event,
    )


def _perform(
    emit: child.Emit, ini: str, section: str, variable: str, moves: tuple[Move, ...], url: str, models_url: str | None
) -> Rehearsal:
    runner = Runner(ini, section, url, emit)
    steps: list[Step] = []
    runner.listen()
    with only_scratch(url, variable, runner.ini.parent, models_url):
        for move in moves:
            steps.append(runner.run(move))
            if steps[-1].failure:
                return Rehearsal(tuple(steps))
        final = runner.last or runner.catalog()
        if models_url is None:
            return Rehearsal(tuple(steps), final)
        emit("building the models' database")
        models, failure = runner.build_models(models_url)
    return Rehearsal(tuple(steps), final, models, failure)
