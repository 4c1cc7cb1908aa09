"""`headgate.rehearsal.rollback`: what up, down, up shows of each new revision."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from headgate.postgres import scratch
from headgate.postgres.server import Server
from headgate.rehearsal.drift import differences
from headgate.rehearsal.rollback import Proof, Proofs, prove
from tests.projects import ADD_NOTE, CREATE, FIRST, REVISIONS, SECOND, THIRD, make_project, revision

FOURTH = "20261104090000"
GOOD_FOURTH = revision(
    FOURTH, THIRD, 'op.create_index("ix_note", "entries", ["note"])', 'op.drop_index("ix_note", "entries")'
)


@pytest.fixture
def new_database(server: Server) -> Iterator[Callable[[], str]]:
    """Makes a scratch database and gives its URL."""
    with ExitStack() as stack:
        yield lambda: stack.enter_context(scratch.database(server)).url()


@pytest.fixture
def proofs_of(tmp_path: Path, new_database: Callable[[], str]) -> Callable[..., Proofs]:
    """The proofs of a whole history."""

    def run(files: dict[str, str], **parts: str) -> Proofs:
        return prove(make_project(tmp_path / "p", files, **parts).find(), new_database)

    return run


def _third(up: str, down: str) -> dict[str, str]:
    return {**REVISIONS, "third.py": revision(THIRD, SECOND, up, down), "fourth.py": GOOD_FOURTH}


def _clean(proof: Proof) -> bool:
    return bool(proof.again) and not (proof.failure or proof.not_restored or proof.not_repeated)


def test_a_history_whose_downgrades_undo_is_proved(proofs_of: Callable[..., Proofs]) -> None:
    """The usual case: each revision up, down, up, at head in the end, and the models built beside it."""
    proofs = proofs_of(dict(REVISIONS))

    assert [proof.revision for proof in proofs.proofs] == [FIRST, SECOND]
    assert all(map(_clean, proofs.proofs))
    assert [difference.summary for difference in proofs.proofs[1].made] == ["+ column entries.note text"]
    assert proofs.reached_head
    assert proofs.last
    assert differences(proofs.last) == ()


def test_only_new_revisions_are_proved(tmp_path: Path, new_database: Callable[[], str]) -> None:
    """The history below them is run, and judged no more."""
    made = make_project(tmp_path / "p", {f"{FIRST}.py": CREATE}, settings="", commit=True)
    (made.versions / f"{SECOND}.py").write_text(ADD_NOTE)

    proofs = prove(made.find(), new_database)

    assert [proof.revision for proof in proofs.proofs] == [SECOND]
    assert proofs.reached_head


def test_a_downgrade_that_leaves_something_is_seen(proofs_of: Callable[..., Proofs]) -> None:
    """`alembic downgrade` reports success, and the next upgrade fails."""
    up = 'op.add_column("entries", sa.Column("a", sa.Integer()))\nop.execute("CREATE TYPE mood AS ENUM (\'ok\')")'
    proofs = proofs_of(_third(up, 'op.drop_column("entries", "a")'))

    third = proofs.proofs[2]
    assert [difference.summary for difference in third.not_restored] == ["+ enum mood (ok)"]
    assert third.failure
    assert third.failure[0] == "again"
    assert third.failure[1].sqlstate == "42710"
    assert _clean(proofs.proofs[3])


def test_a_downgrade_that_fails_does_not_hide_the_revisions_above(proofs_of: Callable[..., Proofs]) -> None:
    """They are proved on a database that is built anew."""
    proofs = proofs_of(_third('op.create_index("ix_id", "entries", ["id"])', 'op.drop_index("ix_nowhere")'))

    third, fourth = proofs.proofs[2:]
    assert third.failure
    assert (third.failure[0], third.failure[1].sqlstate, third.again) == ("down", "42704", None)
    assert [difference.summary for difference in third.made] == ["+ index ix_id on entries (id)"]
    assert _clean(fourth)
    assert proofs.reached_head


def test_an_upgrade_that_fails_ends_the_proofs(proofs_of: Callable[..., Proofs]) -> None:
    """Nothing above it can be run."""
    proofs = proofs_of(_third('op.drop_column("entries", "nowhere")', "pass"))

    assert [proof.revision for proof in proofs.proofs] == [FIRST, SECOND, THIRD]
    third = proofs.proofs[2]
    assert third.failure
    assert (third.failure[0], third.down) == ("up", None)
    assert (proofs.reached_head, proofs.history) == (False, None)


def test_a_history_that_fails_is_told_as_such(tmp_path: Path, new_database: Callable[[], str]) -> None:
    """The fault is not the new revision's."""
    made = make_project(tmp_path / "p", {"one.py": revision(FIRST, None, "1 / 0")}, settings="", commit=True)
    (made.versions / "two.py").write_text(revision(SECOND, FIRST))

    proofs = prove(made.find(), new_database)

    assert proofs.history
    assert (proofs.history.revision, proofs.proofs, proofs.reached_head) == (FIRST, (), False)


