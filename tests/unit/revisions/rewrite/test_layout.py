"""`headgate.revisions.rewrite.layout`: what is not rewritten stays to the letter, and what is looks like the rest."""

from __future__ import annotations

from textwrap import dedent

import pytest

from headgate.revisions.rewrite import Wanted, diff_for, rewrite
from tests.unit.revisions.rewrite.conftest import line_of


def fixed(source: str, *wanted: tuple[str, str]) -> str:
    """The source, rewritten where each text stands for what each rule says."""
    done = rewrite(source, [Wanted(rule, line_of(source, text)) for text, rule in wanted])
    assert done.refused == ()
    return done.source


def test_comments_stay_where_they_speak() -> None:
    """A remark above stays above the whole, one beside the call beside it, and a consent with its statement."""
    source = dedent(
        """\
        from alembic import op  # the operations

        revision = "2"


        def upgrade():
            # the search reads all of them

            # headgate: allow redundant-index because the old one goes next week
            op.create_index("ix", "entries", ["note"])  # by note
            # what follows
        """
    )
    assert fixed(source, ("create_index", "index-not-concurrent")) == dedent(
        """\
        from alembic import op  # the operations

        revision = "2"


        def upgrade():
            # the search reads all of them

            with op.get_context().autocommit_block():
                op.drop_index(
                    "ix", table_name="entries", postgresql_concurrently=True, if_exists=True
                )
                # headgate: allow redundant-index because the old one goes next week
                op.create_index("ix", "entries", ["note"], postgresql_concurrently=True)  # by note
            # what follows
        """
    )


CALLS = {
    "on one line": (
        'op.create_check_constraint("c", "t", "a > 0")',
        'op.create_check_constraint("c", "t", "a > 0", postgresql_not_valid=True)',
    ),
    "an argument a line": (
        'op.create_check_constraint(\n        "c",\n        "t",  # the table\n        "a > 0",  # the rule\n    )',
        'op.create_check_constraint(\n        "c",\n        "t",  # the table\n        "a > 0",  # the rule\n'
        "        postgresql_not_valid=True,\n    )",
    ),
    "an argument a line, no comma at the end": (
        'op.create_check_constraint(\n        "c",\n        "t",\n        "a > 0"  # the rule\n    )',
        'op.create_check_constraint(\n        "c",\n        "t",\n        "a > 0",  # the rule\n'
        "        postgresql_not_valid=True\n    )",
    ),
    "all on one line of their own": (
        'op.create_check_constraint(\n        "c", "t", "a > 0"\n    )',
        'op.create_check_constraint(\n        "c", "t", "a > 0", postgresql_not_valid=True\n    )',
    ),
    "aligned": (
        'op.create_check_constraint("c", "t",\n                               "a > 0")',
        'op.create_check_constraint("c", "t",\n                               "a > 0", postgresql_not_valid=True)',
    ),
    "too long for a line": (
        'op.create_check_constraint("c", "t", "a_long_column > 0 AND another_one > 0")',
        "op.create_check_constraint(\n"
        '        "c", "t", "a_long_column > 0 AND another_one > 0", postgresql_not_valid=True\n    )',
    ),
    "said otherwise before": (
        'op.create_check_constraint("c", "t", "a > 0", postgresql_not_valid=False)',
        'op.create_check_constraint("c", "t", "a > 0", postgresql_not_valid=True)',
    ),
}


@pytest.mark.parametrize("case", CALLS)
def test_an_argument_is_added_as_the_others_stand(case: str) -> None:
    """A diff that also moves what it does not change is not read."""
    before, after = CALLS[case]
    source = f"from alembic import op\n\n\ndef upgrade():\n    {before}\n"

    done = fixed(source, ("create_check_constraint", "check-not-valid"))

    assert f"    {after}\n    with op.get_context().autocommit_block():\n" in done


def test_tabs_stay_tabs() -> None:
    """Spaces between them would be an error of their own."""
    source = 'from alembic import op\n\n\ndef upgrade():\n\top.drop_index("ix")\n'

    assert fixed(source, ("drop_index", "index-drop-not-concurrent")) == (
        "from alembic import op\n\n\ndef upgrade():\n\twith op.get_context().autocommit_block():\n"
        '\t\top.drop_index("ix", postgresql_concurrently=True, if_exists=True)\n'
    )


