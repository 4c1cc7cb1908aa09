"""Which type takes every value of another: https://www.postgresql.org/docs/current/datatype.html."""

from __future__ import annotations

__all__ = ["takes_all"]

# Each takes every value of those before it.
_CHAINS = (
    ("smallint", "integer", "bigint", "numeric"),
    ("real", "double precision"),
    ("character", "character varying", "text"),
    ("date", "timestamp without time zone", "timestamp with time zone"),
    ("time without time zone", "time with time zone"),
    ("cidr", "inet"),
    ("json", "jsonb"),
    ("bit", "bit varying"),
)
_TIMES = ("interval", "time", "timestamp")
_WORDS = frozenset({"character varying", "text"})  # without a length they are one


def takes_all(old: str, new: str) -> bool:
    """Say whether a type takes whatever code writes that was written for another.

    Args:
        old: the type as `format_type` gives it, such as `character varying(20)`.
        new: the other.
    """
    if old.endswith("[]") and new.endswith("[]"):
        return takes_all(old[:-2], new[:-2])
    (was, had), (base, has) = _apart(old), _apart(new)
    if old == new:
        return True
    if was == base or {was, base} <= _WORDS:
        return _fits(had, has)
    chain = next((chain for chain in _CHAINS if was in chain and base in chain), None)
    if chain is None or chain.index(base) < chain.index(was):
        return False
    return not has or (base not in {"numeric"} and _fits(had, has))


def _apart(name: str) -> tuple[str, tuple[int, ...]]:
    """`numeric` and `(10, 5)` of `numeric(10,5)`; what stands behind the parentheses belongs to the name."""
    head, opened, rest = name.partition("(")
    inside, _, tail = rest.partition(")")
    numbers = tuple(int(part) for part in inside.split(",")) if opened and inside.replace(",", "").isdigit() else ()
    if not numbers:
        return name, ()
    # Times have six digits behind the point unless they are told to have fewer.
    return f"{head.strip()}{tail}", () if head.startswith(_TIMES) and numbers == (6,) else numbers


def _fits(had: tuple[int, ...], has: tuple[int, ...]) -> bool:
    if not has:
        return True
    if not had or any(new < old for old, new in zip(had, has, strict=False)):
        return False
    # numeric: as many digits before the point as there were.
    return len(had) < 2 or len(has) < 2 or has[0] - has[1] >= had[0] - had[1]
