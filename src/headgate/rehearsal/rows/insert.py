"""Insert the rows of one table: the ordinary ones in bulk, then the awkward ones, each of which may be refused."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import psycopg

from headgate.rehearsal.rows.attempts import one_by_one
from headgate.rehearsal.rows.draft import Block, Draft
from headgate.rehearsal.rows.session import Session, reason
from headgate.rehearsal.rows.solve import Group, groups, solve

__all__ = ["Insertion"]

_BATCH = 50_000
_ROUNDS = 40  # of which each makes up for the rows that the one before it lost
_FRUITLESS = 3  # rounds that may gain nothing before the table counts as full
_SAMPLE = 50
_SHIFT = 3  # by how much the awkward values of a column are behind those of the one before it


class Insertion:
    """Inserts rows.

    Args:
        session: in a transaction.
        draft: of the table.
        rows: how many rows the table is to have.
        awkward: awkward values are wanted where they are allowed.
        tell: called with a line about where it stands.

    Raises:
        Unsolved: a check that no candidate satisfies.
    """

    def __init__(
        self, session: Session, draft: Draft, rows: int, *, awkward: bool, tell: Callable[[str], None]
    ) -> None:
        self._session = session
        self._draft = draft
        self._rows = rows
        self._tell = tell
        self._groups = [
            solve(session, draft, columns, checks, rows=rows, awkward=awkward)
            for columns, checks in groups(draft.table)
        ]
        table = draft.table
        self._conflicts = not table.rules and not any(unique.deferrable for unique in table.uniques)
        self._next = 1
        self.said = ""

    def fill(self, present: int) -> None:
        """Insert ordinary and awkward rows until there are enough, or the table takes no more.

        Args:
            present: how many there are.
        """
        rows = self._rows
        self._next = present + 1
        if any(unique.exclusion for unique in self._draft.table.uniques):
            # A range without bounds would keep all others out, so it comes when they are there.
            present += self._ordinary(rows - present - max((len(group.awkward) for group in self._groups), default=0))
        present += self._awkward(max(rows - present, rows) // 2)
        self._ordinary(rows - present)

    def advance(self, offsets: dict[str, int]) -> None:
        """Move sequences behind the rows that were inserted, so that the next row does not collide with one."""
        for column in self._draft.table.fillable:
            if column.sequence is not None and column.name in offsets:
                last = offsets[column.name] + self._next
                self._session.refusal(
                    f"SELECT setval('{column.sequence.replace(chr(39), chr(39) * 2)}', greatest(last_value, {last})) "
                    f"FROM {column.sequence}"
                )

    def _ordinary(self, wanted: int) -> int:
        """Insert ordinary rows, and give how many were."""
        total, tried, rounds, fruitless = 0, 0, 0, 0
        picks = {
            name: [combination[place] for combination in _turned(group.ordinary, number)]
            for number, group in enumerate(self._groups)
            for place, name in enumerate(group.columns)
        }
        while total < wanted and rounds < _ROUNDS:
            rounds += 1
            missing = wanted - total
            # The share that was lost so far is made up for at once, within reason.
            size = min(_BATCH, (missing if not total else -(-missing * tried // total)) << fruitless)
            block = Block(self._next, self._next + size - 1, picks)
            gained = self._insert(block, missing)
            self._next += size
            total, tried = total + gained, tried + size
            if wanted > _BATCH:
                self._tell(f"filling {self._draft.table.shown}: {total:,} of {wanted:,} rows")
            fruitless = fruitless + 1 if gained == 0 else 0
            if fruitless and (self.said or fruitless == _FRUITLESS):
                break
        return total

    def _insert(self, block: Block, most: int) -> int:
        """Insert a block in one statement, or, when that fails, row by row."""
        try:
            with self._session.savepoint():
                return self._session.run(self._draft.insert(block, conflicts=self._conflicts, most=most))
        except psycopg.Error as error:
            self.said = reason(error)
        # What refuses the first rows, a trigger say, refuses them all.
        middle = min(block.first + _SAMPLE, block.last + 1)
        gained = len(self._singly(replace(block, last=middle - 1)))
        if gained and middle <= block.last:
            gained += len(self._singly(block, middle))
        return gained

    def _singly(self, block: Block, start: int | None = None) -> list[int]:
        """Insert a block's rows one by one, from some number on, and give the numbers of those accepted."""
        statement = self._draft.insert(block, conflicts=self._conflicts, number="headgate_row")
        done, said = one_by_one(self._session, statement, start or block.first, block.last)
        self.said = said or self.said
        return done

    def _awkward(self, most: int) -> int:
        """Insert rows in which many columns have an awkward value, and give how many were.

        A row that is refused is taken apart into two with half of its awkward values each, and so on.
        """
        count = min(max((len(group.awkward) for group in self._groups), default=0), most)
        plan = [
            [self._pick(group, place, row, count) for place, group in enumerate(self._groups)] for row in range(count)
        ]
        if count == 0 or self._complete(self._block(plan)):
            return count
        total = 0
        while plan and total < most:
            block = self._block(plan[: most - total])
            done = {number - block.first for number in self._singly(block)}
            total += len(done)
            refused = [row for place, row in enumerate(plan) if place not in done]
            plan = [half for row in refused for half in self._halves(row)]
        return total

    def _complete(self, block: Block) -> bool:
        """Insert a block as a whole, or nothing of it."""
        try:
            with self._session.savepoint():
                if self._session.run(self._draft.insert(block, conflicts=self._conflicts)) == len(block):
                    return True
                raise _Short
        except (psycopg.Error, _Short):
            return False

    def _halves(self, row: Sequence[tuple[int, ...]]) -> list[list[tuple[int, ...]]]:
        """Give two rows with half of a row's awkward values each; none when there is but one."""
        odd = [place for place, group in enumerate(self._groups) if row[place] in group.awkward]
        if len(odd) < 2:
            return []
        return [
            [group.ordinary[0] if place in away else row[place] for place, group in enumerate(self._groups)]
            for away in (odd[: len(odd) // 2], odd[len(odd) // 2 :])
        ]

    def _pick(self, group: Group, place: int, row: int, count: int) -> tuple[int, ...]:
        turn = (row + _SHIFT * place) % count
        return group.awkward[turn] if turn < len(group.awkward) else group.ordinary[row % len(group.ordinary)]

    def _block(self, plan: Sequence[Sequence[tuple[int, ...]]]) -> Block:
        """Give the block in which each row has a combination for each group."""
        picks = {
            name: [row[number][place] for row in plan]
            for number, group in enumerate(self._groups)
            for place, name in enumerate(group.columns)
        }
        first = self._next
        self._next += len(plan)
        return Block(first, first + len(plan) - 1, picks, by_row=True)


def _turned(combinations: Sequence[tuple[int, ...]], number: int) -> Sequence[tuple[int, ...]]:
    """Begin elsewhere for each group, so that not all columns of a row are NULL."""
    start = 7 * number % len(combinations)
    return [*combinations[start:], *combinations[:start]]


class _Short(Exception):
    """Some rows of a block were left out."""