def test_operations_by_another_name_are_known() -> None:
    """The name is the file's own choice."""
    source = 'import alembic.op as o\n\n\ndef upgrade():\n    o.drop_index("ix")\n'

    assert fixed(source, ("drop_index", "index-drop-not-concurrent")) == (
        "import alembic.op as o\n\n\ndef upgrade():\n    with o.get_context().autocommit_block():\n"
        '        o.drop_index("ix", postgresql_concurrently=True, if_exists=True)\n'
    )


def test_an_import_is_added_when_it_is_needed() -> None:
    """A name that is not there fails only when the revision runs."""
    source = dedent(
        '''\
        """add a flag"""

        from __future__ import annotations

        # what it needs
        from alembic import op
        from sqlalchemy import Boolean, Column


        def upgrade():
            op.add_column("entries", Column("open", Boolean(), nullable=False, default=True))
        '''
    )
    done = fixed(source, ("add_column", "required-column"))

    assert "\n\n# what it needs\nimport sqlalchemy as sa\nfrom alembic import op\n" in done
    assert 'server_default=sa.text("true")' in done
    assert done.endswith('    op.alter_column("entries", "open", server_default=None)\n')


def test_a_limit_is_carried_over_a_split() -> None:
    """SET LOCAL ends with the transaction, and an autocommit_block ends that."""
    source = dedent(
        """\
        from alembic import op


        def upgrade():
            op.execute("SET LOCAL lock_timeout = '1s'")
            op.create_index("ix", "entries", ["a"])
            op.drop_table("old")
        """
    )
    assert fixed(source, ("create_index", "index-not-concurrent")).split("def upgrade():\n")[1] == (
        "    with op.get_context().autocommit_block():\n"
        "        op.drop_index(\n"
        '            "ix", table_name="entries", postgresql_concurrently=True, if_exists=True\n'
        "        )\n"
        '        op.create_index("ix", "entries", ["a"], postgresql_concurrently=True)\n'
        "    op.execute(\"SET LOCAL lock_timeout = '1s'\")\n"
        '    op.drop_table("old")\n'
    )


def test_a_limit_that_is_too_long_gets_another_value() -> None:
    """Two limits one after the other would leave the reader to find out which counts."""
    source = 'from alembic import op\n\n\ndef upgrade():\n    op.execute("SET LOCAL lock_timeout = 0")\n'
    source += '    op.drop_table("t")\n'

    assert fixed(source, ("drop_table", "lock-timeout")).endswith(
        'def upgrade():\n    op.execute("SET LOCAL lock_timeout = \'2s\'")\n    op.drop_table("t")\n'
    )


def test_a_limit_stands_in_the_transaction_that_waits() -> None:
    """One that was set before an autocommit_block is gone after it."""
    block = '    with op.get_context().autocommit_block():\n        op.execute("ANALYZE t")\n'
    source = f'from alembic import op\n\n\ndef upgrade():\n{block}    op.drop_table("t")\n'

    assert fixed(source, ("drop_table", "lock-timeout")).endswith(
        f'{block}    op.execute("SET LOCAL lock_timeout = \'2s\'")\n    op.drop_table("t")\n'
    )


def test_every_transaction_of_the_function_is_limited() -> None:
    """A rule that speaks of the first wait alone would otherwise be asked once for each."""
    source = 'from alembic import op\n\n\ndef upgrade():\n    op.create_index("ix", "t", ["a"])\n'
    source += '    op.create_check_constraint("c", "t", "a > 0")\n    op.drop_table("u")\n'
    done = fixed(
        source,
        ("create_index", "lock-timeout"),
        ("create_index", "index-not-concurrent"),
        ("create_check", "check-not-valid"),
    )

    told = [line.strip() for line in done.splitlines() if line.strip().startswith(("op.execute", "with", "op.drop_t"))]
    limit, block = "op.execute(\"SET LOCAL lock_timeout = '2s'\")", "with op.get_context().autocommit_block():"
    validate = 'op.execute("ALTER TABLE t VALIDATE CONSTRAINT c")'
    assert told == [block, limit, block, validate, limit, 'op.drop_table("u")']


def test_a_limit_stands_before_a_loop() -> None:
    """It holds for the whole transaction."""
    loop = '    for t in "ab":\n        op.drop_table(t)\n'
    source = f'from alembic import op\n\n\ndef upgrade():\n    """Drop."""\n{loop}'

    assert fixed(source, ("drop_table(t)", "lock-timeout")).endswith(
        f'    """Drop."""\n    op.execute("SET LOCAL lock_timeout = \'2s\'")\n{loop}'
    )


