"""The gate: a list of functions, each given what the ones before it showed, and one report at the end.

Which steps there are, in which order, and what each says of a failure is decided here and nowhere else; how a step
finds out is in `rehearsal`, `review` and `docs`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from headgate import ahead, failures, record, review, sizes
from headgate.project import Project
from headgate.rehearsal import forkserver
from headgate.report.model import Check, Finding, Report, Severity, Status
from headgate.revisions import order
from headgate.wording import counted

if TYPE_CHECKING:
    from headgate.rehearsal.base import Base
    from headgate.rehearsal.evidence import Rehearsed
    from headgate.rehearsal.model import Fill
    from headgate.rehearsal.rollback import Proofs

__all__ = ["REVIEW", "STEPS", "Evidence", "run"]


@dataclass(frozen=True)
class Evidence:
    """What is known so far.

    Args:
        project: the Alembic project.
        checks: what the earlier steps showed.
        proofs: up, down, up of each new revision; `None` until the upgrade step has run.
        server: the server that judged.
        new_database: makes an empty scratch database, or a copy of the one that it is given, and gives its URL.
        tell: is given one line on what is being done.
        models: whether the models are to build a database too.
        again: whether the last revision goes up a second time.
        base: the state below the new revisions, where it was kept.
        change: what rehearsing each new revision showed.
        asked: how many rules were asked.
    """

    project: Project
    new_database: Callable[..., str]
    tell: Callable[[str], None]
    models: bool = True
    again: bool = True
    base: Base | None = None
    change: tuple[Rehearsed, ...] = ()
    asked: int = 0
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
    """There is one head to each branch that is meant to stay, and the new revisions make no other."""
    project = evidence.project
    count = counted(len(project.revisions), "revision")
    if not project.heads:
        return evidence.with_check("heads", "no revisions yet")
    if order.apart(project.revisions, project.heads):
        each = "one head" if len(project.heads) == 1 else f"one head to each of {len(project.heads)} branches"
        return evidence.with_check("heads", f"{each}, {', '.join(project.heads)}; {count}")
    if len(project.heads) <= len(order.tips(project.revisions, without=project.new)):
        return evidence.with_check("heads", f"{len(project.heads)} heads, as there were before; {count}")
    return evidence.with_check("heads", f"{len(project.heads)} heads in {count}", [failures.several_heads(project)])


def names(evidence: Evidence) -> Evidence:
    """Each new revision's file is named, headed and written as the project's rules say."""
    findings, rules = review.judge_project(evidence.project)
    evidence = replace(evidence, asked=evidence.asked + rules)
    new = counted(len(evidence.project.new), "new revision")
    return evidence.with_check("names", f"{new} read by {rules} rules", findings)


def upgrade(evidence: Evidence) -> Evidence:
    """The history runs from nothing, each new revision in a run of its own, on tables that have rows."""
    from headgate.rehearsal.rollback import prove

    project = evidence.project
    if not _runs(project, evidence.models):
        return evidence.with_check("upgrade", "no new revision to rehearse")
    fill = _fill(project) if project.new else None
    proofs = prove(
        project,
        evidence.new_database,
        fill=fill,
        base=evidence.base,
        models=evidence.models,
        again=evidence.again,
        on_event=evidence.tell,
    )
    evidence = replace(evidence, proofs=proofs)
    if proofs.reached_head:
        filled = f", with {project.config.rows:,} rows a table before the new ones" if project.new else ""
        run = counted(len(project.scope), "revision")
        return evidence.with_check("upgrade", f"{run} from nothing to {_at(project)}{filled}")
    failure = proofs.history or next(
        proof.up.failure for proof in proofs.proofs if proof.up.failure and not proof.on_rows
    )
    finding = failures.failed(project, evidence.server, "upgrade-fails", failure, "does not upgrade")
    short = "a revision fails in a run of its own" if proofs.last else "the history does not reach its head"
    return evidence.with_check("upgrade", short, [finding])


def rules(evidence: Evidence) -> Evidence:
    """What each statement of the new revisions did breaks no rule."""
    from headgate.rehearsal.preconditions import needs
    from headgate.rehearsal.rollback import rehearsed

    proofs, project = evidence.proofs, evidence.project
    if not project.new:
        return evidence.with_check("rules", "no new revision to judge")
    if proofs is None or proofs.history:
        return evidence.with_check("rules", "not judged: the history does not run", status=Status.NOT_RUN)
    server = (evidence.server or "").removeprefix("PostgreSQL ")
    change = [one for proof in proofs.proofs if (one := rehearsed(proof, server))]
    if change:
        needed = needs(
            project, evidence.new_database, proofs, fill=_fill(project), base=evidence.base, on_event=evidence.tell
        )
        change = [needed[one.revision].of(one) if one.revision in needed else one for one in change]
    findings, asked = review.judge_rehearsed(project, change, sizes=sizes.load(project.config))
    statements = sum(len(one.up.statements) for one in change)
    shown = f"{counted(statements, 'statement')} judged by {asked} rules" if change else "no new revision to judge"
    left = [id_ for id_ in project.new if id_ not in {one.revision for one in change}]
    said = f"; {', '.join(left)} did not run" if left else ""
    told = {(finding.revision, finding.line) for finding in findings if finding.severity is Severity.ERROR}
    checks = tuple(replace(check, findings=_without(check.findings, told)) for check in evidence.checks)
    evidence = replace(evidence, checks=checks, change=tuple(change), asked=evidence.asked + asked)
    incomplete = not proofs.reached_head and not told
    return evidence.with_check("rules", shown + said, findings, status=Status.NOT_RUN if incomplete else None)


def _fill(project: Project) -> Fill:
    from headgate.rehearsal import given
    from headgate.rehearsal.model import Fill

    return given.add(Fill(project.config.rows), project.config.given, project.config.root)


def _without(findings: Iterable[Finding], told: set[tuple[str | None, int | None]]) -> tuple[Finding, ...]:
    """Leave out the bare failure of a statement that a rule says more about."""
    return tuple(f for f in findings if f.rule != "upgrade-fails" or (f.revision, f.line) not in told)


def rollback(evidence: Evidence) -> Evidence:
    """Every new revision goes down and up again, and leaves the schema as it was."""
    proofs = evidence.proofs
    if not evidence.project.new:
        return evidence.with_check("rollback", "no new revision to take back")
    if proofs is None or proofs.history:
        return evidence.with_check("rollback", "not proved: the history does not run", status=Status.NOT_RUN)
    findings = [
        finding
        for proof in proofs.proofs
        for finding in failures.not_undone(evidence.project, evidence.server, proof)
        if not proof.up.failure
    ]
    proved = [proof for proof in proofs.proofs if proof.down]
    findings = list(review.consented(findings, evidence.project, judged=[proof.revision for proof in proved]))
    broken = {finding.revision for finding in findings if finding.consent is None}
    final = sum(bool(evidence.project.revisions[id_].header.irreversible) for id_ in evidence.project.new)
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
        finding = failures.failed(
            evidence.project, evidence.server, "models-fail", last.models_failure, "do not build a database"
        )
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
    from headgate.docs import check as documents

    shown, findings = documents.judge(evidence.project)
    return evidence.with_check("docs", shown, findings)


def _runs(project: Project, models: bool) -> bool:
    """Whether there is anything to run: a new revision, or a database to hold against the models'."""
    return models or bool(project.new)


