"""The gate: a list of functions, each given what the ones before it showed, and one report at the end.

Which steps there are, in which order, and what each says of a failure is decided here and nowhere else; how a step
finds out is in `rehearsal`, `review` and `docs`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from headgate import review
from headgate.docs import check as documents
from headgate.project import Project
from headgate.report.model import Check, Finding, Report, Severity, Status
from headgate.wording import counted

if TYPE_CHECKING:
    from headgate.rehearsal.rollback import Proof, Proofs
    from headgate.rehearsal.run import Failure

__all__ = ["STEPS", "Evidence", "run"]


@dataclass(frozen=True)
class Evidence:
    """What is known so far.

    Args:
        project: the Alembic project.
        checks: what the earlier steps showed.
        proofs: up, down, up of each new revision; `None` until the upgrade step has run.
        server: the server that judged.
        new_database: makes an empty scratch database and gives its URL.
        tell: is given one line on what is being done.
    """

    project: Project
    new_database: Callable[[], str]
    tell: Callable[[str], None]
    checks: tuple[Check, ...] = ()
    proofs: Proofs | None = None
    server: str | None = None

    def with_check(
        self, name: str, shown: str, findings: Iterable[Finding] = (), *, status: Status | None = None
    ) -> Evidence:
        """Add a step's result. It has failed when one of its findings is an error that nobody consented to."""
        found = review.weighed(findings, self.project.config.severities)
        stopping = [finding for finding in found if finding.severity is Severity.ERROR and finding.consent is None]
        verdict = status or (Status.FAILED if stopping else Status.PASSED)
        return replace(self, checks=(*self.checks, Check(name, verdict, shown, found)))


def heads(evidence: Evidence) -> Evidence:
    """There is one head, so `upgrade head` means one thing."""
    project = evidence.project
    count = counted(len(project.revisions), "revision")
    if len(project.heads) == 1:
        return evidence.with_check("heads", f"one head, {project.heads[0]}; {count}")
    if not project.heads:
        return evidence.with_check("heads", "no revisions yet")
    finding = Finding(
        rule="multiple-heads",
        severity=Severity.ERROR,
        message=f"there are {len(project.heads)} heads, so `alembic upgrade head` stops",
        path=project.shown(project.revisions[project.heads[-1]].path),
        line=project.revisions[project.heads[-1]].lines.get("down_revision", 1),
        revision=project.heads[-1],
        seen=tuple(f"{id_} in {project.shown(project.revisions[id_].path)}" for id_ in project.heads),
        fix=(
            f"set down_revision of the one that is not merged yet to {project.heads[0]!r},",
            f'or join them: alembic merge -m "merge heads" {" ".join(project.heads)}',
        ),
    )
    return evidence.with_check("heads", f"{len(project.heads)} heads in {count}", [finding])


def names(evidence: Evidence) -> Evidence:
    """Each new revision's file is named, headed and written as the project's rules say."""
    findings, rules = review.judge_project(evidence.project)
    judged = counted(len(evidence.project.new), "new revision")
    return evidence.with_check("names", f"{judged} read by {rules} rules", findings)


def upgrade(evidence: Evidence) -> Evidence:
    """The whole history runs from nothing, each new revision in a run of its own."""
    from headgate.rehearsal.rollback import prove

    proofs = prove(evidence.project, evidence.new_database, on_event=evidence.tell)
    evidence = replace(evidence, proofs=proofs)
    project = evidence.project
    if proofs.reached_head:
        return evidence.with_check("upgrade", f"{counted(len(project.revisions), 'revision')} from nothing to head")
    failure = proofs.history or next(proof.up.failure for proof in proofs.proofs if proof.up.failure)
    finding = _failed(evidence, "upgrade-fails", failure, "does not upgrade")
    return evidence.with_check("upgrade", "the history does not reach its head", [finding])


def rollback(evidence: Evidence) -> Evidence:
    """Every new revision goes down and up again, and leaves the schema as it was."""
    proofs = evidence.proofs
    if proofs is None or proofs.history:
        return evidence.with_check("rollback", "not proved: the history does not run", status=Status.NOT_RUN)
    findings = [
        finding for proof in proofs.proofs for finding in _rollback_findings(evidence, proof) if not proof.up.failure
    ]
    proved = [proof for proof in proofs.proofs if proof.down]
    findings = list(review.consented(findings, evidence.project, judged=[proof.revision for proof in proved]))
    broken = {finding.revision for finding in findings if finding.consent is None}
    final = sum(bool(evidence.project.revisions[id_].header.irreversible) for id_ in evidence.project.new)
    if not evidence.project.new:
        return evidence.with_check("rollback", "no new revision to take back")
    moved = sum(any(d.change == "moved" for d in (*p.not_restored, *p.not_repeated)) for p in proved)
    order = f"; in {moved} of them only the order of columns differs" if moved and not findings else ""
    said = f"; {final} irreversible, as the header says" if final else ""
    clean = sum(proof.revision not in broken for proof in proved)
    shown = f"{clean} of {counted(len(evidence.project.new), 'new revision')} down and up again{order}{said}"
    incomplete = not proofs.reached_head and not findings
    return evidence.with_check("rollback", shown, findings, status=Status.NOT_RUN if incomplete else None)


