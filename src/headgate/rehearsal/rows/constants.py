"""The constants in an expression that the server printed, as candidates for the columns that it is about.

The expression is never interpreted: which candidate satisfies it is for the server to say. A constant read wrongly
costs one useless candidate.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise, takewhile

from headgate.rehearsal.rows.candidate import Candidate, Cost, constant
from headgate.rehearsal.rows.model import Column, literal
from headgate.rehearsal.rows.patterns import examples
from headgate.rehearsal.rows.texts import TEXTS, forms

__all__ = ["constants", "suggestions"]

_NUMBERS = frozenset({"int2", "int4", "int8", "float4", "float8", "numeric", "money", "oid"})
_MOMENTS = {
    "date": ("", "1", " * 1"),
    "timestamp": ("interval '1 second'", "interval '1 day'", ""),
    "timestamptz": ("interval '1 second'", "interval '1 day'", ""),
}
_DOCUMENTS = ("{}", "[]", '"text"', "1", "true", "null", '["text"]', "[1, 2]", '[{"n": 1}]')
_EXAMPLES = 1000


def constants(expression: str) -> tuple[list[str], list[str]]:
    """Give the string constants and the numbers in an expression, each once, in order.

    Args:
        expression: as `pg_get_expr` prints it: a quote inside a string is doubled, a number has no sign.
            https://www.postgresql.org/docs/18/sql-syntax-lexical.html#SQL-SYNTAX-CONSTANTS
    """
    strings: dict[str, None] = {}
    numbers: dict[str, None] = {}
    place = 0
    while place < len(expression):
        char = expression[place]
        if char in "'\"":
            value, place = _quoted(expression, place)
            if char == "'":
                strings[value] = None
        elif char.isdigit():
            number = "".join(takewhile(lambda c: c.isdigit() or c in ".e", expression[place:]))
            numbers[number] = None
            place += len(number)
        elif char.isalpha() or char == "_":
            place += len("".join(takewhile(lambda c: c.isalnum() or c in "_$", expression[place:])))
        else:
            place += 1
    return list(strings), list(numbers)


def _quoted(expression: str, start: int) -> tuple[str, int]:
    """Read a quoted token that begins at `start`; give its value and the place behind it."""
    quote = expression[start]
    end = start + 1
    while end < len(expression):
        if expression[end] == quote:
            if expression[end + 1 : end + 2] != quote:
                break
            end += 1
        end += 1
    return expression[start + 1 : end].replace(quote * 2, quote), end + 1


def suggestions(column: Column, expressions: Sequence[str]) -> list[Candidate]:
    """Give candidates for a column that the constants in its constraints suggest.

    Args:
        column: whose type they are for.
        expressions: of its constraints.
    """
    strings: dict[str, None] = {}
    numbers: dict[str, None] = {}
    for expression in expressions:
        found = constants(expression)
        strings.update(dict.fromkeys(found[0]))
        numbers.update(dict.fromkeys(found[1]))
    bare = column.type.bare
    if column.type.kind == "a":
        return _arrays(column, strings, numbers)
    if bare in TEXTS:
        return _texts(column, list(strings), list(numbers))
    if bare in _NUMBERS:
        written = [*numbers, *strings]
        small = Candidate(lambda i: f"({i}) % 10", Cost.VARIED)
        near = [candidate for number in written for candidate in _near(number)]
        return [small, *near] + [_between(*pair) for pair in pairwise(written)]
    if bare in _MOMENTS:
        return [candidate for text in strings for candidate in _around(bare, text)] + _moments(bare)
    if bare in ("json", "jsonb"):
        return _documents(bare, list(strings))
    if bare == "bytea":
        return [_bytes(int(number)) for number in numbers if number.isdigit() and 0 < int(number) <= 10_000]
    if bare == "interval":
        return [constant(literal(text), Cost.NAMED) for text in (*strings, "1 day", "1 second", "1 year")]
    return [constant(literal(text), Cost.NAMED) for text in strings]


def _near(number: str) -> list[Candidate]:
    """A number, its neighbours, and numbers that go up and down from it."""
    value = f"{literal(number)}::numeric"
    around = [constant(f"{value}{step}", Cost.NAMED) for step in ("", " + 1", " - 1", " + 0.5", " * -1")]
    upwards = Candidate(lambda i: f"{value} + ({i})", Cost.VARIED, varies=True)
    downwards = Candidate(lambda i: f"{value} - ({i})", Cost.VARIED, varies=True)
    return [upwards, *around, downwards, Candidate(lambda i: f"1 + ({i}) % {value}", Cost.VARIED)]


def _between(least: str, most: str) -> Candidate:
    """Numbers from one to another, round and round."""
    low = f"{literal(least)}::numeric"
    return Candidate(lambda i: f"{low} + ({i}) % ({literal(most)}::numeric - {low} + 1)", Cost.VARIED)


def _around(bare: str, text: str) -> list[Candidate]:
    """A moment, the days beside it, and moments that go up from it by the second (days for a date)."""
    value = f"{literal(text)}::{bare}"
    if bare == "date":
        upwards = Candidate(lambda i: f"{value} + (({i}) % 28)::int", Cost.VARIED)
        return [upwards, *(constant(f"{value}{step}", Cost.NAMED) for step in ("", " + 1", " - 1"))]
    upwards = Candidate(lambda i: f"{value} + ({i}) * interval '1 second'", Cost.VARIED, varies=True)
    day = "interval '1 day'"
    return [upwards, *(constant(f"{value}{step}", Cost.NAMED) for step in ("", f" + {day}", f" - {day}"))]


def _moments(bare: str) -> list[Candidate]:
    """Moments long ago, just now and far ahead, which a comparison with the clock may ask for."""
    if bare == "date":
        return [
            Candidate(lambda i: f"date '1970-01-01' + (({i}) % 10000)::int", Cost.VARIED),
            Candidate(lambda i: f"date '2100-01-01' + (({i}) % 10000)::int", Cost.VARIED),
        ]
    return [
        Candidate(lambda i, start=start: f"{bare} '{start}' + ({i}) * interval '1 second'", Cost.VARIED, varies=True)  # type: ignore[misc]
        for start in ("1970-01-01 00:00:00.25", "2100-01-01 00:00:00.25")
    ]


def _texts(column: Column, strings: Sequence[str], numbers: Sequence[str]) -> list[Candidate]:
    found = [constant(literal(text), Cost.NAMED) for text in strings]
    for text in strings:
        if "%" in text or "_" in text:
            found += _like(text)
        if any(char in text for char in "^$[]\\*+?{|("):
            found += _matching(text)
    # A constant may stand for a part of the value: a prefix, a separator.
    for text in strings[:20]:
        found.append(Candidate(lambda i, text=text: f"{literal(text)} || ({i})", Cost.VARIED, varies=True))  # type: ignore[misc]
        found.append(Candidate(lambda i, text=text: f"'n' || {literal(text)} || ({i})", Cost.VARIED, varies=True))  # type: ignore[misc]
    length = column.typmod - 4 if column.typmod >= 4 else None
    return found + forms(length, [int(number) for number in numbers if number.isdigit()])


def _like(pattern: str) -> list[Candidate]:
    """Text that a pattern of LIKE describes."""
    fixed = literal(pattern.replace("_", "a"))
    return [
        constant(f"replace({fixed}, '%', '')", Cost.NAMED),
        Candidate(lambda i: f"replace({fixed}, '%', 'n' || ({i}))", Cost.VARIED, varies=True),
    ]


def _matching(pattern: str) -> list[Candidate]:
    """Text that a regular expression describes."""
    found = examples(pattern, _EXAMPLES)
    if not found:
        return []
    array = f"ARRAY[{', '.join(literal(text) for text in found)}]::text[]"
    varies = len(found) == _EXAMPLES
    return [Candidate(lambda i: f"({array})[1 + ({i}) % {len(found)}]", Cost.VARIED, varies)]


def _bytes(length: int) -> Candidate:
    """So many bytes, as a check on a digest asks for."""
    return Candidate(
        lambda i: f"decode(lpad(to_hex(({i})::bigint), {2 * length}, '0'), 'hex')", Cost.VARIED, varies=True
    )


def _documents(bare: str, strings: Sequence[str]) -> list[Candidate]:
    """Objects that have the keys which a constraint names, with a value of each kind."""
    build = f"{bare}_build_object"
    values = ("({i})", "'n' || ({i})", "true", f"{bare}_build_array({{i}})", f"{build}('n', {{i}})")
    found = [constant(literal(text), Cost.NAMED) for text in _DOCUMENTS]
    for value in values if strings else ():
        pairs = ", ".join(f"{literal(key)}, {value}" for key in strings[:30])
        found.append(Candidate(lambda i, pairs=pairs: f"{build}({pairs.replace('{i}', i)})", Cost.VARIED, varies=True))  # type: ignore[misc]
    for key in strings[:8]:
        for other in strings[:8]:
            if key != other:
                found.append(constant(f"{build}({literal(key)}, {literal(other)})", Cost.NAMED))
    return found


def _arrays(column: Column, strings: Sequence[str] | dict[str, None], numbers: dict[str, None]) -> list[Candidate]:
    element = column.cast.removesuffix("[]")
    found = [constant(f"ARRAY[{literal(text)}]", Cost.NAMED) for text in (*strings, *numbers)]
    found += [constant(literal(text), Cost.NAMED) for text in strings]
    for number in numbers:
        if number.isdigit() and 0 < int(number) <= 1000:
            found += [
                constant(f"array_fill({literal(text)}::{element}, ARRAY[{number}])", Cost.NAMED)
                for text in ("1", "a", "2024-01-01")
            ]
    return found
