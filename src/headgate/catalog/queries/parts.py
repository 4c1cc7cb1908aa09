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
    return f"""CASE WHEN {array} IS NOT NULL THEN
        (SELECT string_agg(o, ', ' ORDER BY o COLLATE "C") FROM unnest({array}) AS o) END AS {label}"""


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
    """An access list beside the one that null stands for, as `headgate.catalog.grants` reads them.

    Comparing them here would cost each snapshot 6 ms of planning, with or without a grant.
    """
    return f"CASE WHEN {acl} IS NOT NULL THEN json_build_array({acl}::text[], {default}::text[]) END AS grants"
