"""The rule sql-from-fstring."""

from __future__ import annotations

import pytest


def code(statement: str, before: str = "") -> str:
    return f"""
import os
import textwrap

from backend import settings

TABLE = "entries"
TABLES = ("entries", "users")
LIMIT: int = 20
GIVEN = os.environ.get("GIVEN")


def upgrade() -> None:
    bind = op.get_bind()
    name = os.environ["NAME"]
    {before or "pass"}
    {statement}


def helper(table: str, bind) -> None:
    bind.execute(sa.text("SELECT 1"))


def downgrade() -> None:
    pass
"""


@pytest.mark.parametrize(
    "statement",
    [
        "op.execute(f\"UPDATE entries SET owner = '{name}'\")",
        "op.execute(sqltext=f\"UPDATE entries SET owner = '{name}'\")",
        "op.execute(\"UPDATE entries SET owner = '%s'\" % name)",
        "op.execute(\"UPDATE entries SET owner = '%(n)s'\" % {'n': name})",
        "op.execute(\"UPDATE entries SET owner = '{}'\".format(name))",
        'op.execute("UPDATE entries SET owner = \'" + name + "\'")',
        "bind.execute(sa.text(f\"DELETE FROM entries WHERE owner = '{name}'\"))",
        "bind.exec_driver_sql(f'DROP TABLE {name}')",
        "op.get_bind().scalar(sa.text('SELECT ' + name))",
        "connection.execute(text('SELECT ' + name))",
        "op.add_column('e', sa.Column('n', sa.Text(), server_default=sa.text(f\"'{name}'\")))",
        "op.execute(textwrap.dedent(f'''DROP TABLE {name}''').strip())",
        "op.execute(f'DROP TABLE {TABLE}' if name else f'DROP TABLE {name}')",
        "op.execute(f'DROP TABLE {TABLE}' f' {name}')",
        "op.execute(f'DROP TABLE {settings.TABLE}')",
        "op.execute(f'DROP TABLE {GIVEN}')",
        "op.execute(f'SELECT {LIMIT:{name}}')",
        "[bind.execute(f'DROP TABLE {row}') for row in bind.execute(sa.text('SELECT 1'))]",
        "for row in name: op.execute(f'DROP TABLE {row}')",
        "with open(name) as file: op.execute('SELECT ' + file.read())",
        "each = lambda table: op.execute(f'DROP TABLE {table}')",
    ],
)
def test_a_value_from_elsewhere_fires(judge, statement: str) -> None:
    """Each is a spelling that has been seen in a revision, and each breaks on a quote."""
    (finding,) = judge(code(statement))
    assert finding.message.startswith("the statement is put together with ")


@pytest.mark.parametrize(
    ("before", "statement"),
    [
        ("sql = f'DROP TABLE {name}'", "op.execute(sql)"),
        ("sql = 'DROP TABLE '\n    sql += name", "op.execute(sql)"),
        ("sql = 'DROP TABLE %s' % name", "bind.execute(sa.text(sql))"),
    ],
)
def test_a_local_variable_is_followed_one_step(judge, before: str, statement: str) -> None:
    """A name in between changes nothing about what the server is sent."""
    (finding,) = judge(code(statement, before))
    assert finding.rule == "sql-from-fstring"


@pytest.mark.parametrize(
    "statement",
    [
        "op.execute('UPDATE entries SET owner = 1')",
        "op.execute(f'UPDATE entries SET owner = 1')",
        "op.execute(f'DROP TABLE {TABLE}')",
        "op.execute(f'SELECT {LIMIT}' + ' FROM ' + TABLE)",
        "op.execute('DROP TABLE %s' % TABLE)",
        "op.execute('DROP TABLE {} {limit}'.format(TABLE, limit=LIMIT))",
        "for table in TABLES: op.execute(f'DROP TABLE {table}')",
        "for table in ('entries', 'users'): op.execute(f'DROP TABLE {table}')",
        "for table, column in (('entries', 'id'), ('users', 'id')): op.execute(f'SELECT {column} FROM {table}')",
        "table = 'entries'; op.execute(f'DROP TABLE {table}')",
        "op.execute(f'SELECT {\", \".join(TABLES)}')",
        "op.execute('SELECT 1' ' + ' '1')",
        "bind.execute(sa.text('SELECT :n').bindparams(n=name))",
        "bind.execute(entries.update().values(n=entries.c.n % 2 + LIMIT))",
        "print(f'dropping {name}')",
        "op.execute(sql_of(name))",
        "text = name",
    ],
)
def test_text_that_the_file_shows_in_full_is_silent(judge, statement: str) -> None:
    """A constant reads as well as the text itself, and an expression of SQLAlchemy is no text."""
    assert judge(code(statement)) == ()


def test_a_parameter_is_not_the_constant_of_the_same_name(judge) -> None:
    """The innermost binding counts: TABLE is what the caller hands over here."""
    found = judge("\nTABLE = 'entries'\n\n\ndef upgrade(TABLE):\n    op.execute(f'DROP TABLE {TABLE}')\n")
    assert len(found) == 1


@pytest.mark.parametrize(
    ("statement", "fix"),
    [
        (
            "op.execute(f\"UPDATE entries SET owner = '{name}' WHERE id > {n}\")",
            'op.execute(sa.text("UPDATE entries SET owner = :name WHERE id > :n").bindparams(name=name, n=n))',
        ),
        (
            "op.execute(\"INSERT INTO users (name, note) VALUES ('%s', %s)\" % (name, name))",
            'op.execute(sa.text("INSERT INTO users (name, note) VALUES (:name, :name)").bindparams(name=name))',
        ),
        (
            "bind.exec_driver_sql('DELETE FROM users WHERE name = {}'.format(name))",
            'bind.execute(sa.text("DELETE FROM users WHERE name = :name").bindparams(name=name))',
        ),
        (
            "bind.execute(sa.text('DELETE FROM users WHERE name = ' + os.environ['N']))",
            "sa.text(\"DELETE FROM users WHERE name = :value\").bindparams(value=os.environ['N'])",
        ),
    ],
)
def test_the_fix_binds_the_users_own_value(judge, statement: str, fix: str) -> None:
    """The repaired line can be pasted: the quotes go, since a bound value needs none."""
    (finding,) = judge(code(statement))
    assert finding.fix == (fix,)


def test_the_fix_for_a_name_does_not_promise_a_parameter(judge) -> None:
    """PostgreSQL takes a parameter for a value only, so binding a table's name would be advice that fails."""
    (finding,) = judge(code("op.execute(f'ALTER TABLE {name} ADD note text')"))
    assert finding.fix[0] == "name stands where PostgreSQL takes no parameter: write the statement out for each name,"
