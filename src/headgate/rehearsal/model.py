"""What a rehearsal is asked to do and what it showed; every value crosses from the child process by pickling."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from headgate.catalog import Catalog, Difference, diff
from headgate.rehearsal.contents import Contents, Inhabitants
from headgate.rehearsal.inputs import Input
from headgate.rehearsal.trace import Trace

__all__ = ["Direction", "Failure", "Fill", "Move", "Rehearsal", "Start", "Step"]

Direction = Literal["up", "down"]


@dataclass(frozen=True)
class Move:
    """One Alembic run.

    Args:
        direction: `up` or `down`.
        revisions: the ids to run, in the order in which they run.
        leaves: the ids that must stand in the version table afterwards; `None` where it cannot be said.
        compare: whether the catalog is read before and after.
        trace: whether its statements are watched, and what the tables hold is read before and after.
    """

    direction: Direction
    revisions: tuple[str, ...]
    leaves: frozenset[str] | None = None
    compare: bool = False
    trace: bool = False


@dataclass(frozen=True)
class Fill:
    """Give every table that is there rows; from then on it counts as one that others may be using.

    Args:
        rows: how many rows a table is to have.
        awkward: whether NULLs, duplicates, orphans and extreme values are among them.
        given: statements of the project's own for a table, by its SQL name.
        factories: functions of the project's own that give such statements, as `package.module:function`.
        fit: statements that bind tables as a revision is going to bind them, each with the one that lets go again.
    """

    rows: int
    awkward: bool = False
    given: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    factories: Mapping[str, str] = field(default_factory=dict)
    fit: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Start:
    """What is known of a database that is a copy of one in which revisions ran.

    Args:
        version_table: the schema and the name of the table that holds the applied ids.
        inhabitants: the rows that it was given.
        picture: its schema, as `catalog.followed` keeps it; empty where that is to be read.
    """

    version_table: tuple[str, str]
    inhabitants: Inhabitants = field(default_factory=Inhabitants)
    picture: str = ""


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
        schema: what the server said it is about, as the catalog spells it, not quoted; so are the next four.
        table: the table.
        column: the column.
        datatype: the type.
        constraint: the constraint, or the unique index.
        detail: the server's second sentence, such as the value that stands twice.
        noting: whether the revision had ended by then, and Alembic could not note it in its version table.
        gave_up: whether it was stopped because it took too long; the server has refused nothing then.
    """

    error: str
    sqlstate: str | None = None
    revision: str | None = None
    path: str | None = None
    line: int | None = None
    statement: str | None = None
    schema: str | None = None
    table: str | None = None
    column: str | None = None
    datatype: str | None = None
    constraint: str | None = None
    detail: str | None = None
    noting: bool = False
    gave_up: bool = False


@dataclass(frozen=True)
class Step:
    """What became of a move.

    Args:
        move: what was asked.
        seconds: wall time of the run.
        before: the catalog before it, when the move asked for a comparison.
        after: the catalog after it, whether it failed or not, when the move asked for a comparison.
        failure: why it stopped.
        trace: its statements, when the move asked for them.
        held: what the tables with rows held before it, when the move asked for a trace.
        holds: what those that it touched hold after it.
        not_filled: the tables that could not be given rows before it, each with the reason.
    """

    move: Move
    seconds: float
    before: Catalog | None = None
    after: Catalog | None = None
    failure: Failure | None = None
    trace: Trace | None = None
    held: Contents = field(default_factory=dict)
    holds: Contents = field(default_factory=dict)
    not_filled: Mapping[str, str] = field(default_factory=dict)

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
        version_table: the schema and the name of the table that holds the applied ids.
        inputs: what the project's code read, where that was asked for.
        left_out: the tables that env.py says are not the models', by SQL name.
    """

    steps: tuple[Step, ...]
    final: Catalog | None = None
    models: Catalog | None = None
    models_failure: Failure | None = None
    version_table: tuple[str, str] = ("public", "alembic_version")
    inputs: tuple[Input, ...] = ()
    left_out: frozenset[str] = frozenset()
