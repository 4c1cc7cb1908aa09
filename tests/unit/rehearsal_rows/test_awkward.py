"""The rows that a revision trips over."""

from __future__ import annotations

import psycopg
import pytest

from headgate.postgres.scratch import Database
from headgate.rehearsal.rows import fill

TABLE = """
CREATE TABLE teams (id bigserial PRIMARY KEY, name text NOT NULL);
CREATE TABLE owners (id uuid PRIMARY KEY);
CREATE TABLE t (
    id int PRIMARY KEY, small int, big bigint, amount numeric, price numeric(10, 5), ratio double precision, name text,
    code varchar(20), body text NOT NULL, at timestamptz, day date, token uuid, doc json, docb jsonb, tags text[],
    during tstzrange, team_id bigint, owner_id uuid, ip inet, kind text CHECK (kind IN ('a', 'b')), span interval, raw bytea,
    starts date CHECK (starts > '2000-01-01'), ends date, CHECK (ends >= starts), flag boolean
)
"""

# What must be found in a column, as a condition.
KINDS = {
    "NULL": ["small IS NULL", "name IS NULL", "at IS NULL", "docb IS NULL", "kind IS NULL", "ends IS NULL"],
    "the empty string": ["name = ''", "code = ''", "body = ''"],
    "the longest text": ["length(body) >= 100000", "length(name) >= 100000", "length(code) = 20"],
    "the extremes of a number": ["small = 2147483647", "small = -2147483648", "big = 9223372036854775807", "id = -1"],
    "what does not fit in fewer bytes": ["small = 32768", "big = 2147483648", "amount > 1e30", "price = 99999.99999"],
    "a fraction": ["amount <> trunc(amount)", "price <> trunc(price)", "ratio <> trunc(ratio)"],
    "not a number": ["amount = 'NaN'", "price = 'NaN'", "ratio = 'NaN'"],
    "infinity": ["amount = 'Infinity'", "ratio = '-Infinity'", "at = 'infinity'", "day = '-infinity'"],
    "the ends of the calendar": ["at < '4000-01-01 BC'", "at > '290000-01-01'", "day > '5000000-01-01'"],
    "more digits than milliseconds": ["date_part('microseconds', at)::int % 1000 <> 0"],
    "a combining accent": ["name LIKE U&'%\\0301%'", "code LIKE U&'%\\0301%'"],
    "an emoji": ["name LIKE U&'%\\+01F469%'", "body LIKE U&'%\\+01F469%'"],
    "letters from right to left": ["name LIKE U&'%\\202E%'"],
    "a zero width space": ["name LIKE U&'%\\200B%'"],
    "text that is no number, no date, no uuid": ["name = 'not-a-uuid'", "name = '2024-02-30'", "name = '1e400'"],
    "space around a word": ["name LIKE '% '"],
    "another case of the same word": [
        "EXISTS (SELECT FROM t AS o WHERE o.name <> t.name AND lower(o.name) = lower(t.name))"
    ],
    "JSON that jsonb refuses": ["doc::text LIKE '%u0000%'"],
    "a JSON null": ["doc::text = 'null'", "docb = 'null'"],
    "an array of NULL, of nothing": ["tags = ARRAY[NULL]::text[]", "tags = '{}'"],
    "a range without bounds, without content": ["upper_inf(during) AND lower_inf(during)", "isempty(during)"],
    "an orphan": ["team_id NOT IN (SELECT id FROM teams)", "owner_id NOT IN (SELECT id FROM owners)"],
    "a duplicate": ["EXISTS (SELECT FROM t AS o WHERE o.id <> t.id AND o.name = t.name AND o.code = t.code)"],
    "host bits behind a network": ["host(ip) <> host(network(ip))"],
    "a zero": ["small = 0", "amount = 0", "span = '0'"],
    "a byte that is no text": ["raw = '\\xff00fe'"],
}


@pytest.fixture
def filled(database: Database) -> psycopg.Connection[tuple[object, ...]]:
    """A connection to a database with the table, filled with 1,000 rows."""
    connection = database.connect()
    connection.execute(TABLE)
    fill(connection)
    return connection


def test_every_kind_of_awkward_value_is_there(filled: psycopg.Connection[tuple[object, ...]]) -> None:
    """Each stands for failures that were seen in production and not on a developer's machine."""
    with filled:
        missing = [
            (kind, condition)
            for kind, conditions in KINDS.items()
            for condition in conditions
            if filled.execute(f"SELECT count(*) FROM t WHERE {condition}".encode()).fetchone() == (0,)
        ]
        assert missing == []
        assert filled.execute("SELECT count(*) FROM t").fetchone() == (1000,)


