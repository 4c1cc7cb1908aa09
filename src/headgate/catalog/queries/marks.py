"""A mark for each relation and for each other catalog, which changes whenever a row changes that a picture is made of.

A row that is written anew has another place and another writer, whatever wrote it:
https://www.postgresql.org/docs/current/ddl-system-columns.html
"""

from __future__ import annotations

from headgate.catalog.queries.parts import FIRST_USER_OID

__all__ = ["OTHERS", "marks"]

_ROW = "hashtextextended(xmin::text, hashtid(ctid))"

# The catalogs whose rows are a part of a relation, each with the column that says of which.
_OF_RELATIONS = {
    "pg_attrdef": "adrelid",
    "pg_attribute": "attrelid",
    "pg_class": "oid",
    "pg_constraint": "conrelid",
    "pg_foreign_table": "ftrelid",
    "pg_index": "indrelid",
    "pg_inherits": "inhrelid",
    "pg_partitioned_table": "partrelid",
    "pg_policy": "polrelid",
    "pg_rewrite": "ev_class",
    "pg_sequence": "seqrelid",
    "pg_statistic_ext": "stxrelid",
    "pg_trigger": "tgrelid",
}
# The others that some family reads, each with the rows that it may read. Of what may hold a password only some columns
# are open to everybody, and of a role only the view.
_USER_MADE = f"oid >= {FIRST_USER_OID}"
_REST = {
    "pg_aggregate": f"aggfnoid::oid >= {FIRST_USER_OID}",
    "pg_am": _USER_MADE,
    "pg_cast": _USER_MADE,
    "pg_collation": _USER_MADE,
    "pg_constraint": f"contypid >= {FIRST_USER_OID}",
    "pg_conversion": _USER_MADE,
    "pg_default_acl": "true",
    "pg_depend": "refclassid = 'pg_extension'::regclass AND deptype = 'e'",
    "pg_description": f"objoid >= {FIRST_USER_OID} AND classoid <> 'pg_class'::regclass",
    "pg_enum": _USER_MADE,
    "pg_event_trigger": "true",
    "pg_extension": "true",
    "pg_foreign_data_wrapper": _USER_MADE,
    "pg_foreign_server": _USER_MADE,
    "pg_language": _USER_MADE,
    "pg_namespace": "NOT starts_with(nspname, 'pg_')",
    "pg_opclass": _USER_MADE,
    "pg_operator": _USER_MADE,
    "pg_opfamily": _USER_MADE,
    "pg_proc": _USER_MADE,
    "pg_publication": "true",
    "pg_publication_rel": "true",
    "pg_range": f"rngtypid >= {FIRST_USER_OID}",
    "pg_tablespace": "true",
    "pg_transform": _USER_MADE,
    "pg_ts_config": _USER_MADE,
    "pg_ts_config_map": f"mapcfg >= {FIRST_USER_OID}",
    "pg_ts_dict": _USER_MADE,
    "pg_ts_parser": _USER_MADE,
    "pg_ts_template": _USER_MADE,
    # The rows of tables and all arrays come with another object.
    "pg_type": f"""oid >= {FIRST_USER_OID} AND oid NOT IN (SELECT typarray FROM pg_type)
        AND (typrelid = 0 OR typrelid IN (SELECT oid FROM pg_class WHERE relkind = 'c'))""",
}
# The system's own objects that a picture shows: the schema `public`, the extension `plpgsql`.
_SHOWN = """objoid = ANY (ARRAY(
        SELECT oid FROM pg_extension UNION ALL SELECT oid FROM pg_namespace WHERE nspname = 'public'))
    AND classoid IN ('pg_extension'::regclass, 'pg_namespace'::regclass)"""
_SINCE_15 = {"pg_publication_namespace": "true"}
_BY_VALUE = {
    "pg_roles": "rolname",
    "pg_subscription": "subname, ' ', subowner, ' ', subenabled, ' ', subslotname, ' ', subsynccommit, ' ',"
    " subpublications",
    "pg_user_mappings": "usename, ' ', srvname",
}
# Not compared, as they belong to relations: whether there are any.
_THERE = {
    "pg_policy": "true",
    "pg_rewrite": f"ev_class >= {FIRST_USER_OID} AND rulename <> '_RETURN'",
    "pg_statistic_ext": "true",
    "pg_trigger": "NOT tgisinternal",
}

OTHERS = (*_REST, *_SINCE_15, *_BY_VALUE, *(f"any {catalog}" for catalog in _THERE))
"""What the marks beside those of relations are of, in the order of their numbers: -1, -2, and so on."""


def marks(major: int) -> str:
    """The statement that gives each mark with the relation's oid, or with a number of `OTHERS`; none for no rows.

    Args:
        major: the server's major version.
    """
    catalogs = _REST if major < 15 else {**_REST, **_SINCE_15}
    rows = [
        *(f"SELECT {of}, {_ROW} FROM {name} WHERE {of} >= {FIRST_USER_OID}" for name, of in _OF_RELATIONS.items()),
        f"""SELECT objoid, {_ROW} FROM pg_description
            WHERE objoid >= {FIRST_USER_OID} AND classoid = 'pg_class'::regclass""",
        f"""SELECT objid, {_ROW} FROM pg_depend
            WHERE classid = 'pg_class'::regclass AND refclassid = 'pg_class'::regclass AND deptype IN ('a', 'i')""",
    ]
    others = [
        *(f"SELECT {_number(name)}, {_ROW} FROM {name} WHERE {which}" for name, which in catalogs.items()),
        f"SELECT {_number('pg_description')}, {_ROW} FROM pg_description WHERE {_SHOWN}",
        *(
            f"SELECT {_number(name)}, hashtextextended(concat({values}), 0) FROM {name}"
            for name, values in _BY_VALUE.items()
        ),
        *(
            f"(SELECT {_number(f'any {name}')}, 0::bigint FROM {name} WHERE {which} LIMIT 1)"
            for name, which in _THERE.items()
        ),
    ]
    return f"""
SELECT marked, bit_xor(mark) FROM (
    SELECT relation::bigint, mark FROM ({" UNION ALL ".join(rows)}) AS one (relation, mark)
    UNION ALL {" UNION ALL ".join(others)}
) AS row (marked, mark) GROUP BY marked
"""


def _number(name: str) -> str:
    return f"{-1 - OTHERS.index(name)}::bigint"
