"""What may be stored in a text column."""

from __future__ import annotations

from backend.src.services.errors import InvalidError

__all__ = ["between", "storable"]


def storable(text: str, field: str) -> str:
    """Give the text back when PostgreSQL can store it.

    Raises:
        InvalidError: it holds U+0000, which no text column takes, or half of a surrogate pair, which is not Unicode.
            https://www.postgresql.org/docs/current/datatype-character.html
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InvalidError("The text is not valid Unicode.", field=field) from None
    if "\0" in text:
        raise InvalidError("The character U+0000 cannot be stored.", field=field)
    return text


def between(text: str, longest: int, *, what: str, field: str) -> str:
    """Give the text back when it is neither empty nor too long.

    Args:
        text: what was asked for, without the space around it.
        longest: how many characters it may have.
        what: its name in the message, as in `A title`.
        field: its name in the API.

    Raises:
        InvalidError: it is not.
    """
    if not 1 <= len(storable(text, field)) <= longest:
        raise InvalidError(f"{what} has 1 to {longest} characters.", field=field)
    return text
