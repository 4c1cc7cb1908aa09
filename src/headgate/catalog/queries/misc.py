"""What a database holds beside tables, types and programs."""

from __future__ import annotations

from headgate.catalog.queries.parts import comment, grants, owner, settings, user_made

__all__ = ["READS", "queries"]


def queries(major: int) -> tuple[str, ...]:
    """Schemas, extensions, default privileges, replication, foreign data, text search, operators and their like."""
    return (_SCHEMAS, _EXTENSIONS, _DEFAULT_PRIVILEGES, _publications(major), _SUBSCRIPTIONS, *_FOREIGN, *_BY_NAME)


READS = {
    "schemas": ("pg_namespace",),
    "extensions": ("pg_extension",),
    "default privileges": ("pg_default_acl",),
    "publications": ("pg_publication",),
    "subscriptions": ("pg_subscription",),
    "foreign-data wrappers": ("pg_foreign_data_wrapper",),
    "foreign servers": ("pg_foreign_server",),
    "user mappings": ("pg_user_mappings",),
    "collations": ("pg_collation",),
    "conversions": ("pg_conversion",),
    "text search configurations": ("pg_ts_config",),
    "text search dictionaries": ("pg_ts_dict",),
    "operator classes": ("pg_opclass",),
    "operator families": ("pg_opfamily",),
    "operators": ("pg_operator",),
    "casts": ("pg_cast",),
    "languages": ("pg_language",),
    "others": ("pg_am", "pg_transform", "pg_ts_template", "pg_ts_parser"),
}
"""The catalogs without whose rows a query finds nothing, in the order of the queries."""

# https://www.postgresql.org/docs/18/catalog-pg-namespace.html
# `public` is born with a comment; dropping and making it again loses that, and nobody minds.
_SCHEMAS = f"""
SELECT 'schema' AS kind, quote_ident(n.nspname) AS name, {owner("n.nspowner")},
       {grants("n.nspacl", "acldefault('n', n.nspowner)")},
       (SELECT NULLIF(description, 'standard public schema') FROM pg_description
        WHERE objoid = n.oid AND classoid = 'pg_namespace'::regclass AND objsubid = 0) AS comment
FROM pg_namespace AS n
WHERE n.oid IN (SELECT oid FROM namespace) AND (n.nspname = 'public' OR {user_made("pg_namespace", "n.oid")})
"""

# https://www.postgresql.org/docs/18/catalog-pg-extension.html
_EXTENSIONS = f"""
SELECT 'extension' AS kind, quote_ident(e.extname) AS name, e.extversion AS version,
       quote_ident(n.nspname) AS schema, {owner("e.extowner")}, obj_description(e.oid, 'pg_extension') AS comment
FROM pg_extension AS e
JOIN pg_namespace AS n ON n.oid = e.extnamespace
"""

# Without a schema the list replaces the built-in default; with one it only adds.
# https://www.postgresql.org/docs/18/catalog-pg-default-acl.html
_DEFAULT_PRIVILEGES = f"""
SELECT 'default privileges' AS kind,
       concat('of ', d.defaclrole::regrole, ' for ',
           CASE d.defaclobjtype WHEN 'r' THEN 'tables' WHEN 'S' THEN 'sequences' WHEN 'f' THEN 'functions'
               WHEN 'T' THEN 'types' WHEN 'n' THEN 'schemas' ELSE 'large objects' END,
           ' in schema ' || NULLIF(d.defaclnamespace, 0)::regnamespace) AS name,
       {grants("d.defaclacl", "coalesce(b.builtin, '{}')")}
FROM pg_default_acl AS d
CROSS JOIN LATERAL (SELECT CASE d.defaclnamespace WHEN 0 THEN
    acldefault(CASE d.defaclobjtype WHEN 'S' THEN 's' ELSE d.defaclobjtype END, d.defaclrole) END) AS b (builtin)
"""


