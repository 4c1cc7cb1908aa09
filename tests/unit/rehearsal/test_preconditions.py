"""`headgate.rehearsal.preconditions`: what a revision needs of the rows, on rows that are as awkward as can be."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from headgate.postgres import scratch
from headgate.postgres.server import Server
from headgate.rehearsal.evidence import Unmet
from headgate.rehearsal.model import Fill
from headgate.rehearsal.preconditions import Needs, needs
from headgate.rehearsal.rollback import prove
from headgate.selection import choose
from tests.projects import FIRST, SECOND, THIRD, make_project, revision

ROWS = 100
FILL = Fill(ROWS)

Needed = Callable[..., Needs]


def _needed(folder: Path, server: Server) -> Iterator[Needed]:
    with ExitStack() as stack:

        def new_database(template: str | None = None) -> str:
            return stack.enter_context(scratch.database(server, template)).url()

        def run(schema: str, up: str, *, extra: str = "") -> Needs:
            files = {
                "1.py": revision(FIRST, None, f"op.get_bind().exec_driver_sql({schema!r})"),
                "2.py": revision(SECOND, FIRST, up, extra=extra),
            }
            project = choose(make_project(folder / "p", files).find(), revision=SECOND)
            proofs = prove(project, new_database, fill=FILL, models=False)
            assert proofs.history is None, proofs.history
            assert proofs.proofs[-1].up.failure is None, proofs.proofs[-1].up.failure
            return needs(project, new_database, proofs, fill=FILL).get(SECOND, Needs())

        yield run


@pytest.fixture
def needed(tmp_path: Path, server: Server) -> Iterator[Needed]:
    """What a revision needs: `needed(SQL of the schema, upgrade body)`; `extra` are lines of the file's top."""
    yield from _needed(tmp_path, server)


@pytest.fixture
def needed_on_each(tmp_path: Path, each_server: Server) -> Iterator[Needed]:
    """The same on both versions."""
    yield from _needed(tmp_path, each_server)


def _only(found: Needs) -> Unmet:
    (one,) = found.unmet
    return one


USERS = "CREATE TABLE users (id bigint PRIMARY KEY, email text, gone boolean NOT NULL)"