BATCH = """\
from alembic import op


def upgrade():
    # entries are searched
    with op.batch_alter_table("entries", schema="app") as batch_op:
        batch_op.drop_column("old")
        # by user
        batch_op.create_index(batch_op.f("ix"), ["user_id"], unique=False)
        batch_op.drop_column("older")
"""


def test_a_batch_is_taken_apart_where_the_statement_stands() -> None:
    """What stood before it stays before it; a batch commits nothing, so what is before it must bear a second run."""
    source = BATCH.replace('        batch_op.drop_column("old")\n', "")
    assert fixed(source, ("create_index", "index-not-concurrent")).split("def upgrade():\n")[1] == (
        "    # entries are searched\n"
        "    # by user\n"
        "    with op.get_context().autocommit_block():\n"
        "        op.drop_index(\n"
        '            op.f("ix"),\n'
        '            table_name="entries",\n'
        '            schema="app",\n'
        "            postgresql_concurrently=True,\n"
        "            if_exists=True,\n"
        "        )\n"
        "        op.create_index(\n"
        '            op.f("ix"),\n'
        '            "entries",\n'
        '            ["user_id"],\n'
        "            unique=False,\n"
        '            schema="app",\n'
        "            postgresql_concurrently=True,\n"
        "        )\n"
        '    with op.batch_alter_table("entries", schema="app") as batch_op:\n'
        '        batch_op.drop_column("older")\n'
    )
    done = rewrite(BATCH, [Wanted("index-not-concurrent", line_of(BATCH, "create_index"))])
    assert done.source == BATCH
    assert "is a batch" in done.refused[0].why


def test_preconditions_are_added_to_those_that_are_there() -> None:
    """The pairs that stand there keep their layout and their remarks."""
    source = dedent(
        """\
        revision = "2"
        down_revision = "1"
        preconditions = {
            "no NULL": "SELECT 0",  # asked by hand
        }
        depends_on = None


        def upgrade():
            pass
        """
    )
    wanted = Wanted("precondition", 10, {"no NULL": "SELECT 0", "no duplicates": "SELECT 1"})

    done = rewrite(source, [wanted])

    assert done.source == source.replace("# asked by hand\n", '# asked by hand\n    "no duplicates": "SELECT 1",\n')
    assert rewrite(done.source, [wanted]).source == done.source
    assert diff_for(source, wanted) == ('+ "no duplicates": "SELECT 1",',)
    empty = rewrite(source.replace('    "no NULL": "SELECT 0",  # asked by hand\n', ""), [wanted]).source
    assert 'preconditions = {\n    "no NULL": "SELECT 0",\n    "no duplicates": "SELECT 1",\n}\n' in empty


@pytest.mark.parametrize("given", ["dict(a='SELECT 0')", "{**others}", '{"no NULL": "SELECT 2"}'])
def test_preconditions_that_are_made_elsewhere_are_left(given: str) -> None:
    """They cannot be read without running them, or say something else by the same name."""
    source = f'revision = "2"\npreconditions = {given}\n\n\ndef upgrade():\n    pass\n'

    done = rewrite(source, [Wanted("precondition", 5, {"no NULL": "SELECT 0"})])

    assert done.source == source
    assert len(done.refused) == 1


def test_the_diff_shows_what_one_finding_changes() -> None:
    """The reader of a finding is shown its own repair, not what another one changes, nor the downgrade."""
    source = dedent(
        """\
        from alembic import op


        def upgrade():
            op.drop_index("ix")
            op.drop_index("iy")


        def downgrade():
            op.create_index("iy", "entries", ["a"])
            op.create_index("ix", "entries", ["b"])
        """
    )
    first, second = (Wanted("index-drop-not-concurrent", line_of(source, text)) for text in ('"ix"', '"iy"'))

    assert diff_for(source, first, [first, second]) == (
        '- op.drop_index("ix")',
        "+ with op.get_context().autocommit_block():",
        '+     op.drop_index("ix", postgresql_concurrently=True, if_exists=True)',
    )
    assert diff_for(source, second, [first, second]) == (
        '- op.drop_index("iy")',
        '+     op.drop_index("iy", postgresql_concurrently=True, if_exists=True)',
    )
    assert diff_for(source, Wanted("index-drop-not-concurrent", 1)) == ()
