"""One constraint, key, partition or trigger at a time."""

from __future__ import annotations

import pytest

from headgate.postgres.scratch import Database
from headgate.rehearsal.rows import Filled, fill

FULL = {
    "a row that points to itself": "CREATE TABLE t (id int PRIMARY KEY, up int NOT NULL REFERENCES t)",
    "a row that points to itself under a check": """
        CREATE TABLE t (id int PRIMARY KEY, up int NOT NULL REFERENCES t CHECK (up > 0))
    """,
    "a tree": "CREATE TABLE t (id int PRIMARY KEY, up int REFERENCES t CHECK (up <> id))",
    "MATCH FULL": """
        CREATE TABLE t (a int, b int, c int, d int, PRIMARY KEY (a, b), FOREIGN KEY (c, d) REFERENCES t MATCH FULL)
    """,
    "a circle of nullable keys": """
        CREATE TABLE t (id uuid PRIMARY KEY, u uuid); CREATE TABLE u (id uuid PRIMARY KEY, t uuid REFERENCES t);
        ALTER TABLE t ADD FOREIGN KEY (u) REFERENCES u
    """,
    "a circle of keys that may not be NULL": """
        CREATE TABLE t (id int PRIMARY KEY, u int NOT NULL);
        CREATE TABLE u (id int PRIMARY KEY, t int NOT NULL REFERENCES t);
        ALTER TABLE t ADD FOREIGN KEY (u) REFERENCES u
    """,
    "a primary key that may be put off": """
        CREATE TABLE t (id int PRIMARY KEY DEFERRABLE INITIALLY DEFERRED, v text UNIQUE DEFERRABLE)
    """,
    "ranges that exclude each other": "CREATE TABLE t (r tstzrange NOT NULL, EXCLUDE USING gist (r WITH &&))",
    "an exclusion that may be put off": """
        CREATE TABLE t (r int4range, EXCLUDE USING gist (r WITH &&) DEFERRABLE INITIALLY DEFERRED)
    """,
    "NULLs that are not distinct": "CREATE TABLE t (a int, b text, UNIQUE NULLS NOT DISTINCT (a, b))",
    "a period": """
        CREATE TABLE t (id int4range, during daterange, PRIMARY KEY (id, during WITHOUT OVERLAPS));
        CREATE TABLE u (id int4range, during daterange,
                        FOREIGN KEY (id, PERIOD during) REFERENCES t (id, PERIOD during))
    """,
    "no columns": "CREATE TABLE t ()",
    "no column that takes a value": "CREATE TABLE t (g int GENERATED ALWAYS AS (1) STORED)",
    "a rewrite rule": "CREATE TABLE t (id int PRIMARY KEY); CREATE RULE r AS ON INSERT TO t DO ALSO SELECT 1",
    "a unique pair of two references": """
        CREATE TABLE a (id smallserial PRIMARY KEY); CREATE TABLE b (id uuid PRIMARY KEY);
        CREATE TABLE t (a smallint REFERENCES a, b uuid REFERENCES b, PRIMARY KEY (a, b))
    """,
    "references that share a column": """
        CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE pairs (a int, b int, PRIMARY KEY (a, b));
        CREATE TABLE t (a int NOT NULL REFERENCES a, b int NOT NULL, FOREIGN KEY (a, b) REFERENCES pairs)
    """,
    "exactly one of three references": """
        CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (id text PRIMARY KEY);
        CREATE TABLE t (a int REFERENCES a, b text REFERENCES b, c int REFERENCES a, CHECK (num_nonnulls(a, b, c) = 1))
    """,
    "a check that divides": "CREATE TABLE t (a int NOT NULL, b int NOT NULL, CHECK (a / b > 2))",
    "a check that casts": "CREATE TABLE t (v text NOT NULL CHECK (v::int > 10))",
    "a check over the whole row": "CREATE TABLE t (a int, b int); ALTER TABLE t ADD CHECK (t IS NOT NULL)",
    "a check that calls a function": """
        CREATE FUNCTION even(int) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN $1 % 2 = 0; END';
        CREATE TABLE t (n int NOT NULL CHECK (even(n)))
    """,
    "a check over a generated column": """
        CREATE TABLE t (a int NOT NULL, b int GENERATED ALWAYS AS (a * 3) STORED CHECK (b BETWEEN 10 AND 90))
    """,
    "a check that is not enforced": "CREATE TABLE t (id int NOT NULL, CHECK (id < 0 AND id > 5) NOT ENFORCED)",
    "a trigger that refuses every row": """
        CREATE TABLE t (id int); CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE ''no''; END';
        CREATE TRIGGER f BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()
    """,
    "a trigger that refuses some rows": """
        CREATE TABLE t (n int);
        CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS
            'BEGIN IF NEW.n < 0 THEN RAISE ''no''; END IF; RETURN NEW; END';
        CREATE TRIGGER f BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()
    """,
    "row-level security": """
        CREATE TABLE t (id int); ALTER TABLE t ENABLE ROW LEVEL SECURITY; ALTER TABLE t FORCE ROW LEVEL SECURITY;
        CREATE POLICY p ON t USING (false)
    """,
    "a function found through search_path": """
        CREATE SCHEMA s; CREATE TABLE s.log (at timestamptz); CREATE TABLE t (id int);
        CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql SET search_path = s AS
            'BEGIN INSERT INTO log VALUES (now()); RETURN NEW; END';
        CREATE TRIGGER f AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()
    """,
    "names that need quotes": """
        CREATE TABLE "T""x" ("select" int PRIMARY KEY, "A b" text CHECK ("A b" LIKE '%"%'), n int)
    """,
    "a domain below a domain": """
        CREATE DOMAIN d AS varchar(8) CHECK (VALUE ~ '^[a-f]+$');
        CREATE DOMAIN e AS d NOT NULL CHECK (length(VALUE) > 2);
        CREATE TABLE t (v e)
    """,
    "a key to a partitioned table": """
        CREATE TABLE p (id int PRIMARY KEY) PARTITION BY HASH (id);
        CREATE TABLE p0 PARTITION OF p FOR VALUES WITH (MODULUS 1, REMAINDER 0);
        CREATE TABLE t (p int NOT NULL REFERENCES p)
    """,
}