def _publications(major: int) -> str:
    """Publications with what they publish; row filters, column lists and schemas came with PostgreSQL 15.

    https://www.postgresql.org/docs/18/catalog-pg-publication-rel.html
    """
    part, schemas = "''", ""
    if major >= 15:
        part = """concat(
                ' (' || (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) FROM pg_attribute AS a
                         WHERE a.attrelid = m.prrelid AND a.attnum = ANY (m.prattrs)) || ')',
                ' WHERE ' || pg_get_expr(m.prqual, m.prrelid))"""
        schemas = """
            UNION ALL SELECT 'all tables in schema ' || pnnspid::regnamespace
            FROM pg_publication_namespace WHERE pnpubid = p.oid"""
    return f"""
SELECT 'publication' AS kind, quote_ident(p.pubname) AS name,
       {owner("p.pubowner")}, {comment("pg_publication", "p.oid")},
       (SELECT array_agg(published ORDER BY published COLLATE "C") FROM (
            SELECT 'all tables' WHERE p.puballtables
            UNION ALL SELECT m.prrelid::regclass || {part} FROM pg_publication_rel AS m WHERE m.prpubid = p.oid{schemas}
        ) AS one (published)) AS publishes,
       concat_ws(', ', CASE WHEN p.pubinsert THEN 'insert' END, CASE WHEN p.pubupdate THEN 'update' END,
           CASE WHEN p.pubdelete THEN 'delete' END, CASE WHEN p.pubtruncate THEN 'truncate' END) AS operations,
       CASE WHEN p.pubviaroot THEN true END AS via_root,
       NULLIF(to_jsonb(p) ->> 'pubgencols', 'n') AS generated_columns
FROM pg_publication AS p
"""


# The connection string may hold a password and is not read.
# https://www.postgresql.org/docs/18/catalog-pg-subscription.html
_SUBSCRIPTIONS = f"""
SELECT 'subscription' AS kind, quote_ident(s.subname) AS name, {owner("s.subowner")},
       CASE WHEN NOT s.subenabled THEN false END AS enabled, s.subslotname AS slot,
       s.subsynccommit AS synchronous_commit, s.subpublications AS publications
FROM pg_subscription AS s
WHERE s.subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())
"""

# User mappings may hold passwords; that one exists is all that is read.
# https://www.postgresql.org/docs/18/catalog-pg-foreign-server.html
_FOREIGN = (
    f"""
SELECT 'foreign-data wrapper' AS kind, quote_ident(w.fdwname) AS name, {owner("w.fdwowner")},
       {comment("pg_foreign_data_wrapper", "w.oid")}, {grants("w.fdwacl", "acldefault('F', w.fdwowner)")},
       NULLIF(w.fdwhandler, 0)::regproc::text AS handler, NULLIF(w.fdwvalidator, 0)::regproc::text AS validator,
       {settings("w.fdwoptions", "options")}
FROM pg_foreign_data_wrapper AS w
WHERE {user_made("pg_foreign_data_wrapper", "w.oid")}
""",
    f"""
SELECT 'foreign server' AS kind, quote_ident(s.srvname) AS name, {owner("s.srvowner")},
       {comment("pg_foreign_server", "s.oid")}, {grants("s.srvacl", "acldefault('S', s.srvowner)")},
       quote_ident(w.fdwname) AS wrapper, s.srvtype AS type, s.srvversion AS version,
       {settings("s.srvoptions", "options")}
FROM pg_foreign_server AS s
JOIN pg_foreign_data_wrapper AS w ON w.oid = s.srvfdw
WHERE {user_made("pg_foreign_server", "s.oid")}
""",
    """
SELECT 'user mapping' AS kind, concat('for ', usename, ' on ', quote_ident(srvname)) AS name
FROM pg_user_mappings
""",
)


def _by_name(kind: str, catalog: str, prefix: str, *, definition: str = "NULL", join: str = "") -> str:
    """Objects that migrations rarely touch: that they exist, who owns them, and a definition where one is at hand."""
    return f"""
SELECT '{kind}' AS kind, concat(quote_ident(n.nspname) || '.', quote_ident(x.{prefix}name){join}) AS name,
       {owner(f"x.{prefix}owner")}, {comment(catalog, "x.oid")}, {definition} AS definition
FROM {catalog} AS x
LEFT JOIN namespace AS n ON n.oid = x.{prefix}namespace AND n.nspname <> 'public'
WHERE {user_made(catalog, "x.oid", f"x.{prefix}namespace")}
"""


_METHOD = "(SELECT amname FROM pg_am WHERE oid = x.{}method)"

# The names of the columns that hold a collation's locale changed with 15 and 17.
_COLLATION = """concat_ws(', ', 'provider = ' || x.collprovider::text,
    'locale = ' || coalesce(to_jsonb(x) ->> 'colllocale', to_jsonb(x) ->> 'colliculocale', x.collcollate::text),
    'rules = ' || (to_jsonb(x) ->> 'collicurules'),
    CASE WHEN NOT x.collisdeterministic THEN 'deterministic = false' END)"""

