"""Tables, views and sequences, and their columns."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from headgate.catalog.queries.parts import FIRST_USER_OID, comment, grants, owner, settings, user_made

__all__ = ["queries", "relations"]


def relations(
    ignore: Iterable[tuple[str, str]], oids: Collection[int] | str | None = None, *, sequences: bool = True
) -> str:
    """The common table expressions on which every query hangs: the user's schemas, the user's relations.

    Args:
        ignore: tables to leave out, as (schema, table); the schema `*` is any.
        oids: the relations to which it is narrowed, with the tables of those that are indexes, the sequences that
            belong to them and the tables to which they belong, or an expression that gives an array of them; `None` for
            all.
        sequences: whether those sequences and tables are among them.
    """
    narrowed = "" if oids is None else f" AND c.oid IN ({_with_their_own(oids, sequences)})"
    ignored = "".join(
        f" AND NOT (c.relname = {_literal(table)} AND {_literal(schema)} IN (n.nspname, '*'))"
        for schema, table in ignore
    )
    return f"""
namespace AS MATERIALIZED (
    SELECT oid, nspname FROM pg_namespace WHERE nspname <> 'information_schema' AND NOT starts_with(nspname, 'pg_')
),
member AS MATERIALIZED (
    SELECT classid, objid FROM pg_depend WHERE refclassid = 'pg_extension'::regclass AND deptype = 'e'
),
described AS MATERIALIZED (
    SELECT jsonb_object_agg(concat(classoid, '.', objoid, '.', objsubid), description) AS comments
    FROM pg_description WHERE objoid >= {FIRST_USER_OID}
),
relation AS MATERIALIZED (
    SELECT c.*, c.oid::regclass::text AS name
    FROM pg_class AS c JOIN namespace AS n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm', 'S', 'c') AND c.relpersistence <> 't'
      AND {user_made("pg_class", "c.oid")}{ignored}{narrowed}
)"""


def _with_their_own(oids: Collection[int] | str, sequences: bool) -> str:
    """https://www.postgresql.org/docs/18/catalog-pg-depend.html"""
    given = oids if isinstance(oids, str) else "'{" + ",".join(str(oid) for oid in sorted(oids)) + "}'::oid[]"
    owned = """FROM pg_depend
            WHERE classid = 'pg_class'::regclass AND refclassid = 'pg_class'::regclass AND deptype IN ('a', 'i')"""
    found = f"SELECT unnest({given}) UNION SELECT indrelid FROM pg_index WHERE indexrelid = ANY ({given})"
    if not sequences:
        return found
    return f"""{found}
        UNION SELECT objid {owned} AND refobjid = ANY ({given})
        UNION SELECT refobjid {owned} AND objid = ANY ({given})"""


def queries(major: int) -> tuple[str, ...]:
    """Tables, columns, sequences."""
    return (_TABLES, _columns(major), _SEQUENCES)


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


