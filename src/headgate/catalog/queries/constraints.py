"""Constraints and indexes."""

from __future__ import annotations

from headgate.catalog.queries.parts import comment, settings, user_made

__all__ = ["queries"]


def queries(major: int) -> tuple[str, ...]:
    """Constraints of tables and domains, indexes without a constraint, extended statistics."""
    return (_constraints(major), _INDEXES, _STATISTICS)


_KIND = """CASE co.contype WHEN 'p' THEN 'primary key' WHEN 'u' THEN 'unique constraint'
           WHEN 'c' THEN 'check constraint' WHEN 'f' THEN 'foreign key'
           WHEN 'x' THEN 'exclusion constraint' END AS kind"""


def _constraints(major: int) -> str:
    """Constraints, those with an index of their own together with it.

    `pg_get_constraintdef` ends with the constraint's state, which is cut off to be told on its own. NOT NULL
    constraints (`contype` n) are told as the column's, triggers (t) as triggers.
    https://www.postgresql.org/docs/18/catalog-pg-constraint.html
    """
    # A constraint that is not enforced counts as not validated; saying so would be saying it twice.
    not_enforced = "WHEN NOT co.conenforced THEN ' NOT ENFORCED'" if major >= 18 else ""
    enforced = "CASE WHEN NOT co.conenforced THEN false END" if major >= 18 else "NULL"
    validated = (
        "CASE WHEN NOT co.convalidated AND co.conenforced THEN false END"
        if major >= 18
        else ("CASE WHEN NOT co.convalidated THEN false END")
    )
    state = f"""CASE WHEN co.condeferrable THEN ' DEFERRABLE' ELSE '' END
        || CASE WHEN co.condeferred THEN ' INITIALLY DEFERRED' ELSE '' END
        || CASE {not_enforced} WHEN NOT co.convalidated THEN ' NOT VALID' ELSE '' END"""
    about = f"""
       left(d.definition, length(d.definition) - length({state})) AS definition,
       CASE WHEN co.condeferred THEN 'deferrable initially deferred'
            WHEN co.condeferrable THEN 'deferrable' END AS deferrable,
       {validated} AS validated, {enforced} AS enforced, {comment("pg_constraint", "co.oid")},
       CASE WHEN co.contype = 'c' THEN
           (SELECT array_agg(quote_ident(attname) ORDER BY attnum) FROM pg_attribute
            WHERE attrelid = co.conrelid AND attnum = ANY (co.conkey)) END AS reads"""
    return f"""
SELECT {_KIND}, quote_ident(co.conname) || ' on ' || r.name AS name, r.name AS of, {about},
       i.indexrelid::regclass::text AS index,
       CASE WHEN NOT i.indisvalid THEN false END AS valid,
       {settings("ic.reloptions", "options")},
       (SELECT spcname FROM pg_tablespace WHERE oid = ic.reltablespace) AS tablespace,
       CASE WHEN i.indexrelid IS NOT NULL THEN obj_description(i.indexrelid, 'pg_class') END AS index_comment,
       CASE WHEN co.conparentid <> 0 THEN
           (SELECT ARRAY[quote_ident(parent.conname) || ' on ' || parent.conrelid::regclass]
            FROM pg_constraint AS parent WHERE parent.oid = co.conparentid)
           WHEN co.coninhcount > 0 THEN
           (SELECT array_agg(quote_ident(co.conname) || ' on ' || inhparent::regclass ORDER BY inhseqno)
            FROM pg_inherits WHERE inhrelid = r.oid) END AS inherited_from,
       CASE WHEN co.coninhcount > 0 OR co.conparentid <> 0 THEN co.conislocal AND co.conparentid = 0 END AS local
FROM relation AS r
JOIN pg_constraint AS co ON co.conrelid = r.oid AND co.contype IN ('p', 'u', 'c', 'f', 'x')
    -- A foreign key to a partitioned table has a row more for each of that table's partitions.
    AND NOT (co.conparentid <> 0
             AND co.conrelid = (SELECT parent.conrelid FROM pg_constraint AS parent WHERE parent.oid = co.conparentid))
CROSS JOIN LATERAL pg_get_constraintdef(co.oid) AS d (definition)
LEFT JOIN pg_index AS i ON i.indexrelid = co.conindid AND co.contype IN ('p', 'u', 'x')
LEFT JOIN pg_class AS ic ON ic.oid = i.indexrelid
UNION ALL
SELECT {_KIND}, quote_ident(co.conname) || ' on ' || format_type(t.oid, NULL), format_type(t.oid, NULL), {about},
       NULL, NULL, NULL, NULL, NULL, NULL, NULL
FROM pg_type AS t
JOIN pg_constraint AS co ON co.contypid = t.oid AND co.contype = 'c'
CROSS JOIN LATERAL pg_get_constraintdef(co.oid) AS d (definition)
WHERE t.typtype = 'd' AND {user_made("pg_type", "t.oid", "t.typnamespace")}
"""


