"""The URL of a database, read into what libpq is told.

https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from headgate.errors import HeadgateError
from headgate.redaction import display_url

if TYPE_CHECKING:
    from sqlalchemy import URL

__all__ = ["parameters", "parsed"]


def parsed(url: str, *, of: str, fix: str) -> URL:
    """Read a URL.

    Args:
        url: as the user wrote it.
        of: what it is to be the URL of, as in `database`.
        fix: how such a URL is written.

    Raises:
        HeadgateError: it is no URL, or none of PostgreSQL.
    """
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        address = make_url(url)
    except (ArgumentError, ValueError):
        address = None
    if address is None or address.get_backend_name() not in {"postgresql", "postgres"}:
        raise HeadgateError(f"{display_url(url)} is not the URL of a PostgreSQL {of}.", fix) from None
    return address


def parameters(address: URL) -> dict[str, Any]:
    """Give the keywords of a URL with their values: what its query says, and before it what the URL itself does.

    Args:
        address: the URL. A keyword that its query gives several times becomes one list, as libpq takes several hosts.
    """
    words = {name: value if isinstance(value, str) else ",".join(value) for name, value in address.query.items()}
    return {**words, **address.translate_connect_args(username="user", database="dbname")}
