"""`headgate.gate`: what each step says of a failure, and that a step that could not run never passes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from headgate import gate
from headgate.errors import Exit, HeadgateError
from headgate.postgres.server import Server
from headgate.report.model import Finding, Report, Severity, Status
from tests.projects import ADD_NOTE, CREATE, ENV, FIRST, MODELS, REVISIONS, SECOND, THIRD, Made, make_project, revision

NAME = f"{THIRD}_change_the_schema.py"
PLACE = f"alembic/versions/{NAME}"
GONE = "the scratch database that it ran on is gone, nothing else was touched"


@pytest.fixture(autouse=True)
def _on_the_tests_server(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """To start one for each test would take longer than the gate."""
    monkeypatch.setenv("HEADGATE_POSTGRES_URL", server.url())


@pytest.fixture
def made(tmp_path: Path) -> Callable[..., Made]:
    """Writes a project; the arguments are those of `make_project` after the folder."""
    return lambda *revisions, **parts: make_project(tmp_path / "p", *revisions, **parts)


def _third(up: str, down: str = "pass", **parts: str) -> dict[str, str]:
    return {**REVISIONS, NAME: revision(THIRD, SECOND, up, down, **parts)}


def _run(made: Made, *steps: gate.Step) -> Report:
    return gate.run(made.find(), steps or gate.STEPS)


def _statuses(report: Report) -> dict[str, Status]:
    return {check.name: check.status for check in report.checks}


def _summary(report: Report, name: str) -> str:
    return next(check.summary for check in report.checks if check.name == name)


def _only(report: Report) -> Finding:
    (finding,) = _counting(report)
    return finding


def _counting(report: Report) -> list[Finding]:
    """The findings that are more than advice."""
    return [finding for finding in report.findings if finding.severity is not Severity.ADVICE]


def _line(text: str, source: str) -> int:
    return next(number for number, line in enumerate(source.splitlines(), start=1) if text in line)


# The whole


def test_a_sound_project_passes_every_step(made: Callable[..., Made], server: Server) -> None:
    """Each step says what it has shown, in this order."""
    report = _run(made())

    assert [(check.name, check.status, check.summary) for check in report.checks] == [
        ("heads", Status.PASSED, f"one head, {SECOND}; 2 revisions"),
        ("names", Status.PASSED, _summary(report, "names")),
        ("upgrade", Status.PASSED, "2 revisions from nothing to head, with 1,000 rows a table before the new ones"),
        ("rules", Status.PASSED, _summary(report, "rules")),
        ("rollback", Status.PASSED, "2 of 2 new revisions down and up again"),
        ("drift", Status.PASSED, _summary(report, "drift")),
        ("docs", Status.PASSED, _summary(report, "docs")),
    ]
    assert _summary(report, "names").startswith("2 new revisions read by ")
    assert _summary(report, "rules").startswith("2 statements judged by ")
    assert _summary(report, "drift").startswith("0 differences in ")
    assert (report.exit, _counting(report)) == (Exit.NOTHING_TO_FIX, [])
    assert report.server == f"PostgreSQL {server.version}"
    assert (report.history, [one.id for one in report.revisions]) == (2, [FIRST, SECOND])
    assert report.seconds >= sum(check.seconds for check in report.checks) > 0
    json.dumps(report.to_json())


def test_what_is_being_done_is_told(made: Callable[..., Made]) -> None:
    """The progress line of a gate that takes a minute."""
    told: list[str] = []

    gate.run(made().find(), tell=told.append)

    assert told[0] == "starting PostgreSQL 18"
    assert [step.__name__ for step in gate.STEPS] == [text for text in told if " " not in text]
    assert f"downgrading {FIRST}" in told


def test_steps_that_read_files_start_no_server(made: Callable[..., Made], monkeypatch: pytest.MonkeyPatch) -> None:
    """A commit waits for them."""
    monkeypatch.setenv("HEADGATE_POSTGRES_URL", "postgresql://127.0.0.1:1/nowhere")

    report = _run(made(), gate.heads, gate.names)

    assert (report.exit, report.server) == (Exit.NOTHING_TO_FIX, None)


def test_a_history_without_revisions_passes(made: Callable[..., Made]) -> None:
    """The first day of a project, without models yet."""
    report = _run(made({}, models="import sqlalchemy as sa\n\nmetadata = sa.MetaData()\n"))

    assert report.exit is Exit.NOTHING_TO_FIX
    assert _summary(report, "heads") == "no revisions yet"
    assert _summary(report, "rollback") == "no new revision to take back"


def test_merged_revisions_are_run_and_not_judged(made: Callable[..., Made]) -> None:
    """The header of an old one is nobody's business now; that it runs still is."""
    project = made({f"{FIRST}.py": CREATE.replace("Intent", "Why")}, settings="", commit=True)
    (project.versions / f"{SECOND}_change_the_schema.py").write_text(ADD_NOTE)

    report = _run(project)

    assert (report.exit, _counting(report), [one.id for one in report.revisions]) == (Exit.NOTHING_TO_FIX, [], [SECOND])
    assert _summary(report, "upgrade").startswith("2 revisions from nothing to head")