# https://www.postgresql.org/docs/18/catalog-pg-class.html
_TABLES = f"""
SELECT CASE c.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' WHEN 'f' THEN 'foreign table'
           ELSE 'table' END AS kind,
       c.name, {owner("c.relowner")}, {comment("pg_class", "c.oid")},
       {grants("c.relacl", "acldefault('r', c.relowner)")},
       CASE WHEN c.relpersistence = 'u' THEN 'unlogged' END AS persistence,
       {settings("c.reloptions", "options")},
       (SELECT reloptions FROM pg_class AS toast WHERE toast.oid = c.reltoastrelid) AS toast_options,
       CASE WHEN c.relforcerowsecurity AND c.relrowsecurity THEN 'enabled and forced'
            WHEN c.relforcerowsecurity THEN 'forced but not enabled'
            WHEN c.relrowsecurity THEN 'enabled' END AS row_security,
       CASE WHEN c.relkind NOT IN ('r', 'p', 'm') THEN NULL
           WHEN c.relreplident = 'f' THEN 'full' WHEN c.relreplident = 'n' THEN 'nothing'
           WHEN c.relreplident = 'i' THEN (SELECT 'index ' || indexrelid::regclass FROM pg_index
                                           WHERE indrelid = c.oid AND indisreplident) END AS replica_identity,
       (SELECT indexrelid::regclass::text FROM pg_index WHERE indrelid = c.oid AND indisclustered) AS clustered_on,
       (SELECT amname FROM pg_am WHERE oid = c.relam AND amname <> 'heap') AS access_method,
       (SELECT spcname FROM pg_tablespace WHERE oid = c.reltablespace) AS tablespace,
       CASE WHEN c.reloftype <> 0 THEN format_type(c.reloftype, NULL) END AS of_type,
       CASE WHEN c.relkind = 'p' THEN pg_get_partkeydef(c.oid) END AS partition_key,
       CASE WHEN c.relispartition THEN
           (SELECT inhparent::regclass || ' ' || pg_get_expr(c.relpartbound, c.oid)
                || CASE WHEN inhdetachpending THEN ' (detaching)' ELSE '' END
            FROM pg_inherits WHERE inhrelid = c.oid) END AS partition_of,
       CASE WHEN NOT c.relispartition THEN
           (SELECT array_agg(inhparent::regclass::text ORDER BY inhseqno)
            FROM pg_inherits WHERE inhrelid = c.oid) END AS inherits,
       CASE WHEN c.relkind IN ('v', 'm') THEN rtrim(pg_get_viewdef(c.oid), ';') END AS definition,
       CASE WHEN c.relkind = 'm' THEN c.relispopulated END AS populated,
       CASE WHEN c.relkind = 'f' THEN
           (SELECT quote_ident(srvname) FROM pg_foreign_table AS f JOIN pg_foreign_server AS s ON s.oid = f.ftserver
            WHERE f.ftrelid = c.oid) END AS server,
       CASE WHEN c.relkind = 'f' THEN
           (SELECT ftoptions FROM pg_foreign_table WHERE ftrelid = c.oid) END AS foreign_options
FROM relation AS c
WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm')
"""


def _columns(major: int) -> str:
    """Columns of tables and views, attributes of composite types.

    A view's columns have no type here: it follows from the view's definition. Since PostgreSQL 18, NOT NULL is a
    constraint with a name, which a renamed table keeps; `attnotnull` is the truth, the name is noise.
    https://www.postgresql.org/docs/18/catalog-pg-attribute.html
    """
    not_null = "CASE WHEN a.attnotnull THEN 'NOT NULL' END AS not_null"
    named = ""
    if major >= 18:
        not_null = """CASE WHEN a.attnotnull THEN 'NOT NULL' || CASE WHEN named.connoinherit THEN ' NO INHERIT' ELSE ''
            END || CASE WHEN named.convalidated THEN '' ELSE ' NOT VALID' END END AS not_null"""
        named = """
            LEFT JOIN pg_constraint AS named ON named.conrelid = c.oid AND named.contype = 'n'
                AND named.conkey = ARRAY[a.attnum]"""
    return f"""
SELECT CASE c.relkind WHEN 'c' THEN 'attribute' ELSE 'column' END AS kind,
       c.name || '.' || quote_ident(a.attname) AS name, c.name AS of,
       row_number() OVER (PARTITION BY c.oid ORDER BY a.attnum) AS position,
       CASE WHEN c.relkind NOT IN ('v', 'm') THEN format_type(a.atttypid, a.atttypmod) END AS type,
       {not_null},
       CASE WHEN a.attgenerated = '' THEN pg_get_expr(d.adbin, d.adrelid) END AS default,
       CASE a.attgenerated WHEN '' THEN NULL ELSE 'generated always as ' || pg_get_expr(d.adbin, d.adrelid)
           || CASE a.attgenerated WHEN 's' THEN ' stored' ELSE ' virtual' END END AS generated,
       CASE WHEN a.attidentity <> '' THEN
           CASE a.attidentity WHEN 'a' THEN 'generated always as identity' ELSE 'generated by default as identity' END
           || (SELECT {_sequence_options("s")} FROM pg_sequence AS s
               WHERE s.seqrelid = (SELECT objid FROM pg_depend
                   WHERE refclassid = 'pg_class'::regclass AND refobjid = c.oid AND refobjsubid = a.attnum
                     AND classid = 'pg_class'::regclass AND deptype = 'i')) END AS identity,
       CASE WHEN a.attcollation <> t.typcollation AND c.relkind NOT IN ('v', 'm') THEN
           a.attcollation::regcollation::text END AS collation,
       CASE a.attcompression WHEN 'p' THEN 'pglz' WHEN 'l' THEN 'lz4' END AS compression,
       CASE WHEN a.attstorage <> t.typstorage THEN
           CASE a.attstorage WHEN 'p' THEN 'plain' WHEN 'e' THEN 'external' WHEN 'm' THEN 'main' ELSE 'extended' END
           END AS storage,
       NULLIF(a.attstattarget, -1) AS statistics,
       {settings("a.attoptions", "options")}, {settings("a.attfdwoptions", "foreign_options")},
       {comment("pg_class", "c.oid", "a.attnum")}, {grants("a.attacl", "acldefault('c', c.relowner)")},
       CASE WHEN a.attinhcount > 0 THEN
           (SELECT array_agg(inhparent::regclass || '.' || quote_ident(a.attname) ORDER BY inhseqno)
            FROM pg_inherits WHERE inhrelid = c.oid) END AS inherited_from,
       CASE WHEN a.attinhcount > 0 THEN a.attislocal END AS local
FROM relation AS c
JOIN pg_attribute AS a ON a.attrelid = c.oid
JOIN pg_type AS t ON t.oid = a.atttypid
LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum{named}
WHERE c.relkind <> 'S' AND a.attnum > 0 AND NOT a.attisdropped
"""


