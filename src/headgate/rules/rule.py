"""What a rule is: data that its public page is made from, and one function over the evidence.

A rule is one file in this folder. Its name is the file's name with dashes, its page is the module's docstring, and
nothing else is edited to add it: `headgate.rules.load()` finds it by folder.
"""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from headgate.report.model import Finding, Severity
from headgate.revisions.file import RevisionFile

if TYPE_CHECKING:
    from headgate.rehearsal.evidence import Rehearsed
    from headgate.rehearsal.trace import Statement
    from headgate.sizes import Size

__all__ = ["Evidence", "Family", "Rule"]

Family = Literal["file", "work", "locks", "rows", "loss", "clients", "again", "schema"]
"""What goes wrong: the file itself; work that grows under a lock; locks; failure, on rows or at all; lost data; an old
client that breaks; a second run; the quality of the schema."""


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
        rehearsed: what running it showed; `None` where only the text is judged, as at a commit.
        change: what running each revision of the same change showed, in order, this one included.
        last: what running the last of the judged revisions showed, whether of the same change or not.
        sizes: how large the tables are in production, by SQL name; empty when nobody said.
    """

    revision: RevisionFile
    root: Path
    siblings: Mapping[str, RevisionFile] = field(default_factory=dict)
    merged_source: str | None = None
    model_modules: frozenset[str] = frozenset()
    new: bool = True
    today: date = field(default_factory=date.today)
    rehearsed: Rehearsed | None = None
    change: tuple[Rehearsed, ...] = ()
    last: Rehearsed | None = None
    sizes: Mapping[str, Size] = field(default_factory=dict)

    @property
    def run(self) -> Rehearsed:
        """What running the revision showed, for a rule that reads it."""
        assert self.rehearsed is not None, "a rule that reads a run is asked without one"
        return self.rehearsed

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
        bad_name: the file name of the bad example, where the name is what is wrong.
        merged: the examples as the base branch has them, where the rule asks what changed since.
        of_merged: whether it is also asked about a merged revision, which is not judged otherwise.
        reads: `file` for a rule that needs the text alone; `run` for one that reads what a rehearsal showed.
        family: what goes wrong.
        before: SQL that makes the schema which the examples of a rule that reads a run start from.
        general: whether it only speaks where no other rule of its family does about the same line.
        off: whether it is only asked where the project gives it a severity.
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
    bad_name: str | None = None
    merged: str | None = None
    of_merged: bool = False
    reads: Literal["file", "run"] = "file"
    family: Family = "file"
    before: str = ""
    general: bool = False
    off: bool = False

    @property
    def page(self) -> str:
        """The docstring of the rule's module."""
        return inspect.getdoc(sys.modules[self.check.__module__]) or ""

    def finding(
        self,
        evidence: Evidence,
        at: int | Statement,
        message: str,
        *,
        seen: tuple[str, ...] = (),
        fix: tuple[str, ...] = (),
        severity: Severity | None = None,
    ) -> Finding:
        """Give a finding of this rule in the revision that the evidence is about.

        Args:
            evidence: what it rests on.
            at: the line, or the statement whose call is at fault.
            message: one line, with the user's own names.
            seen: what was observed, a line each.
            fix: what to do, a line each.
            severity: what it weighs, where the evidence says otherwise than the rule.
        """
        line = at if isinstance(at, int) else at.line
        return Finding(
            rule=self.name,
            severity=severity or self.severity,
            message=message,
            path=evidence.path,
            line=line,
            revision=evidence.revision.id,
            seen=seen,
            fix=fix,
        )
