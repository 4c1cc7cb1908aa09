"""What a rule is: data that its public page is made from, and one function over the evidence.

A rule is one file in this folder. Its name is the file's name with dashes, its page is the module's docstring, and
nothing else is edited to add it: `headgate.rules.load()` finds it by folder.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from headgate.report.model import Finding, Severity
from headgate.revisions.file import RevisionFile

__all__ = ["Evidence", "Rule"]


@dataclass(frozen=True)
class Evidence:
    """What is known of one new revision when the rules are asked.

    Args:
        revision: the file.
        root: the repository's root, which finding paths are relative to.
        siblings: every revision of the history by id, this one included.
        merged_source: the text of the file on the base branch; `None` when it is not there or there is no git.
        model_modules: the top-level names of the project's own packages (`backend`), to know a model import from a
            library's.
        new: whether the revision is judged as a whole; `False` for a merged one that was touched.
        today: the day on which it is judged; a consent may end on a day.
    """

    revision: RevisionFile
    root: Path
    siblings: Mapping[str, RevisionFile] = field(default_factory=dict)
    merged_source: str | None = None
    model_modules: frozenset[str] = frozenset()
    new: bool = True
    today: date = field(default_factory=date.today)

    @property
    def path(self) -> str:
        """The revision's path as findings give it."""
        return Path(os.path.relpath(self.revision.path, self.root)).as_posix()


@dataclass(frozen=True)
class Rule:
    """One reason to stop a revision.

    Args:
        name: the rule's name, as in `revision-file-name`.
        severity: what it weighs unless the project says otherwise.
        condition: one sentence: when it fires.
        effect: one sentence: what goes wrong then.
        workaround: one sentence: what to write instead.
        bad: a revision file on which it fires.
        good: the same revision, repaired.
        source: the manual page that the rule rests on.
        check: gives the findings for one revision.
        page: the module's docstring, which `load()` fills in.
        bad_name: the file name of the bad example, where the name is what is wrong.
        merged: the examples as the base branch has them, where the rule asks what changed since.
        of_merged: whether it is also asked about a merged revision, which is not judged otherwise.
    """

    name: str
    severity: Severity
    condition: str
    effect: str
    workaround: str
    bad: str
    good: str
    source: str
    check: Callable[[Evidence], Iterator[Finding]]
    page: str = ""
    bad_name: str | None = None
    merged: str | None = None
    of_merged: bool = False

    def finding(
        self,
        evidence: Evidence,
        line: int,
        message: str,
        *,
        seen: tuple[str, ...] = (),
        fix: tuple[str, ...] = (),
    ) -> Finding:
        """Give a finding of this rule in the revision that the evidence is about."""
        return Finding(
            rule=self.name,
            severity=self.severity,
            message=message,
            path=evidence.path,
            line=line,
            revision=evidence.revision.id,
            seen=seen,
            fix=fix,
        )
