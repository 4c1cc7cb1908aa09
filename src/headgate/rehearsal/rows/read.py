"""Read from `pg_catalog` what rows need to satisfy."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from headgate.rehearsal.rows.model import Check, Column, ForeignKey, Leaf, Table, Type, Unique, literal
from headgate.rehearsal.rows.session import Session

__all__ = ["partition_check", "read"]

_HINTS = 5

_NAME = "format('%I.%I', n.nspname, c.relname)"
_SHOWN = "CASE WHEN n.nspname = 'public' THEN quote_ident(c.relname) ELSE format('%I.%I', n.nspname, c.relname) END"


def read(session: Session, ignore: Iterable[tuple[str, str]] = ()) -> tuple[tuple[Table, ...], Mapping[int, Type]]:
    """Read all tables that hold rows of the user's.

    Left out: system tables, temporary tables, tables of an extension, and partitions, which are part of their table.

    Args:
        session: in a transaction.
        ignore: tables to leave out, as (schema, table), not quoted; the schema `*` is any.

    Returns:
        The tables in the order of their names, and every type that a column of theirs is made of, by its oid.
    """
    ignored = "".join(f" AND NOT (c.relname = {literal(t)} AND {literal(s)} IN (n.nspname, '*'))" for s, t in ignore)
    found = session.rows(_TABLES.format(ignored=ignored))
    columns = session.rows(_COLUMNS)
    types = _types(session, {row[3] for row in columns})
    of: dict[int, list[Column]] = defaultdict(list)
    for row in columns:
        of[row[0]].append(_column(row, types))
    checks = _grouped(session, _CHECKS, lambda row: Check(tuple(row[1]), row[2], row[2]))
    keys = _grouped(
        session, _FOREIGN_KEYS, lambda row: ForeignKey(row[1], tuple(row[2]), row[3], tuple(row[4]), row[5])
    )
    uniques = _grouped(session, _UNIQUES, lambda row: Unique(frozenset(row[1]), *row[2:]))
    leaves = _grouped(session, _LEAVES, lambda row: Leaf(*row[1:6]))
    parted = {row[0]: tuple(row[1]) for row in session.rows(_PARTITION_KEYS)}
    tables = []
    for oid, name, shown, bare, foreign, rules, triggers in found:
        bounds = [leaf for leaf in leaves[oid] if not leaf.foreign]
        within = [partition_check(parted[oid], bounds)] if bounds and all(leaf.expression for leaf in bounds) else []
        tables.append(
            Table(
                oid, name, shown, bare, foreign, rules, triggers, tuple(of[oid]), (*checks[oid], *within),
                tuple(keys[oid]), tuple(uniques[oid]), tuple(leaves[oid]),
            )
        )  # fmt: skip
    return tuple(tables), types


def partition_check(columns: tuple[str, ...], leaves: Sequence[Leaf]) -> Check:
    """Give the check that a row belongs to one of some partitions; the bounds of a few are hints enough."""
    hints = leaves if len(leaves) <= 2 * _HINTS else [*leaves[:_HINTS], *leaves[-_HINTS:]]
    return Check(
        columns,
        " OR ".join(f"({leaf.expression})" for leaf in leaves),
        " ".join(leaf.bound for leaf in hints),
    )


def _grouped(session: Session, query: str, make: Any) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = defaultdict(list)
    for row in session.rows(query):
        found[row[0]].append(make(row))
    return found


def _column(row: tuple[Any, ...], types: Mapping[int, Type]) -> Column:
    _, number, names, oid, typmod, cast, required, generated, default, sequence = row
    checks: list[str] = []
    type_ = types[oid]
    while type_.kind == "d" and type_.inner:
        checks += type_.checks
        required = required or type_.required
        oid, typmod, cast = type_.inner
        type_ = types[oid]
    return Column(
        number, names[0], names[1], type_, typmod, cast, required,
        default if generated else None, None if generated else default, sequence, tuple(checks),
    )  # fmt: skip


def _types(session: Session, wanted: set[int]) -> dict[int, Type]:
    types: dict[int, Type] = {}
    while wanted:
        for row in session.rows(_TYPES.format(oids=", ".join(str(oid) for oid in sorted(wanted)))):
            oid, name, constructor, bare, builtin, kind, inner, labels, fields, checks, required = row
            types[oid] = Type(
                oid, name, constructor, bare, builtin, kind, tuple(inner) if inner else None, tuple(labels or ()),
                tuple(tuple(field) for field in fields or ()), tuple(checks or ()), required,
            )  # fmt: skip
        parts = [part for type_ in types.values() for part in (*type_.fields, *([type_.inner] if type_.inner else []))]
        wanted = {oid for oid, _, _ in parts} - set(types)
    return types


# https://www.postgresql.org/docs/18/catalogs.html
_TABLES = f"""
SELECT c.oid::bigint, {_NAME}, {_SHOWN}, quote_ident(c.relname), c.relkind = 'f', c.relhasrules,
       EXISTS (SELECT FROM pg_trigger WHERE tgrelid = c.oid AND NOT tgisinternal)
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'f') AND NOT c.relispartition AND c.relpersistence <> 't'
  AND n.nspname <> 'information_schema' AND NOT starts_with(n.nspname, 'pg_')
  AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = c.oid AND deptype = 'e')
  {{ignored}}
ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C"
"""

# A sequence numbers a column when the column owns it (identity, serial) or when the default reads it.
_COLUMNS = """
WITH numbering AS (
    SELECT p.refobjid AS relation, p.refobjsubid AS number, p.objid AS sequence FROM pg_depend AS p
    WHERE p.classid = 'pg_class'::regclass AND p.refclassid = 'pg_class'::regclass AND p.refobjsubid > 0
      AND p.deptype IN ('a', 'i')
    UNION ALL
    SELECT d.adrelid, d.adnum, p.refobjid FROM pg_depend AS p JOIN pg_attrdef AS d ON d.oid = p.objid
    WHERE p.classid = 'pg_attrdef'::regclass AND p.refclassid = 'pg_class'::regclass
),
sequence AS (
    SELECT numbering.relation, numbering.number, min(format('%I.%I', n.nspname, s.relname)) AS name
    FROM numbering JOIN pg_class AS s ON s.oid = numbering.sequence AND s.relkind = 'S'
    JOIN pg_namespace AS n ON n.oid = s.relnamespace
    GROUP BY numbering.relation, numbering.number
)
SELECT a.attrelid::bigint, a.attnum, ARRAY[quote_ident(a.attname), a.attname], a.atttypid::bigint, a.atttypmod,
       format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attgenerated <> '', pg_get_expr(d.adbin, d.adrelid),
       sequence.name
FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid
LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
LEFT JOIN sequence ON sequence.relation = a.attrelid AND sequence.number = a.attnum
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.oid >= 16384 AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attrelid, a.attnum
"""

_COLUMN_NAMES = """
    (SELECT array_agg(quote_ident(a.attname) ORDER BY k.position)
     FROM unnest({keys}) WITH ORDINALITY AS k (number, position)
     JOIN pg_attribute AS a ON a.attrelid = {table} AND a.attnum = k.number)"""

_KEYS = _COLUMN_NAMES.format(keys="co.conkey", table="co.conrelid")

# Since PostgreSQL 18 a constraint may be there without being enforced.
_ENFORCED = "coalesce(to_jsonb(co) ->> 'conenforced', 'true') = 'true'"

_CHECKS = f"""
SELECT co.conrelid::bigint, coalesce({_KEYS}, '{{}}'), pg_get_expr(co.conbin, co.conrelid)
FROM pg_constraint AS co WHERE co.contype = 'c' AND co.conrelid <> 0 AND {_ENFORCED} ORDER BY co.conname
"""

_FOREIGN_KEYS = f"""
SELECT co.conrelid::bigint, co.conname, {_KEYS}, co.confrelid::bigint,
       {_COLUMN_NAMES.format(keys="co.confkey", table="co.confrelid")}, co.confmatchtype = 'f'
