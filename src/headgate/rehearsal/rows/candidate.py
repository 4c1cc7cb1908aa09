"""A candidate: one way to write a value for a column, and the set of those that a type offers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import IntEnum

__all__ = ["Assortment", "Candidate", "Cost", "Maker", "constant"]

# Given the SQL text of a bigint, an expression for the value of that number.
Maker = Callable[[str], str]


class Cost(IntEnum):
    """How far from ordinary a value is: of the rows that a constraint accepts the cheapest are the ordinary ones."""

    PLAIN = 0
    VARIED = 1
    NAMED = 2
    EDGE = 4
    NULL = 6


@dataclass(frozen=True)
class Candidate:
    """One way to write a value.

    Args:
        at: the expression for a number.
        cost: how far from ordinary it is.
        varies: different numbers give different values.
    """

    at: Maker
    cost: Cost
    varies: bool = False


@dataclass(frozen=True)
class Assortment:
    """What a type offers.

    Args:
        plain: ordinary values, ascending with the number where the type has an order.
        edges: values that programs trip over.
        distinct: how many different values `plain` gives; `None` for as many as there are numbers.
    """

    plain: Candidate | None
    edges: Sequence[Candidate] = field(default=())
    distinct: int | None = None


def constant(sql: str, cost: Cost = Cost.EDGE) -> Candidate:
    """Give a candidate that is the same for every number."""
    return Candidate(lambda _: sql, cost)
