"""What a rehearsal is asked to do and what it showed; every value crosses from the child process by pickling."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from headgate.catalog import Catalog, Difference, diff

__all__ = ["Direction", "Failure", "Move", "Rehearsal", "Step"]

Direction = Literal["up", "down"]


@dataclass(frozen=True)
class Move:
    """One Alembic run.

    Args:
        direction: `up` or `down`.
        revisions: the ids to run, in the order in which they run.
        leaves: the ids that must stand in the version table afterwards; `None` where it cannot be said.
        compare: whether the catalog is read before and after.
    """

    direction: Direction
    revisions: tuple[str, ...]
    leaves: frozenset[str] | None = None
    compare: bool = False


@dataclass(frozen=True)
class Failure:
    """Why a run stopped.

    Args:
        error: what the server or Python said, one line.
        sqlstate: the five characters of PostgreSQL's error code, where the server said it.
        revision: the id of the revision that was running; `None` when env.py itself failed.
        path: the file that sent the statement or raised, where it is the project's.
        line: the line in it, counted from 1.
        statement: the statement that failed.
    """

    error: str
    sqlstate: str | None = None
    revision: str | None = None
    path: str | None = None
    line: int | None = None
    statement: str | None = None


@dataclass(frozen=True)
class Step:
    """What became of a move.

    Args:
        move: what was asked.
        seconds: wall time of the run.
        before: the catalog before it, when the move asked for a comparison.
        after: the catalog after it, whether it failed or not, when the move asked for a comparison.
        failure: why it stopped.
    """

    move: Move
    seconds: float
    before: Catalog | None = None
    after: Catalog | None = None
    failure: Failure | None = None

    @property
    def left(self) -> tuple[Difference, ...]:
        """What the run changed in the schema, order of columns apart."""
        if self.before is None or self.after is None:
            return ()
        return tuple(difference for difference in diff(self.before, self.after) if difference.change != "moved")

    @property
    def untouched(self) -> bool:
        """Whether it was seen that the run left the schema as it was."""
        return self.before is not None and self.after is not None and not self.left


@dataclass(frozen=True)
class Rehearsal:
    """The steps that ran, up to and with the first one that failed, and what the models would build.

    Args:
        steps: in order.
        final: the catalog at the end.
        models: the catalog of a database that the models built; `None` when env.py has no `target_metadata`.
        models_failure: why the models could not build a database.
    """

    steps: tuple[Step, ...]
    final: Catalog | None = None
    models: Catalog | None = None
    models_failure: Failure | None = None