def _sequence_options(sequence: str) -> str:
    """The options that are not the defaults, which follow from the type and the direction."""
    s, limits = sequence, _limits(sequence)
    return f"""
        CASE WHEN {s}.seqincrement <> 1 THEN ' increment ' || {s}.seqincrement ELSE '' END
        || CASE WHEN {s}.seqmin <> {limits["min"]} THEN ' minvalue ' || {s}.seqmin ELSE '' END
        || CASE WHEN {s}.seqmax <> {limits["max"]} THEN ' maxvalue ' || {s}.seqmax ELSE '' END
        || CASE WHEN {s}.seqstart <> {limits["start"]} THEN ' start ' || {s}.seqstart ELSE '' END
        || CASE WHEN {s}.seqcache <> 1 THEN ' cache ' || {s}.seqcache ELSE '' END
        || CASE WHEN {s}.seqcycle THEN ' cycle' ELSE '' END"""


def _limits(s: str) -> dict[str, str]:
    """What CREATE SEQUENCE takes when it is not told.  https://www.postgresql.org/docs/18/sql-createsequence.html"""
    width = f"CASE {s}.seqtypid WHEN 'int2'::regtype THEN 15 WHEN 'int4'::regtype THEN 31 ELSE 63 END"
    largest = f"(power(2::numeric, {width}) - 1)"
    return {
        "min": f"CASE WHEN {s}.seqincrement > 0 THEN 1 ELSE -{largest} - 1 END",
        "max": f"CASE WHEN {s}.seqincrement > 0 THEN {largest} ELSE -1 END",
        "start": f"CASE WHEN {s}.seqincrement > 0 THEN {s}.seqmin ELSE {s}.seqmax END",
    }


# A sequence behind an identity column is told as the column's identity.
# https://www.postgresql.org/docs/18/catalog-pg-sequence.html
_SEQUENCES = f"""
SELECT 'sequence' AS kind, c.name, own.refobjid::regclass::text AS of,
       {owner("c.relowner")}, {comment("pg_class", "c.oid")},
       {grants("c.relacl", "acldefault('s', c.relowner)")},
       CASE WHEN c.relpersistence = 'u' THEN 'unlogged' END AS persistence,
       format_type(s.seqtypid, NULL) AS type, s.seqincrement AS increment, s.seqcache AS cache, s.seqcycle AS cycle,
       CASE WHEN s.seqmin <> {_limits("s")["min"]} THEN s.seqmin END AS minvalue,
       CASE WHEN s.seqmax <> {_limits("s")["max"]} THEN s.seqmax END AS maxvalue,
       CASE WHEN s.seqstart <> {_limits("s")["start"]} THEN s.seqstart END AS start,
       own.refobjid::regclass || '.' || quote_ident(a.attname) AS owned_by
FROM relation AS c
JOIN pg_sequence AS s ON s.seqrelid = c.oid
LEFT JOIN pg_depend AS own ON own.classid = 'pg_class'::regclass AND own.objid = c.oid AND own.objsubid = 0
    AND own.refclassid = 'pg_class'::regclass AND own.refobjsubid > 0 AND own.deptype IN ('a', 'i')
LEFT JOIN pg_attribute AS a ON a.attrelid = own.refobjid AND a.attnum = own.refobjsubid
WHERE own.deptype IS NULL OR (own.deptype = 'a' AND own.refobjid IN (SELECT oid FROM relation))
"""
