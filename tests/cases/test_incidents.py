"""Public incidents, reduced: each revision that once stopped a deployment is stopped here, with the reason."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from headgate import gate
from headgate.apply.target import Target
from headgate.errors import HeadgateError
from headgate.postgres.server import Server
from headgate.report.model import Finding, Severity
from headgate.selection import choose
from tests.projects import MODELS, make_project, revision

CASES = {
    case["id"]: case
    for case in map(json.loads, (Path(__file__).parent / "data" / "incidents.jsonl").read_text().splitlines())
}

# What the rows of the incident were is not known to a review: the tables are left as the schema makes them.
EMPTIED = """
bind = op.get_bind()
bind.exec_driver_sql({setup!r})
op.execute("SET CONSTRAINTS ALL IMMEDIATE")
for table in sa.inspect(bind).get_table_names():
    if table != "alembic_version":
        op.execute(f"TRUNCATE {{table}} CASCADE")
"""

# The rule that stops each, and the words of what is to be said.
REASONS: dict[str, tuple[str, tuple[str, ...]]] = {
    "koschei-set-not-null": ("precondition", ("23502", "repo.base_resolved", "WHERE base_resolved IS NULL")),
    "ibm-cast-tested-on-empty": ("required-column", ("csm_allocation_history.core_blink", "1,000 rows")),
    "gpustack-enum-exists": ("enum-exists", ("sourceenum", "create_type=False")),
    "open-webui-duplicates": ("precondition", ("tag (id, user_id) holds duplicates", "GROUP BY id, user_id")),
    "flowise-varchar-uuid": ("precondition", ("22P02", "chat_message.chatflowid", "uuid", "SELECT count(*)")),
    "openwa-fk-type-mismatch": ("fk-type-mismatch", ("sessionId", "character varying and uuid")),
    "orchestrator-narrow-text": ("precondition", ("22001", "process_steps.traceback", "> 50000")),
    "superset-constraint-missing": ("unknown-name", ("table_name", "tables_table_name_key")),
    "airflow-fk-name-drift": ("unknown-name", ("dsdar_dag_id_fkey", "alias_ref_dag_id_fkey")),
    "mlflow-drop-check-name": ("unknown-name", ("experiments_lifecycle_stage_check", "naming_convention")),
    "view-blocks-drop-column": ("dependent-objects", ("person_view", "CASCADE")),
    "aiida-pending-trigger-events": ("pending-trigger-events", ("55006", "line 16 changed rows of g", "own")),
    "qiskit-drop-column-no-rollback": ("drop-column", ("program.profile", "without them")),
    "rename-as-drop-add": ("rename-as-drop-add", ("some_old", "some_key", "loses")),
    "sechub-app-rollback-without-undo": ("upgrade-again-fails", ("messages", "already exists")),
    "basecamp-int4-overflow": ("type-change-rewrite", ("events", "ACCESS EXCLUSIVE", "integer becomes bigint")),
    "coffeemeetsbagel-fk-forgotten": ("fk-type-mismatch", ("c.pid is integer", "p.id")),
    "concurrently-in-transaction": ("concurrently-in-tx", ("25001", "autocommit_block")),
    "fojin-fallback-to-blocking-index": ("index-not-concurrent", ("SHARE on t", "INSERT, UPDATE, DELETE")),
    "chatwoot-invalid-index-skipped": ("precondition", ("t.v holds duplicates", "ix_v")),
    "gitlab-oversized-batches": ("bulk-dml", ("ci_builds", "locked", "transaction")),
}

# What can be seen, but not in a review of one revision: these have a test of their own below.
OTHERWISE = {"gitlab-leftover-repack-trigger", "dify-image-rollback", "superset-ambiguous-walk"}

# These are told and do not stop anybody.
ADVISED = {
    # A lock for a moment is harmless but behind a long query: a warning only where the table is known to be large.
    "add-column-behind-analytics": ("lock-timeout", ("on t without end", "lock_timeout is 0")),
}

SHOWN_BY = {"static", "populated rehearsal", "lock trace", "roundtrip", "drift"}

Judge = Callable[..., Sequence[Finding]]


@pytest.fixture
def judge(tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch) -> Judge:
    """Judges the revision of an incident on what its set-up makes."""
    monkeypatch.setenv("HEADGATE_POSTGRES_URL", server.url("postgres"))

    def run(
        case: dict[str, Any], steps: Sequence[gate.Step] = (*gate.REVIEW, gate.rollback), models: str = MODELS
    ) -> Any:
        start = revision("start", None, EMPTIED.format(setup=case["setup_sql"]))
        judged = revision("judged", "start", case["upgrade"], case["downgrade"])
        made = make_project(tmp_path / "p", {"start.py": start, "judged.py": judged}, models=models)
        return gate.run(choose(made.find(), revision="judged"), steps).findings

    return run


def test_every_incident_that_these_techniques_show_is_accounted_for() -> None:
    """At least 95 of 100 are stopped; one that is only told stands above, with the reason."""
    shown = {id_ for id_, case in CASES.items() if SHOWN_BY.intersection(case["technique"])}

    assert REASONS.keys() | OTHERWISE | ADVISED.keys() == shown
    assert len(REASONS.keys() | OTHERWISE) / len(shown) >= 0.95


@pytest.mark.parametrize("id_", REASONS)
def test_it_is_stopped_with_the_reason(id_: str, judge: Judge) -> None:
    """An error, or a precondition that is the incident's failure, on the line, in words that lead to the repair."""
    rule, words = REASONS[id_]
    case = CASES[id_]

    found = [one for one in judge(case) if one.rule == rule]

    assert found
    stopping = [one for one in found if one.severity is Severity.ERROR or one.kind == "precondition"]
    assert stopping
    told = "\n".join(line for one in stopping for line in (one.message, *one.seen, *one.fix))
    assert [word for word in words if word not in told] == []
    assert all(one.revision == "judged" and one.line and one.line >= 16 for one in stopping)


