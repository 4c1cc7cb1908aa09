"""Which tables there are and how they hang together, as queries of the catalog."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["FOREIGN_KEYS", "OTHERS", "RELATIONS", "TABLES", "orphans"]

RELATIONS = """
SELECT c.oid, n.nspname::text, c.relname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'f') AND n.nspname <> 'information_schema' AND NOT starts_with(n.nspname, 'pg_')
"""
"""Every table: its oid, its schema and its name."""

TABLES = """
SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname <> 'information_schema'
  AND NOT starts_with(n.nspname, 'pg_') AND NOT (%s::name IN (n.nspname, '*') AND c.relname = %s)
"""
"""What can be emptied, by SQL name, without one table: %s is its schema, `*` for any, the next its name."""

FOREIGN_KEYS = """
SELECT co.conrelid::regclass::text, co.confrelid::regclass::text,
       array_agg(quote_ident(a.attname) ORDER BY k.n), array_agg(quote_ident(b.attname) ORDER BY k.n)
FROM pg_constraint co, unnest(co.conkey, co.confkey) WITH ORDINALITY AS k (ours, theirs, n),
     pg_attribute a, pg_attribute b
WHERE co.contype = 'f' AND co.conparentid = 0 AND co.convalidated AND a.attrelid = co.conrelid AND a.attnum = k.ours
  AND b.attrelid = co.confrelid AND b.attnum = k.theirs
GROUP BY co.oid, co.conrelid, co.confrelid
"""
"""Every validated foreign key: table, parent, the columns of both."""

# What a table's rows need: the tables that it points to, and of a partitioned one all its parts.
OTHERS = """
WITH RECURSIVE wanted (oid) AS (
    SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname || '.' || c.relname = ANY (%s) OR c.oid IN (SELECT to_regclass(one) FROM unnest(%s::text[]) AS one)
    UNION
    SELECT edge.other FROM wanted JOIN (
        SELECT conrelid AS one, confrelid AS other FROM pg_constraint WHERE contype = 'f'
        UNION ALL SELECT inhrelid, inhparent FROM pg_inherits UNION ALL SELECT inhparent, inhrelid FROM pg_inherits
    ) AS edge ON edge.one = wanted.oid
)
SELECT n.nspname::text, c.relname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'f') AND n.nspname <> 'information_schema' AND NOT starts_with(n.nspname, 'pg_')
  AND c.oid NOT IN (SELECT oid FROM wanted)
"""
"""The tables that are not needed for rows of some, named with their schema first and as SQL names second."""


def orphans(child: str, parent: str, ours: Sequence[str], theirs: Sequence[str]) -> str:
    """Give the statement that deletes the rows of a table which point nowhere; its arguments are a foreign key."""
    given = " AND ".join(f"child.{column} IS NOT NULL" for column in ours)
    same = " AND ".join(f"parent.{one} = child.{other}" for one, other in zip(theirs, ours, strict=True))
    return f"DELETE FROM {child} AS child WHERE {given} AND NOT EXISTS (SELECT FROM {parent} AS parent WHERE {same})"
