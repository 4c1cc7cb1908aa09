"""What in a revision needs an operator's hand."""

from __future__ import annotations

import pytest

from headgate.docs import needs
from headgate.docs.needs import Kind


@pytest.mark.parametrize(
    ("upgrade", "kinds"),
    [
        ("op.create_index('ix', 'entries', ['a'], postgresql_concurrently=True)", {Kind.BUILD}),
        ("op.execute('CREATE UNIQUE INDEX CONCURRENTLY ix ON entries (a)')", {Kind.BUILD}),
        ("op.execute('UPDATE entries SET a = 1')", {Kind.WORK}),
        ("op.execute('with x as (select 1) delete from entries')", {Kind.WORK}),
        ("op.execute('SELECT 1; DELETE FROM entries')", {Kind.WORK}),
        ("op.execute(sa.update(entries).values(a=1))", {Kind.WORK}),
        ("op.get_bind().execute(entries.delete().where(entries.c.a == 1))", {Kind.WORK}),
        ("op.get_bind().execute(BATCH)", {Kind.WORK}),
        ("helper()", {Kind.WORK}),
        ("op.execute(f'INSERT INTO {name} VALUES (1)')", {Kind.WORK}),
        ("op.execute('ALTER TABLE entries VALIDATE CONSTRAINT fk')", {Kind.WORK}),
        ("op.drop_table('entries')", {Kind.LOSS}),
        ("op.execute('TRUNCATE entries')", {Kind.LOSS}),
        ("op.drop_column('entries', 'a')", {Kind.LOSS, Kind.ORDER}),
        ("op.execute('ALTER TABLE entries DROP COLUMN a')", {Kind.LOSS, Kind.ORDER}),
        ("op.rename_table('entries', 'notes')", {Kind.ORDER}),
        ("op.alter_column('entries', 'a', new_column_name='b')", {Kind.ORDER}),
        ("op.execute('ALTER TABLE entries RENAME a TO b')", {Kind.ORDER}),
        ("op.execute(\"ALTER TYPE mood ADD VALUE 'calm'\")", {Kind.ORDER}),
        ("op.add_column('entries', sa.Column('a', sa.Text()))", set()),
        ("op.create_index('ix', 'entries', ['a'])", set()),
        ("op.alter_column('entries', 'a', nullable=False)", set()),
        ("op.execute('COMMENT ON TABLE entries IS $$UPDATE me$$')", set()),
        ("op.execute('ALTER TABLE entries RENAME CONSTRAINT a TO b')", set()),
        ("{}.update(a=1)", set()),
    ],
)
def test_what_a_statement_asks_of_the_operator(make, upgrade, kinds):
    """Each kind in each way in which Alembic lets it be written; harmless neighbours stay silent."""
    (revision,) = make(upgrades=(upgrade,)).revisions.values()
    assert {need.kind for need in needs.of(revision)} == kinds


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ({"takes back what the upgrade made": "irreversible, the names are gone"}, Kind.LOSS),
        ({"change the schema": "expand users.name to display_name"}, Kind.ORDER),
        ({"change the schema": "contract users.name to display_name"}, Kind.ORDER),
    ],
)
def test_what_a_header_says_counts_too(make, said, kind):
    """No statement shows that a step has a fixed place between two deployments, or that nothing brings it back."""
    (revision,) = make(upgrades=("pass",), said=said).revisions.values()
    assert [need.kind for need in needs.of(revision)] == [kind]


def test_a_helper_that_calls_itself_is_followed_once(make):
    """A loop in the file must not become a loop of ours."""
    (revision,) = make(upgrades=("again()",)).revisions.values()
    assert needs.of(revision) == ()
