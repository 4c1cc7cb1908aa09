"""Ordinary and awkward text: https://www.postgresql.org/docs/18/datatype-character.html."""

from __future__ import annotations

from collections.abc import Sequence

from headgate.rehearsal.rows.candidate import Assortment, Candidate, Cost, constant
from headgate.rehearsal.rows.model import literal

__all__ = ["TEXTS", "base36", "forms", "text"]

TEXTS = frozenset({"text", "varchar", "bpchar", "name", "citext"})

_LONG = 100_000
_LATER = 60
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"

_EDGES: Sequence[str] = (
    "", " ", "0", "00042", "1e400", "-0.5", "null", "true", "2024-02-30", "not-a-uuid", "\t two\r\nlines ",
    "' \" \\ ; -- %s %(a)s {0} $1 :b", "<b>&amp;</b>",
)  # fmt: skip

# A combining accent, a family of emoji held together by joiners, letters from right to left behind an override, a zero
# width space behind a byte order mark, letters that change length with their case, the last code point.
_UNICODE: Sequence[str] = (
    "e\u0301o\u0308", "\U0001f469\u200d\U0001f469\u200d\U0001f467", "\u202e\u05e9\u05dc\u05d5\u05dd \u0639\u0644\u064a",
    "\ufeffzero\u200bwidth", "\u0130stanbul \u00df \ufb01", "\U0010ffff",
)  # fmt: skip


def text(bare: str, typmod: int, hint: str, *, unicode: bool) -> Assortment:
    """Give the values of a type of text.

    Args:
        bare: the type's name in `pg_type`.
        typmod: its modifier, -1 for none.
        hint: the column's name, which its values begin with.
        unicode: the database stores any character.
    """
    length = _length(bare, typmod)
    plain, distinct = _plain(length, hint)
    # `varchar(n)` cuts what is cast to it without a word, so that every value fits.
    edges = [constant(literal(value)) for value in (*_EDGES, *(_UNICODE if unicode else ()))]
    edges.append(constant(f"repeat('x', {length or _LONG})"))
    if unicode and length:
        edges.append(constant(f"repeat('\u00e9', {length})"))
    # The same as the ordinary value of some later row but for its case, or for a space at its end.
    edges.append(Candidate(lambda i: f"upper({plain.at(f'({i} + {_LATER})')})", Cost.EDGE))
    edges.append(Candidate(lambda i: f"{plain.at(f'({i} + {_LATER})')} || ' '", Cost.EDGE))
    return Assortment(plain, edges, distinct)


def forms(length: int | None, numbers: Sequence[int]) -> list[Candidate]:
    """Give ordinary text of other shapes, for a column whose constraint refuses the usual one.

    Args:
        length: the most characters that fit.
        numbers: the numbers in the constraint, one of which may be a length.
    """
    shapes = [
        lambda i: f"'u' || ({i}) || '@example.com'",
        lambda i: f"'https://example.com/' || ({i})",
        lambda i: f"({i})::text",
        lambda i: f"'n' || ({i})",
        lambda i: f"'N' || ({i})",
        lambda i: f"'/n/' || ({i})",
        lambda i: f"'+1555' || lpad(({i})::text, 7, '0')",
        lambda i: f"md5('n' || ({i}))",
        lambda i: f"md5('n' || ({i}))::uuid::text",
        lambda i: f"translate(lpad(({i})::text, 3, '0'), '0123456789', 'abcdefghij')",
        lambda i: f"translate(lpad(({i})::text, 3, '0'), '0123456789', 'ABCDEFGHIJ')",
        lambda i: f"'{{\"n\": ' || ({i}) || '}}'",
    ]
    found = [Candidate(shape, Cost.VARIED, varies=True) for shape in shapes]
    # A date, of which there are few.
    found.append(Candidate(lambda i: f"'2024-01-' || lpad((1 + ({i}) % 28)::text, 2, '0')", Cost.NAMED))
    lengths = {near for number in numbers for near in (number - 1, number, number + 1) if 0 < near <= 10_000}
    for size in sorted({*lengths, *([length] if length else [])}):
        found.append(Candidate(_sized(size), Cost.VARIED, varies=size > 3))
        found.append(Candidate(lambda i, size=size: f"upper({_sized(size)(i)})", Cost.VARIED, varies=size > 3))  # type: ignore[misc]
        digits = min(size, 18)
        found.append(
            Candidate(
                lambda i, size=size, digits=digits: f"lpad((({i}) % {10**digits})::text, {size}, '0')",  # type: ignore[misc]
                Cost.VARIED,
                varies=size > 3,
            )
        )
    return found


def base36(i: str, length: int) -> str:
    """Write a number in base 36, in so many characters."""
    return " || ".join(
        f"substr('{_DIGITS}', (1 + (({i}) / {36**place}) % 36)::int, 1)" for place in reversed(range(length))
    )


def _sized(size: int):  # type: ignore[no-untyped-def]
    places = min(size, 5)
    return lambda i: f"repeat('x', {size - places}) || {base36(i, places)}"


def _length(bare: str, typmod: int) -> int | None:
    if bare == "name":
        return 63
    if bare == "bpchar" and typmod < 0:
        return None
    return typmod - 4 if typmod >= 4 and bare in ("varchar", "bpchar") else None


def _plain(length: int | None, hint: str) -> tuple[Candidate, int | None]:
    if length is not None and length < 6:
        return Candidate(lambda i: base36(i, length), Cost.PLAIN, varies=True), 36**length
    if length is not None and length < 16:
        return Candidate(lambda i: f"to_hex(({i})::bigint)", Cost.PLAIN, varies=True), None
    word = literal(hint[: 40 if length is None else min(40, length - 9)] + " ")
    return Candidate(lambda i: f"{word} || ({i})", Cost.PLAIN, varies=True), None
