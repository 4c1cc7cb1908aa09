"""What a review says of measured statements: the harmful ones are stopped at their line, the harmless ones pass."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from functools import reduce
from pathlib import Path
from typing import Any

import pytest

from headgate import gate, review, rules
from headgate.postgres import scratch
from headgate.postgres.server import Server
from headgate.project import Project
from headgate.rehearsal.model import Fill
from headgate.rehearsal.rollback import prove, rehearsed
from headgate.report.model import Finding, Severity
from headgate.selection import choose
from tests.projects import make_project, revision

BASE, ID = "20261120091500", "20261122170212"
STOPS = frozenset({Severity.ERROR, Severity.WARNING})


def read(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (Path(__file__).parent / "data" / name).read_text().splitlines()]


def project_of(folder: Path, case: dict[str, Any]) -> tuple[Project, range]:
    """A project whose new revision sends the case's statements, and the lines that send them."""
    statements = [case["sql"]] if isinstance(case["sql"], str) else case["sql"]
    calls = [f"op.get_bind().exec_driver_sql({sql!r})" for sql in statements]
    if case["mode"] == "auto":
        calls = ["with op.get_context().autocommit_block():", *(f"    {call}" for call in calls)]
    base = revision(BASE, None, f"op.get_bind().exec_driver_sql({case['setup']!r})" if case["setup"] else "pass")
    # The way back is not what these cases are about.
    new = revision(ID, BASE, "\n".join(calls), rollback="irreversible, a restore is needed")
    made = make_project(folder, {f"{BASE}_start.py": base, f"{ID}_change.py": new}, settings="rows = 1000")
    first = next(number for number, line in enumerate(new.splitlines(), 1) if "exec_driver_sql" in line)
    return choose(made.find(), revision=ID), range(first, first + len(statements))


@pytest.fixture
def databases(server: Server) -> Iterator[Any]:
    """Makes empty databases, and drops them afterwards."""
    with ExitStack() as stack:
        yield lambda: stack.enter_context(scratch.database(server)).url()


@pytest.mark.parametrize("case", read("statements.jsonl"), ids=lambda case: case["id"])
def test_a_review_stops_what_was_measured_to_harm_and_nothing_else(
    case: dict[str, Any], tmp_path: Path, server: Server, databases: Any
) -> None:
    """A miss is an outage; a false alarm is what teaches a team to consent without reading.

    Where nothing was measured, because the statement runs outside of a transaction, what is safe must pass as well.
    """
    project, lines = project_of(tmp_path, case)
    start = gate.Evidence(project, databases, tell=lambda _: None, models=False, server=f"PostgreSQL {server.version}")
    steps = [step for step in gate.REVIEW if step not in (gate.heads, gate.names)]
    checks = reduce(lambda known, step: step(known), steps, start).checks
    found = [finding for check in checks for finding in check.findings]

    assert [(finding.rule, finding.line) for finding in found if finding.line not in lines] == []
    stopping = {finding.rule for finding in found if finding.severity in STOPS and finding.kind == "rule"}
    if case["harm"] not in (None, "none"):
        # What fails on certain rows alone is told as what the rows must be like.
        unmet = {finding.rule for finding in found if finding.severity in STOPS and finding.kind == "precondition"}
        assert stopping or (case["harm"] == "fails" and unmet)
    elif not case["unsafe"]:
        assert stopping == set()


@pytest.mark.parametrize("case", read("further_statements.jsonl"), ids=lambda case: case["id"])
def test_the_rule_that_speaks_is_the_one_for_what_was_done(
    case: dict[str, Any], tmp_path: Path, server: Server, databases: Any
) -> None:
    """Who reads a finding looks up its page; of a statement that did two things, both are told.

    lock-timeout is left out: it speaks of nearly all of them.
    """
    project, lines = project_of(tmp_path, case)
    proofs = prove(project, databases, fill=Fill(project.config.rows), models=False)
    assert proofs.history is None
    change = [one for proof in proofs.proofs if (one := rehearsed(proof, server.version))]
    found, _ = review.judge_rehearsed(project, change, sizes={})
    own = [finding for finding in found if finding.rule in WORK_AND_LOCKS]

    assert sorted(told(own)) == sorted(case["rules"])
    assert {finding.line for finding in own} <= set(lines)


WORK_AND_LOCKS = {rule.name for rule in rules.load() if rule.family in ("work", "locks")} - {"lock-timeout"}


def told(findings: Iterable[Finding]) -> Iterator[str]:
    return (f"{finding.severity} {finding.rule}" for finding in findings)