def drift(evidence: Evidence) -> Evidence:
    """The database that the migrations build is the one that the models build."""
    from headgate.rehearsal.drift import differences

    last = evidence.proofs.last if evidence.proofs else None
    if last is None:
        return evidence.with_check("drift", "not compared: the history does not reach its head", status=Status.NOT_RUN)
    if last.models_failure:
        finding = _failed(evidence, "models-fail", last.models_failure, "do not build a database")
        return evidence.with_check("drift", "the models do not build a database", [finding])
    if last.models is None or last.final is None:
        return evidence.with_check(
            "drift", "not compared: env.py gives context.configure no target_metadata", status=Status.NOT_RUN
        )
    found = differences(last)
    findings = [
        Finding(
            rule="model-drift",
            severity=Severity.ERROR,
            message=difference.sentence(),
            path=evidence.project.shown(evidence.project.script_folder),
            fix=('write the missing revision: inv migrate.new -m "…", or take the change out of the models',),
        )
        for difference in found
    ]
    shown = f"{counted(len(found), 'difference')} in {counted(len(last.models), 'catalog object')}"
    return evidence.with_check("drift", shown, findings)


def docs(evidence: Evidence) -> Evidence:
    """The documents say what the code and the revisions say."""
    shown, findings = documents.judge(evidence.project)
    return evidence.with_check("docs", shown, findings)


Step = Callable[[Evidence], Evidence]
STEPS: tuple[Step, ...] = (heads, names, upgrade, rollback, drift, docs)
_ON_SERVER = frozenset({upgrade, rollback, drift})


def run(project: Project, steps: Sequence[Step] = STEPS, *, tell: Callable[[str], None] = lambda _: None) -> Report:
    """Run steps of the gate in order.

    Args:
        project: the Alembic project.
        steps: which ones; those that read a rehearsal need `upgrade` before them.
        tell: is given one line on what is being done, for a progress display.

    Raises:
        HeadgateError: nothing can be judged: no server, a broken history, an env.py that does not run.
    """
    started = time.monotonic()
    with ExitStack() as stack:
        evidence = Evidence(project, new_database=lambda: "", tell=tell)
        if _ON_SERVER.intersection(steps):
            evidence = _with_server(stack, evidence)
        for step in steps:
            tell(step.__name__)
            before = time.monotonic()
            evidence = step(evidence)
            timed = replace(evidence.checks[-1], seconds=time.monotonic() - before)
            evidence = replace(evidence, checks=(*evidence.checks[:-1], timed))
        return Report(
            checks=evidence.checks,
            server=evidence.server,
            history=len(project.revisions),
            revisions=project.new,
            seconds=time.monotonic() - started,
        )


def _with_server(stack: ExitStack, evidence: Evidence) -> Evidence:
    from headgate.postgres.scratch import database
    from headgate.postgres.server import scratch_server

    config = evidence.project.config
    evidence.tell(f"starting PostgreSQL {config.postgres}")
    server = stack.enter_context(scratch_server(major=config.postgres, cache=config.cache, url=config.server_url))

    def new_database() -> str:
        return stack.enter_context(database(server)).url()

    return replace(evidence, new_database=new_database, server=f"PostgreSQL {server.version}")


def _rollback_findings(evidence: Evidence, proof: Proof) -> Iterator[Finding]:
    project = evidence.project
    file = project.revisions[proof.revision]
    definition = file.function("downgrade") or file.function("upgrade")
    where = {
        "severity": Severity.ERROR,
        "path": project.shown(file.path),
        "line": definition.lineno if definition else 1,
        "revision": proof.revision,
    }
    if proof.failure:
        step, failure = proof.failure
        what = {"down": "does not downgrade", "again": "does not upgrade again after its downgrade"}.get(step)
        if what:
            yield _failed(evidence, "downgrade-fails" if step == "down" else "upgrade-again-fails", failure, what)
        if step == "down":
            return
    if left := [difference for difference in proof.not_restored if difference.change != "moved"]:
        yield Finding(
            rule="downgrade-not-inverse",
            message=f"the downgrade of {proof.revision} does not restore the schema",
            seen=tuple(d.sentence("the schema before the upgrade", "the schema after the downgrade") for d in left),
            fix=("undo in downgrade() what upgrade() did,", "or # headgate: allow downgrade-not-inverse because …"),
            **where,  # type: ignore[arg-type]
        )
    elif other := [difference for difference in proof.not_repeated if difference.change != "moved"]:
        yield Finding(
            rule="upgrade-not-repeatable",
            message=f"upgrading {proof.revision} a second time gives another schema",
            seen=tuple(d.sentence("the first upgrade's schema", "the second upgrade's schema") for d in other),
            fix=("have downgrade() remove everything that upgrade() makes",),
            **where,  # type: ignore[arg-type]
        )


def _failed(evidence: Evidence, rule: str, failure: Failure, what: str) -> Finding:
    project = evidence.project
    file = project.revisions.get(failure.revision or "")
    path = failure.path or (str(file.path) if file else None)
    code = f"{evidence.server}: {failure.sqlstate}" if failure.sqlstate else "Python"
    seen = [f"{code}, {failure.error}"]
    if failure.statement:
        seen += ["statement: " + " ".join(failure.statement.split())]
    return Finding(
        rule=rule,
        severity=Severity.ERROR,
        message=_subject(rule, failure, what),
        path=project.shown(project.ini.parent / path) if path else project.shown(project.script_folder / "env.py"),
        line=failure.line,
        revision=failure.revision,
        seen=tuple(seen),
        fix=(
            f"correct the {'statement' if failure.statement else 'line' if failure.line else 'file'};"
            " the scratch database that it ran on is gone, nothing else was touched",
        ),
    )


def _subject(rule: str, failure: Failure, what: str) -> str:
    if failure.revision:
        return f"revision {failure.revision} {what}"
    return f"the models {what}" if rule == "models-fail" else "env.py does not run"