_CONFIGURATION = """concat('parser ', (SELECT quote_ident(prsname) FROM pg_ts_parser WHERE oid = x.cfgparser), ': ',
    (SELECT string_agg(m.maptokentype || ' ' || m.mapdict::regdictionary, ', ' ORDER BY m.maptokentype, m.mapseqno)
     FROM pg_ts_config_map AS m WHERE m.mapcfg = x.oid))"""

_BY_NAME = (
    _by_name("collation", "pg_collation", "coll", definition=_COLLATION),
    _by_name("conversion", "pg_conversion", "con", definition="x.conproc::text"),
    _by_name("text search configuration", "pg_ts_config", "cfg", definition=_CONFIGURATION),
    _by_name("text search dictionary", "pg_ts_dict", "dict", definition="x.dictinitoption"),
    _by_name(
        "operator class",
        "pg_opclass",
        "opc",
        join=f", ' for ', {_METHOD.format('opc')}",
        definition="concat('for type ', format_type(x.opcintype, NULL), CASE WHEN x.opcdefault THEN ', default' END)",
    ),
    _by_name("operator family", "pg_opfamily", "opf", join=f", ' for ', {_METHOD.format('opf')}"),
    f"""
SELECT 'operator' AS kind, o.oid::regoperator::text AS name, {owner("o.oprowner")}, {comment("pg_operator", "o.oid")},
       concat_ws(', ', 'function = ' || o.oprcode, 'commutator = ' || NULLIF(o.oprcom, 0)::regoperator,
           'negator = ' || NULLIF(o.oprnegate, 0)::regoperator, 'restrict = ' || NULLIF(o.oprrest::oid, 0)::regproc,
           'join = ' || NULLIF(o.oprjoin::oid, 0)::regproc, CASE WHEN o.oprcanhash THEN 'hashes' END,
           CASE WHEN o.oprcanmerge THEN 'merges' END) AS definition
FROM pg_operator AS o
WHERE {user_made("pg_operator", "o.oid", "o.oprnamespace")}
""",
    f"""
SELECT 'cast' AS kind, concat(format_type(x.castsource, NULL), ' as ', format_type(x.casttarget, NULL)) AS name,
       {comment("pg_cast", "x.oid")},
       concat_ws(', ', CASE x.castcontext WHEN 'a' THEN 'as assignment' WHEN 'i' THEN 'as implicit' ELSE 'explicit' END,
           CASE x.castmethod WHEN 'b' THEN 'without function' WHEN 'i' THEN 'with inout' END,
           'with function ' || NULLIF(x.castfunc, 0)::regprocedure) AS definition
FROM pg_cast AS x
WHERE {user_made("pg_cast", "x.oid")}
""",
    f"""
SELECT 'language' AS kind, quote_ident(x.lanname) AS name, {owner("x.lanowner")}, {comment("pg_language", "x.oid")},
       {grants("x.lanacl", "acldefault('l', x.lanowner)")}
FROM pg_language AS x
WHERE {user_made("pg_language", "x.oid")}
""",
    f"""
SELECT 'access method' AS kind, quote_ident(x.amname) AS name, x.amhandler::text AS definition
FROM pg_am AS x
WHERE {user_made("pg_am", "x.oid")}
UNION ALL
SELECT 'transform', concat('for ', format_type(x.trftype, NULL), ' language ', l.lanname),
       concat_ws(', ', NULLIF(x.trffromsql::oid, 0)::regprocedure, NULLIF(x.trftosql::oid, 0)::regprocedure)
FROM pg_transform AS x JOIN pg_language AS l ON l.oid = x.trflang
WHERE {user_made("pg_transform", "x.oid")}
UNION ALL
SELECT 'text search template', concat(x.tmplnamespace::regnamespace, '.', quote_ident(x.tmplname)), x.tmpllexize::text
FROM pg_ts_template AS x
WHERE {user_made("pg_ts_template", "x.oid", "x.tmplnamespace")}
UNION ALL
SELECT 'text search parser', concat(x.prsnamespace::regnamespace, '.', quote_ident(x.prsname)), x.prstoken::text
FROM pg_ts_parser AS x
WHERE {user_made("pg_ts_parser", "x.oid", "x.prsnamespace")}
""",
)