# Heads


def test_two_heads_are_an_error_with_two_ways_out(made: Callable[..., Made]) -> None:
    """The rest of the gate runs all the same."""
    side = revision(THIRD, FIRST, 'op.create_index("ix_id", "entries", ["id"])', 'op.drop_index("ix_id")')
    report = _run(made({**REVISIONS, NAME: side}))

    assert report.exit is Exit.FINDINGS
    assert _summary(report, "heads") == "2 heads in 3 revisions"
    finding = report.checks[0].findings[0]
    assert finding == Finding(
        rule="multiple-heads",
        severity=Severity.ERROR,
        message="there are 2 heads, so `alembic upgrade head` stops",
        path=PLACE,
        line=_line("down_revision", side),
        revision=THIRD,
        seen=(f"{SECOND} in alembic/versions/{SECOND}_add_note.py", f"{THIRD} in {PLACE}"),
        fix=(
            f"set down_revision of the one that is not merged yet to '{SECOND}',",
            f'or join them: alembic merge -m "merge heads" {SECOND} {THIRD}',
        ),
    )
    assert _statuses(report)["upgrade"] is Status.PASSED


# Upgrade


def test_a_revision_that_does_not_upgrade_is_an_error_at_its_line(made: Callable[..., Made], server: Server) -> None:
    """And what hangs on it is not run, which is another thing than passed."""
    files = _third('op.execute("SELECT\\n  1 / 0")', 'op.execute("SELECT 1")')
    report = _run(made(files))

    assert _only(report) == Finding(
        rule="upgrade-fails",
        severity=Severity.ERROR,
        message=f"revision {THIRD} does not upgrade",
        path=PLACE,
        line=_line("SELECT", files[NAME]),
        revision=THIRD,
        seen=(
            f"PostgreSQL {server.version}: 22012, division by zero",
            "statement: SELECT 1 / 0",
        ),
        fix=(f"correct the statement; {GONE}",),
    )
    assert _statuses(report) == {
        "heads": Status.PASSED,
        "names": Status.PASSED,
        "upgrade": Status.FAILED,
        "rules": Status.NOT_RUN,
        "rollback": Status.NOT_RUN,
        "drift": Status.NOT_RUN,
        "docs": Status.PASSED,
    }
    assert _summary(report, "rollback") == "2 of 3 new revisions down and up again"
    assert _summary(report, "drift") == "not compared: the history does not reach its head"


def test_an_exception_of_python_is_told_as_such(made: Callable[..., Made]) -> None:
    """The server had no part in it."""
    files = _third("op.nothing()", "op.nothing()")
    finding = _only(_run(made(files)))

    assert finding.line == _line("op.nothing()", files[NAME])
    assert finding.seen[0].startswith("Python, AttributeError: module 'alembic.op' has no attribute 'nothing'")
    assert finding.fix == (f"correct the line; {GONE}",)


def test_a_history_that_does_not_run_leaves_nothing_to_prove(made: Callable[..., Made]) -> None:
    """The fault lies below the new revisions."""
    project = made({f"{FIRST}.py": CREATE.replace("create_table", "drop_table")}, settings="", commit=True)
    (project.versions / f"{SECOND}_change_the_schema.py").write_text(ADD_NOTE)

    report = _run(project)

    assert _only(report).revision == FIRST
    assert _summary(report, "rollback") == "not proved: the history does not run"
    assert _statuses(report)["rollback"] is Status.NOT_RUN


def test_an_env_py_that_does_not_run_is_named(made: Callable[..., Made]) -> None:
    """No revision is blamed for it."""
    finding = _only(_run(made(env=f"import os\n\nos.environ['NO_SUCH_VARIABLE']\n{ENV}")))

    assert (finding.message, finding.path, finding.line) == ("env.py does not run", "alembic/env.py", 3)
    assert finding.seen == ("Python, KeyError: 'NO_SUCH_VARIABLE'",)


def test_an_env_py_that_connects_elsewhere_ends_the_gate(made: Callable[..., Made]) -> None:
    """That is no finding about a revision: nothing can be judged."""
    env = ENV.replace('context.config.get_main_option("sqlalchemy.url") or os.environ["DATABASE_URL"]', '"sqlite://"')

    with pytest.raises(HeadgateError, match="not to the scratch database"):
        _run(made(env=env))


