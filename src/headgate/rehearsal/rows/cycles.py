"""Foreign keys that had to wait: to the table itself, or round in a circle."""

from __future__ import annotations

from collections.abc import Sequence

from headgate.rehearsal.rows.attempts import one_by_one
from headgate.rehearsal.rows.links import link
from headgate.rehearsal.rows.model import ForeignKey, Table
from headgate.rehearsal.rows.session import Session

__all__ = ["set_forced", "set_later"]

_SINGLY = 100  # rows that are worth an attempt of their own


def set_later(session: Session, table: Table, key: ForeignKey, *, gaps: bool) -> None:
    """Point a foreign key that is NULL so far at rows, where triggers and checks let it.

    Args:
        session: in a transaction.
        table: whose key it is.
        key: the foreign key.
        gaps: a tenth of the rows keep their NULL.
    """
    statement = _update(session, table, key, "own.n > 0" + (" AND own.n % 10 <> 0" if gaps else ""))
    if statement is None:
        return
    refusal = session.refusal(statement)
    if refusal is not None:
        count = session.value(f"SELECT count(*) FROM {table.name}")
        one_by_one(session, f"{statement} AND own.n = headgate_row", 0, min(count, _SINGLY) - 1)


def set_forced(session: Session, keys: Sequence[tuple[Table, ForeignKey]]) -> None:
    """Point foreign keys at rows that were not there when theirs were made; what then points nowhere is deleted.

    Args:
        session: in a transaction, of a superuser.
        keys: the foreign keys.
    """
    session.run("SET LOCAL session_replication_role = replica")
    for table, key in keys:
        statement = _update(session, table, key, "true", forced=True)
        if statement is not None:
            session.refusal(statement)
    gone = 1
    while gone:
        gone = 0
        for table, key in keys:
            parent = session.value(f"SELECT {key.parent}::regclass")
            pairs = zip(key.columns, key.keys, strict=True)
            same = " AND ".join(f"parent.{theirs} = child.{ours}" for ours, theirs in pairs)
            gone += session.run(
                f"DELETE FROM {table.name} AS child WHERE NOT EXISTS (SELECT FROM {parent} AS parent WHERE {same})"
            )
    session.run("SET LOCAL session_replication_role = origin")


def _update(session: Session, table: Table, key: ForeignKey, which: str, *, forced: bool = False) -> str | None:
    """Give the statement that sets the columns of a key which no other key is over."""
    others = {name for other in table.foreign_keys if other.name != key.name for name in other.columns}
    free = {name for name in key.columns if name not in others and (forced or not table.column(name).required)}
    fixed = {name: f"own.{name}" for name in key.columns if name not in free}
    if len(fixed) == len(key.columns):
        return None
    # A third of the number makes a tree of a key to the table itself: many children, no circle.
    index = "own.n / 3" if key.parent == table.oid else "own.n"
    made = link(session, key, "headgate_parent", index, fixed, every=True)
    if made.count == 0:
        return None
    columns = "".join(f", {name}" for name in fixed)
    own = (
        f"own AS MATERIALIZED (SELECT ctid AS place, tableoid AS part, row_number() OVER () - 1 AS n{columns} "
        f"FROM {table.name})"
    )
    sets = ", ".join(f"{name} = {value}" for name, value in made.values.items())
    found = " AND ".join(f"{value} IS NOT NULL" for value in made.values.values())
    return (
        f"WITH {', '.join((own, *made.tables))} UPDATE {table.name} AS child SET {sets} FROM own {made.join} "
        f"WHERE child.ctid = own.place AND child.tableoid = own.part AND {found} AND {which}"
    )
