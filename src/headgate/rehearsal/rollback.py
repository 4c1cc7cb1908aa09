"""The proof that a revision can be taken back: up, down, up again, and the catalog identical each time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby

from headgate.catalog import Catalog, Difference, diff
from headgate.project import Project
from headgate.rehearsal.base import Base
from headgate.rehearsal.contents import losses
from headgate.rehearsal.evidence import Rehearsed
from headgate.rehearsal.fitting import Binding, bindings
from headgate.rehearsal.model import Failure, Fill, Move, Rehearsal, Step
from headgate.rehearsal.plan import up_down_up
from headgate.rehearsal.run import rehearse

__all__ = ["Proof", "Proofs", "prove", "rehearsed"]


@dataclass(frozen=True)
class Proof:
    """What up, down, up showed of one revision.

    Args:
        revision: its id.
        up: the first upgrade.
        down: the downgrade; `None` when the upgrade failed, or the header says that the revision is irreversible.
        again: the second upgrade; `None` when there was no downgrade, or it failed.
        on_rows: whether the upgrade failed with rows in the tables, and passes with empty ones.
        fit: what bound the tables while they were filled, because it failed on rows that knew nothing of it.
    """

    revision: str
    up: Step
    down: Step | None = None
    again: Step | None = None
    on_rows: bool = field(default=False, kw_only=True)
    fit: tuple[Binding, ...] = field(default=(), kw_only=True)

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
        return self.last is not None and self.stopped is None

    @property
    def stopped(self) -> Proof | None:
        """The first revision that does not upgrade, whatever the tables hold."""
        return next((proof for proof in self.proofs if proof.up.failure and not proof.on_rows), None)


def prove(
    project: Project,
    new_database: Callable[..., str],
    *,
    fill: Fill | None = None,
    base: Base | None = None,
    models: bool = True,
    again: bool = True,
    on_event: Callable[[str], None] | None = None,
) -> Proofs:
    """Run the history, then take every new revision up, down and up again.

    A revision whose downgrade fails, or whose upgrade fails on rows alone, does not hide the ones above it: they are
    proved on a database built anew.

    Args:
        project: the Alembic project.
        new_database: makes an empty scratch database, or a copy of the one that it is given, and gives its URL.
        fill: the rows that the tables are given, and then the new revisions are traced; `None` leaves them empty.
        base: the state below the new revisions, where it is there already.
        models: whether the models are to build a database too, for drift.
        again: whether the last revision goes up a second time as well, which only the rollback proof asks.
        on_event: is told each revision as it starts.

    Raises:
        HeadgateError: env.py does not run, connects elsewhere, or ends the process.
    """

    def run(moves: Sequence[Move | Fill], models_url: str | None = None) -> Rehearsal:
        template, start, left = (base and base.after(moves)) or (None, None, moves)
        url = new_database(template) if template else new_database()
        return rehearse(project, left, url=url, models_url=models_url, start=start, on_event=on_event)

    proofs: list[Proof] = []
    fits: dict[str, tuple[Binding, ...]] = {}
    waiting = list(project.new)
    wanted = [id_ for id_ in project.revisions if id_ in project.scope]
    while True:
        done = [id_ for id_ in wanted if id_ not in waiting]
        planned = up_down_up(project, done, waiting, fill=fill, each=project.each, again=again)
        moves = list(_fitted(planned, fits, project.each))
        rehearsal = run(moves, new_database() if models else None)
        plain, tried = _sorted(rehearsal.steps, waiting)
        if failed := next((step.failure for step in plain if step.failure), None):
            stopped = any(proof.up.failure and not proof.on_rows for proof in proofs)
            return Proofs(tuple(proofs), history=None if stopped else failed)
        for (id_,), taken in groupby(tried, key=lambda step: step.move.revisions):
            waiting.remove(id_)
            proofs.append(Proof(id_, *taken, fit=fits.get(id_, ())))
        failure = proofs[-1].failure if tried else None
        if failure is None:
            return Proofs(tuple(proofs), last=rehearsal)
        if failure[0] == "up":
            id_ = proofs[-1].revision
            below = [one for one in wanted if one not in waiting and one != id_]
            empty = None if fill is None or failure[1].gave_up else run(list(up_down_up(project, below, [id_])))
            if empty is None or _fails(empty):
                if project.each and not failure[1].gave_up:
                    continue  # some pass in the company of those before them: then the ones above are proved too
                return Proofs(tuple(proofs))
            if id_ not in fits and (failure[1].sqlstate or "")[:2] in _OF_VALUES:
                # What the rows must be like is told as a precondition; here they are to show the rest.
                first = next(step for step in empty.steps if step.move.revisions == (id_,))
                fits[id_] = bindings(first.before, first.after) if first.before and first.after else ()
                if fits[id_]:
                    proofs.pop()
                    waiting = [one for one in project.new if one in waiting or one == id_]
                    continue
            proofs[-1] = replace(proofs[-1], on_rows=True)


def rehearsed(proof: Proof, server: str) -> Rehearsed | None:
    """Give what rules read of a proof.

    Args:
        proof: of a revision that was traced.
        server: the version that ran it.

    Returns:
        The evidence; `None` when nothing was traced.
    """
    up, down = proof.up, proof.down
    if up.trace is None or up.before is None or up.after is None:
        return None
    lost = tuple(losses(up.held, down.holds)) if down and not down.failure else ()
    return Rehearsed(
        revision=proof.revision,
        server=server,
        up=up.trace,
        down=down.trace if down else None,
        before=up.before,
        after=up.after,
        made=proof.made,
        failure=up.failure,
        empty_too=up.failure is not None and not proof.on_rows,
        not_filled=up.not_filled,
        lost=lost,
        held=up.held,
        holds=up.holds,
    )


# A value that a type refuses, and one that a constraint refuses: errcodes-appendix.html
_OF_VALUES = frozenset({"22", "23"})


def _fitted(moves: Iterable[Move | Fill], fits: Mapping[str, tuple[Binding, ...]], each: bool) -> Iterator[Move | Fill]:
    """Have the tables filled with rows that fit what revisions make of them."""
    waiting: Fill | None = None
    for move in moves:
        if isinstance(move, Fill):
            waiting = move
            continue
        if waiting is not None:
            wanted = [fits.get(move.revisions[0], ())] if each else list(fits.values())
            yield replace(waiting, fit=tuple(binding for some in wanted for binding in some))
            waiting = None
        yield move


def _sorted(steps: Sequence[Step], waiting: Sequence[str]) -> tuple[list[Step], list[Step]]:
    """The steps that only apply, and those that prove a waiting revision."""
    plain: list[Step] = []
    proving: list[Step] = []
    for step in steps:
        (proving if step.move.compare and step.move.revisions[0] in waiting else plain).append(step)
    return plain, proving


def _fails(rehearsal: Rehearsal) -> bool:
    """Whether the first upgrade of the one revision that is proved fails."""
    return any(step.failure for step in rehearsal.steps[:2])


def _between(before: Catalog | None, after: Catalog | None) -> tuple[Difference, ...]:
    return diff(before, after) if before and after else ()