def _at(project: Project) -> str:
    return "head" if project.chosen is None else project.chosen[-1]


Step = Callable[[Evidence], Evidence]
STEPS: tuple[Step, ...] = (heads, names, upgrade, rules, rollback, drift, docs)
REVIEW: tuple[Step, ...] = (heads, names, upgrade, rules)
_ON_SERVER = frozenset({upgrade, rules, rollback, drift})


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
        # Nothing that follows `rules` is left to ask about the second way up.
        evidence = Evidence(project, lambda _=None: "", tell, models=drift in steps, again=steps[-1] is not rules)
        if _ON_SERVER.intersection(steps):
            forkserver.start()
            if _runs(project, evidence.models):
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
            revisions=record.revisions(project, evidence.change),
            seconds=time.monotonic() - started,
            statements=record.statements(project, evidence.change),
            chosen=project.chosen is not None,
            rules=evidence.asked,
        )


def _with_server(stack: ExitStack, evidence: Evidence) -> Evidence:
    from headgate.postgres.scratch import create, database, set_timezone
    from headgate.rehearsal.base import server_for

    evidence.tell(f"starting PostgreSQL {evidence.project.config.postgres}")
    ahead.start()
    server, base = stack.enter_context(server_for(evidence.project, evidence.tell))

    def new_database(template: str | None = None) -> str:
        # A server of ours takes its databases along.
        given = evidence.project.config.server_url
        made = stack.enter_context(database(server, template)) if given else create(server, template=template)
        set_timezone(made, evidence.project.config.timezone)
        return made.url()

    return replace(evidence, new_database=new_database, server=f"PostgreSQL {server.version}", base=base)
