"""Access lists as people read them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

__all__ = ["grants"]

# https://www.postgresql.org/docs/18/ddl-priv.html#PRIVILEGE-ABBREVS-TABLE
_PRIVILEGES = {
    "r": "SELECT", "a": "INSERT", "w": "UPDATE", "d": "DELETE", "D": "TRUNCATE", "x": "REFERENCES", "t": "TRIGGER",
    "C": "CREATE", "c": "CONNECT", "T": "TEMPORARY", "X": "EXECUTE", "U": "USAGE", "s": "SET", "A": "ALTER SYSTEM",
    "m": "MAINTAIN",
}  # fmt: skip


def grants(access: Iterable[str], default: Iterable[str]) -> str | None:
    """What an access list gives and takes, against what the owner and PUBLIC have without one.

    The owner's own privileges are not told, or a change of owner would be two differences; nor who granted.

    Args:
        access: the items of the list as PostgreSQL prints them, `grantee=privileges/grantor`.
        default: those of the list that stands for none.

    Returns:
        For instance `EXECUTE revoked from PUBLIC; INSERT, SELECT to app`; None when the two lists agree.
    """
    has, had = (set(_granted(items)) for items in (access, default))
    return "; ".join(sorted([*_lines(has - had, "to"), *_lines(had - has, "revoked from")])) or None


def _lines(granted: set[tuple[str, str]], preposition: str) -> Iterator[str]:
    for grantee in {grantee for grantee, _ in granted}:
        privileges = ", ".join(sorted(privilege for other, privilege in granted if other == grantee))
        yield f"{privileges} {preposition} {grantee or 'PUBLIC'}"


def _granted(items: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Grantee and privilege, one at a time; a role's name may hold an equals sign, between quotes."""
    for item in items:
        equals = next(at for at, sign in enumerate(item) if sign == "=" and item[:at].count('"') % 2 == 0)
        letters = item[equals + 1 :].partition("/")[0]
        for letter, following in zip(letters, letters[1:] + " ", strict=True):
            if letter != "*":
                option = " WITH GRANT OPTION" if following == "*" else ""
                yield item[:equals], _PRIVILEGES.get(letter, letter) + option
