"""The expressions that many queries share."""

from __future__ import annotations

__all__ = ["FIRST_USER_OID", "comment", "grants", "owner", "settings", "user_made"]

# Lower ones were made by initdb.  https://www.postgresql.org/docs/18/system-catalog-initial-data.html
FIRST_USER_OID = 16384


def comment(catalog: str, oid: str, column: str = "0") -> str:
    """The comment on an object.  https://www.postgresql.org/docs/18/catalog-pg-description.html"""
    return (
        f"(SELECT description FROM pg_description WHERE objoid = {oid}"
        f" AND classoid = '{catalog}'::regclass AND objsubid = {column}) AS comment"
    )


def owner(oid: str) -> str:
    """The name of a role."""
    return f"pg_get_userbyid({oid}) AS owner"


def settings(array: str, label: str) -> str:
    """An array of `name=value`, in an order that does not depend on who set which first."""
    return f"""(SELECT string_agg(o, ', ' ORDER BY o COLLATE "C") FROM unnest({array}) AS o) AS {label}"""


def user_made(catalog: str, oid: str, schema: str | None = None) -> str:
    """The condition that an object is the user's: not the system's, not an extension's.

    https://www.postgresql.org/docs/18/catalog-pg-depend.html
    """
    inside = f" AND {schema} IN (SELECT oid FROM namespace)" if schema else ""
    return (
        f"{oid} >= {FIRST_USER_OID}{inside} AND NOT EXISTS (SELECT FROM pg_depend AS member"
        f" WHERE member.classid = '{catalog}'::regclass AND member.objid = {oid} AND member.deptype = 'e')"
    )


def grants(acl: str, default: str) -> str:
    """What an access list gives or takes, against what the owner and PUBLIC have without one.

    The owner's own privileges are not told, or a change of owner would be two differences.
    https://www.postgresql.org/docs/18/ddl-priv.html

    Args:
        acl: the access list, null for none.
        default: the access list that null stands for.
    """
    had, has = f"aclexplode({default})", f"aclexplode({acl})"
    return f"""CASE WHEN {acl} IS NOT NULL THEN (
        SELECT string_agg(line, '; ' ORDER BY line COLLATE "C")
        FROM ({_privileges(has, had, "to")} UNION ALL {_privileges(had, has, "revoked from")}) AS lines (line)
    ) END AS grants"""


def _privileges(these: str, but_not: str, preposition: str) -> str:
    columns = "grantee, privilege_type || CASE WHEN is_grantable THEN ' WITH GRANT OPTION' ELSE '' END"
    return f"""
        SELECT string_agg(privilege, ', ' ORDER BY privilege COLLATE "C") || ' {preposition} '
            || CASE grantee WHEN 0 THEN 'PUBLIC' ELSE grantee::regrole::text END
        FROM (SELECT {columns} FROM {these} EXCEPT SELECT {columns} FROM {but_not}) AS one (grantee, privilege)
        GROUP BY grantee"""
