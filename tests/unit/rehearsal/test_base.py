"""`headgate.rehearsal.base`: the state below the new revisions is kept, and thrown away on doubt."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from headgate import gate
from headgate.errors import Exit
from headgate.project import Project
from headgate.rehearsal.base import server_for
from headgate.report.model import Report, Severity
from tests.projects import ENV, FIRST, THIRD, Made, make_project, revision

OLD = [f"2025{number:010d}" for number in range(1, 25)]


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Made:
    """A project with a history that is worth keeping, merged, and one new revision."""
    monkeypatch.setenv("HEADGATE_KEEP", "1")
    monkeypatch.setenv("HEADGATE_CACHE", str(tmp_path / "cache"))
    files = {f"{OLD[0]}_users.py": revision(OLD[0], None, USERS, 'op.drop_table("users")')}
    for before, id_ in pairwise(OLD):
        column = f"c{int(id_) % 1000}"
        up = f'op.add_column("users", sa.Column("{column}", sa.Integer()))'
        files[f"{id_}_{column}.py"] = revision(id_, before, up, f'op.drop_column("users", "{column}")')
    made = make_project(tmp_path / "p", files, env=READING, models=NO_MODELS, settings="rows = 50", commit=True)
    (made.root / "notes.sql").write_text("SELECT 1")
    (made.versions / f"{THIRD}_new.py").write_text(NEW)
    return made


USERS = 'op.create_table("users", sa.Column("id", sa.BigInteger(), primary_key=True), sa.Column("email", sa.Text()))'
NO_MODELS = "import sqlalchemy as sa\n\nmetadata = sa.MetaData()\n"
READING = ENV.replace(
    "import os\n",
    'import os\nfrom pathlib import Path\n\nPath("notes.sql").exists() and Path("notes.sql").read_text()\n',
)
NEW = revision(THIRD, OLD[-1], 'op.create_index("ix", "users", ["email"])', 'op.drop_index("ix", "users")')


def _told(project: Project) -> list[str]:
    told: list[str] = []
    with server_for(project, told.append) as (_, base):
        assert base is not None
    return told


def test_the_second_review_runs_the_new_revision_alone_and_finds_the_same(made: Made) -> None:
    """A state that changes a verdict would be worse than none."""
    told: list[list[str]] = []

    def review() -> Report:
        told.append([])
        return gate.run(made.find(), gate.REVIEW, tell=told[-1].append)

    first, second = review(), review()

    assert [finding.message for finding in first.findings if finding.severity is Severity.ERROR] != []
    assert (first.exit, first.findings) == (second.exit, second.findings)
    assert first.exit is Exit.FINDINGS
    assert f"upgrading to {OLD[0]}" in told[0]
    assert [line for line in told[1] if line.startswith(("upgrading", "filling"))][:1] == [f"upgrading to {THIRD}"]


def test_a_gate_on_a_kept_state_proves_rollback_and_drift_too(made: Made) -> None:
    """They start from the same databases."""
    for _ in range(2):
        report = gate.run(made.find())
        assert {check.name: check.summary for check in report.checks}["rollback"].startswith("1 of 1 new revision")
        drift = next(check for check in report.checks if check.name == "drift")
        assert "table users is in the migrations, not in the models" in [one.message for one in drift.findings]


@pytest.mark.parametrize(
    "change",
    [
        lambda made: (made.versions / f"{OLD[3]}_c4.py").write_text(revision(OLD[3], OLD[2])),
        lambda made: made.ini.write_text(made.ini.read_text() + "# another\n"),
        lambda made: made.env.write_text(made.env.read_text() + "\n"),
        lambda made: (made.root / "models.py").write_text(NO_MODELS + "\n"),
        lambda made: (made.root / "notes.sql").write_text("SELECT 2"),
        lambda made: (made.root / "notes.sql").unlink(),
    ],
    ids=[
        "a revision below",
        "the ini file",
        "env.py",
        "an imported module",
        "a file that was read",
        "a file that is gone",
    ],
)
def test_a_state_is_made_anew_when_what_made_it_changed(made: Made, change: Callable[[Made], object]) -> None:
    """Each of these could lead to another database."""
    assert _told(made.find())
    assert _told(made.find()) == []
    change(made)
    assert _told(made.find())


def test_a_state_is_made_anew_when_a_variable_changed_that_was_read(
    made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And only then: every shell has others."""
    made.env.write_text(made.env.read_text().replace("import os\n", 'import os\n\nos.environ.get("TENANT")\n', 1))
    _told(made.find())
    monkeypatch.setenv("NOBODY_READS_THIS", "1")
    assert _told(made.find()) == []
    monkeypatch.setenv("TENANT", "b")
    assert _told(made.find())


def test_the_variable_that_names_the_scratch_database_is_no_reason(made: Made) -> None:
    """It is another one in every run, and headgate gives it."""
    made.env.write_text(made.env.read_text().replace("import os\n", 'import os\n\nos.environ["DATABASE_URL"]\n', 1))
    _told(made.find())
    assert _told(made.find()) == []


def test_a_new_revision_does_not_make_the_state_anew(made: Made) -> None:
    """That is what the state is for."""
    _told(made.find())
    (made.versions / f"{THIRD}_new.py").write_text(NEW.replace('"ix"', '"other"'))
    assert _told(made.find()) == []


def test_a_history_that_does_not_run_is_not_kept(made: Made) -> None:
    """Its failure is told by the run that judges, with the statement and the line."""
    (made.versions / f"{OLD[3]}_c4.py").write_text(revision(OLD[3], OLD[2], 'op.execute("SELECT 1 / 0")'))
    report = gate.run(made.find(), gate.REVIEW)
    assert [finding.rule for finding in report.findings if finding.severity is Severity.ERROR][-1] == "upgrade-fails"


@pytest.mark.parametrize("settings", ['judge = "all"', "rows = 50"], ids=["all are judged", "a short history"])
def test_nothing_is_kept_where_it_saves_nothing(tmp_path: Path, settings: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A short history takes less time than the copy; where all are judged, there is nothing below."""
    monkeypatch.setenv("HEADGATE_KEEP", "1")
    made = make_project(tmp_path / "p", {f"{FIRST}_a.py": revision(FIRST, None)}, settings=settings, commit=True)
    with server_for(made.find(), lambda _: None) as (_, base):
        assert base is None


def test_nothing_is_kept_in_ci(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    """There, what is wrong must not pass a second time."""
    monkeypatch.delenv("HEADGATE_KEEP")
    monkeypatch.setenv("CI", "true")
    with server_for(made.find(), lambda _: None) as (_, base):
        assert base is None
