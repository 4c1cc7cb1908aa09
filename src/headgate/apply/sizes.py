"""Ask a production server how large its tables are. No table is read or locked: its statistics say it.

They are what VACUUM and ANALYZE left in `pg_class`: https://www.postgresql.org/docs/current/catalog-pg-class.html.
`pg_relation_size` would know better, but it opens the table, and waits behind a lock on it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from headgate import redaction
from headgate.errors import HeadgateError
from headgate.postgres.address import parameters, parsed
from headgate.sizes import Size
from headgate.wording import first_line

if TYPE_CHECKING:
    import psycopg

__all__ = ["Measured", "measure"]

_CONNECT_SECONDS = 10
_STATEMENT_SECONDS = 30
_LOCK_SECONDS = 2

# Before PostgreSQL 14 nothing told a table that was never analyzed from an empty one.
# A partitioned table has no rows of its own, and autovacuum does not analyze it: its partitions are added up.
_SIZES = """
WITH RECURSIVE relation AS (
    SELECT c.oid, c.relkind, c.relnamespace, c.relname,
           CASE WHEN n.nspname = 'public' THEN '' ELSE quote_ident(n.nspname) || '.' END || quote_ident(c.relname)
               AS name,
           CASE WHEN c.reltuples >= 0 AND (c.relpages > 0 OR current_setting('server_version_num')::int >= 140000)
               THEN c.reltuples::float8 END AS rows,
           c.relpages::bigint
           + coalesce((SELECT t.relpages FROM pg_catalog.pg_class AS t WHERE t.oid = c.reltoastrelid), 0)
           + coalesce((SELECT sum(i.relpages) FROM pg_catalog.pg_index AS x
                       JOIN pg_catalog.pg_class AS i ON i.oid = x.indexrelid
                       WHERE x.indrelid IN (c.oid, c.reltoastrelid)), 0) AS pages
    FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'm') AND c.relpersistence <> 't'
      AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%'
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d
                      WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
), part AS (
    SELECT oid AS root, oid FROM relation
    UNION ALL
    SELECT part.root, i.inhrelid FROM part JOIN pg_catalog.pg_inherits AS i ON i.inhparent = part.oid
    JOIN pg_catalog.pg_class AS c ON c.oid = i.inhrelid AND c.relispartition
)
SELECT root.name, round(sum(leaf.rows))::bigint,
       (sum(leaf.pages) FILTER (WHERE leaf.rows IS NOT NULL))::bigint * current_setting('block_size')::bigint
FROM part JOIN relation AS root ON root.oid = part.root
JOIN relation AS leaf ON leaf.oid = part.oid AND leaf.relkind <> 'p'
GROUP BY root.oid, root.name
"""


@dataclass(frozen=True)
class Measured:
    """What a server says of its tables.

    Args:
        sizes: how large they are, by SQL name.
        unknown: the names of those that were never analyzed, of which it knows nothing.
        server: its version, as in `18.4`.
    """

    sizes: Mapping[str, Size]
    unknown: tuple[str, ...]
    server: str


def measure(url: str) -> Measured:
    """Ask a server, in a transaction that can only read, how large the tables of one database are.

    Args:
        url: the database, as a SQLAlchemy or libpq URL. It is never printed with its password.

    Raises:
        HeadgateError: it is no URL of PostgreSQL, the server cannot be reached, or it does not answer in time.
    """
    import psycopg

    redaction.remember(url)
    wanted = _parameters(url)
    try:
        with psycopg.connect(**wanted) as connection:
            connection.read_only = True
            return _ask(connection)
    except psycopg.Error as error:
        raise HeadgateError(
            f"The sizes of {redaction.display_url(url)} cannot be read: {first_line(error)}",
            "Correct the URL or wait until the server answers; nothing was read or written.",
        ) from None


def _ask(connection: psycopg.Connection[Any]) -> Measured:
    # LOCAL, as a pooler may give the session to somebody else afterwards.
    connection.execute(f"SET LOCAL statement_timeout = '{_STATEMENT_SECONDS}s'")
    connection.execute(f"SET LOCAL lock_timeout = '{_LOCK_SECONDS}s'")
    version = str(connection.execute("SELECT version()").fetchall()[0][0])
    if not version.startswith("PostgreSQL "):
        raise HeadgateError(
            f"The server is not PostgreSQL but {' '.join(version.split()[:2])}.",
            "Name a database of PostgreSQL; headgate judges for no other.",
        )
    rows = connection.execute(_SIZES).fetchall()
    connection.rollback()
    return Measured(
        sizes={name: Size(int(count), int(size)) for name, count, size in rows if count is not None},
        unknown=tuple(sorted(name for name, count, _ in rows if count is None)),
        server="{}.{}".format(*divmod(connection.info.server_version, 10000)),
    )


def _parameters(url: str) -> dict[str, Any]:
    address = parsed(
        url,
        of="database",
        fix="Write it as postgresql://user@host:5432/database; a password may stand in PGPASSWORD or ~/.pgpass.",
    )
    own = {"connect_timeout": _CONNECT_SECONDS, "application_name": "headgate"}
    # A pooler hands statements of one session to several servers, which do not know each other's prepared ones.
    return {**own, **parameters(address), "prepare_threshold": None}