# Rollback


def test_a_downgrade_that_fails_is_an_error_at_its_line(made: Callable[..., Made], server: Server) -> None:
    """The upgrade itself is fine, and so are the ones above."""
    files = _third('op.create_index("ix_note", "entries", ["note"])', 'op.drop_index("ix_nowhere")')
    report = _run(made(files), gate.upgrade, gate.rollback)

    assert _only(report) == Finding(
        rule="downgrade-fails",
        severity=Severity.ERROR,
        message=f"revision {THIRD} does not downgrade",
        path=PLACE,
        line=_line("ix_nowhere", files[NAME]),
        revision=THIRD,
        seen=(
            f'PostgreSQL {server.version}: 42704, index "ix_nowhere" does not exist',
            "statement: DROP INDEX ix_nowhere",
        ),
        fix=(f"correct the statement; {GONE}",),
    )
    assert _statuses(report) == {"upgrade": Status.PASSED, "rollback": Status.FAILED}
    assert _summary(report, "rollback") == "2 of 3 new revisions down and up again"


def test_a_downgrade_that_leaves_something_is_an_error_with_what_it_leaves(made: Callable[..., Made]) -> None:
    """And the second upgrade that fails on it is another, so that both can be seen."""
    files = _third('op.create_index("ix_note", "entries", ["note"])')
    again, left = _run(made(files), gate.upgrade, gate.rollback).findings

    assert (again.rule, again.message) == (
        "upgrade-again-fails",
        f"revision {THIRD} does not upgrade again after its downgrade",
    )
    assert again.line == _line("create_index", files[NAME])
    assert left == Finding(
        rule="downgrade-not-inverse",
        severity=Severity.ERROR,
        message=f"the downgrade of {THIRD} does not restore the schema",
        path=PLACE,
        line=_line("def downgrade", files[NAME]),
        revision=THIRD,
        seen=("index ix_note is in the schema after the downgrade, not in the schema before the upgrade",),
        fix=("undo in downgrade() what upgrade() did",),
    )


def test_an_upgrade_that_is_not_repeatable_is_an_error(made: Callable[..., Made]) -> None:
    """Something survives the downgrade that no schema shows."""
    up = """
        found = op.get_bind().scalar(sa.text("SELECT count(*) FROM entries"))
        op.add_column("entries", sa.Column("a", sa.Integer() if found % 2 else sa.Text()))
        op.execute("INSERT INTO entries DEFAULT VALUES")
    """
    finding = _only(_run(made(_third(up, 'op.drop_column("entries", "a")')), gate.upgrade, gate.rollback))

    assert (finding.rule, finding.message) == (
        "upgrade-not-repeatable",
        f"upgrading {THIRD} a second time gives another schema",
    )
    assert finding.seen == (
        "column entries.a is text in the first upgrade's schema and integer in the second upgrade's schema",
    )


def test_a_consent_in_the_file_lets_the_downgrade_pass(made: Callable[..., Made]) -> None:
    """With its reason, which stays in the report."""
    files = _third("op.execute('CREATE INDEX IF NOT EXISTS ix_note ON entries (note)')")
    consent = "# headgate: allow downgrade-not-inverse because the index helps the old code too\n"
    files[NAME] = files[NAME].replace("def downgrade", f"{consent}def downgrade")
    report = _run(made(files), gate.upgrade, gate.rollback)

    assert report.exit is Exit.NOTHING_TO_FIX
    assert _only(report).consent == "the index helps the old code too"


def test_the_settings_weigh_what_the_gate_finds(made: Callable[..., Made]) -> None:
    """As they weigh the rules."""
    files = _third("op.execute('CREATE INDEX IF NOT EXISTS ix_note ON entries (note)')")
    settings = 'judge = "all"\nseverities.downgrade-not-inverse = "warning"'
    report = _run(made(files, settings=settings), gate.upgrade, gate.rollback)

    assert report.exit is Exit.NOTHING_TO_FIX
    assert _only(report).severity is Severity.WARNING


def test_an_irreversible_revision_that_says_so_passes(made: Callable[..., Made]) -> None:
    """Honest, and counted apart."""
    files = _third(
        'op.execute("DELETE FROM entries WHERE id < 5")',
        "raise RuntimeError('no')",
        rollback="irreversible, rows are gone",
    )
    report = _run(made(files))

    assert report.exit is Exit.NOTHING_TO_FIX
    assert _summary(report, "rollback") == (
        "2 of 3 new revisions down and up again; 1 irreversible, as the header says"
    )


