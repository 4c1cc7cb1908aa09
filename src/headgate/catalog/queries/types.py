"""Types: enums, domains, composite, range and base types."""

from __future__ import annotations

from headgate.catalog.queries.parts import comment, grants, owner, user_made

__all__ = ["queries"]


def queries(major: int) -> tuple[str, ...]:
    """Types, without those that come with another object: rows of tables, arrays, multiranges."""
    return (_TYPES,)


# https://www.postgresql.org/docs/18/catalog-pg-type.html
_TYPES = f"""
SELECT CASE t.typtype WHEN 'e' THEN 'enum' WHEN 'd' THEN 'domain' WHEN 'c' THEN 'composite type'
           WHEN 'r' THEN 'range type' ELSE 'base type' END AS kind,
       format_type(t.oid, NULL) AS name,
       {owner("t.typowner")}, {comment("pg_type", "t.oid")}, {grants("t.typacl", "acldefault('T', t.typowner)")},
       CASE t.typtype WHEN 'e' THEN
           (SELECT array_agg(enumlabel ORDER BY enumsortorder) FROM pg_enum WHERE enumtypid = t.oid) END AS labels,
       CASE t.typtype WHEN 'd' THEN format_type(t.typbasetype, t.typtypmod) END AS type,
       CASE WHEN t.typtype = 'd' AND t.typnotnull THEN 'NOT NULL' END AS not_null,
       CASE t.typtype WHEN 'd' THEN pg_get_expr(t.typdefaultbin, 0) END AS default,
       CASE WHEN t.typtype = 'd' AND t.typcollation <> base.typcollation THEN
           t.typcollation::regcollation::text END AS collation,
       CASE t.typtype WHEN 'r' THEN
           (SELECT concat_ws(', ',
                'subtype = ' || format_type(g.rngsubtype, NULL), 'subtype_opclass = ' || quote_ident(o.opcname),
                'collation = ' || NULLIF(g.rngcollation, 0)::regcollation,
                'canonical = ' || NULLIF(g.rngcanonical::oid, 0)::regproc,
                'subtype_diff = ' || NULLIF(g.rngsubdiff::oid, 0)::regproc,
                'multirange_type_name = ' || format_type(g.rngmultitypid, NULL))
            FROM pg_range AS g JOIN pg_opclass AS o ON o.oid = g.rngsubopc WHERE g.rngtypid = t.oid)
           WHEN 'b' THEN concat_ws(', ', 'input = ' || t.typinput, 'output = ' || t.typoutput) END AS definition
FROM pg_type AS t
LEFT JOIN pg_class AS c ON c.oid = t.typrelid
LEFT JOIN pg_type AS base ON base.oid = t.typbasetype
WHERE (t.typtype IN ('e', 'd', 'r') OR (t.typtype = 'c' AND c.relkind = 'c')
       OR (t.typtype IN ('b', 'p') AND t.oid NOT IN (SELECT typarray FROM pg_type)))
  AND {user_made("pg_type", "t.oid", "t.typnamespace")}
"""
