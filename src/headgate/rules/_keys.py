"""The columns of a foreign key, read from how the server prints it."""

from __future__ import annotations

from collections.abc import Iterator

__all__ = ["pairs"]


def pairs(table: str, definition: str) -> Iterator[tuple[str, str]]:
    """Give each column of a foreign key with the one that it points to, both as `table.column` in SQL names.

    Args:
        table: the SQL name of the table that has the key.
        definition: as `pg_get_constraintdef` prints it, `FOREIGN KEY (user_id) REFERENCES users(id)`.
    """
    from headgate.revisions.rewrite.sql import words

    found = words(definition)
    at = next(number for number, word in enumerate(found) if word.says("REFERENCES"))
    opened = next(number for number in range(at, len(found)) if found[number].text == "(")
    closed = next(number for number in range(opened, len(found)) if found[number].text == ")")
    parent = "".join(word.text for word in found[at + 1 : opened])
    ours = [word.text for word in found[:at] if word.depth == 1 and word.kind in {"word", "name"}]
    theirs = [word.text for word in found[opened:closed] if word.kind in {"word", "name"}]
    for own, other in zip(ours, theirs, strict=False):
        yield f"{table}.{own}", f"{parent}.{other}"
