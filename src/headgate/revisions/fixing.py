"""Say which findings have a safe form that can be written, and write those forms into the files that are not merged.

Whether a form is safe is not believed: the review is asked again, and a file that it thinks worse of is put back.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from headgate.errors import HeadgateError
from headgate.revisions.rewrite import FIXABLE, Applied, Wanted, diff_for, rewrite
from headgate.revisions.rewrite.remarks import comments, without
from headgate.revisions.rewrite.sql import name_at, value, words

if TYPE_CHECKING:
    from headgate.project import Project
    from headgate.rehearsal.evidence import Rehearsed
    from headgate.report.model import Finding, Report

__all__ = ["Fixed", "NotFixed", "Outcome", "fix", "offered"]

_ROUNDS = 3
_FEW = 10
# What these write is no other lock: the header's `Risk:` line is as true as it was.
_SAME_LOCKS = frozenset({"lock-timeout", "precondition", "type-change-cast"})
_FAILING = frozenset(
    {"upgrade-fails", "upgrade-again-fails", "upgrade-not-repeatable", "downgrade-fails", "downgrade-not-inverse"}
)


@dataclass(frozen=True)
class Fixed:
    """A file that was rewritten.

    Args:
        path: the file, as findings give it.
        count: how many findings it was rewritten for.
        diff: the unified diff from what it was.
        risk: what its header says of the risk, which is left as somebody wrote it; empty where no lock has changed.
    """

    path: str
    count: int
    diff: tuple[str, ...]
    risk: str = ""


@dataclass(frozen=True)
class NotFixed:
    """A finding whose safe form was not written.

    Args:
        path: the file.
        line: the line in it.
        rule: the rule, or `precondition`.
        why: the reason, and what to do instead.
    """

    path: str
    line: int
    rule: str
    why: str


@dataclass(frozen=True)
class Outcome:
    """What came of the rewriting.

    Args:
        project: the project as it is now.
        report: the review of it.
        fixed: the files that were rewritten.
        left: what was not done, and why.
    """

    project: Project
    report: Report
    fixed: tuple[Fixed, ...]
    left: tuple[NotFixed, ...]


def offered(findings: Iterable[Finding], source: str, rehearsed: Rehearsed, *, merged: bool) -> tuple[Finding, ...]:
    """Mark the findings whose safe form can be written, and show what it would change.

    Args:
        findings: what the rules say of one revision.
        source: its text.
        rehearsed: what running it showed.
        merged: whether it is on the base branch; such a file is not rewritten.
    """
    found = [replace(finding, facts={**_facts(finding, rehearsed), **finding.facts}) for finding in findings]
    among = tuple(wanted for finding in found if (wanted := _wanted(finding))) if not merged else ()
    return tuple(_offered(finding, source, among) for finding in found)


def fix(judge: Callable[[], tuple[Project, Report]]) -> Outcome:
    """Write the safe forms that the findings ask for, and review the result; again while there is something new.

    Args:
        judge: reads the project as it is now, and reviews it.

    Raises:
        HeadgateError: a file cannot be written, or was changed while it was reviewed.
    """
    project, report = judge()
    before: dict[Path, bytes] = {}
    counts: dict[Path, int] = {}
    risks: dict[Path, str] = {}
    left: dict[tuple[str, int, str], NotFixed] = {}
    for _ in range(_ROUNDS):
        written = _write(project, report, left)
        if not written:
            break
        try:
            now, result = judge()
        except BaseException:
            for path, (old, _, _) in written.items():
                path.write_bytes(old)
            raise
        worse = _worse(project, report, result, written)
        for path, (old, _, rules) in written.items():
            if path not in worse:
                before.setdefault(path, old)
                counts[path] = counts.get(path, 0) + len(rules)
                if any(rule not in _SAME_LOCKS for rule, _ in rules):
                    risks[path] = next(one.header.risk for one in now.revisions.values() if one.path == path)
                continue
            path.write_bytes(old)
            for rule, line in rules:
                where = project.shown(path)
                left[where, line, rule] = NotFixed(where, line, rule, worse[path])
        if worse:
            project, report = judge()
            break
        project, report = now, result
    fixed = (
        Fixed(project.shown(path), counts[path], _diff(project, path, old), risks.get(path, ""))
        for path, old in before.items()
    )
    return Outcome(project, report, tuple(fixed), tuple(left.values()))


def _offered(finding: Finding, source: str, among: Sequence[Wanted]) -> Finding:
    wanted = _wanted(finding)
    if wanted is None or wanted not in among:
        return finding
    # Of very many findings each is shown alone: to tell what each adds to all others takes the square of the time.
    diff = diff_for(source, wanted, among if len(among) <= _FEW else ())
    return replace(finding, fixable=True, diff=diff) if diff else finding


def _facts(finding: Finding, rehearsed: Rehearsed) -> Mapping[str, str]:
    """What the server showed and the file does not tell."""
    if finding.kind == "precondition":
        found = (one for one in rehearsed.unmet if one.line == finding.line and one.declared is None)
        return {one.name: one.query for one in found if one.query is not None}
    made = [one for statement in rehearsed.up.statements if statement.line == finding.line for one in statement.made]
    facts: dict[str, str] = {}
    for difference in made:
        if difference.change != "added" or finding.rule not in FIXABLE:
            continue
        if difference.kind in {"foreign key", "check constraint"}:
            facts["constraint"] = value(name_at(words(difference.name), 0)[0])
        elif difference.kind == "primary key":
            table = difference.name.rpartition(" on ")[2]
            columns = (
                name for (kind, name), what in rehearsed.before.objects.items()
                if kind == "column" and what.get("of") == table and what.get("not_null") == "NOT NULL"
            )  # fmt: skip
            facts["not_null"] = ",".join(value(words(name)[-1].text) for name in columns)
    return facts


def _wanted(finding: Finding) -> Wanted | None:
    rule = "precondition" if finding.kind == "precondition" else finding.rule
    if rule not in FIXABLE or finding.line is None or finding.consent is not None:
        return None
    if rule == "precondition" and not finding.facts:
        return None
    return Wanted(rule, finding.line, finding.facts)


@dataclass
class _File:
    """The findings of one file that ask for a rewriting."""

    source: str
    merged: bool
    wanted: list[Wanted] = field(default_factory=list)
    consents: list[Finding] = field(default_factory=list)

    def remarks(self, applied: Iterable[Applied]) -> Iterator[str]:
        """The consents that do not count, and are about what was repaired."""
        texts = comments(self.source) if self.consents else {}
        for one in self.consents:
            covers = range(int(one.facts["from"]), int(one.facts["to"]))
            if any(done.rule == one.facts["allows"] and done.line in covers for done in applied):
                yield texts[one.line or 1]


def _write(
    project: Project, report: Report, left: dict[tuple[str, int, str], NotFixed]
) -> dict[Path, tuple[bytes, bytes, tuple[tuple[str, int], ...]]]:
    """Rewrite the files; give what each was, what it is, and the rules and lines that it was rewritten for."""
    files: dict[Path, _File] = {}
    for finding in report.findings:
        revision = project.revisions.get(finding.revision or "")
        wanted = _wanted(finding)
        is_consent = finding.rule == "consent" and "allows" in finding.facts
        if revision is None or not (wanted or is_consent) or finding.path != project.shown(revision.path):
            continue
        file = files.setdefault(revision.path, _File(revision.source, revision.path in project.merged))
        if wanted:
            file.wanted.append(wanted)
        else:
            file.consents.append(finding)
    written: dict[Path, tuple[bytes, bytes, tuple[tuple[str, int], ...]]] = {}
    left.clear()
    for path, file in files.items():
        where = project.shown(path)
        if file.merged:
            for one in file.wanted:
                why = "the revision is merged, and has run elsewhere as it is: write a new one"
                left[where, one.line, one.rule] = NotFixed(where, one.line, one.rule, why)
            continue
        done = rewrite(file.source, file.wanted)
        for refused in done.refused:
            left[where, refused.line, refused.rule] = NotFixed(where, refused.line, refused.rule, refused.why)
        if done.source != file.source:
            text = without(done.source, file.remarks(done.applied))
            old, new = _replace(where, path, file.source, text)
            written[path] = old, new, tuple((one.rule, one.line) for one in done.applied)
    return written


def _replace(where: str, path: Path, source: str, rewritten: str) -> tuple[bytes, bytes]:
    try:
        old = path.read_bytes()
        mark = b"\xef\xbb\xbf" if old.startswith(b"\xef\xbb\xbf") else b""
        if old[len(mark) :] != source.encode():
            raise HeadgateError(f"{where} was changed while it was reviewed.", "Run inv migrate.review --fix again.")
        new = mark + rewritten.encode()
        path.write_bytes(new)
    except OSError as error:
        raise HeadgateError(f"{where} cannot be written: {error.strerror}.", "Make it writable.") from error
    return old, new


def _worse(project: Project, before: Report, after: Report, written: Iterable[Path]) -> dict[Path, str]:
    """The rewritten files that fail where they did not before, each with what the review says."""
    worse = {}
    for path in written:
        where = project.shown(path)
        known = {finding.rule for finding in _errors(before, where)}
        failing = [one.message for one in _errors(after, where) if one.rule in _FAILING - known]
        broke, breaks = (
            {one.line for one in report.statements if one.path == where and one.error} for report in (before, after)
        )
        if breaks and not broke:
            failing.append(f"line {min(breaks)} of it fails")
        if failing:
            worse[path] = f"the rewritten file did not pass the review, so it is as it was: {failing[0]}"
    return worse


def _errors(report: Report, path: str) -> list[Finding]:
    return [
        finding
        for finding in report.findings
        if finding.path == path and finding.severity == "error" and finding.consent is None
    ]


def _diff(project: Project, path: Path, old: bytes) -> tuple[str, ...]:
    before, after = (text.decode("utf-8-sig").splitlines() for text in (old, path.read_bytes()))
    where = project.shown(path)
    return tuple(difflib.unified_diff(before, after, f"a/{where}", f"b/{where}", lineterm=""))
