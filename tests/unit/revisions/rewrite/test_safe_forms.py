"""Every safe form, on a real server: it makes what was wanted, goes back, may run again, and makes nobody wait."""

from __future__ import annotations

import pytest

from headgate.postgres import scratch
from headgate.postgres.server import Server
from headgate.revisions.rewrite import Wanted, rewrite
from tests.projects import FIRST, SECOND, revision
from tests.unit.revisions.rewrite.conftest import TABLES, Proving, line_of, run, schema

FORMS = {
    "an index": (
        'op.create_index("ix", "entries", ["user_id"])',
        'op.drop_index("ix", table_name="entries")',
        {'index("ix"': "index-not-concurrent"},
    ),
    "a unique partial index over an expression, named by its convention": (
        'op.create_index(op.f("ix"), "entries", [sa.text("lower(code)")], unique=True,'
        ' postgresql_where=sa.text("amount > 0"))',
        'op.drop_index(op.f("ix"))',
        {'op.f("ix"), "entries"': "index-not-concurrent"},
    ),
    "two indexes": (
        'op.create_index("ix", "entries", ["user_id"])\nop.create_index("iy", "entries", ["amount"])',
        'op.drop_index("iy")\nop.drop_index("ix")',
        {'"ix", "ent': "index-not-concurrent", '"iy", "ent': "index-not-concurrent"},
    ),
    "an index in SQL": (
        'op.execute("CREATE INDEX IF NOT EXISTS ix "\n           "ON entries USING btree (user_id) -- by user")',
        'op.execute("DROP INDEX ix")',
        {"CREATE INDEX": "index-not-concurrent"},
    ),
    "an index in a batch": (
        'with op.batch_alter_table("entries", schema=None) as batch_op:\n'
        '    batch_op.create_index(batch_op.f("ix"), ["user_id"], unique=False)',
        'with op.batch_alter_table("entries") as batch_op:\n    batch_op.drop_index(batch_op.f("ix"))',
        {'f("ix"), ["': "index-not-concurrent"},
    ),
    "an index on a new column": (
        'op.add_column("entries", sa.Column("at", sa.Date()))\nop.create_index("ix", "entries", ["at"])',
        'op.drop_index("ix")\nop.drop_column("entries", "at")',
        {'"ix", "ent': "index-not-concurrent"},
    ),
    "an index, and a column after it": (
        'op.create_index("ix", "entries", ["user_id"])\nop.add_column("entries", sa.Column("at", sa.Date()))',
        'op.drop_column("entries", "at")\nop.drop_index("ix")',
        {'"ix", "ent': "index-not-concurrent"},
    ),
    "a foreign key": (
        'op.create_foreign_key("fk", "entries", "users", ["user_id"], ["id"], ondelete="CASCADE")',
        'op.drop_constraint("fk", "entries", type_="foreignkey")',
        {'"fk", "entries", "users"': "fk-not-valid"},
    ),
    "a foreign key in SQL": (
        'op.execute("ALTER TABLE entries ADD CONSTRAINT fk FOREIGN KEY (user_id) REFERENCES users (id);")',
        'op.execute("ALTER TABLE entries DROP CONSTRAINT fk")',
        {"ADD CONSTRAINT fk": "fk-not-valid"},
    ),
    "a check": (
        'op.create_check_constraint("positive", "entries", "amount > 0")',
        'op.drop_constraint("positive", "entries", type_="check")',
        {'"positive", "entries", "amount': "check-not-valid"},
    ),
    "a check in SQL": (
        'op.execute("""ALTER TABLE entries\n    ADD CONSTRAINT positive CHECK (amount > 0)""")',
        'op.drop_constraint("positive", "entries")',
        {"ALTER TABLE": "check-not-valid"},
    ),
    "a check and a foreign key": (
        'op.create_check_constraint("positive", "entries", "amount > 0")\n'
        'op.create_foreign_key("fk", "entries", "users", ["user_id"], ["id"])',
        'op.drop_constraint("fk", "entries")\nop.drop_constraint("positive", "entries")',
        {'"positive", "entries", "amount': "check-not-valid", '"fk", "entries", "users"': "fk-not-valid"},
    ),
    "a validation that shared its transaction": (
        'op.create_check_constraint("positive", "entries", "amount > 0", postgresql_not_valid=True)\n'
        'op.execute("ALTER TABLE entries VALIDATE CONSTRAINT positive")',
        'op.drop_constraint("positive", "entries", type_="check")',
        {"VALIDATE": "not-valid-same-tx"},
    ),
    "a validation that shared its transaction, in SQL": (
        'op.execute("ALTER TABLE entries ADD CONSTRAINT positive CHECK (amount > 0) NOT VALID")\n'
        'op.execute("ALTER TABLE entries VALIDATE CONSTRAINT positive")',
        'op.drop_constraint("positive", "entries", type_="check")',
        {"NOT VALID": "not-valid-same-tx"},
    ),
    "NOT NULL": (
        'op.alter_column("entries", "note", existing_type=sa.Text(), nullable=False)',
        'op.alter_column("entries", "note", existing_type=sa.Text(), nullable=True)',
        {"nullable=False": "set-not-null"},
    ),
    "NOT NULL in SQL": (
        'op.execute("ALTER TABLE public.entries ALTER COLUMN note SET NOT NULL")',
        'op.execute("ALTER TABLE entries ALTER note DROP NOT NULL")',
        {"SET NOT NULL": "set-not-null"},
    ),
    "NOT NULL after a fill": (
        "op.execute(\"UPDATE entries SET note = '' WHERE note IS NULL\")\n"
        'op.alter_column("entries", "note", nullable=False)',
        'op.alter_column("entries", "note", nullable=True)',
        {"nullable=False": "set-not-null"},
    ),
    "NOT NULL in a batch": (
        'with op.batch_alter_table("entries") as batch_op:\n    batch_op.alter_column("note", nullable=False)',
        'with op.batch_alter_table("entries") as batch_op:\n    batch_op.alter_column("note", nullable=True)',
        {"nullable=False": "set-not-null"},
    ),
    "UNIQUE": (
        'op.create_unique_constraint("uq", "entries", ["code"], deferrable=True, initially="DEFERRED")',
        'op.drop_constraint("uq", "entries", type_="unique")',
        {'"uq", "entries", ["': "unique-build"},
    ),
    "UNIQUE in SQL": (
        'op.execute("ALTER TABLE entries ADD CONSTRAINT uq UNIQUE (code, amount) DEFERRABLE")',
        'op.drop_constraint("uq", "entries", type_="unique")',
        {"UNIQUE": "unique-build"},
    ),
    "a primary key": (
        'op.create_primary_key("entries_pkey", "entries", ["id"])',
        'op.drop_constraint("entries_pkey", "entries")\nop.alter_column("entries", "id", nullable=False)',
        {"create_primary_key": "pk-build"},
    ),
    "a limit on waiting": (
        'op.add_column("entries", sa.Column("at", sa.Date()))',
        'op.drop_column("entries", "at")',
        {"add_column": "lock-timeout"},
    ),
    "a limit on waiting, for NOT NULL": (
        'op.add_column("entries", sa.Column("at", sa.Date()))\nop.alter_column("entries", "note", nullable=False)',
        'op.alter_column("entries", "note", nullable=True)\nop.drop_column("entries", "at")',
        {"add_column": "lock-timeout", "nullable=False": "set-not-null"},
    ),
    "a limit on waiting in a block": (
        "with op.get_context().autocommit_block():\n    op.execute('ALTER TABLE entries ADD IF NOT EXISTS at date')",
        'op.drop_column("entries", "at")',
        {"ADD IF NOT": "lock-timeout"},
    ),
    "a value that the model gives": (
        'op.add_column("entries", sa.Column("open", sa.Boolean(), nullable=False, default=False))',
        'op.drop_column("entries", "open")',
        {"add_column": "required-column"},
    ),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_safe_form_makes_what_was_wanted_and_makes_nobody_wait(form: str, prove: Proving) -> None:
    """A repair that fails, blocks, or leaves another schema is worse than the finding."""
    up, down, wanted = FORMS[form]
    fails = "required-column" in wanted.values()
    prove(up, down, wanted, data={"not_null": "id"} if "pk-build" in wanted.values() else None, fails=fails)


def rewritten(up: str, down: str, text: str, rule: str) -> str:
    source = revision(SECOND, FIRST, up, down)
    done = rewrite(source, [Wanted(rule, line_of(source, text))])
    assert done.refused == ()
    return done.source


BROKEN = {
    "index-not-concurrent": ('op.create_index("uq", "entries", ["code"], unique=True)', 'op.drop_index("uq")'),
    "unique-build": ('op.create_unique_constraint("uq", "entries", ["code"])', 'op.drop_constraint("uq", "entries")'),
}


@pytest.mark.parametrize("rule", BROKEN)
def test_a_build_that_broke_is_built_anew(rule: str, server: Server) -> None:
    """A duplicate leaves an INVALID index of that name, which IF NOT EXISTS would take for the real one."""
    source = rewritten(*BROKEN[rule], '"uq", "entries", ["', rule)
    with scratch.database(server) as database:
        with database.connect() as connection:
            connection.execute(TABLES)
            connection.execute("UPDATE entries SET code = '1' WHERE id = 2")
        with pytest.raises(Exception, match="could not create unique index"):
            run(database, source)
        with database.connect() as connection:
            connection.execute("UPDATE entries SET code = '2' WHERE id = 2")
        run(database, source)
        with database.connect() as connection:
            valid = connection.execute("SELECT bool_and(indisvalid) FROM pg_index WHERE indrelid = 'entries'::regclass")
            assert valid.fetchone() == (True,)


@pytest.mark.parametrize(
    ("rule", "call", "bad", "good"),
    [
        (
            "fk-not-valid",
            'op.create_foreign_key("x", "entries", "users", ["user_id"], ["id"])',
            "UPDATE entries SET user_id = 0 WHERE id = 1",
            "UPDATE entries SET user_id = 1 WHERE id = 1",
        ),
        (
            "check-not-valid",
            'op.create_check_constraint("x", "entries", "amount > 0")',
            "UPDATE entries SET amount = 0 WHERE id = 1",
            "UPDATE entries SET amount = 1 WHERE id = 1",
        ),
        (
            "set-not-null",
            'op.alter_column("entries", "note", nullable=False)',
            "UPDATE entries SET note = NULL WHERE id = 1",
            "UPDATE entries SET note = '' WHERE id = 1",
        ),
    ],
)
def test_a_validation_that_failed_is_made_again(rule: str, call: str, bad: str, good: str, server: Server) -> None:
    """The constraint is there already, NOT VALID, when the revision runs again."""
    source = rewritten(call, "pass", call, rule)
    with scratch.database(server) as database:
        with database.connect() as connection:
            connection.execute(f"{TABLES};{bad}")
        with pytest.raises(Exception, match=r"is violated by some row|violates foreign key"):
            run(database, source)
        with database.connect() as connection:
            connection.execute(good)
        run(database, source)
        assert schema(database)


def test_a_cast_is_told_to_the_server(server: Server) -> None:
    """Text becomes a number only when somebody says how."""
    call = 'op.alter_column("entries", "code", existing_type=sa.Text(), type_=sa.BigInteger())'
    source = revision(SECOND, FIRST, call, "pass")
    fixed = rewritten(call, "pass", call, "type-change-cast")
    in_sql = 'op.execute("ALTER TABLE entries ALTER COLUMN code SET DATA TYPE bigint")'
    for text in (fixed, rewritten(in_sql, "pass", in_sql, "type-change-cast")):
        with scratch.database(server) as database:
            with database.connect() as connection:
                connection.execute(TABLES)
            with pytest.raises(Exception, match="cannot be cast automatically"):
                run(database, source)
            run(database, text)
            with database.connect() as connection:
                kind = connection.execute("SELECT pg_typeof(code)::text FROM entries LIMIT 1")
                assert kind.fetchone() == ("bigint",)


def test_the_rows_get_the_value_that_the_model_names(server: Server) -> None:
    """And no default is left behind that the model does not have."""
    call = 'op.add_column("entries", sa.Column("open", sa.Boolean(), nullable=False, default=True))'
    source = rewritten(call, "pass", call, "required-column")
    with scratch.database(server) as database:
        with database.connect() as connection:
            connection.execute(TABLES)
        run(database, source)
        with database.connect() as connection:
            assert connection.execute("SELECT bool_and(open) FROM entries").fetchone() == (True,)
            default = connection.execute(
                "SELECT column_default FROM information_schema.columns WHERE column_name = 'open'"
            )
            assert default.fetchone() == (None,)