FROM pg_constraint AS co WHERE co.contype = 'f' AND co.conparentid = 0 AND {_ENFORCED}
ORDER BY cardinality(co.conkey) DESC, co.conname
"""

# The columns inside an expression or a predicate stand in pg_depend alone.
_UNIQUES = """
SELECT i.indrelid::bigint,
       (SELECT coalesce(array_agg(DISTINCT quote_ident(a.attname)), '{}') FROM pg_attribute AS a
        WHERE a.attrelid = i.indrelid AND a.attnum > 0
          AND (a.attnum = ANY ((i.indkey::int2[])[0:i.indnkeyatts - 1])
               OR EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = i.indexrelid
                          AND refclassid = 'pg_class'::regclass AND refobjid = i.indrelid AND refobjsubid = a.attnum))),
       NOT i.indimmediate, i.indisprimary, i.indisexclusion
FROM pg_index AS i WHERE (i.indisunique OR i.indisexclusion) AND i.indrelid >= 16384
ORDER BY i.indisprimary DESC, i.indexrelid
"""

_LEAVES = f"""
SELECT pg_partition_root(c.oid)::oid::bigint, c.oid::bigint, {_SHOWN},
       coalesce(pg_get_partition_constraintdef(c.oid), ''), coalesce(pg_get_expr(c.relpartbound, c.oid), ''),
       c.relkind = 'f'
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relispartition AND c.relkind IN ('r', 'f') ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C"
"""

# A column that an expression of the key reads depends on its own table, and on nothing else does a column so depend.
_PARTITION_KEYS = """
SELECT pg_partition_root(p.partrelid)::oid::bigint, array_agg(DISTINCT quote_ident(a.attname))
FROM pg_partitioned_table AS p JOIN pg_attribute AS a ON a.attrelid = p.partrelid AND a.attnum > 0
WHERE a.attnum = ANY (p.partattrs::int2[])
   OR EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = p.partrelid
              AND objsubid = a.attnum AND refclassid = 'pg_class'::regclass AND refobjid = p.partrelid)
GROUP BY 1
"""

_TYPES = """
SELECT t.oid::bigint, format_type(t.oid, NULL), format('%I.%I', n.nspname, t.typname), t.typname::text,
       n.nspname = 'pg_catalog', CASE WHEN t.typcategory = 'A' AND t.typelem <> 0 AND t.typlen = -1
           AND t.typname NOT IN ('int2vector', 'oidvector') THEN 'a' ELSE t.typtype::text END,
       CASE WHEN t.typtype = 'd' THEN jsonb_build_array(t.typbasetype::bigint, t.typtypmod,
                                                       format_type(t.typbasetype, t.typtypmod))
            WHEN r.rngtypid = t.oid THEN jsonb_build_array(r.rngsubtype::bigint, -1, format_type(r.rngsubtype, NULL))
            WHEN r.rngtypid <> t.oid THEN jsonb_build_array(r.rngtypid::bigint, -1, format_type(r.rngtypid, NULL))
            WHEN t.typelem <> 0 AND t.typcategory = 'A'
            THEN jsonb_build_array(t.typelem::bigint, -1, format_type(t.typelem, NULL)) END,
       (SELECT array_agg(enumlabel::text ORDER BY enumsortorder) FROM pg_enum WHERE enumtypid = t.oid),
       (SELECT jsonb_agg(jsonb_build_array(atttypid::bigint, atttypmod, format_type(atttypid, atttypmod))
                         ORDER BY attnum)
        FROM pg_attribute WHERE attrelid = t.typrelid AND attnum > 0 AND NOT attisdropped),
       (SELECT array_agg(pg_get_expr(conbin, 0)) FROM pg_constraint WHERE contypid = t.oid AND contype = 'c'),
       t.typnotnull
FROM pg_type AS t JOIN pg_namespace AS n ON n.oid = t.typnamespace
LEFT JOIN pg_range AS r ON t.oid IN (r.rngtypid, r.rngmultitypid)
WHERE t.oid IN ({oids})
"""
