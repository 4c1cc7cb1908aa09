"""Find the values that a table's checks accept, by letting the server try them.

Columns that a check binds together form a group. For each group combinations of candidates are made and the checks are
run over them; what comes back is what the rows are made from. Nothing is concluded from the text of a check.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random

import psycopg

from headgate.rehearsal.rows.attempts import accepted
from headgate.rehearsal.rows.candidate import Cost
from headgate.rehearsal.rows.draft import Block, Draft, Slot
from headgate.rehearsal.rows.model import Check, Table
from headgate.rehearsal.rows.session import Session

__all__ = ["Group", "Unsolved", "groups", "solve"]

# How many combinations are tried, and how many more when none of them passes.
_TRIES = (3_000, 30_000)
_TIMES = 3
_REFUSED = (0, 1, 5)  # what it costs a combination to be refused so many times of three
_SHARE = 10  # of the ordinary rows of a group, so many have a value for each one that is NULL without need
_MOST = 400


class Unsolved(Exception):
    """No candidate satisfies a check, or a type has no values."""


@dataclass(frozen=True)
class Group:
    """Columns that are chosen together.

    Args:
        columns: their names.
        ordinary: combinations, an option for each column, that ordinary rows go through in turn.
        awkward: combinations of which each has an option that the ordinary ones lack.
    """

    columns: tuple[str, ...]
    ordinary: tuple[tuple[int, ...], ...]
    awkward: tuple[tuple[int, ...], ...]


def groups(table: Table) -> list[tuple[tuple[str, ...], list[Check]]]:
    """Give the columns that take values, those that a check is over several of together, with the checks."""
    checks = [(check, _columns(table, check)) for check in table.checks]
    together = [{column.name} for column in table.fillable]
    for _, columns in checks:
        bound = [part for part in together if part & columns]
        together = [part for part in together if not part & columns]
        if bound:
            together.append(set().union(*bound))
    return [
        (
            tuple(column.name for column in table.fillable if column.name in part),
            [check for check, columns in checks if columns & part],
        )
        for part in together
    ]


def solve(
    session: Session, draft: Draft, columns: tuple[str, ...], checks: Sequence[Check], *, rows: int, awkward: bool
) -> Group:
    """Find combinations of the options of some columns that the checks over them accept.

    Args:
        session: in a transaction.
        draft: whose slots hold the options.
        columns: the group.
        checks: those over its columns.
        rows: how many are wanted.
        awkward: NULLs and the edges of types are wanted where they are allowed.

    Raises:
        Unsolved: nothing that was tried is accepted; the message names the expression.
    """
    slots = [draft.slot(name) for name in columns]
    missed: dict[tuple[str, int], int] = {}
    allowed = {slot.column.name: list(range(len(slot.options))) for slot in slots}
    for slot in slots:
        name = slot.column.name
        if not slot.options:
            raise Unsolved(f"no value of type {slot.column.cast} is known to the server for {name}")
        alone = [check for check in checks if _columns(draft.table, check) == {name}]
        if alone or slot.column.checks:
            tries = [(option,) for option in allowed[name]]
            passing = _passing(session, draft, (name,), alone, tries, rows)
            missed |= {(name, option): count for (option,), count in passing.items()}
            allowed[name] = [option for (option,) in passing]
            if not passing:
                raise Unsolved(_why(alone, slot.column.checks))
    shared = [check for check in checks if len(_columns(draft.table, check)) > 1 or not _columns(draft.table, check)]
    if not shared:
        (name,) = columns
        return _chosen(slots, {(option,): missed.get((name, option), 0) for option in allowed[name]}, awkward)
    for most in _TRIES:
        passing = _passing(session, draft, columns, checks, _combinations(slots, allowed, most), rows)
        if passing:
            return _chosen(slots, passing, awkward)
    raise Unsolved(_why(shared, ()))


def _columns(table: Table, check: Check) -> set[str]:
    """The columns with a value that a check depends on; through a generated column, those that may be behind it."""
    names = {column.name for column in table.fillable}
    found = names & set(check.columns)
    for column in table.columns:
        if column.generated is not None and column.name in check.columns:
            found |= {name for name in names if name in column.generated}
    return found or (names if not check.columns else found)


def _why(checks: Sequence[Check], domain: Sequence[str]) -> str:
    return "no row was found that satisfies CHECK " + " AND ".join([*(check.expression for check in checks), *domain])


def _combinations(slots: Sequence[Slot], allowed: Mapping[str, Sequence[int]], tries: int) -> list[tuple[int, ...]]:
    """Give combinations to try: all where they are few, else the simple ones and then a fixed choice of the others."""
    size = 1
    for options in allowed.values():
        size *= len(options)
    if size <= tries:
        return list(itertools.product(*allowed.values()))
    random = Random(0)
    found = dict.fromkeys(_simple(slots, allowed))
    near = [
        [option for option in options if slot.options[option].cost is not Cost.EDGE] or options
        for slot, options in zip(slots, allowed.values(), strict=True)
    ]
    for number in range(tries):
        source = near if number % 2 else allowed.values()
        found[tuple(random.choice(options) for options in source)] = None
    return list(found)


def _simple(slots: Sequence[Slot], allowed: Mapping[str, Sequence[int]]) -> Iterator[tuple[int, ...]]:
    """Give the combinations with all columns alike, and those in which one column stands out."""
    ranked = [
        sorted(options, key=[option.cost for option in slot.options].__getitem__)
        for slot, options in zip(slots, allowed.values(), strict=True)
    ]
    first, last = [options[0] for options in ranked], [options[-1] for options in ranked]
    for base in (first, last):
        yield tuple(base)
        for place, options in enumerate(allowed.values()):
            for option in options:
                yield (*base[:place], option, *base[place + 1 :])


def _passing(
    session: Session,
    draft: Draft,
    columns: tuple[str, ...],
    checks: Sequence[Check],
    tries: Sequence[tuple[int, ...]],
    rows: int,
) -> dict[tuple[int, ...], int]:
    """Give the combinations that the checks accept, and how often they did not.

    Each is tried with numbers that lie far apart, because an ordinary value grows with its row's number.
    """
    tried = [combination for _ in range(_TIMES) for combination in tries]
    picks = {name: [combination[place] for combination in tried] for place, name in enumerate(columns)}
    block = Block(0, len(tried) - 1, picks, by_row=True, leap=(len(tries), rows // (_TIMES - 1)))
    try:
        with session.savepoint():
            places = [row[0] for row in session.rows(draft.probe(block, columns, checks))]
    except psycopg.Error:
        places = accepted(session, draft.probe(block, columns, checks, "headgate_row"), 0, len(tried) - 1)
    times = Counter(tried[place] for place in places)
    return {combination: _TIMES - times[combination] for combination in tries if combination in times}


def _chosen(slots: Sequence[Slot], passing: Mapping[tuple[int, ...], int], awkward: bool) -> Group:
    """Sort what passes into ordinary and awkward: the cheapest combination for each option.

    Args:
        slots: the columns.
        passing: combinations, and how often each was refused.
        awkward: as for `solve`.
    """

    def cost(combination: tuple[int, ...]) -> int:
        own = sum(slot.options[option].cost for slot, option in zip(slots, combination, strict=True))
        return own + _REFUSED[passing[combination]]

    cheapest: dict[tuple[int, int], tuple[int, ...]] = {}
    for combination in sorted(passing, key=cost):
        for place, option in enumerate(combination):
            cheapest.setdefault((place, option), combination)
    least = min(map(cost, passing))
    best = [combination for combination in passing if cost(combination) == least][:_MOST]
    names = tuple(slot.column.name for slot in slots)
    if not awkward:
        return Group(names, tuple(best), ())
    common = dict.fromkeys(best)
    rare: dict[tuple[int, ...], None] = {}
    odd: dict[tuple[int, ...], None] = {}
    constant = [
        all(slot.options[option].cost >= Cost.NAMED for place_, option in cheapest if place_ == place)
        for place, slot in enumerate(slots)
    ]
    for (place, option), combination in cheapest.items():
        kind = slots[place].options[option].cost
        if combination in common:
            continue
        if kind is Cost.NAMED and constant[place]:
            common[combination] = None
            continue
        odd[combination] = None
        if kind is Cost.NULL:
            rare[combination] = None
    usual = list(common)
    times = -(-_SHARE * len(rare) // len(usual)) if rare else 1
    return Group(names, (*(usual * times), *rare), tuple(odd))