# The schema, the upgrade, the code of the failure, what it is about, and the query that must give 0.
CASES = {
    "NOT NULL": (
        USERS,
        'op.alter_column("users", "email", nullable=False)',
        "23502",
        "users.email holds NULL",
        "SELECT count(*) FROM users WHERE email IS NULL",
    ),
    "UNIQUE": (
        USERS,
        'op.create_unique_constraint("uq", "users", ["email"])',
        "23505",
        "users.email holds duplicates",
        "SELECT count(*) FROM (SELECT 1 FROM users WHERE email IS NOT NULL GROUP BY email HAVING count(*) > 1)"
        " AS duplicates",
    ),
    "UNIQUE NULLS NOT DISTINCT": (
        USERS,
        'op.execute("ALTER TABLE users ADD CONSTRAINT uq UNIQUE NULLS NOT DISTINCT (email)")',
        "23505",
        "users.email holds duplicates",
        "SELECT count(*) FROM (SELECT 1 FROM users GROUP BY email HAVING count(*) > 1) AS duplicates",
    ),
    "a unique index over an expression, of some rows": (
        'CREATE TABLE "Users" (id bigint PRIMARY KEY, "E mail" text, gone boolean NOT NULL)',
        """op.execute('CREATE UNIQUE INDEX "U x" ON "Users" (lower("E mail")) WHERE NOT gone')""",
        "23505",
        '"Users" ((lower("E mail"))) holds duplicates',
        'SELECT count(*) FROM (SELECT 1 FROM "Users" WHERE (NOT gone) AND (lower("E mail")) IS NOT NULL'
        ' GROUP BY (lower("E mail")) HAVING count(*) > 1) AS duplicates',
    ),
    "a unique index, concurrently": (
        USERS,
        "with op.get_context().autocommit_block():\n"
        '    op.create_index("uq", "users", ["email"], unique=True, postgresql_concurrently=True)',
        "23505",
        "users.email holds duplicates",
        "SELECT count(*) FROM (SELECT 1 FROM users WHERE email IS NOT NULL GROUP BY email HAVING count(*) > 1)"
        " AS duplicates",
    ),
    "CHECK": (
        "CREATE TABLE s (id int PRIMARY KEY, status text)",
        'op.create_check_constraint("ck", "s", "status IN (\'a\', \'b\')")',
        "23514",
        "rows of s break the check ck",
        "SELECT count(*) FROM s WHERE NOT ((status = ANY (ARRAY['a'::text, 'b'::text])))",
    ),
    "a check that is dropped again": (
        USERS,
        'op.create_check_constraint("email_set", "users", "email IS NOT NULL", postgresql_not_valid=True)\n'
        'op.execute("ALTER TABLE users VALIDATE CONSTRAINT email_set")\n'
        'op.alter_column("users", "email", nullable=False)\n'
        'op.drop_constraint("email_set", "users")',
        "23514",
        "rows of users break the check email_set",
        "SELECT count(*) FROM users WHERE NOT ((email IS NOT NULL))",
    ),
    "a partition beside the default one": (
        "CREATE TABLE p (id int NOT NULL) PARTITION BY RANGE (id); CREATE TABLE rest PARTITION OF p DEFAULT",
        'op.execute("CREATE TABLE q PARTITION OF p FOR VALUES FROM (0) TO (2000000)")',
        "23514",
        "rest holds rows that do not belong into the partition",
        "SELECT count(*) FROM rest WHERE NOT ((NOT ((id IS NOT NULL) AND ((id >= 0) AND (id < 2000000)))))",
    ),
    "VALIDATE": (
        "CREATE TABLE s (id int PRIMARY KEY, n int); ALTER TABLE s ADD CONSTRAINT pos CHECK (n > 0) NOT VALID",
        'op.execute("ALTER TABLE s VALIDATE CONSTRAINT pos")',
        "23514",
        "rows of s break the check pos",
        "SELECT count(*) FROM s WHERE NOT ((n > 0))",
    ),
    "a domain's CHECK": (
        "CREATE DOMAIN size AS int; CREATE TABLE s (id int PRIMARY KEY, n size)",
        'op.execute("ALTER DOMAIN size ADD CONSTRAINT pos CHECK (VALUE > 0)")',
        "23514",
        "s.n holds values that size refuses",
        "SELECT count(*) FROM s WHERE NOT (SELECT (VALUE > 0) FROM (SELECT s.n AS value) AS checked)",
    ),
    "ATTACH PARTITION": (
        "CREATE TABLE m (id int, n int) PARTITION BY RANGE (n); CREATE TABLE m1 (id int, n int)",
        'op.execute("ALTER TABLE m ATTACH PARTITION m1 FOR VALUES FROM (0) TO (1000000)")',
        "23514",
        "m1 holds rows that do not belong into the partition",
        "SELECT count(*) FROM m1 WHERE NOT (((n IS NOT NULL) AND (n >= 0) AND (n < 1000000)))",
    ),
    "FOREIGN KEY": (
        "CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE c (id int PRIMARY KEY, p_id int)",
        'op.create_foreign_key("fk", "c", "p", ["p_id"], ["id"])',
        "23503",
        "c.p_id holds values that p does not have",
        "SELECT count(*) FROM c WHERE (c.p_id IS NOT NULL) AND NOT EXISTS"
        " (SELECT FROM p AS parent WHERE parent.id = c.p_id)",
    ),
    "EXCLUDE": (
        "CREATE TABLE b (id int PRIMARY KEY, during tstzrange)",
        'op.execute("ALTER TABLE b ADD CONSTRAINT apart EXCLUDE USING gist (during WITH &&)")',
        "23P01",
        "rows of b exclude each other (apart)",
        "SELECT count(*) FROM (SELECT tableoid, ctid, during AS k0 FROM b) AS a,"
        " (SELECT tableoid, ctid, during AS k0 FROM b) AS b"
        " WHERE a.ctid < b.ctid AND a.k0 OPERATOR(pg_catalog.&&) b.k0",
    ),
    "a cast of texts": (
        "CREATE TABLE chats (id int PRIMARY KEY, flow varchar)",
        'op.alter_column("chats", "flow", type_=sa.Uuid(), postgresql_using="flow::uuid")',
        "22P02",
        "chats.flow holds values that do not fit uuid",
        "SELECT count(*) FROM chats WHERE NOT pg_input_is_valid(flow::text, 'uuid')",
    ),
    "a cast to an enum that the revision makes": (
        "CREATE TABLE chats (id int PRIMARY KEY, mood text)",
        "op.execute(\"CREATE TYPE mood AS ENUM ('calm', 'merry')\")\n"
        'op.execute("ALTER TABLE chats ALTER mood TYPE mood USING mood::mood")',
        "22P02",
        "chats.mood holds values that do not fit mood",
        "SELECT count(*) FROM chats WHERE mood::text NOT IN ('calm', 'merry')",
    ),
    "a narrower number": (
        "CREATE TABLE s (id int PRIMARY KEY, n double precision)",
        'op.alter_column("s", "n", type_=sa.Integer())',
        "22003",
        "s.n holds values that do not fit integer",
        "SELECT count(*) FROM s WHERE round(n::numeric) NOT BETWEEN -2147483648 AND 2147483647",
    ),
    "a shorter text": (
        "CREATE TABLE s (id int PRIMARY KEY, t text)",
        'op.alter_column("s", "t", type_=sa.String(50))',
        "22001",
        "s.t holds values that do not fit character varying(50)",
        "SELECT count(*) FROM s WHERE char_length(rtrim(t, ' ')) > 50",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_failure_on_certain_rows_becomes_the_query_that_finds_them(case: str, needed_on_each: Needed) -> None:
    """The server's own words, the line, and a query whose parts the server printed."""
    schema, up, sqlstate, what, query = CASES[case]

    one = _only(needed_on_each(schema, up))

    assert (one.sqlstate, one.what, one.query) == (sqlstate, what, query)
    assert one.line >= 12
    assert one.broken > 0
    assert one.rows == ROWS
    assert one.declared is None


def test_a_revision_with_two_needs_tells_both(needed: Needed) -> None:
    """The second would be found in the next deployment."""
    found = needed(
        USERS,
        'op.create_unique_constraint("uq", "users", ["email"])\nop.alter_column("users", "email", nullable=False)',
    )

    assert [one.what for one in found.unmet] == ["users.email holds duplicates", "users.email holds NULL"]
    assert [one.line for one in found.unmet] == [16, 17]


def test_what_a_failure_leaves_behind_is_told(needed: Needed) -> None:
    """An index that was built concurrently stays, INVALID, and the next run finds its name taken."""
    one = _only(needed(*CASES["a unique index, concurrently"][:2]))

    assert one.left == ("+ index uq unique on users (email), INVALID",)


def test_a_revision_that_establishes_what_it_needs_is_silent(needed: Needed) -> None:
    """It fills the gaps and takes the duplicates away before it asks for none."""
    found = needed(
        USERS,
        """
        op.execute("DELETE FROM users a USING users b WHERE a.email = b.email AND a.id > b.id")
        op.execute("UPDATE users SET email = 'nobody-' || id WHERE email IS NULL")
        op.create_unique_constraint("uq", "users", ["email"])
        op.alter_column("users", "email", nullable=False)
        """,
    )

    assert found == Needs()


def test_what_fails_in_python_is_told_without_a_query(needed: Needed) -> None:
    """Nothing is invented: the words, the line, and no query."""
    one = _only(
        needed(
            USERS,
            "for row in op.get_bind().execute(sa.text('SELECT email FROM users')).fetchall():\n    row[0].upper()",
        )
    )

    assert (one.query, one.sqlstate, one.table) == (None, None, "")
    assert one.error == "AttributeError: 'NoneType' object has no attribute 'upper'"
    assert one.line == 17


def test_a_column_that_the_revision_itself_makes_has_no_query(needed: Needed) -> None:
    """It is not there to be asked before the revision."""
    one = _only(
        needed(
            USERS,
            'op.execute("ALTER TABLE users ADD COLUMN mail text")\n'
            'op.execute("UPDATE users SET mail = email")\n'
            'op.alter_column("users", "mail", nullable=False)',
        )
    )

    assert (one.sqlstate, one.query) == ("23502", None)


def test_a_declared_precondition_that_tells_the_rows_apart_covers_the_failure(needed: Needed) -> None:
    """It finds awkward rows, no ordinary ones, and reads the table that failed."""
    query = "SELECT count(*) FROM users WHERE email IS NULL"
    up = 'op.alter_column("users", "email", nullable=False)'

    found = needed(USERS, up, extra=f'preconditions = {{"an address": "{query}"}}\n')

    assert _only(found).declared == "an address"
    assert [(one.name, one.error) for one in found.asked] == [("an address", None)]


@pytest.mark.parametrize(
    "query",
    [
        "SELECT count(*) FROM users",
        "SELECT count(*) FROM users WHERE email = 'nowhere to be found'",
        "SELECT count(*) FROM others WHERE note IS NULL",
    ],
)
def test_one_that_does_not_tell_them_apart_covers_nothing(needed: Needed, query: str) -> None:
    """It would refuse every database, or none, or is about another table."""
    schema = USERS + "; CREATE TABLE others (id int PRIMARY KEY, note text)"
    up = 'op.alter_column("users", "email", nullable=False)'

    found = needed(schema, up, extra=f'preconditions = {{"an address": "{query}"}}\n')

    assert _only(found).declared is None


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ("SELECT count(*) FROM nowhere", 'relation "nowhere" does not exist'),
        ("SELECT email FROM users", "it gives something else than one number"),
        ("SELECT 1 / 0", "division by zero"),
    ],
)
def test_a_declared_query_that_cannot_be_asked_is_said(needed: Needed, query: str, error: str) -> None:
    """Also where the revision needs nothing: it would stop the deployment."""
    up = 'op.add_column("users", sa.Column("note", sa.Text()))'

    found = needed(USERS, up, extra=f'preconditions = {{"an address": "{query}"}}\n')

    assert [(one.error, one.line) for one in found.asked] == [(error, 13)]
    assert found.unmet == ()