def test_most_rows_are_ordinary(filled: psycopg.Connection[tuple[object, ...]]) -> None:
    """Where every row is odd, nothing can be told from a revision that fails."""
    with filled:
        ordinary = "name LIKE 'name %' AND small > 0 AND at BETWEEN '2024-01-01' AND '2124-01-01'"
        found = filled.execute(f"SELECT count(*) FROM t WHERE {ordinary}".encode()).fetchone()
        assert found is not None
        assert found[0] > 600
        nulls = filled.execute("SELECT count(*) FROM t WHERE name IS NULL").fetchone()
        assert nulls is not None
        assert 30 < nulls[0] < 200
        assert filled.execute("SELECT count(*) FROM t JOIN teams ON teams.id = team_id").fetchone() > (600,)


@pytest.mark.parametrize(
    ("revision", "error"),
    [
        ("ALTER TABLE t ALTER name SET NOT NULL", "23502"),
        ("ALTER TABLE t ADD k int NOT NULL", "23502"),
        ("ALTER TABLE t ADD UNIQUE (name)", "23505"),
        ("ALTER TABLE t ADD UNIQUE (name, code)", "23505"),
        ("CREATE UNIQUE INDEX ON t (lower(body))", "23505"),
        ("ALTER TABLE t ADD FOREIGN KEY (team_id) REFERENCES teams", "23503"),
        ("ALTER TABLE t ADD CHECK (amount >= 0)", "23514"),
        ("ALTER TABLE t ADD CHECK (name <> '')", "23514"),
        ("ALTER TABLE t ALTER name TYPE varchar(50000)", "22001"),
        ("ALTER TABLE t ALTER name TYPE uuid USING name::uuid", "22P02"),
        ("ALTER TABLE t ALTER name TYPE int USING name::int", "22P02"),
        ("ALTER TABLE t ALTER name TYPE date USING name::date", "22007"),
        ("ALTER TABLE t ALTER big TYPE int", "22003"),
        ("ALTER TABLE t ALTER small TYPE smallint", "22003"),
        ("ALTER TABLE t ALTER amount TYPE numeric(10, 2)", "22003"),
        ("ALTER TABLE t ALTER ratio TYPE real", "22003"),
        ("ALTER TABLE t ALTER doc TYPE jsonb", "22P05"),
        ("ALTER TABLE t ALTER ip TYPE cidr USING ip::text::cidr", "22P02"),
        ("ALTER TABLE t ADD EXCLUDE USING gist (during WITH &&)", "23P01"),
        ("ALTER TABLE t ADD twice int GENERATED ALWAYS AS (small * 2) STORED", "22003"),
    ],
)
def test_a_revision_that_fails_on_real_rows_fails_on_these(
    filled: psycopg.Connection[tuple[object, ...]], revision: str, error: str
) -> None:
    """Of 37 public incidents in which an upgrade failed, 17 pass on an empty schema."""
    with filled, pytest.raises(psycopg.Error) as raised:
        filled.execute(revision.encode())
    assert raised.value.sqlstate == error


@pytest.mark.parametrize(
    "revision",
    [
        "ALTER TABLE t ADD UNIQUE (name)",
        "ALTER TABLE t ALTER name SET NOT NULL",
        "ALTER TABLE t ADD FOREIGN KEY (team_id) REFERENCES teams",
        "ALTER TABLE t ADD CHECK (small > 0)",
        "ALTER TABLE t ALTER name TYPE varchar(60)",
        "CREATE INDEX ON t (name, body, code)",
    ],
)
def test_plain_rows_break_nothing_that_is_added(database: Database, revision: str) -> None:
    """To see what a revision locks and reads it must get to its end."""
    with database.connect() as connection:
        connection.execute(TABLE)
        fill(connection, awkward=False)
        connection.execute(revision.encode())


@pytest.mark.parametrize("columns", ["body", "name, body", "code, name, body", "docb", "tags", "at, day, amount, name"])
def test_an_index_takes_the_longest_values(filled: psycopg.Connection[tuple[object, ...]], columns: str) -> None:
    """An index build must not fail for a value that only a test would store."""
    with filled:
        filled.execute(f"CREATE INDEX ON t ({columns})".encode())


def test_a_unique_pair_repeats_each_of_its_columns(database: Database) -> None:
    """A revision that makes one of them unique alone fails on real rows."""
    with database.connect() as connection:
        connection.execute("CREATE TABLE p (a int, b text, c date, UNIQUE (a, b), UNIQUE (b, c))")
        fill(connection)
        for column in "abc":
            repeated = f"SELECT count(*) FROM (SELECT {column} FROM p GROUP BY 1 HAVING count(*) > 1) AS r"
            assert connection.execute(repeated.encode()).fetchone() > (10,)  # type: ignore[operator]


def test_what_a_sequence_numbers_begins_at_one(database: Database) -> None:
    """A backfill that goes by key starts after 0, and is right to do so; a bigint that is narrowed loses the last."""
    with database.connect() as connection:
        connection.execute(
            "CREATE TABLE t (id bigserial PRIMARY KEY, n bigint GENERATED BY DEFAULT AS IDENTITY, k int)"
        )
        fill(connection)
        row = connection.execute("SELECT min(id), min(n), max(id), min(k) FROM t").fetchone()
        assert row == (1, 1, 2**63 - 1, -(2**31))
