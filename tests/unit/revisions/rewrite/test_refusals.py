"""What cannot be written safely is left as it is, with a reason; nothing that a file may hold breaks the rewriting."""

from __future__ import annotations

import ast

import pytest

from headgate.revisions.rewrite import FIXABLE, Wanted, rewrite
from tests.projects import FIRST, SECOND, revision
from tests.unit.revisions.rewrite.conftest import line_of

INDEX = 'op.create_index("ix", "entries", ["a"])'
OWN = (
    "so a run that failed could not be repeated: move one of the two into a revision of its own, "
    'inv migrate.new --empty -m "…"'
)

REFUSED = {
    "a loop": (
        "for name in ('a', 'b'):\n    op.create_index(f'ix_{name}', 'entries', [name])",
        "create_index",
        "index-not-concurrent",
        "the statement stands in a loop: write it out once for each round",
    ),
    "a condition": (
        f"if op.get_bind().dialect.name == 'postgresql':\n    {INDEX}",
        "create_index",
        "index-not-concurrent",
        "the statement stands in a condition: what the other branch does is not known here, so rewrite it by hand",
    ),
    "a try": (
        f"try:\n    {INDEX}\nexcept Exception:\n    pass",
        "create_index",
        "index-not-concurrent",
        "the statement stands in a try: an error in it would have to be caught after the split as well",
    ),
    "two statements on a line": (
        f"{INDEX}; op.drop_table('users')",
        "create_index",
        "index-not-concurrent",
        "two statements share the line: give each a line of its own",
    ),
    "a line without an operation": ("pass", "revision =", "index-not-concurrent", "no operation stands on line 11"),
    "an index without a name": (
        'op.create_index(None, "entries", ["a"])',
        "create_index",
        "index-not-concurrent",
        "the index has no name here, so a second run could not find what a broken build left",
    ),
    "an index that a column brings": (
        'op.add_column("entries", sa.Column("a", sa.Integer(), index=True))',
        "add_column",
        "index-not-concurrent",
        "add_column() makes the index as a part of itself: make it in an op.create_index() of its own",
    ),
    "arguments that are unpacked": (
        'op.create_index("ix", **{"table_name": "entries", "columns": ["a"]})',
        "create_index",
        "index-not-concurrent",
        "its arguments are unpacked with **: write them out",
    ),
    "SQL that is put together": (
        'name = "ix"\nop.execute(f"CREATE INDEX {name} ON entries (a)")',
        "CREATE",
        "index-not-concurrent",
        "its SQL is put together when it runs: write it as one plain text, or use op's own call",
    ),
    "two statements in one text": (
        'op.execute("CREATE INDEX ix ON entries (a); CREATE INDEX iy ON entries (b)")',
        "CREATE",
        "index-not-concurrent",
        "it sends 2 statements in one text: give each a call of its own",
    ),
    "SQL with escapes": (
        'op.execute("CREATE INDEX ix\\n ON entries (a)")',
        "CREATE",
        "index-not-concurrent",
        "the SQL is not written here as one plain text without escapes: rewrite it by hand",
    ),
    "two indexes dropped at once": (
        'op.execute("DROP INDEX a, b")',
        "DROP",
        "index-drop-not-concurrent",
        "CONCURRENTLY drops one index and no CASCADE: give each a call of its own",
    ),
    "rows written before it": (
        f'op.execute("UPDATE entries SET a = a + 1")\n{INDEX}',
        "create_index",
        "index-not-concurrent",
        'line 16, op.execute("UPDATE entries SET a = a + 1"), would be committed before it and may do something else '
        f"the second time, {OWN}",
    ),
    "a table that is renamed before it": (
        f'op.rename_table("old", "entries")\n{INDEX}',
        "create_index",
        "index-not-concurrent",
        'line 16, op.rename_table("old", "entries"), would be committed before it and fails or changes something '
        f"the second time, {OWN}",
    ),
    "a loop before it": (
        f"for name in ():\n    op.drop_table(name)\n{INDEX}",
        "create_index",
        "index-not-concurrent",
        "line 16, for name in (): op.drop_table(name), would be committed before it and may do something else "
        f"the second time, {OWN}",
    ),
    "a column with an index before it": (
        f'op.add_column("entries", sa.Column("a", sa.Integer(), index=True))\n{INDEX}',
        '"ix", "entries"',
        "index-not-concurrent",
        'line 16, op.add_column("entries", sa.Column("a", sa.Integer(), index…, would be committed before it and '
        f"makes a constraint, an index or a type beside it, {OWN}",
    ),
    "a batch that is told more than its table": (
        'with op.batch_alter_table("entries", recreate="always") as batch_op:\n    batch_op.create_index("ix", ["a"])',
        "create_index",
        "index-not-concurrent",
        "the batch is told recreate, which its parts would have to be told as well: "
        "take the statement out of the batch",
    ),
    "a constraint without a name": (
        'op.create_foreign_key(None, "entries", "users", ["user_id"], ["id"])',
        "create_foreign_key",
        "fk-not-valid",
        "constraint_name is not a plain text here, so the SQL for it cannot be written: write it out",
    ),
    "a foreign key that a column brings": (
        'op.add_column("entries", sa.Column("a", sa.Integer(), sa.ForeignKey("users.id")))',
        "add_column",
        "fk-not-valid",
        "add_column() makes the constraint as a part of itself: add it in an op.create_foreign_key() of its own",
    ),
    "NOT NULL with another type": (
        'op.alter_column("entries", "a", type_=sa.Text(), nullable=False)',
        "alter_column",
        "set-not-null",
        "the call also takes type_: give that a call of its own before this one",
    ),
    "a primary key over columns that may be NULL": (
        'op.create_primary_key("pk", "entries", ["a", "b"])',
        "create_primary_key",
        "pk-build",
        "a, b may be NULL, and ADD PRIMARY KEY would read the whole table under ACCESS EXCLUSIVE to make sure: "
        "set NOT NULL in a revision before this one",
    ),
    "a required column without a value": (
        'op.add_column("entries", sa.Column("a", sa.Integer(), nullable=False))',
        "add_column",
        "required-column",
        'no value is known for the rows that "entries" has, and none is invented here: give "a" a server_default if '
        "one value is right for all of them; or add it nullable, fill it in a revision of its own, and set NOT NULL "
        "in a third",
    ),
    "a type of the project's own": (
        'op.alter_column("entries", "a", type_=Money())',
        "alter_column",
        "type-change-cast",
        'what Money() is in SQL is not known without running it: add postgresql_using="a::<its name>"',
    ),
    "a limit for CONCURRENTLY": (
        "with op.get_context().autocommit_block():\n"
        '    op.create_index("ix", "t", ["a"], postgresql_concurrently=True)',
        "create_index",
        "lock-timeout",
        "CONCURRENTLY waits without making others wait, and a limit could end the build and leave an INVALID index",
    ),
    "a rule without a safe form": (INDEX, "create_index", "drop-table", "no safe form is known for drop-table"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_not_safe_is_refused_with_the_reason(case: str) -> None:
    """The reason is all that the author gets, so it stands here in full and says what to do."""
    up, text, rule, why = REFUSED[case]
    source = revision(SECOND, FIRST, up)

    done = rewrite(source, [Wanted(rule, line_of(source, text))])

    assert done.source == source
    assert done.applied == ()
    assert [refused.why for refused in done.refused] == [why]


def test_a_helper_is_not_followed() -> None:
    """It may be called from elsewhere, and more than once."""
    source = revision(SECOND, FIRST, "make()") + f"\n\ndef make() -> None:\n    {INDEX}\n"

    (refused,) = rewrite(source, [Wanted("index-not-concurrent", line_of(source, "create_index"))]).refused

    assert refused.why == "the statement stands in the helper make(): write it into upgrade() or downgrade() itself"


def test_a_file_that_is_not_python_is_left() -> None:
    """It cannot have been rehearsed either, but nobody should see a traceback."""
    done = rewrite("def upgrade(:\n", [Wanted("index-not-concurrent", 1)])

    assert done.source == "def upgrade(:\n"
    assert [refused.why for refused in done.refused] == ["line 1 is not valid Python: mend the file first"]


ODD = """\
op.create_index()

op.create_index('ix')

op.create_index(*names)

op.create_index(name, table, columns)

op.create_index(index_name='ix', columns=['a'], table_name='t')

op.drop_index()

op.drop_index('ix')

op.execute()

op.execute('')

op.execute(';')

op.execute('CREATE')

op.execute('CREATE INDEX')

op.execute('CREATE INDEX ix')

op.execute('CREATE INDEX ON')

op.execute('DROP INDEX')

op.execute('REINDEX')

op.execute('REINDEX TABLE')

op.execute('ALTER TABLE')

op.execute('ALTER TABLE t')

op.execute('ALTER TABLE t ADD')

op.execute('ALTER TABLE t ADD CONSTRAINT')

op.execute('ALTER TABLE t ADD CONSTRAINT c')

op.execute('ALTER TABLE t ADD CONSTRAINT c UNIQUE')

op.execute('ALTER TABLE t ADD CONSTRAINT c UNIQUE ()')

op.execute('ALTER TABLE t ALTER')

op.execute('ALTER TABLE t ALTER COLUMN')

op.execute('ALTER TABLE t ALTER a TYPE')

op.execute('ALTER TABLE t ALTER a SET NOT NULL')

op.execute('ALTER TABLE t VALIDATE')

op.execute('UPDATE t')

op.execute('UPDATE t SET')

op.execute('UPDATE t SET a = 1 WHERE')

op.execute('"unclosed')

op.execute('$$')

op.execute('/* unclosed')

op.execute(sa.text('CREATE INDEX ix ON t (a)'))

op.execute(b'SELECT 1')

op.create_foreign_key()

op.create_foreign_key('fk', 't')

op.create_check_constraint('c')

op.alter_column()

op.alter_column('t', 'a', nullable=False)

op.alter_column('t', 'a', type_=sa.Enum())

op.add_column('t')

op.add_column('t', column)

op.add_column('t', sa.Column())

op.add_column('t', sa.Column('a', default=1))

op.create_primary_key('pk', 't', columns)

op.create_primary_key('pk', 't', ['a'])

op.create_unique_constraint()

op.create_unique_constraint('uq', 't', ['a'], info={})

table = op.create_table('t')

x = 1

...

'a text'

with op.batch_alter_table() as batch_op:
    batch_op.create_index('ix', ['a'])

with op.batch_alter_table('t') as batch_op:
    batch_op.create_index()

with op.batch_alter_table('t') as batch_op:
    batch_op.add_column(sa.Column('a', sa.Text(), nullable=False, default=''))

with op.batch_alter_table(table_name='t', schema='s') as batch_op:
    batch_op.create_unique_constraint('uq', ['a'])

with op.batch_alter_table('t') as batch_op:
    batch_op.alter_column('a', type_=sa.Text(), nullable=False)

with op.batch_alter_table('t') as batch_op: batch_op.drop_index('ix')

with op.get_context().autocommit_block(): op.create_index('ix', 't', ['a'])

with op.get_context().autocommit_block():
    op.alter_column('t', 'a', nullable=False)

async def inner() -> None:
    op.create_index('ix', 't', ['a'])

return op.create_index('ix', 't', ['a'])
""".strip().split("\n\n")


@pytest.mark.parametrize("before", ["", 'op.add_column("t", sa.Column("b", sa.Text()))\n'])
@pytest.mark.parametrize("rule", sorted(FIXABLE))
def test_nothing_that_a_file_may_hold_breaks_it(rule: str, before: str) -> None:
    """A review would end in a crash report for what is the author's own mistake, or nobody's."""
    for odd in ODD:
        source = revision(SECOND, FIRST, before + odd, "op.drop_index('ix')")
        line = line_of(source, odd.splitlines()[-1])

        done = rewrite(source, [Wanted(rule, line)])

        ast.parse(done.source)
        assert len(done.applied) + len(done.refused) == 1, odd
        assert (done.source != source) or done.refused or rule == "precondition", odd
