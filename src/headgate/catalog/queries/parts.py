"""The expressions that many queries share."""

from __future__ import annotations

__all__ = ["FIRST_USER_OID", "comment", "grants", "owner", "settings", "user_made"]

# Lower ones were made by initdb.  https://www.postgresql.org/docs/18/system-catalog-initial-data.html
FIRST_USER_OID = 16384


def comment(catalog: str, oid: str, column: str = "0") -> str:
    """The comment on an object, from the common table expression `described` that holds them all.

    A sub-select of its own for each kind would be looked up, planned and opened a dozen times over, which in a session
    that has just begun is most of the time a picture takes.
    """
    key = f"concat('{catalog}'::regclass::oid, '.', {oid}, '.', {column})"
    return f"(SELECT comments FROM described) ->> {key} AS comment"


def owner(oid: str) -> str:
    """The name of a role."""
    return f"pg_get_userbyid({oid}) AS owner"


def settings(array: str, label: str) -> str:
    """An array of `name=value`; `headgate.catalog.model` sorts it, as who set which first is of no interest."""
    return f"{array} AS {label}"


def user_made(catalog: str, oid: str, schema: str | None = None) -> str:
    """The condition that an object is the user's: not the system's, not an extension's.

    https://www.postgresql.org/docs/18/catalog-pg-depend.html
    """
    inside = f" AND {schema} IN (SELECT oid FROM namespace)" if schema else ""
    return (
        f"{oid} >= {FIRST_USER_OID}{inside}"
        f" AND {oid} NOT IN (SELECT objid FROM member WHERE classid = '{catalog}'::regclass)"
    )


def grants(acl: str, default: str) -> str:
    """An access list beside the one that null stands for, as `headgate.catalog.grants` reads them.

    Comparing them here would cost each snapshot 6 ms of planning, with or without a grant.
    """
    return f"CASE WHEN {acl} IS NOT NULL THEN json_build_array({acl}::text[], {default}::text[]) END AS grants"
