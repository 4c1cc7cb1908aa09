"""Whether SQL that was committed may run once more, read from its words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from headgate.revisions.rewrite.sql import Word, name_at, starts, statements, value

__all__ = ["Again", "judge"]

_ALWAYS = frozenset({"ANALYZE", "COMMENT", "GRANT", "RESET", "REVOKE", "SET", "SHOW", "VACUUM"})
# What ALTER TABLE does to a column, a trigger or a setting, and does again without a word.
_AGAIN = (
    ("ALTER", "SET"), ("ALTER", "DROP"), ("VALIDATE", "CONSTRAINT"), ("ENABLE",), ("DISABLE",), ("SET",), ("RESET",),
    ("OWNER", "TO"), ("REPLICA", "IDENTITY"), ("FORCE",), ("NO", "FORCE"),
)  # fmt: skip


@dataclass(frozen=True)
class Again:
    """A text that may run again.

    Args:
        before: statements that must run before it for that.
        drops: the constraints and indexes that are gone after these, should they have been there.
    """

    before: tuple[str, ...] = ()
    drops: tuple[str, ...] = ()


def judge(sql: str, dropped: set[str]) -> Again | None:
    """Say what a second run needs.

    Args:
        sql: the text, of one statement or several.
        dropped: the constraints and indexes that were dropped before it, where they were there.

    Returns:
        What it needs; `None` where it cannot be said that a second run does no harm.
    """
    found = statements(sql)
    judged = [_one(sql, statement, dropped) for statement in found]
    whole = [one for one in judged if one is not None]
    if len(whole) < len(judged) or (len(found) > 1 and any(one.before for one in whole)):
        return None
    return Again(
        tuple(text for one in whole for text in one.before), tuple(name for one in whole for name in one.drops)
    )


def _one(sql: str, statement: Sequence[Word], dropped: set[str]) -> Again | None:
    if starts(statement, "SET", "CONSTRAINTS"):
        return None
    if statement[0].says(*_ALWAYS) or starts(statement, "CREATE", "OR", "REPLACE"):
        return Again()
    if statement[0].says("CREATE"):
        return _create(statement, dropped)
    if statement[0].says("DROP") and (at := _after(statement, "IF", "EXISTS")):
        return Again(drops=_names(statement, at))
    if starts(statement, "ALTER", "TYPE") and _after(statement, "IF", "NOT", "EXISTS"):
        return Again()
    if starts(statement, "ALTER", "TABLE"):
        return _alter(sql, statement, dropped)
    if statement[0].says("UPDATE") and _fills_nulls(statement):
        return Again()
    return None


def _create(statement: Sequence[Word], dropped: set[str]) -> Again | None:
    if _after(statement, "IF", "NOT", "EXISTS"):
        return Again()
    at = next((i + 1 for i, word in enumerate(statement) if word.says("INDEX")), 0)
    if at and at < len(statement) and statement[at].says("CONCURRENTLY"):
        at += 1
    name = name_at(statement, at)[0] if at else ""
    return Again() if name and value(name.rsplit(".", 1)[-1]) in dropped else None


def _alter(sql: str, statement: Sequence[Word], dropped: set[str]) -> Again | None:
    at = 2
    while at < len(statement) and statement[at].says("IF", "EXISTS", "ONLY"):
        at += 1
    table, at = name_at(statement, at)
    actions = _actions(statement[at:])
    before: list[str] = []
    drops: list[str] = []
    for action in actions:
        if starts(action, "ADD", "CONSTRAINT") and len(action) > 2:
            name = action[2].text
            if value(name) in dropped:
                continue
            # Of several in one statement a drop could not be put before each.
            if len(actions) > 1 or _after(action, "USING", "INDEX"):
                return None
            before.append(f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {name}")
            drops.append(value(name))
        elif starts(action, "DROP") and (place := _after(action, "IF", "EXISTS")):
            drops += _names(action, place)
        elif not _changes_nothing_twice(action):
            return None
    return Again(tuple(before), tuple(drops))


def _changes_nothing_twice(action: Sequence[Word]) -> bool:
    if _after(action, "IF", "NOT", "EXISTS"):
        return True
    if starts(action, "ALTER"):
        at = 2 if len(action) > 1 and action[1].says("COLUMN") else 1
        action = (action[0], *action[name_at(action, at)[1] :])
    return any(starts(action, *known) for known in _AGAIN)


def _actions(rest: Sequence[Word]) -> list[list[Word]]:
    actions: list[list[Word]] = [[]]
    for word in rest:
        if word.depth == 0 and word.says(","):
            actions.append([])
        else:
            actions[-1].append(word)
    return [action for action in actions if action]


def _names(statement: Sequence[Word], at: int) -> tuple[str, ...]:
    name = name_at(statement, at)[0]
    return (value(name.rsplit(".", 1)[-1]),) if name else ()


def _after(statement: Sequence[Word], *keywords: str) -> int:
    """The place after keywords that follow each other outside parentheses; 0 where they do not."""
    for at, word in enumerate(statement):
        if word.depth == 0 and starts(statement[at:], *keywords):
            return at + len(keywords)
    return 0


def _fills_nulls(statement: Sequence[Word]) -> bool:
    """Whether an UPDATE sets one column, where it is NULL: what it has filled it then leaves alone."""
    outside = [word for word in statement if word.depth == 0]
    sets = _after(outside, "SET")
    where = _after(outside, "WHERE")
    if not sets or not where or any(word.says(",") for word in outside[sets:where]):
        return False
    if any(word.says("OR", "RETURNING") for word in outside[where:]):
        return False
    column = value(outside[sets].text)
    return any(
        outside[at].kind in {"word", "name"} and value(outside[at].text) == column
        and starts(outside[at + 1 :], "IS", "NULL")
        for at in range(where, len(outside))
    )  # fmt: skip
