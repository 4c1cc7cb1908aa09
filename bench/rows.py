"""What filling costs: a hundred tables of 1,000 rows, and one table of a million.

python bench/rows.py [TABLES [ROWS]]
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from headgate import config
from headgate.postgres import scratch
from headgate.postgres.server import Server, scratch_server
from headgate.rehearsal.rows import Filled, fill

# Every table but the first points to another, and has five indexes and two checks.
TABLE = """
CREATE TABLE t{number} (
    id bigserial PRIMARY KEY,
    parent_id bigint REFERENCES t{parent},
    email varchar(255) NOT NULL,
    title text,
    state text NOT NULL CHECK (state IN ('new', 'done')),
    amount numeric(12, 2) NOT NULL CHECK (amount >= 0),
    score double precision,
    payload jsonb,
    created_at timestamptz NOT NULL DEFAULT now(),
    ended_at timestamptz,
    active boolean NOT NULL DEFAULT true,
    token uuid UNIQUE,
    CHECK (ended_at >= created_at)
);
CREATE INDEX ON t{number} (parent_id);
CREATE INDEX ON t{number} (email);
"""


def seconds(server: Server, tables: int, rows: int) -> tuple[float, Filled]:
    """Fill so many tables in a database of their own."""
    with scratch.database(server) as database, database.connect() as connection:
        for number in range(tables):
            connection.execute(TABLE.format(number=number, parent=max(number - 1, 0)).encode())
        started = time.perf_counter()
        filled = fill(connection, rows=rows)
        return time.perf_counter() - started, filled


def main(tables: int, rows: int) -> None:
    """Print the time for many tables, and for many rows in one."""
    with scratch_server(cache=config.load(Path(__file__).parent).cache) as server:
        for count, each in ((tables, 1000), (1, rows)):
            taken, filled = seconds(server, count, each)
            full = sum(number == each for number in filled.tables.values())
            print(f"PostgreSQL {server.version}: {full} of {count} tables with {each:,} rows in {taken:.1f} s")


if __name__ == "__main__":
    main(*(int(word) for word in [*sys.argv[1:], *("100", "1000000")[len(sys.argv) - 1 :]]))