def test_rows_that_older_constraints_let_pass_are_among_the_awkward_ones(needed: Needed) -> None:
    """A constraint that is not validated says nothing of the rows that were there before it."""
    schema = (
        "CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE c (id int PRIMARY KEY, p_id int);"
        " ALTER TABLE c ADD CONSTRAINT fk FOREIGN KEY (p_id) REFERENCES p NOT VALID"
    )

    assert _only(needed(schema, 'op.execute("ALTER TABLE c VALIDATE CONSTRAINT fk")')).sqlstate == "23503"


def test_a_partitioned_table_is_asked_as_a_whole(needed: Needed) -> None:
    """The server names the partition that it was looking at; the others would be found in the next deployments."""
    schema = (
        "CREATE TABLE m (id int, n text) PARTITION BY RANGE (id);"
        " CREATE TABLE m1 PARTITION OF m FOR VALUES FROM (-1000000) TO (1000); CREATE TABLE m2 PARTITION OF m DEFAULT"
    )
    up = 'op.create_unique_constraint("u", "m", ["id", "n"])\nop.alter_column("m", "n", nullable=False)'

    found = needed(schema, up)

    assert [one.what for one in found.unmet] == ["m (id, n) holds duplicates", "m.n holds NULL"]


def test_of_two_columns_in_one_statement_the_one_that_failed_is_told_first(needed: Needed) -> None:
    """The server says which type it was about."""
    schema = "CREATE TABLE c (id int PRIMARY KEY, n text, j text)"
    up = 'op.execute("ALTER TABLE c ALTER n TYPE timestamptz USING n::timestamptz, ALTER j TYPE jsonb USING j::jsonb")'

    assert [one.table + "." + one.what.split()[0] for one in needed(schema, up).unmet] == ["c.c.n", "c.c.j"]