@pytest.mark.parametrize("schema", FULL.values(), ids=FULL.keys())
def test_fills_to_the_full(schema: str, database: Database) -> None:
    """Each of these makes a generator that does not ask the server fail, or leave the table empty."""
    filled = _filled(database, schema)
    assert filled.not_filled == {}
    assert {name: count for name, count in filled.tables.items() if count < 1000} == {}


@pytest.mark.parametrize(
    "check",
    [
        "n > 5", "n >= 18 AND n < 65", "n BETWEEN 100 AND 200", "n IN (3, 5, 7)", "n <> 0", "n % 7 = 3", "n * n < 1000",
        "s <> ''", "length(s) = 12", "char_length(s) BETWEEN 3 AND 5", "s LIKE 'A_-%'", "s NOT LIKE '% %'",
        "s ILIKE '%yes%'",
        "s ~ '^[A-Z]{2}[0-9]{2}$'", "s ~* '^(red|green)-\\d+\\.(png|jpe?g)$'", "s SIMILAR TO '(a|b)+c'",
        "s = lower(s)", "s = upper(s) AND length(s) = 3", "s ~ '^https?://[^/]+/'", "s IN ('x', 'y') OR n IS NULL",
        "position('@' IN s) > 1", "d > '2020-01-01' AND d <= '2020-02-01'", "d < CURRENT_DATE - 3650",
        "n IS NOT NULL AND s IS NOT NULL", "(n IS NULL) = (s IS NULL)", "n > 10 OR s = 'ok'",
        "NOT (n < 0 AND s IS NULL)",
        "j ? 'id' AND jsonb_typeof(j -> 'id') = 'number'", "jsonb_array_length(j) > 0", "j ->> 'kind' = 'dog'",
        "a <@ ARRAY['x', 'y'] AND cardinality(a) > 0", "d2 - d = 7", "d2 > d", "n = 0 OR d2 IS NOT NULL", "m > n",
        "m = n + 1", "m + n = 100", "m * n = 0", "greatest(m, n) < 50", "coalesce(n, m) > 3",
        "CASE WHEN b THEN n > 0 ELSE n < 0 END", "b", "s::date > '2000-01-01'",
    ],
)  # fmt: skip
def test_solves_the_common_forms_of_a_check(check: str, database: Database) -> None:
    """Columns that may not be NULL, so that NULL is no way out."""
    null = "" if "NULL" in check else "NOT NULL"
    types = {"n": "int", "m": "int", "s": "text", "d": "date", "d2": "date", "j": "jsonb", "a": "text[]", "b": "bool"}
    columns = ", ".join(f"{name} {type_} {null}" for name, type_ in types.items())
    filled = _filled(database, f"CREATE TABLE t ({columns}, CHECK ({check}))")
    assert filled == Filled({"t": 1000}, {})


