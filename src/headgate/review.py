"""Judge revision files by the rules: consents taken off, severities as the project wants them, in order.

It reads text and runs nothing, and imports nothing that takes long, because a commit waits for it.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from headgate import config, git, rules
from headgate.report.model import Finding, Severity
from headgate.revisions.file import read
from headgate.rules import consent
from headgate.rules._consents import SHOWN_BY_RUNNING, Consent, consents
from headgate.rules._project_code import own_packages
from headgate.rules.rule import Evidence, Rule

if TYPE_CHECKING:
    from headgate.project import Project
    from headgate.rehearsal.evidence import Rehearsed
    from headgate.sizes import Size

__all__ = ["consented", "judge", "judge_paths", "judge_project", "judge_rehearsed", "weighed"]


def judge(evidences: Iterable[Evidence], *, severities: Mapping[str, str]) -> tuple[Finding, ...]:
    """Ask every rule that reads files about every revision.

    Args:
        evidences: the revisions. A merged one (`new=False`) is only asked what the rules ask of merged ones.
        severities: a rule's name to `error`, `warning`, `advice` or `off`.

    Returns:
        The findings by file, line and rule. One with a `consent` does not count against the revision.
    """
    return _ordered(
        (finding for evidence in evidences for finding in _judged(evidence, "file", severities)), severities
    )


def weighed(findings: Iterable[Finding], severities: Mapping[str, str]) -> tuple[Finding, ...]:
    """Give findings the weight that the project wants.

    Args:
        findings: as the rules and the gate give them.
        severities: a rule's name to `error`, `warning`, `advice` or `off`, which drops its findings.
    """
    return tuple(
        replace(finding, severity=Severity(severities.get(finding.rule, finding.severity)))
        for finding in findings
        if severities.get(finding.rule) != "off"
    )


def judge_project(project: Project) -> tuple[tuple[Finding, ...], int]:
    """Judge the new revisions of a project, and the merged ones that were touched.

    Args:
        project: the Alembic project.

    Returns:
        The findings, as `judge` gives them, and the number of rules that were asked.
    """
    merged = _merged_sources(project)
    new = set(project.new)
    evidences = [
        Evidence(
            revision=revision,
            root=project.config.root,
            siblings=project.revisions,
            merged_source=merged.get(revision.path),
            model_modules=own_packages(revision.path.parent, project.config.root),
            new=id_ in new,
        )
        for id_, revision in project.revisions.items()
        if id_ in new or revision.path in merged
    ]
    asked = sum(rule.reads == "file" for rule in rules.load())
    return judge(evidences, severities=project.config.severities), asked


def judge_rehearsed(
    project: Project, change: Sequence[Rehearsed], *, sizes: Mapping[str, Size]
) -> tuple[tuple[Finding, ...], int]:
    """Judge the new revisions by what running them showed.

    Args:
        project: the Alembic project.
        change: what it showed, one for each revision, in order.
        sizes: how large the tables are in production.

    Returns:
        The findings, as `judge` gives them, and the number of rules that were asked.
    """
    from headgate.revisions import fixing  # a commit does not wait for it

    severities = project.config.severities
    found: list[Finding] = []
    for one in change:
        revision = project.revisions[one.revision]
        evidence = Evidence(
            revision=revision,
            root=project.config.root,
            siblings=project.revisions,
            rehearsed=one,
            change=(one,) if project.each else tuple(change),
            last=change[-1],
            sizes=sizes,
        )
        own = _judged(evidence, "run", severities)
        found += fixing.offered(own, revision.source, one, merged=revision.path in project.merged)
    return _ordered(found, severities), sum(rule.reads == "run" and _is_on(rule, severities) for rule in rules.load())


def consented(findings: Iterable[Finding], project: Project, *, judged: Collection[str] = ()) -> tuple[Finding, ...]:
    """Take consents off findings that a run on the server gave.

    Args:
        findings: what the run gave; one without a revision stays as it is.
        project: the Alembic project, whose files hold the consents.
        judged: the ids of the revisions that the run judged in full; a consent that is not needed there is a finding.
    """
    found = tuple(findings)
    of_revision: dict[str | None, list[Finding]] = {id_: [] for id_ in judged}
    for finding in found:
        of_revision.setdefault(finding.revision, []).append(finding)
    marked: list[Finding] = []
    for id_, own in of_revision.items():
        revision = project.revisions.get(id_ or "")
        if revision is None:
            marked += own
            continue
        evidence = Evidence(revision=revision, root=project.config.root)
        marked += _consented(evidence, own, SHOWN_BY_RUNNING, tell_unused=id_ in judged)
    return tuple(marked)


def judge_paths(paths: Sequence[Path], root: Path) -> tuple[Finding, ...]:
    """Judge changed files, for the commit hook.

    Args:
        paths: files of any kind; one that assigns no `revision` and no `down_revision` is passed over.
        root: any folder inside the project.

    Returns:
        The findings that count, by file, line and rule.

    Raises:
        HeadgateError: a file or the settings cannot be read.
    """
    settings = config.load(root)
    repository = git.find_repository(root)
    base = repository.base(settings.base, os.environ) if repository else None
    evidences = []
    for path in (path.resolve() for path in paths):
        revision = read(path) if path.suffix == ".py" else None
        if revision is None or "down_revision" not in revision.lines:
            continue
        merged = repository.run("show", f"{base}:{_inside(path, repository)}") if repository and base else None
        evidences.append(
            Evidence(
                revision=revision,
                root=settings.root.resolve(),
                merged_source=merged,
                model_modules=own_packages(path.parent, settings.root.resolve()),
                new=merged is None or settings.judge == "all",
            )
        )
    return tuple(finding for finding in judge(evidences, severities=settings.severities) if finding.consent is None)


def _ordered(findings: Iterable[Finding], severities: Mapping[str, str]) -> tuple[Finding, ...]:
    kept = weighed(findings, severities)
    return tuple(sorted(kept, key=lambda finding: (finding.path or "", finding.line or 0, finding.rule)))


def _judged(evidence: Evidence, reads: str, severities: Mapping[str, str]) -> Iterator[Finding]:
    asked = [
        rule
        for rule in rules.load()
        if rule.reads == reads and (evidence.new or rule.of_merged) and _is_on(rule, severities)
    ]
    found = {rule: list(rule.check(evidence)) for rule in asked}
    told = {(rule.family, finding.line) for rule, own in found.items() if not rule.general for finding in own}
    findings = [
        finding
        for rule, own in found.items()
        for finding in own
        if not (rule.general and (rule.family, finding.line) in told)
    ]
    # After a failure nobody knows what the statements that did not run would have shown.
    complete = evidence.rehearsed is None or evidence.rehearsed.failure is None
    yield from _consented(evidence, findings, frozenset(rule.name for rule in asked), tell_unused=complete)


def _is_on(rule: Rule, severities: Mapping[str, str]) -> bool:
    return severities.get(rule.name, "off" if rule.off else "on") != "off"


def _consented(
    evidence: Evidence, findings: Iterable[Finding], names: frozenset[str], *, tell_unused: bool = True
) -> Iterator[Finding]:
    """The findings, marked where a consent to one of these names holds, and one for each consent that marked none."""
    valid = [one for one in consents(evidence.revision) if one.problem(names, evidence.today) is None]
    used: set[Consent] = set()
    for finding in findings:
        allowed = [one for one in valid if one.speaks_of(finding)]
        used.update(allowed)
        yield replace(finding, consent=allowed[0].reason) if allowed else finding
    if tell_unused:
        yield from (consent.unused(evidence, one) for one in valid if one not in used)


def _merged_sources(project: Project) -> dict[Path, str]:
    """The merged text of each revision file whose content is another one now."""
    repository = project.repository
    paths = [revision.path for revision in project.revisions.values() if revision.path in project.merged]
    if repository is None or not paths:
        return {}
    now = dict(zip(paths, repository.content_ids(paths), strict=True))
    changed = [path for path in paths if now[path] != project.merged[path]]
    sources = {path: repository.run("cat-file", "blob", project.merged[path]) for path in changed}
    return {path: source for path, source in sources.items() if source is not None}


def _inside(path: Path, repository: git.Repository) -> str:
    return Path(os.path.relpath(path, repository.root.resolve())).as_posix()
