"""How numbers are said."""

from __future__ import annotations

__all__ = ["counted"]


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """Give `1 revision`, `2 revisions`, `1,000 revisions`.

    Args:
        number: how many.
        noun: of what, in the singular.
        plural: where that is not the noun with an s.
    """
    return f"{number:,} {noun if number == 1 else plural or f'{noun}s'}"