def test_an_upgrade_that_gives_another_schema_the_second_time_is_seen(proofs_of: Callable[..., Proofs]) -> None:
    """What the downgrade keeps is invisible in the schema and decides all the same."""
    up = """
        found = op.get_bind().execute(sa.text("SELECT count(*) FROM entries")).scalar()
        op.add_column("entries", sa.Column("a", sa.Integer() if found else sa.Text()))
        op.execute("INSERT INTO entries DEFAULT VALUES")
    """
    third = proofs_of(_third(up, 'op.drop_column("entries", "a")')).proofs[2]

    assert (third.failure, third.not_restored) == (None, ())
    assert [difference.summary for difference in third.not_repeated] == ["~ column entries.a: text -> integer"]


def test_an_order_of_columns_is_told_apart_from_a_difference(proofs_of: Callable[..., Proofs]) -> None:
    """PostgreSQL adds columns at the end, so a dropped column never comes back where it was."""
    third = proofs_of(
        _third('op.drop_column("entries", "note")', 'op.add_column("entries", sa.Column("note", sa.Text()))')
        | {
            f"{FIRST}_create_entries.py": revision(
                FIRST,
                None,
                'op.execute("CREATE TABLE entries (id int PRIMARY KEY, note text, seen bool)")',
                'op.drop_table("entries")',
            ),
            f"{SECOND}_add_note.py": revision(SECOND, FIRST),
            "fourth.py": revision(FOURTH, THIRD),
        }
    ).proofs[2]

    assert [difference.change for difference in third.not_restored] == ["moved"]


def test_an_irreversible_revision_is_not_taken_down(proofs_of: Callable[..., Proofs]) -> None:
    """The ones above it are proved on top of it, in the same run."""
    files = _third("op.execute('DELETE FROM entries')", "raise RuntimeError('no way back')")
    files["third.py"] = files["third.py"].replace("Rollback: takes", "Rollback: irreversible, takes")

    third, fourth = proofs_of(files).proofs[2:]

    assert (third.failure, third.down, third.again) == (None, None, None)
    assert _clean(fourth)


def test_branches_a_merge_and_a_dependency_go_through(proofs_of: Callable[..., Proofs]) -> None:
    """Each of them is a move of rows in the version table that must come out right in both directions."""

    def table(id_: str, parent: str | tuple[str, ...] | None, extra: str = "") -> str:
        up, down = f'op.create_table("{id_}", sa.Column("x", sa.Integer()))', f'op.drop_table("{id_}")'
        return revision(id_, parent, up, down, extra=extra)

    proofs = proofs_of(
        {
            "root.py": table("root", None),
            "left.py": table("left", "root", 'branch_labels = ("left_side",)'),
            "right.py": table("right", "root"),
            "joined.py": revision("joined", ("left", "right")),
            "other.py": table("other", None),
            "tip.py": table("tip", "joined", 'depends_on = "other"'),
        }
    )

    assert len(proofs.proofs) == 6
    assert all(map(_clean, proofs.proofs))
    assert proofs.reached_head