# `pg_get_indexdef` opens with what is known and ends with what is wanted: key columns with operator class, collation
# and order, INCLUDE, NULLS NOT DISTINCT, WITH, WHERE.  https://www.postgresql.org/docs/18/catalog-pg-index.html
_INDEXES = f"""
SELECT 'index' AS kind, ic.oid::regclass::text AS name, r.name AS of,
       CASE WHEN i.indisunique THEN true END AS unique, am.amname AS method,
       substr(pg_get_indexdef(ic.oid), 1 + length(concat(
           'CREATE ', CASE WHEN i.indisunique THEN 'UNIQUE ' END, 'INDEX ', quote_ident(ic.relname), ' ON ',
           CASE WHEN ic.relkind = 'I' THEN 'ONLY ' END, quote_ident(n.nspname), '.', quote_ident(r.relname),
           ' USING ', quote_ident(am.amname), ' '))) AS definition,
       pg_get_expr(i.indpred, i.indrelid) AS predicate,
       CASE WHEN NOT i.indisvalid THEN false END AS valid, CASE WHEN NOT i.indisready THEN false END AS ready,
       (SELECT spcname FROM pg_tablespace WHERE oid = ic.reltablespace) AS tablespace,
       (SELECT string_agg(attnum || ': ' || attstattarget, ', ' ORDER BY attnum) FROM pg_attribute
        WHERE attrelid = ic.oid AND attstattarget >= 0) AS statistics,
       {comment("pg_class", "ic.oid")},
       CASE WHEN ic.relispartition THEN
           (SELECT ARRAY[inhparent::regclass::text] FROM pg_inherits WHERE inhrelid = ic.oid) END AS inherited_from
FROM relation AS r
JOIN pg_index AS i ON i.indrelid = r.oid
JOIN pg_class AS ic ON ic.oid = i.indexrelid
JOIN namespace AS n ON n.oid = ic.relnamespace
JOIN pg_am AS am ON am.oid = ic.relam
WHERE NOT EXISTS (SELECT FROM pg_constraint AS co WHERE co.conrelid = r.oid AND co.conindid = ic.oid
                  AND co.contype IN ('p', 'u', 'x'))
"""

# https://www.postgresql.org/docs/18/catalog-pg-statistic-ext.html
_STATISTICS = f"""
SELECT 'statistics' AS kind, concat(quote_ident(n.nspname) || '.', quote_ident(s.stxname)) AS name, r.name AS of,
       pg_get_userbyid(s.stxowner) AS owner,
       pg_get_statisticsobjdef_columns(s.oid) || ' FROM ' || r.name AS definition,
       array_to_string(ARRAY(SELECT CASE k WHEN 'd' THEN 'ndistinct' WHEN 'f' THEN 'dependencies'
           WHEN 'm' THEN 'mcv' ELSE 'expressions' END FROM unnest(s.stxkind) AS k ORDER BY k),
           ', ') AS statistics_kinds,
       NULLIF(s.stxstattarget, -1) AS statistics, {comment("pg_statistic_ext", "s.oid")}
FROM relation AS r
JOIN pg_statistic_ext AS s ON s.stxrelid = r.oid
LEFT JOIN namespace AS n ON n.oid = s.stxnamespace AND n.nspname <> 'public'
"""