@pytest.mark.parametrize("default", [False, True], ids=["no default partition", "a default partition"])
@pytest.mark.parametrize(
    ("key", "bounds"),
    [
        ("RANGE (d)", ["FROM ('2030-01-01') TO ('2030-02-01')", "FROM ('2030-02-01') TO (MAXVALUE)"]),
        ("RANGE (n)", ["FROM (MINVALUE) TO (-5)", "FROM (100000) TO (100010)"]),
        ("LIST (s)", ["IN ('a', 'b')", "IN ('c', NULL)"]),
        ("HASH (n)", ["WITH (MODULUS 2, REMAINDER 0)", "WITH (MODULUS 2, REMAINDER 1)"]),
        ("RANGE (n, d)", ["FROM (1, '2020-01-01') TO (1, '2020-06-01')", "FROM (2, MINVALUE) TO (9, MAXVALUE)"]),
        ("LIST (lower(s))", ["IN ('x')", "IN ('y')"]),
    ],
)
def test_every_partition_gets_rows(key: str, bounds: list[str], default: bool, database: Database) -> None:
    """A revision may attach, detach or change any of them."""
    parts = [f"CREATE TABLE t_{number} PARTITION OF t FOR VALUES {bound}" for number, bound in enumerate(bounds)]
    if default and "HASH" not in key:
        parts.append("CREATE TABLE t_2 PARTITION OF t DEFAULT")
    table = f"CREATE TABLE t (id bigserial, n int, d date, s text) PARTITION BY {key}"
    filled = _filled(database, ";".join([table, *parts]))
    assert filled.not_filled == {}
    shares = [filled.tables[f"t_{number}"] for number in range(len(parts))]
    assert sum(shares) == filled.tables["t"] >= 1000
    assert all(share >= 1000 // len(parts) // 2 for share in shares)


def test_only_a_part_of_the_rows_is_where_only_a_part_fits(database: Database) -> None:
    """A table of three possible rows has three, and those that point to it are full."""
    schema = """
        CREATE TABLE few (id int PRIMARY KEY CHECK (id IN (1, 2, 3)));
        CREATE TABLE pairs (a int REFERENCES few, b int REFERENCES few, c bool, PRIMARY KEY (a, b, c));
        CREATE TABLE t (few int NOT NULL REFERENCES few)
    """
    assert _filled(database, schema) == Filled({"few": 3, "pairs": 18, "t": 1000}, {})


def test_a_tree_has_depth(database: Database) -> None:
    """A recursive query in a revision must find parents of parents, and no circle."""
    _filled(database, FULL["a tree"])
    depth = """
        WITH RECURSIVE tree AS (SELECT id, 1 AS level FROM t WHERE up IS NULL
                                UNION ALL SELECT t.id, level + 1 FROM t JOIN tree ON t.up = tree.id)
        SELECT count(*), max(level) > 3 FROM tree
    """
    with database.connect() as connection:
        assert connection.execute(depth).fetchone() == (1000, True)


def test_a_table_that_inherits_has_rows_of_its_own(database: Database) -> None:
    """A revision changes both, and what it does to the one it does to the rows of the other."""
    filled = _filled(database, "CREATE TABLE t (id int); CREATE TABLE u (n int NOT NULL) INHERITS (t)")
    assert filled == Filled({"t": 1000, "u": 1000}, {})


def test_triggers_run(database: Database) -> None:
    """What a trigger wrote into the rows of a real database it has written into these."""
    schema = """
        CREATE TABLE log (id bigserial); CREATE TABLE t (n int, twice int);
        CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS
            'BEGIN NEW.twice := NEW.n::bigint % 1000 * 2; INSERT INTO log DEFAULT VALUES; RETURN NEW; END';
        CREATE TRIGGER f BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()
    """
    assert _filled(database, schema).tables["log"] >= 2000
    with database.connect() as connection:
        wrong = connection.execute("SELECT count(*) FROM t WHERE twice <> n::bigint % 1000 * 2").fetchone()
    assert wrong == (0,)


def _filled(database: Database, schema: str) -> Filled:
    with database.connect() as connection:
        connection.execute(schema.encode())
        return fill(connection)
