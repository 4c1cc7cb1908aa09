"""The proof that a revision can be taken back: up, down, up again, and the catalog identical each time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import groupby

from headgate.catalog import Catalog, Difference, diff
from headgate.project import Project
from headgate.rehearsal.model import Failure, Rehearsal, Step
from headgate.rehearsal.plan import up_down_up
from headgate.rehearsal.run import rehearse

__all__ = ["Proof", "Proofs", "prove"]


@dataclass(frozen=True)
class Proof:
    """What up, down, up showed of one revision.

    Args:
        revision: its id.
        up: the first upgrade.
        down: the downgrade; `None` when the upgrade failed, or the header says that the revision is irreversible.
        again: the second upgrade; `None` when there was no downgrade, or it failed.
    """

    revision: str
    up: Step
    down: Step | None = None
    again: Step | None = None

    @property
    def failure(self) -> tuple[str, Failure] | None:
        """The step that failed, as `up`, `down` or `again`, and why."""
        for name, step in (("up", self.up), ("down", self.down), ("again", self.again)):
            if step and step.failure:
                return name, step.failure
        return None

    @property
    def made(self) -> tuple[Difference, ...]:
        """What the upgrade did to the schema."""
        return _between(self.up.before, self.up.after)

    @property
    def not_restored(self) -> tuple[Difference, ...]:
        """How the schema after the downgrade differs from the schema before the upgrade."""
        return _between(self.up.before, self.down.after if self.down else None)

    @property
    def not_repeated(self) -> tuple[Difference, ...]:
        """How the schema after the second upgrade differs from the schema after the first."""
        return _between(self.up.after, self.again.after if self.again else None)


@dataclass(frozen=True)
class Proofs:
    """The proofs of every new revision, and the rehearsal that they come from.

    Args:
        proofs: one for each new revision that was reached, in order.
        history: why the revisions below the new ones did not run; `None` when they did.
        last: the rehearsal that ended at head, with the catalogs that drift is read from; `None` when none did.
    """

    proofs: tuple[Proof, ...]
    history: Failure | None = None
    last: Rehearsal | None = None

    @property
    def reached_head(self) -> bool:
        """Whether every revision upgraded."""
        return self.last is not None


def prove(
    project: Project,
    new_database: Callable[[], str],
    *,
    models: bool = True,
    on_event: Callable[[str], None] | None = None,
) -> Proofs:
    """Run the history, then take every new revision up, down and up again.

    A revision whose downgrade fails does not hide the ones above it: they are proved on a database built anew.

    Args:
        project: the Alembic project.
        new_database: makes an empty scratch database and gives its URL.
        models: whether the models are to build a database too, for drift.
        on_event: is told each revision as it starts.

    Raises:
        HeadgateError: env.py does not run, connects elsewhere, or ends the process.
    """
    proofs: list[Proof] = []
    waiting = list(project.new)
    while True:
        done = [id_ for id_ in project.revisions if id_ not in waiting]
        moves = list(up_down_up(project, done, waiting))
        models_url = new_database() if models else None
        rehearsal = rehearse(project, moves, url=new_database(), models_url=models_url, on_event=on_event)
        history, *steps = rehearsal.steps
        if history.failure:
            return Proofs(tuple(proofs), history=history.failure)
        for (id_,), taken in groupby(steps, key=lambda step: step.move.revisions):
            waiting.remove(id_)
            proofs.append(Proof(id_, *taken))
        failed = proofs[-1].failure if steps else None
        if failed is None:
            return Proofs(tuple(proofs), last=rehearsal)
        if failed[0] == "up":
            return Proofs(tuple(proofs))


def _between(before: Catalog | None, after: Catalog | None) -> tuple[Difference, ...]:
    return diff(before, after) if before and after else ()
