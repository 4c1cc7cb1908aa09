"""What the real rows must be like: each new revision once more, on rows that are as awkward as the schema allows.

A revision that passes on ordinary rows and stops on these needs something of them. The query that must return 0 is
made from what the server refused (`conditions`), and given only when it finds rows here and none among the ordinary
ones. The rows that it finds are taken away and the revision runs again: one precondition must not hide the next.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from headgate.catalog import Difference, diff
from headgate.project import Project
from headgate.rehearsal import child
from headgate.rehearsal.evidence import Asked, Rehearsed, Unmet
from headgate.rehearsal.isolation import only_scratch
from headgate.rehearsal.model import Failure, Fill, Move, Start
from headgate.rehearsal.plan import up_down_up
from headgate.rehearsal.prepared import Prepared, prepared
from headgate.rehearsal.roles import put_aside
from headgate.rehearsal.runner import Runner
from headgate.rehearsal.scripts import Entry, entries
from headgate.rehearsal.turns import Turn, turn_of
from headgate.rehearsal.watchdog import Watchdog

if TYPE_CHECKING:
    from headgate.rehearsal.base import Base
    from headgate.rehearsal.bench import Bench
    from headgate.rehearsal.rollback import Proofs

__all__ = ["Needs", "needs"]

_TRIES = 5


@dataclass(frozen=True)
class Needs:
    """What one revision needs of the rows.

    Args:
        unmet: the failures on awkward rows, in order.
        asked: the preconditions that it declares, as they were asked.
    """

    unmet: tuple[Unmet, ...] = ()
    asked: tuple[Asked, ...] = ()

    def of(self, one: Rehearsed) -> Rehearsed:
        """Give the evidence of the revision with what it needs."""
        return replace(one, unmet=self.unmet, asked=self.asked)


def needs(
    project: Project,
    new_database: Callable[..., str],
    proofs: Proofs,
    *,
    fill: Fill,
    base: Base | None = None,
    on_event: Callable[[str], None] | None = None,
) -> Mapping[str, Needs]:
    """Run every new revision that passes on ordinary rows on awkward ones.

    Args:
        project: the Alembic project.
        new_database: makes an empty scratch database, or a copy of the one that it is given, and gives its URL.
        proofs: what running them on ordinary rows showed.
        fill: the rows of that run.
        base: the state below the new revisions, where it is there already.
        on_event: is told each revision as it starts.

    Returns:
        By id, only those that need or declare something.

    Raises:
        HeadgateError: env.py does not run, connects elsewhere, or ends the process.
    """
    turns = {proof.revision: turn for proof in proofs.proofs if (turn := turn_of(project, proof))}
    if not any(turn.meets_rows for turn in turns.values()):
        return {}
    others = [id_ for id_ in project.revisions if id_ in project.scope and id_ not in project.new]
    others += [proof.revision for proof in proofs.proofs if proof.on_rows]
    moves: list[Move | Fill] = []
    for move in up_down_up(project, others, list(turns), fill=replace(fill, awkward=True, fit=()), each=project.each):
        if isinstance(move, Fill) or (move.direction == "up" and move not in moves and not _again(move, moves)):
            moves.append(move)
    template, start, left = (base and base.after(moves)) or (None, None, moves)
    url = new_database(template) if template else new_database()
    with nullcontext() if project.config.server_url else put_aside(url):
        return child.call(
            _perform,
            str(project.ini),
            project.config.section,
            prepared(project),
            tuple(left),
            turns,
            entries(project) if start else {},
            url,
            start,
            replace(fill, awkward=False),
            project.config.timeout,
            on_event=on_event,
        )


def _again(move: Move, moves: Sequence[Move | Fill]) -> bool:
    return any(isinstance(one, Move) and one.revisions == move.revisions for one in moves)


def _perform(
    emit: child.Line,
    ini: str,
    section: str,
    around: Prepared,
    moves: tuple[Move | Fill, ...],
    turns: Mapping[str, Turn],
    known: Mapping[str, Entry],
    url: str,
    start: Start | None,
    tame: Fill,
    timeout: int,
) -> Mapping[str, Needs]:
    from headgate.rehearsal.bench import Bench, saved

    runner = Runner(ini, section, url, emit, around)
    runner.listen()
    if start is not None:
        run = frozenset(id_ for move in moves if isinstance(move, Move) for id_ in move.revisions)
        runner.only, runner.versions = (run, known), start.version_table
    found: dict[str, Needs] = {}

    def given_up(move: Move, failure: Failure) -> Mapping[str, Needs]:
        id_ = move.revisions[-1]
        if len(move.revisions) != 1 or id_ not in turns:
            return found
        turn = turns[id_]
        line = failure.line if failure.path == turn.path and failure.line else turn.line
        unmet = Unmet("", "", "", None, 0, 0, failure.sqlstate, failure.error, line, failure.statement)
        return {**found, id_: Needs((unmet,))}

    runner.watchdog = Watchdog(timeout, emit, url, around.folder, given_up)
    with only_scratch(url, around, saved(url)), Bench(runner, replace(tame, awkward=True)) as bench:
        if start is None:
            around.begin(url)
        for move in moves:
            if isinstance(move, Fill):
                bench.fill(move)
                continue
            plain = replace(move, compare=False, trace=False)
            turn = turns.get(move.revisions[0]) if len(move.revisions) == 1 else None
            if turn is None:
                if runner.run(plain).failure and not bench.run_empty(plain):
                    return found
                continue
            emit(f"running {move.revisions[0]} on awkward rows")
            result, passed = _Trial(bench, turn, plain, tame).needs()
            if result.unmet or result.asked:
                found[move.revisions[0]] = result
            if not passed and not bench.run_empty(plain):
                return found
    return found


class _Trial:
    """One revision on awkward rows, until it passes or nothing more can be said."""

    def __init__(self, bench: Bench, turn: Turn, move: Move, fill: Fill) -> None:
        self._bench, self._turn, self._move = bench, turn, move
        self._tame = replace(fill, awkward=False, fit=turn.fit)

    def needs(self) -> tuple[Needs, bool]:
        """Give what it needs, and whether it has passed in the end."""
        asked = tuple(
            Asked(one.name, one.query, one.line, self._bench.ask(one.query).error) for one in self._turn.declared
        )
        unmet: list[Unmet] = []
        for _ in range(_TRIES):
            failure, left = self._run()
            if failure is None:
                return Needs(tuple(unmet), asked), True
            one, cures = self._explained(failure)
            one = replace(one, left=left)
            if any((one.what, one.error) == (other.what, other.error) for other in unmet):
                break
            unmet.append(one)
            if not cures or not self._bench.cure(cures):
                break
        else:
            return Needs(tuple(unmet), asked), self._run()[0] is None
        return Needs(tuple(unmet), asked), False

    def _run(self) -> tuple[Failure | None, tuple[str, ...]]:
        if self._turn.leaves_half:
            return self._bench.run_undone(self._move, self._turn.before)
        return self._bench.run(self._move), ()

    def _explained(self, failure: Failure) -> tuple[Unmet, tuple[str, ...]]:
        """What a failure says of the rows, and what takes the rows away that it is about."""
        turn, bench = self._turn, self._bench
        statement, line, made = self._place(failure)
        found, tame = bench.conditions(
            failure,
            turn.before,
            turn.after,
            made or diff(turn.before, turn.after),
            self._tame,
            [one.query for one in turn.declared],
        )
        shown = [(one, bench.ask(one.query)) for one in found]
        shown = [(one, asked) for one, asked in shown if asked.answer and tame.get(one.query) == 0]
        tables = {one.table for one, _ in shown}
        declared = next(self._declared(failure, tables, tame), None)
        unmet = Unmet(
            table="",
            what="",
            name="",
            query=None,
            broken=0,
            rows=0,
            sqlstate=failure.sqlstate,
            error=failure.error,
            line=line,
            statement=statement,
            declared=declared,
        )
        if not shown:
            return unmet, ()
        first, asked = shown[0]
        told = replace(
            unmet,
            table=first.table,
            what=first.what,
            name=first.name,
            query=first.query,
            broken=asked.answer or 0,
            rows=bench.count(first.table),
        )
        return told, (first.cure,)

    def _declared(self, failure: Failure, tables: set[str], tame: Mapping[str, int]) -> Iterator[str]:
        """The names of the declared preconditions that tell these rows from ordinary ones."""
        wanted = tables or ({failure.table} if failure.table else set())
        for one in self._turn.declared:
            if self._bench.ask(one.query).answer and tame.get(one.query) == 0:
                read = self._bench.read_by(one.query)
                if not wanted or wanted & read:
                    yield one.name

    def _place(self, failure: Failure) -> tuple[str | None, int, tuple[Difference, ...]]:
        """The statement that failed, its line in the revision, and what it changes when it passes."""
        turn = self._turn
        for sql, line, made in turn.statements:
            if sql == failure.statement:
                return failure.statement, line, made
        here = failure.path is not None and failure.path == turn.path
        line = failure.line if here and failure.line else turn.line
        made = tuple(one for _, at, some in turn.statements if at == line for one in some)
        return failure.statement, line, made