def test_another_order_of_columns_is_told_and_passes(made: Callable[..., Made]) -> None:
    """No statement could bring the old one back."""
    files = _third(
        'op.drop_column("entries", "id")\nop.execute("ALTER TABLE entries ADD a int")',
        'op.drop_column("entries", "a")\nop.execute("ALTER TABLE entries ADD id serial PRIMARY KEY")',
    )
    report = _run(made(files), gate.upgrade, gate.rollback)

    assert report.findings == ()
    assert _summary(report, "rollback") == (
        "3 of 3 new revisions down and up again; in 1 of them only the order of columns differs"
    )


def test_nothing_new_is_nothing_to_take_back(made: Callable[..., Made]) -> None:
    """On the base branch itself."""
    report = _run(made(settings="", commit=True))

    assert (_summary(report, "rollback"), report.exit) == ("no new revision to take back", Exit.NOTHING_TO_FIX)


# Drift


def test_each_difference_to_the_models_is_an_error(made: Callable[..., Made]) -> None:
    """A missing revision, or a change in the models that was not meant."""
    models = MODELS.replace('sa.Column("note", sa.Text())', 'sa.Column("note", sa.Text(), nullable=False)')
    report = _run(made(models=models), gate.upgrade, gate.drift)

    assert _only(report) == Finding(
        rule="model-drift",
        severity=Severity.ERROR,
        message="column entries.note is nullable in the migrations and NOT NULL in the models",
        path="alembic",
        fix=('write the missing revision: inv migrate.new -m "…", or take the change out of the models',),
    )
    assert _summary(report, "drift").startswith("1 difference in ")


def test_models_that_build_nothing_are_an_error(made: Callable[..., Made], server: Server) -> None:
    """No revision is blamed for it."""
    finding = _only(_run(made(models=MODELS.replace("Text()", "Text(collation='no')")), gate.upgrade, gate.drift))

    assert (finding.rule, finding.message) == ("models-fail", "the models do not build a database")
    assert finding.revision is None
    assert finding.seen[0] == f'PostgreSQL {server.version}: 42704, collation "no" for encoding "UTF8" does not exist'


def test_without_metadata_drift_is_not_run(made: Callable[..., Made]) -> None:
    """Which is exit code 2, not 0."""
    report = _run(made(models="metadata = None\n"))

    assert (_statuses(report)["drift"], report.exit) == (Status.NOT_RUN, Exit.CANNOT_JUDGE)
    assert _summary(report, "drift") == "not compared: env.py gives context.configure no target_metadata"


# The settings of a rehearsal


@pytest.mark.parametrize(("timezone", "rewrites"), [("UTC", False), ("Europe/Vienna", True)])
def test_revisions_run_under_the_time_zone_of_production(
    made: Callable[..., Made], timezone: str, rewrites: bool
) -> None:
    """A timestamp becomes a timestamptz without a rewrite only where TimeZone is UTC."""
    files = {
        f"{FIRST}_first.py": revision(FIRST, None, 'op.create_table("t", sa.Column("at", sa.DateTime()))'),
        f"{SECOND}_second.py": revision(
            SECOND, FIRST, 'op.alter_column("t", "at", type_=sa.DateTime(timezone=True))', "pass"
        ),
    }
    report = _run(made(files, settings=f'judge = "all"\ntimezone = "{timezone}"'), *gate.REVIEW)
    assert ("type-change-rewrite" in {finding.rule for finding in report.findings}) is rewrites


def test_a_time_zone_that_nobody_knows_is_refused(made: Callable[..., Made]) -> None:
    """Two lines, and no traceback."""
    with pytest.raises(HeadgateError) as refused:
        _run(made(settings='judge = "all"\ntimezone = "Europe/Atlantis"'), *gate.REVIEW)
    assert str(refused.value.what) == 'PostgreSQL knows no time zone "Europe/Atlantis", which [tool.headgate] names.'


def test_the_report_keeps_what_was_rehearsed_and_each_statement(made: Callable[..., Made]) -> None:
    """The evidence is part of the report, so that a finding can be held against it."""
    report = _run(made(), *gate.REVIEW)

    assert [(one.id, dict(one.rehearsed)) for one in report.revisions] == [(FIRST, {}), (SECOND, {"entries": 1000})]
    assert [(one.revision, one.direction, one.tag) for one in report.statements] == [
        (FIRST, "up", "CREATE TABLE"),
        (FIRST, "down", "DROP TABLE"),
        (SECOND, "up", "ALTER TABLE"),
        (SECOND, "down", "ALTER TABLE"),
    ]
    assert report.rules > 50