@pytest.mark.parametrize("id_", ADVISED)
def test_it_is_told_as_advice(id_: str, judge: Judge) -> None:
    """What is harmless on most days must not stop everybody; it is still said."""
    rule, words = ADVISED[id_]

    (found,) = [one for one in judge(CASES[id_]) if one.rule == rule]

    assert found.severity is Severity.ADVICE
    assert [word for word in words if word not in "\n".join((found.message, *found.seen))] == []


def test_a_merge_is_told_before_somebody_wants_to_go_back(tmp_path: Path) -> None:
    """`alembic downgrade -1` stops there with "Ambiguous walk"."""
    sources = {
        "a.py": revision("a", None),
        "b.py": revision("b", "a"),
        "c.py": revision("c", "a"),
        "m.py": revision("m", ("b", "c")),
    }
    project = choose(make_project(tmp_path / "p", sources).find(), revision="m")

    (found,) = [one for one in gate.run(project, (gate.names,)).findings if one.rule == "merge-downgrade"]

    assert "downgrade" in found.message


def test_a_trigger_that_no_model_knows_is_drift(judge: Judge) -> None:
    """A tool that was killed had left it behind; Alembic compares no triggers."""
    models = MODELS.replace(
        '"entries", metadata, sa.Column("id", sa.Integer(), primary_key=True), sa.Column("note", sa.Text())',
        '"t", metadata, sa.Column("id", sa.Integer(), primary_key=True), sa.Column("v", sa.Text()),'
        ' sa.Column("n", sa.Integer())',
    )

    found = judge(CASES["gitlab-leftover-repack-trigger"], (gate.heads, gate.upgrade, gate.drift), models=models)

    assert [one.rule for one in found if "trigger repack_trigger on t" in one.message] == ["model-drift"]


def test_a_database_ahead_of_the_code_is_told_in_a_plain_sentence(tmp_path: Path) -> None:
    """The older image stopped with "Can't locate revision identified by"."""
    project = make_project(tmp_path / "p", {"start.py": revision("start", None)}).find()

    with pytest.raises(HeadgateError) as caught:
        Target("postgresql://", ("judged",)).applied(project)

    assert "The database is at judged, which no file in" in caught.value.what
    assert "the newest known is start" in caught.value.what
    assert "the database is ahead" in caught.value.fix
