"""What the server said about the place that it refused, by whatever driver it was told.

The fields are those that PostgreSQL sends beside the message:
https://www.postgresql.org/docs/current/protocol-error-fields.html
"""

from __future__ import annotations

from typing import Any

from headgate.rehearsal.trace import Refusal

__all__ = ["refusal"]


def refusal(error: BaseException) -> Refusal | None:
    """Give what the server said; `None` when it is not the server that raised.

    Args:
        error: an exception of psycopg, psycopg2 or asyncpg, or SQLAlchemy's around one.
    """
    original = getattr(error, "orig", None) or error
    # SQLAlchemy puts an exception of its own before asyncpg's.
    for one in (original, original.__cause__):
        sqlstate = getattr(one, "sqlstate", None) or getattr(one, "pgcode", None)
        diag = getattr(one, "diag", None)
        if sqlstate and diag is not None:
            return _refusal(sqlstate, diag.message_primary, diag.message_detail, diag, "datatype_name")
        if sqlstate and hasattr(one, "data_type_name"):
            return _refusal(
                sqlstate, getattr(one, "message", None), getattr(one, "detail", None), one, "data_type_name"
            )
    return None


def _refusal(sqlstate: str, message: str | None, detail: str | None, fields: Any, datatype: str) -> Refusal:
    return Refusal(
        sqlstate=sqlstate,
        message=message or "",
        detail=detail,
        schema=fields.schema_name,
        table=fields.table_name,
        column=fields.column_name,
        datatype=getattr(fields, datatype),
        constraint=fields.constraint_name,
    )