def test_tables_of_another_schema_and_names_that_need_quotes_are_asked_as_sql_spells_them(needed: Needed) -> None:
    """The query is to be copied and run."""
    schema = 'CREATE SCHEMA arch; CREATE TABLE arch."My t" (id int PRIMARY KEY, "E" text)'

    one = _only(needed(schema, """op.execute('ALTER TABLE arch."My t" ALTER "E" SET NOT NULL')"""))

    assert one.query == 'SELECT count(*) FROM arch."My t" WHERE "E" IS NULL'


@pytest.mark.parametrize("judge", ["new", "all"])
def test_a_revision_that_nobody_can_help_does_not_hide_the_next(judge: str, tmp_path: Path, server: Server) -> None:
    """It is passed by on empty tables, which are then filled again; those of the same change stay as it made them."""
    ups = (
        "for row in op.get_bind().execute(sa.text('SELECT email FROM users')).fetchall():\n    row[0].upper()\n"
        'op.execute("CREATE TABLE others (id int PRIMARY KEY, note text)")',
        'op.alter_column("users", "email", nullable=False)\nop.alter_column("others", "note", nullable=False)',
    )
    files = {
        "1.py": revision(FIRST, None, f"op.execute({USERS!r})"),
        "2.py": revision(SECOND, FIRST, ups[0], 'op.execute("DROP TABLE others")'),
        "3.py": revision(THIRD, SECOND, ups[1]),
    }
    found = make_project(tmp_path / "p", files, settings=f'judge = "{judge}"').find()
    project = replace(found, chosen=(SECOND, THIRD))
    with ExitStack() as stack:
        new_database = lambda template=None: stack.enter_context(scratch.database(server, template)).url()  # noqa: E731
        proofs = prove(project, new_database, fill=FILL, models=False)
        found_needs = needs(project, new_database, proofs, fill=FILL)

    assert [one.error[:14] for one in found_needs[SECOND].unmet] == ["AttributeError"]
    others = ["others.note holds NULL"] if judge == "all" else []
    assert [one.what for one in found_needs[THIRD].unmet] == ["users.email holds NULL", *others]


def test_a_query_that_would_refuse_ordinary_rows_is_not_given(needed: Needed) -> None:
    """How an old value becomes a new one is the statement's own; a text need not be a number to have a length."""
    schema = "CREATE TABLE s (id int PRIMARY KEY, t text)"
    up = 'op.execute("ALTER TABLE s ALTER t TYPE int USING char_length(t) * 100000")'

    one = _only(needed(schema, up))

    assert (one.sqlstate, one.query) == ("22003", None)


def test_rows_that_are_taken_away_leave_none_behind_that_point_to_them(needed: Needed) -> None:
    """The next statement would fail on orphans that nobody has."""
    schema = (
        "CREATE TABLE p (id int PRIMARY KEY, e text); CREATE TABLE c (id int PRIMARY KEY, p_id int REFERENCES p);"
        " CREATE TABLE d (id int PRIMARY KEY, c_id int REFERENCES c)"
    )
    up = (
        'op.alter_column("p", "e", nullable=False)\n'
        'op.create_foreign_key("again", "c", "p", ["p_id"], ["id"])\n'
        'op.create_foreign_key("again", "d", "c", ["c_id"], ["id"])'
    )

    assert [one.what for one in needed(schema, up).unmet] == ["p.e holds NULL"]
